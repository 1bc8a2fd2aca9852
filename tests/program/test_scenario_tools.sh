#!/bin/bash
# test_scenario_tools.sh - from a capture to a scenario and back, as somebody who reports a
# fault does it: --ladder scenario, make scenario. Speaks TAP.
# usage: test_scenario_tools.sh SMTPWATCH SCENARIO_PCAP (from the top of the tree)
# Functions are called by result; what is between && and || is meant to decide.
# shellcheck disable=SC2317,SC2015
set -u
program=$1 builder=$2
build=$(dirname "$1")
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh

write() {
	"$program" --ladder scenario -Z "$(id -un)" "$@"
}

# The example of the README is written in two ways.
example() {
	awk -v n="$1" '/^```/ { at++; next } at == n' tests/scenarios/README.md \
		>"$dir/example$1.smtp"
	"$builder" "$dir/example$1.smtp" "$dir/example$1.pcap"
	[ -s "$dir/example$1.pcap" ]
}
result 'the example of the README' example 1
result 'and with parts' example 3
result 'are the same bytes' cmp "$dir/example1.pcap" "$dir/example3.pcap"

# back NAME ARGUMENTS...: what is written of a capture is a scenario that holds, in all weathers
back() {
	local name=$1
	shift
	write -r "pcaps/$name.pcap" "$@" >"$dir/$name.smtp" &&
		TMPDIR=$dir "$build/tests/unit/core/session/test_scenarios" "$dir/$name.smtp" \
			>"$dir/log" 2>&1 || \
			{ cat "$dir/$name.smtp" "$dir/log"; false; }
}
for name in 221-for-message drop-after-dot refused starttls three-at-once lab-exim-221-for-dot \
	lab-postfix-plain; do
	result "$name becomes a scenario" back "$name"
done
result 'one session of several' back three-at-once --explain 192.0.2.28:41803

holds() {
	for words in "$@"; do
		grep -qF -- "$words" "$dir/out" || { echo "missing: $words"; cat "$dir/out"
			return 1; }
	done
}
told() {
	write -r pcaps/lab-dovecot-plain.pcap >"$dir/out" && holds \
		"replaced: IP addresses; AUTH's secrets, and what may be one; the text" \
		'AUTH PLAIN ********' 'port 587' 'timestamps'
}
result 'what was replaced is told' told

redacted() {
	local how
	for how in local hash all; do
		write -r pcaps/221-for-message.pcap --redact "$how" \
			--site-key "$dir/site-key" >"$dir/out" || return 1
		! grep -E '\b[ab]@example|1@out|192\.0\.2\.1[^0]' "$dir/out" || return 1
		[ "$(grep -c '^expect ' "$dir/out")" = 2 ] && "$builder" "$dir/out" \
			"$dir/out.pcap" || return 1
	done
}
result 'redacted as everything else' redacted

workers() {
	write -r pcaps/three-at-once.pcap -j 3 | diff - "$dir/three-at-once-all"
}
write -r pcaps/three-at-once.pcap >"$dir/three-at-once-all"
result 'with several workers' workers

# refuses CODE WORDS ARGUMENTS...
refuses() {
	local code=$1 words=$2
	shift 2
	"$program" -Z "$(id -un)" "$@" >"$dir/out" 2>&1 </dev/null
	[ $? = "$code" ] && holds "$words" || { cat "$dir/out"; false; }
}
"$builder" -t TLS_AES_128_GCM_SHA256 -k "$dir/keys" tests/scenarios/221-for-message.smtp \
	"$dir/tls.pcap" >/dev/null
result 'what was read with keys is none' refuses 3 'read with keys, which a scenario has not' -r \
	"$dir/tls.pcap" --keylog "$dir/keys" --ladder scenario
result 'without them it is one' refuses 0 'expect verdict' -r "$dir/tls.pcap" --ladder scenario
for ((i = 1; i <= 16; i++)); do
	printf 'session %d\nS: 220 mx\nC: QUIT\nS: 221 bye\nS! FIN\nexpect verdict clean\n' $i
done >"$dir/many.smtp"
"$builder" "$dir/many.smtp" "$dir/many.pcap" >/dev/null
{ echo 'client 192.0.2.77:50000'; cat tests/scenarios/221-for-message.smtp; } >"$dir/one.smtp"
"$builder" "$dir/one.smtp" "$dir/one.pcap" >/dev/null
result 'sixteen sessions at most' refuses 3 'room for 16 sessions, and there are 17' -r \
	"$dir/many.pcap" -r "$dir/one.pcap" --ladder scenario
result 'of captures only' refuses 2 'of captures only' -i lo --ladder scenario
result 'all sessions in words' refuses 2 'all sessions at once are for --ladder scenario' -r \
	pcaps/421-idle.pcap --explain all
result 'no session' refuses 2 'none of the 0 sessions' -r pcaps/421-idle.pcap -p 2525 --ladder \
	scenario

# make scenario FILE=...: a file of whatever folder

# said CODE FILE WORDS...
said() {
	local code=$1 file=$2
	shift 2
	tests/scenario.sh "$build" "$file" >"$dir/out" 2>&1
	[ $? = "$code" ] && holds "$@" || { cat "$dir/out"; false; }
}
printf '# mine\nport 2525\ninclude ehlo mine\nS! FIN\nexpect verdict drop-in-transaction\n' \
	>"$dir/mine.smtp"
printf 'C: MAIL FROM:<a@example.org>\nS: 250 ok\n' >"$dir/mine.part"
result 'a scenario that holds' said 0 "$dir/mine.smtp" 'ERROR drop-in-transaction' \
	'Session 1 of mine.pcap' '<- FIN' 'expect verdict drop-in-transaction stage MAIL' \
	'What it expects holds, in every weather.'
sed -i 's/expect .*/expect verdict clean stage MAIL/' "$dir/mine.smtp"
result 'one that does not' said 1 "$dir/mine.smtp" 'does not hold (in' \
	'weathers, the first: fair)' 'session 1: verdict: expected clean, got drop-in-transaction'
result 'one of several sessions' said 0 tests/scenarios/clean-interleaved.smtp 'Session 1 of' \
	'Session 2 of' 'Session 3 of'
result 'one without' said 0 tests/scenarios/stray-rst.smtp 'Nothing is reported.' 'expect nothing'
echo 'hallo' >"$dir/bad.smtp"
result 'none' said 2 "$dir/bad.smtp" 'bad.smtp:1: not understood: hallo'
result 'and no file' said 2 '' 'usage: make scenario FILE=x.smtp'
result 'make knows it' grep -q 'tests/scenario.sh' <(make -n scenario FILE=x.smtp)
echo "1..$n"
exit $failed
