#!/bin/sh
# test_status.sh - smtpwatch status: its command line, a file that is called so, and, as root,
# what a watch of the loopback interface answers.
# usage: test_status.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh

# run CODE ARGUMENTS...: standard output to $dir/out, standard error to $dir/err
run() {
	want=$1
	shift
	what="smtpwatch $*"
	checks=$((checks + 1))
	"$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ "$got" = "$want" ] || fail "$what: exit $got, expected $want: $(head -c 300 "$dir/err")"
}

says() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$dir/$1" || fail "$what: $1 does not say \"$2\": $(head -c 600 "$dir/$1")"
}

# await COMMAND: until it succeeds, five seconds at most
await() {
	for _ in $(seq 100); do
		eval "$1" && return
		sleep 0.05
	done
}

socket=$dir/sock

run 0 --help
says out "smtpwatch status "
run 0 status --help
says out "--silence TIME"
run 2 status now
says err '"now": '
run 2 status -o xml
says err '"xml" is neither text nor json'
run 2 status --recent soon
says err '--recent: "soon" is neither 0 nor a time'
run 2 status --loud
run 3 status --status-socket "$socket"
says err "no daemon answers at $socket"
run 2 status --status-socket "$socket" --nagios
says out "SMTPWATCH CRITICAL: no daemon answers at $socket"
run 3 status --nagios --silence
says out "SMTPWATCH UNKNOWN: "
run 3 status --nagios now
says out "SMTPWATCH UNKNOWN: "
run 2 -i lo --status-socket "/$(printf '%0120d' 0)" -T
says err "has more than 107 bytes"

# a capture that is called so
cp pcaps/221-for-message.pcap "$dir/status"
cd "$dir" || exit 1
run 3 status --status-socket "$socket"
run 0 ./status -o text
says out "1 alert: 1 critical"
cd - >/dev/null || exit 1

# a watch without a socket says why and goes on; one with it answers, and takes it away at its end
if [ "$(id -u)" = 0 ]; then
	"$program" -i lo -o text --user root --status-socket "$socket" >"$dir/said" 2>"$dir/told" &
	pid=$!
	await "[ -S '$socket' ]"
	run 0 status --status-socket "$socket"
	says out "  lo: watched, "
	run 0 status --status-socket "$socket" --nagios
	says out "SMTPWATCH OK: lo is watched; "
	run 0 status --status-socket "$socket" -o json
	checks=$((checks + 1))
	/usr/bin/python3 tests/program/schema_check.py docs/schema.json <"$dir/out" >"$dir/err" ||
		fail "the document does not follow the schema: $(cat "$dir/err")"
	"$program" -i lo -o text --user root --status-socket "$socket" >"$dir/out" 2>"$dir/err" &
	other=$!
	await "grep -q 'no status: ' '$dir/err'"
	kill -INT $other
	wait $other
	what="a second watch"
	says err "no status: $socket is that of another smtpwatch, which runs"
	run 0 status --status-socket "$socket"
	kill -INT $pid
	wait $pid
	checks=$((checks + 1))
	[ ! -e "$socket" ] || fail "the socket is left behind"
	"$program" -i lo -o text --status-socket off >"$dir/out" 2>"$dir/err" &
	other=$!
	await "grep -q 'no status: ' '$dir/err'"
	kill -INT $other
	wait $other
	what="a watch without a socket"
	says err "no status: it is off"
fi

echo "$checks checks, $failures failed"
[ "$failures" = 0 ]
