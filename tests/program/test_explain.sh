#!/bin/bash
# test_explain.sh - --explain, its ladders, the tables and the progress,
# as an administrator meets them: goldens in tests/explain. Speaks TAP.
# usage: test_explain.sh SMTPWATCH, or, after a change of output that is meant,
# test_explain.sh SMTPWATCH --write
# Functions are called by result; what is between && and || is meant to decide.
# shellcheck disable=SC2317,SC2015
set -u
program=$1
builder=$(dirname "$1")/tests/program/scenario_pcap
golden=tests/explain
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
names=(221-for-message drop-after-dot 421-idle drop-in-body-rst vanished-in-body client-gave-up
	gap-for-221 refused one-way starttls clean-pipelined
	lab-postfix-221-in-body lab-wire-loss-221-for-dot lab-exim-errors)

explain() {
	local name=$1
	shift
	"$program" -r "pcaps/$name.pcap" --explain "$@"
}

compare() {
	if [ "$mode" = --write ]; then
		mkdir -p "$golden" && cp "$dir/out" "$golden/$1"
	else
		diff -u "$golden/$1" "$dir/out"
	fi
}
mode=${2-}

ladder() {
	explain "$1" worst --ladder "$2" >"$dir/out" && compare "$1.$2"
}

for name in "${names[@]}"; do
	result "$name in words" ladder "$name" text
done
for name in 221-for-message lab-wire-loss-221-for-dot; do
	result "$name as CSV" ladder "$name" csv
	result "$name as a Mermaid diagram" ladder "$name" mermaid
	result "$name as a scenario" ladder "$name" scenario
done

# narrow, and in colour
on_terminal() {
	env -u NO_COLOR tests/program/pty_run.py --columns "$1" "$program" \
		-r pcaps/lab-wire-loss-221-for-dot.pcap --explain worst | tr -d '\r' >"$dir/out" &&
		compare "terminal-$1"
}
result 'a terminal of 80 columns' on_terminal 80
result 'a terminal of 140 columns' on_terminal 140
if [ "$mode" = --write ]; then exit $failed; fi

# chosen WHICH WORDS: the session so chosen has these words in its heading
chosen() {
	explain three-at-once "$1" >"$dir/out" && grep -q "$2" <(head -2 "$dir/out") ||
		{ cat "$dir/out"; false; }
}
result 'by number' chosen 2 'Session 2 .*: clean, none'
result 'by address and port' chosen 192.0.2.28:41803 client-drop-in-message
result 'by address: the worst' chosen 192.0.2.28 drop-after-message
result 'by Message-ID: the worst' chosen '<1@out.example.org>' drop-after-message
result 'by queue id' chosen 4Xyz12 ': clean'
result 'by recipient' chosen b@example.net drop-after-message
result 'by session id' chosen 51e77609343c6ac8 client-drop-in-message
result 'the worst' chosen worst drop-after-message

others() {
	local to=198.51.100.25:25
	explain three-at-once 192.0.2.28 | tail -4 | diff - <(cat <<END
3 sessions fit; this is the worst of them. All, to be explained by number:
     1  2026-01-05 14:30:00 UTC  critical  drop-after-message  192.0.2.28:41802 -> $to
     2  2026-01-05 14:30:00 UTC  none      clean  192.0.2.28:41801 -> $to
     3  2026-01-05 14:30:00 UTC  notice    client-drop-in-message  192.0.2.28:41803 -> $to
END
	)
}
result 'others that fit are named' others

# refuses CODE WORDS ARGUMENTS...
refuses() {
	local code=$1 words=$2
	shift 2
	"$program" "$@" >"$dir/out" 2>&1 </dev/null
	[ $? = "$code" ] && grep -qF -- "$words" "$dir/out" || { cat "$dir/out"; false; }
}
result 'none that fits' refuses 2 '--explain: none of the 3 sessions is "nobody"' \
	-r pcaps/three-at-once.pcap --explain nobody
result 'standard input cannot be read twice' refuses 2 'standard input cannot be read twice' \
	-r - --explain worst
result 'captures only' refuses 2 'of captures only' -i lo --explain worst
result 'an unknown ladder' refuses 2 'none of text, csv, mermaid' -r pcaps/421-idle.pcap \
	--explain worst --ladder pdf

redacted() {
	for how in local hash all; do
		explain 221-for-message worst --redact "$how" \
			--site-key "$dir/site-key" >"$dir/out" || return 1
		! grep -E '\b[ab]@example|1@out' "$dir/out" || return 1
	done
}
result 'redacted as everything else' redacted

uncoloured() {
	NO_COLOR=1 tests/program/pty_run.py "$program" -r pcaps/421-idle.pcap --explain worst \
		>"$dir/out" &&
		! grep -q $'\e' "$dir/out"
}
result 'NO_COLOR is honoured' uncoloured

with_outputs() {
	explain 221-for-message worst -o "json:$dir/json" --write-pcap "$dir" -Z "$(id -un)" \
		>"$dir/out" && grep -q '"session"' "$dir/json" && ls "$dir"/*.pcap >/dev/null &&
		diff "$dir/out" "$golden"/221-for-message.text
}
result 'beside other outputs and packets' with_outputs

workers() {
	explain lab-exim-errors worst -j 3 | diff - "$golden"/lab-exim-errors.text
}
result 'with several workers' workers

# What was said inside TLS is in the packets that carry it. OpenSSL 3.5
# has a ClientHello of two segments, so the packet's number is counted
# from the end: behind it come two FINs and the ACK of the second.
under_tls() {
	local packets
	"$builder" -t TLS_AES_128_GCM_SHA256 -k "$dir/keys" tests/scenarios/221-for-message.smtp \
		"$dir/tls.pcap" >"$dir/log" &&
		packets=$("$program" -r "$dir/tls.pcap" -o json -Z "$(id -un)" |
		sed -n 's/.*"capture":{"frames":\([0-9]*\).*/\1/p') &&
		"$program" -r "$dir/tls.pcap" --keylog "$dir/keys" --explain worst -Z "$(id -un)" \
		>"$dir/out" && grep -q '(TLS from here on)' "$dir/out" &&
		grep -qE "^>>\+[0-9.]+ +$((packets - 3)) +END-OF-MESSAGE +<- 221 2\.0\.0 closing" \
		"$dir/out" || { cat "$dir/out"; false; }
}
result 'under TLS, with keys' under_tls

result 'csv, zeek and ecs agree with JSON' tests/program/tables_check.py "$program" pcaps/*.pcap*

# A capture that comes slowly.
slowly() {
	for _ in {1..40}; do
		sleep 0.03
		tail -c +25 pcaps/clean-pipelined.pcap
	done | cat <(head -c 24 pcaps/clean-pipelined.pcap) - | "$@"
}
progress() {
	slowly tests/program/pty_run.py --stdout "$dir/json" "$program" -r - >"$dir/out" &&
		grep -qE ' kB read, [0-9.]+ k?B/s' "$dir/out"
}
quiet() {
	slowly "$program" -r - -o json >"$dir/json" 2>"$dir/out" && [ ! -s "$dir/out" ]
}
result 'progress on a terminal' progress
result 'and none elsewhere' quiet
echo "1..$n"
exit $failed
