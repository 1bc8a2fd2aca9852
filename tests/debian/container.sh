#!/bin/bash
# container.sh - the image that contrib/container.sh has made, by buildah, in a network namespace of
# its own. Root. Speaks TAP.
# usage: tests/debian/container.sh   (from the top of the tree; make container)
# Exit status 77: this machine lacks what the test needs, and the last line says what.
# shellcheck disable=SC2317 # functions are called by result
set -u
image=$PWD/build/container

skip() {
	echo "container: skipped: $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip 'needs root'
command -v buildah >/dev/null || skip 'buildah is not installed (Debian: buildah)'
[ -e "$image/smtpwatch.oci.tar" ] || skip 'there is no image: make container'
if [ "${1-}" != inside ]; then
	unshare --net --mount --pid --fork --kill-child --mount-proc true 2>/dev/null ||
		skip 'needs namespaces'
	exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" inside
fi
ip link set lo up
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh

tool() {
	buildah --root "$dir/storage" --runroot "$dir/run" --storage-driver vfs "$@"
}

# runs OPTION... -- ARGUMENT...: the program in the container
runs() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	tool run --isolation chroot "${options[@]}" watch -- /usr/bin/smtpwatch "$@"
}

# With the rights that docs/containers.md names, and no other.
loaded() {
	tool from --quiet --name watch --cap-drop all --cap-add NET_RAW --cap-add SETUID \
		--cap-add SETGID "oci-archive:$image/smtpwatch.oci.tar"
}

entry() {
	tool inspect watch | grep -A1 '"Entrypoint"' | grep -F /usr/bin/smtpwatch
}

version() {
	runs -- --version | grep -qx "smtpwatch $(sed -n 's/^VERSION *:= *//p' Makefile)"
}

# As OpenShift runs it: any user, group 0, no right.
capture() {
	tool from --quiet --name other --cap-drop all "oci-archive:$image/smtpwatch.oci.tar" &&
		tool run --isolation chroot --user 1000680000:0 -v "$PWD/pcaps:/pcaps:ro" other -- \
			/usr/bin/smtpwatch -r /pcaps/221-for-message.pcap -o text |
		grep -F 'CRITICAL 221-for-message'
}

refused() {
	! tool run --isolation chroot --user 1000680000:0 other -- /usr/bin/smtpwatch -i lo \
		>"$dir/said" 2>&1 && grep -F CAP_NET_RAW "$dir/said"
}

# wait_for COMMAND...: ten seconds
wait_for() {
	for _ in $(seq 100); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

watching() {
	pgrep -o -f '^/usr/bin/smtpwatch -i lo' >"$dir/pid" && grep -q '^Seccomp:.2' "$(process)"
}

process() {
	echo "/proc/$(cat "$dir/pid")/status"
}

begins() {
	runs -- -i lo -o json >"$dir/json" 2>"$dir/err" &
	wait_for watching || { cat "$dir/err"; return 1; }
}

humble() {
	grep -q ^Uid: "$(process)" || return
	! grep -E '^(Uid:.*\b0\b|Cap(Eff|Prm|Amb):.*[1-9a-f])' "$(process)"
}

alerted() {
	contrib/broken-session >/dev/null &&
		wait_for grep -q '"signature":"221-for-message"' "$dir/json"
}

ends() {
	kill -TERM "$(cat "$dir/pid")" && wait_for grep -q '"event_type":"stats"' "$dir/json"
}

result 'the image is loaded' loaded
result 'its command' entry
result 'its version' version
result 'a capture, by any user' capture
result 'who may not watch is told' refused
result 'it watches' begins
result 'as an ordinary user without a right' humble
result 'an alert on standard output' alerted
result 'it ends with its statistics' ends
tool rm watch other >/dev/null 2>&1
echo "1..$n"
exit $failed
