#!/bin/bash
# newcomer_inside.sh - the part of newcomer.sh that runs in mount and process namespaces of its own.
# usage: newcomer_inside.sh SUITE ARCHIVE
# shellcheck disable=SC2317 # functions are called by step
set -u
suite=$1 from=$2
dir=$PWD/build/newcomer/$suite
root=$dir/root

# shellcheck source=contrib/debian/root.sh
. contrib/debian/root.sh

in_tree() {
	confined sh -c "cd /root/smtpwatch && $1"
}

tools() {
	confined env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		git make
}

clone() {
	git bundle create "$root/root/tree.bundle" HEAD &&
		confined git clone -q /root/tree.bundle /root/smtpwatch
}

package() {
	in_tree 'DEBIAN_FRONTEND=noninteractive apt-get install -qq -y ./build/smtpwatch_*.deb &&
		rm -f ./smtpwatch'
}

upgrade() {
	in_tree 'tests/debian/upgrade.sh build/smtpwatch_*.deb'
}

works() {
	in_tree '/usr/bin/smtpwatch --version &&
		/usr/bin/smtpwatch -o text -r pcaps/221-for-message.pcap' | grep 221-for-message
}

untouched() {
	! in_tree 'git status --porcelain --ignored' | grep -vx '!! build/'
}

passed=0 failed=0 number=0

# The tests of `make check` count as what they say themselves.
counted() {
	local sums
	sums=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" | tail -n 1)
	[ -n "$sums" ] && [ "$2" = "$((${sums#* } > 0))" ] || return
	passed=$((passed + ${sums% *})) failed=$((failed + ${sums#* }))
}

# step NAME COMMAND...
step() {
	local name=$1 log code start=$SECONDS
	number=$((number + 1))
	log=$dir/$number.log
	shift
	"$@" >"$log" 2>&1 </dev/null
	code=$?
	printf '%-6s %4d s  %s\n' "$([ $code = 0 ] && echo fine || echo WRONG)" \
		$((SECONDS - start)) "$name"
	[ $code = 0 ] || tail -n 40 "$log" | sed 's/^/       /'
	counted "$log" $((code != 0)) ||
		{ passed=$((passed + (code == 0))) failed=$((failed + (code != 0))); }
	return $code
}

ends() {
	echo "$passed passed, $failed failed"
	exit $((failed > 0))
}

echo "check-debian $suite: each step's output is in build/newcomer/$suite/"
if step "a Debian without tools ($suite)" base && step 'git and make' tools &&
	step 'git clone' clone; then
	step 'make run' in_tree 'make run'
	step 'make check' in_tree 'make check'
	step 'make deb' in_tree 'make deb' && step 'apt-get install smtpwatch' package &&
		step 'smtpwatch of the package' works && step 'an upgrade' upgrade
	step 'nothing is left in the tree' untouched
fi
ends
