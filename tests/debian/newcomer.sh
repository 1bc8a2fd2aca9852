#!/bin/bash
# newcomer.sh - the steps of a newcomer in a Debian without tools: installs git and make, clones
# HEAD, then `make run`, `make check`, `make deb`, and runs the installed package. Root.
# usage: tests/debian/newcomer.sh SUITE   (from the top of the tree)
# Exit status 77: this machine lacks what the check needs, and the last line says what.
set -u
export LC_ALL=C
suite=$1
dir=$PWD/build/newcomer/$suite

# shellcheck source=contrib/debian/root.sh
. contrib/debian/root.sh

skip() {
	echo "check-debian $suite: skipped: $*"
	exit 77
}

reachable() {
	/usr/lib/apt/apt-helper download-file "$1dists/$suite/InRelease" "$dir/InRelease" \
		>"$dir/InRelease.log" 2>&1
}

[ "$(id -u)" = 0 ] || skip 'needs root'
command -v apt-get >/dev/null || skip 'needs apt, whose package archive it uses'
command -v debootstrap >/dev/null || contrib/install-deps.sh newcomer ||
	skip 'debootstrap is missing and cannot be installed'
git rev-parse --verify --quiet HEAD >/dev/null || skip 'needs git and a clone'
unshare --mount --pid --ipc --uts --fork true 2>/dev/null || skip 'needs namespaces'
mkdir -p "$dir/archives/partial"
from=$(archive)
[ -n "$from" ] || { apt-get update -qq >/dev/null 2>&1; from=$(archive); }
[ -n "$from" ] || skip 'apt has no archive of Debian'
reachable "$from" ||
	skip "the package archive does not answer for $suite: $(tail -n 1 "$dir/InRelease.log")"

# However it ends, the kernel ends the processes of these namespaces and undoes their mounts.
unshare --mount --pid --ipc --uts --fork --kill-child -- tests/debian/newcomer_inside.sh "$suite" \
	"$from"
code=$?
[ $code != 0 ] || rm -rf "$dir/root"
exit $code
