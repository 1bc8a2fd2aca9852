#!/bin/bash
# lint.sh - what neither compiler nor tests see: layers, circles, sizes, symbols.
# usage: tests/lint/lint.sh 'MAKE COMMAND'
# Each check prints file:line of what is wrong, and the next one runs all the same.
set -uo pipefail
make=$1
bad=0 left=0
# Where the program is built with warnings as errors; what is there already is not built again.
gcc=${LINT_GCC:-build/lint-gcc} clang=${LINT_CLANG:-build/lint-clang}
export LC_ALL=C

check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		printf 'fine   %s%s\n' "$name" "${said:+: $said}"
	else
		printf 'WRONG  %s\n%s\n' "$name" "$said"
		bad=$((bad + 1))
	fi
}

# Versions of these tools differ in what they find: as Debian 12 has them.
# pinned NAME VERSION COMMAND-THAT-TELLS-IT CHECK...
pinned() {
	local name=$1 version=$2 tells=$3 is
	shift 3
	is=$($tells --version | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
	if [ "$is" = "$version" ]; then
		check "$name" "$@"
	else
		printf 'LEFT   %s: version %s finds otherwise than Debian 12, which has %s\n' \
			"$name" "$is" "$version"
		left=$((left + 1))
	fi
}

c_files() {
	find src include tests docs -name '*.[ch]'
}

format() {
	c_files | xargs clang-format --dry-run -Werror
}

# Everything, tests too, without a warning. What was built before with warnings is built again.
strict() {
	$make -k everything CC="$1" BUILD="$2" WERROR=1 >"build/lint-$1.log" 2>&1 ||
		{ grep -E '(error|warning|undefined)' "build/lint-$1.log"; false; }
}

# The library as it is linked: no writable data, and of the system only what core-symbols grants.
# Tables of pointers (.data.rel.ro) are read-only once the program runs.
core_data() {
	nm -A -f sysv "$gcc/libsmtpwatch.a" | awk -F'|' '
		NF == 7 && $7 ~ /\.(data|bss|tdata|tbss)|\*COM\*/ && $7 !~ /\.data\.rel\.ro/ {
			gsub(/ /, ""); split($1, part, ":")
			print "libsmtpwatch.a(" part[2] "): " part[3] " is writable"; wrong = 1 }
		END { exit wrong }'
}

core_symbols() {
	nm -A --defined-only "$gcc/libsmtpwatch.a" | awk '{ print $NF }' | awk '
		FILENAME == "-" { ours[$1] = 1; next }
		FILENAME ~ /core-symbols$/ && NF && !/^#/ { granted[$1] = NF > 1 ? $2 : "all" }
		FILENAME ~ /core-symbols$/ { next }
		/:/ { split($0, part, ":"); object = part[2]; symbol = $NF
			if (symbol in ours || symbol == "_GLOBAL_OFFSET_TABLE_") next
			if (granted[symbol] == "all" || granted[symbol] == object) next
			wrong = 1
			print "libsmtpwatch.a(" object "): " symbol \
				" is not in tests/lint/core-symbols" }
		END { exit wrong }' - tests/lint/core-symbols \
		<(nm -A --undefined-only "$gcc/libsmtpwatch.a")
}

# libnids would call ours in place of its own. What the program only
# copies from a shared library (nids_params, stderr) is not ours.
exported() {
	[ -f "$gcc/smtpwatch" ] || { echo 'smtpwatch was not built'; return 1; }
	awk 'NR == FNR { ours[$3] = 1; next }
		$3 in ours { print "exported: " $3; wrong = 1 }
		END { exit wrong }' \
		<(find "$gcc/src" -name '*.o' -exec nm --defined-only --extern-only {} + |
			grep -v ':$') \
		<(nm -D --defined-only "$gcc/smtpwatch")
}

# Built once more, in another folder, it is the same to the last bit.
reproducible() {
	local dir
	dir=$(mktemp -d) || return
	cp -a Makefile include src "$dir"
	$make -C "$dir" CC=gcc BUILD="$gcc" WERROR=1 "$gcc/smtpwatch" \
		>"$dir/log" 2>&1 || tail -n 5 "$dir/log"
	cmp "$gcc/smtpwatch" "$dir/$gcc/smtpwatch"
	local differs=$?
	rm -rf "$dir"
	return $differs
}

# It does not know the sections of programs for the kernel, which the verifier looks at.
cpp_check() {
	find src -name '*.c' ! -name '*.bpf.c' | sort |
		xargs cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 -j2 \
		-Iinclude -Isrc -D_GNU_SOURCE --suppressions-list=tests/lint/cppcheck
}

# That a page it refers to is installed here is no matter.
manuals() {
	! mandoc -Tlint docs/*.[58] 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db'
}

scripts() {
	find contrib tests .ci -type f -exec grep -lZE '^#!.*sh$' {} + | xargs -0 shellcheck -x
}

mkdir -p build
pinned 'clang-format' 14.0 clang-format format
check 'gcc without a warning' strict gcc "$gcc"
check 'clang without a warning' strict clang "$clang"
for rule in layers plan named foreign circles functions files words comments; do
	check "$rule" /usr/bin/python3 tests/lint/sources.py "$rule"
done
check 'columns' /usr/bin/python3 tests/lint/sources.py columns .c .h .py .sh .js .def scripts .md
check 'calls without a circle' /usr/bin/python3 tests/lint/sources.py calls "$gcc"
check 'core has no state' core_data
check 'core asks nothing of the system' core_symbols
check 'nothing exported' exported
check 'the same binary in another folder' reproducible
pinned 'cppcheck' 2.10 cppcheck cpp_check
check 'manual pages' manuals
pinned 'shellcheck' 0.9 shellcheck scripts
[ $left = 0 ] || echo "$left checks were left out"
[ $bad = 0 ] || { echo "$bad checks found something"; exit 1; }
