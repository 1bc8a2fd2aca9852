#!/bin/bash
# test_binary.sh - how the program was built: what makes an error in it harder to use. Speaks TAP.
# usage: test_binary.sh SMTPWATCH
# shellcheck disable=SC2317 # functions are called by result
set -u
program=$1
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
export LC_ALL=C
readelf -hldW "$program" >"$dir/elf"
readelf -sW --dyn-syms "$program" >"$dir/symbols"

has() {
	grep -qE -- "$1" "$dir/${2:-elf}" || { echo "nothing like \"$1\""; false; }
}

has_not() {
	! grep -E -- "$1" "$dir/${2:-elf}"
}

# With sanitizers, or counters of coverage, it is not what is installed.
sanitized() {
	grep -qE '__(asan|tsan|ubsan|msan|gcov)_' "$dir/symbols"
}

fortified() {
	sanitized || has '__(snprintf|memcpy|vsnprintf|fprintf)_chk' symbols
}

# No segment may be written to and run.
write_or_run() {
	! grep -E '^ +LOAD .* RWE ' "$dir/elf"
}

# Every function that can be called through a pointer says so to the processor
# (Intel's CET; on others there is nothing to see here).
branches() {
	[ "$(uname -m)" != x86_64 ] ||
		[ "$(objdump -d --no-show-raw-insn "$program" | grep -c endbr64)" -gt 1000 ]
}

# What is no longer root's, and may be dumped, shows its memory to its user:
# then its files under /proc are that user's, else root's.
undumpable() {
	local p pid owner
	mkfifo "$dir/input"
	chmod 755 "$dir"
	"$program" -r - -o json:/dev/null -o exec:/bin/true <"$dir/input" &
	exec 3>"$dir/input"
	pid=$!
	for _ in $(seq 100); do
		[ "$(awk '/^Uid:/ { print $2 != 0 && $2 == $3 }' "/proc/$pid/status")" = 1 ] &&
			grep -q '^Seccomp:.*[12]' "/proc/$pid/status" && break
		sleep 0.05
	done
	owner=$(for p in "$pid" $(cat "/proc/$pid/task/$pid/children"); do
		stat -c %u "/proc/$p/mem"
	done | sort -u)
	exec 3>&-
	wait "$pid"
	[ "$owner" = 0 ] || { echo "its memory is user $owner's"; false; }
}

# A library that is loaded late is not linked too, and the package depends on it by hand: dpkg does
# not see it.
late() {
	local library bad=0
	for library in $(grep -rhoE '"lib[a-z]+\.so\.[0-9.]+"' src --include='*.c' | tr -d '"'); do
		has_not "NEEDED.*$library" || bad=1
		grep -qE "^Depends:.* ${library%%.so*}[0-9]" contrib/debian/control ||
			{ echo "contrib/debian/control: nothing has $library"; bad=1; }
	done
	[ -n "${library-}" ] && [ "$bad" = 0 ]
}

result 'it can be loaded anywhere (PIE)' has 'Type: +DYN'
result 'and says so' has 'Flags:.*PIE'
result 'the table of functions is read-only (RELRO)' has 'GNU_RELRO'
result '... all of it, before anything runs (BIND_NOW)' has 'FLAGS.*(BIND_NOW|NOW)'
result 'the stack cannot be run' has 'GNU_STACK .* RW +0x'
result 'nothing is both written and run' write_or_run
result 'the code is not changed by the loader' has_not 'TEXTREL'
result 'no libraries from where it was built' has_not 'RPATH|RUNPATH'
result 'what is loaded late is not linked, and is in the package' late
result 'stacks are guarded' has '__stack_chk_fail' symbols
result 'calls of the C library are checked (FORTIFY)' fortified
result 'branches have marked ends' branches
sanitized || result 'it and its helpers leave no core' undumpable
echo "1..$n"
exit $failed
