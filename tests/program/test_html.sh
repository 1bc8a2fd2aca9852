#!/bin/bash
# test_html.sh - -o html: what stands in the report, that it agrees with JSON,
# that hostile text stays text, that it is there whole or not at all. Speaks TAP.
# usage: test_html.sh SMTPWATCH   (from the top of the tree)
# Functions are called by result; what is between && and || is meant to decide.
# shellcheck disable=SC2317,SC2015
set -u
program=$1
builder=$(dirname "$1")/tests/program/scenario_pcap
me=$(id -un)
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh

# report CAPTURES [-- TEXTS]: makes it, and checks it
report() {
	local captures=() more=()
	for file; do
		shift
		[ "$file" != -- ] || break
		captures+=(-r "$file")
	done
	more=("$@")
	"$program" "${captures[@]}" -o "html:$dir/report.html" -o "json:$dir/json" -Z "$me" &&
		tests/program/html_check.py "$dir/report.html" "$dir/json" "${more[@]}"
}

all() {
	readarray -t names < <(awk '!/^#/ && NF { print "pcaps/" $1 }' pcaps/LIST)
	report "${names[@]}" | tee "$dir/said" && grep -q ' [1-9][0-9]* ladders' "$dir/said"
}
result 'every capture at once' all
result 'one session, its fault, its mail' report pcaps/221-for-message.pcap -- \
	'The fault: 221 2.0.0 closing' 'never accepted, though the sender believes so' \
	'The rule:' 'RFC 5321'
result 'none that is an alert' report pcaps/clean-pipelined.pcap -- \
	'No session ended in a way that calls for an alert' 'There are none.'

result 'one direction alone: what to do' report pcaps/one-way.pcap -- \
	'1 session was captured in one direction only: mirror both directions'
cut() {
	"$builder" tests/scenarios/trap-21-snaplen-ehlo.smtp "$dir/cut.pcap" >/dev/null &&
		report "$dir/cut.pcap" -- 'that were cut short: capture whole packets' &&
		"$program" -r "$dir/cut.pcap" -o text -Z "$me" | tr -s ' \n' ' ' |
		grep -q '1 session had packets .* short: capture whole packets (tcpdump -s 0)\.'
}
result 'cut packets: what to do, in text and page' cut

# A capture that begins first and ends last, and one of the time between.
latest() {
	{ cat pcaps/221-for-message.pcap && tail -c +25 "pcaps/$2"; } >"$dir/long.pcap"
	"$program" -r "$dir/long.pcap" -r "pcaps/$1" -o "html:$dir/late.html" -Z "$me" 2>/dev/null
	"$program" -r "pcaps/$2" -o "html:$dir/end.html" -Z "$me"
	grep -o 'last packet is of .*' "$dir/end.html" >"$dir/end"
	grep -o 'last packet is of .*' "$dir/late.html" | cmp - "$dir/end"
}
result 'the last packet is that of all captures' latest drop-after-dot.pcap clean-pipelined.pcap

printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0' >"$dir/empty.pcap"
result 'nothing at all' report "$dir/empty.pcap" -- 'No packet in'

# What would be markup, end an attribute, begin a script, turn the text round, or move a cursor.
cat >"$dir/hostile.smtp" <<'END'
# text that would like to be something else
raw S "220 </title></style><script>alert(1)</script> \"onload='x' ESMTP\r\n"
C: EHLO <img/src=x/onerror=alert(2)>
S: 250-mx.example.net
S+ 250 PIPELINING
raw C "MAIL FROM:<\"><svg/onload=alert(3)>@example.org>\r\n"
raw S "250 2.1.0 &lt;b&gt;Ok\x1b]0;x\x07\xe2\x80\xae\xff-->\r\n"
C: RCPT TO:<'-->]]>@example.net>
S: 250 2.1.5 Ok
C: DATA
S: 354 go ahead
C: Subject: hello
C: Message-ID: <</code></details>@example.org>
C:
C: .
raw S "221 2.0.0 </td></tr></table><a href=javascript:alert(4)>closing</a>\r\n"
S! FIN
expect verdict 221-for-message
END
hostile() {
	"$builder" "$dir/hostile.smtp" "$dir/hostile <b>\"&.pcap" &&
		report "$dir/hostile <b>\"&.pcap" -- '<script>alert(1)</script>' \
		'<img/src=x/onerror=alert(2)>' '"><svg/onload=alert(3)>@example.org' \
			'&lt;b&gt;Ok\u001b]0;x\u0007\u202e�-->' "<'-->]]>@example.net>" \
			'<a href=javascript:alert(4)>closing</a>' 'hostile <b>"&.pcap'
}
result 'hostile text is text' hostile

redacted() {
	for how in local hash all; do
		"$program" -r pcaps/221-for-message.pcap -o "html:$dir/report.html" \
			--redact "$how" --site-key "$dir/site-key" -Z "$me" &&
			grep -q 'MAIL FROM' "$dir/report.html" ||
			return 1
		! grep -E '\b[ab]@example|1@out' "$dir/report.html" || return 1
	done
}
result 'redacted as everything else' redacted

# The same session is asked for twice, and its packets are written.
together() {
	"$program" -r pcaps/221-for-message.pcap -o "html:$dir/report.html" \
		--write-pcap "$dir/packets" --explain worst -Z "$me" >"$dir/out" &&
		diff "$dir/out" tests/explain/221-for-message.text &&
		grep -q 'its packets are in <code>[^<]*.pcap</code>' "$dir/report.html" &&
		grep -q 'class="mark"' "$dir/report.html"
}
result 'with --explain and --write-pcap' together

same() {
	for j in 1 3; do
		"$program" -r pcaps/three-at-once.pcap -r pcaps/lab-exim-errors.pcap \
			-o "html:$dir/$j" -j "$j" -Z "$me"
	done
	cmp "$dir/1" "$dir/3"
}
result 'the same for any number of workers' same

# The same session from 250 ports, an hour each after the one before.
many() {
	/usr/bin/python3 - pcaps/drop-after-dot.pcap "$dir/many.pcap" <<-'END'
	import struct, sys
	data = open(sys.argv[1], "rb").read()
	out, packets, at = data[:24], [], 24
	while at < len(data):
	    sec, usec, n, real = struct.unpack_from("<4I", data, at)
	    packets.append((sec, usec, real, data[at + 16 : at + 16 + n]))
	    at += 16 + n
	for i in range(250):
	    for sec, usec, real, frame in packets:
	        ports = [20000 + i if p != 25 else p for p in struct.unpack_from("!2H", frame, 34)]
	        out += struct.pack("<4I", sec + 3600 * i, usec, len(frame), real)
	        out += frame[:34] + struct.pack("!2H", *ports) + frame[38:]
	open(sys.argv[2], "wb").write(out)
	END
	"$program" -r "$dir/many.pcap" -o "html:$dir/report.html" -o "json:$dir/json" -Z "$me" &&
		tests/program/html_check.py "$dir/report.html" "$dir/json" \
		'Of 250 sessions with an alert, or of an event that has one' \
		'these are the worst 200' 'in each 6 hours'
}
result 'no more than 200 sessions' many

standard_input() {
	"$program" -r - -o "html:$dir/report.html" -o "json:$dir/json" -Z "$me" \
		<pcaps/221-for-message.pcap &&
		tests/program/html_check.py "$dir/report.html" "$dir/json" \
		'a capture which can be read a second time'
}
result 'a capture that comes once has no ladders' standard_input

# What is there before stays until the whole is there; nothing is left beside it.
replaced() {
	mkdir -p "$dir/place" && echo old >"$dir/place/r.html" &&
		ln "$dir/place/r.html" "$dir/place/old" &&
		"$program" -r pcaps/421-idle.pcap -o "html:$dir/place/r.html" -Z "$me" &&
		[ "$(cat "$dir/place/old")" = old ] &&
		[ "$(ls "$dir/place")" = $'old\nr.html' ] &&
		tail -1 "$dir/place/r.html" | grep -qx '</html>' &&
		[ "$(stat -c %a "$dir/place/r.html")" = 640 ]
}
result 'replaced as a whole' replaced

# refuses CODE WORDS TARGET
refuses() {
	"$program" -r pcaps/421-idle.pcap -o "$3" >"$dir/out" 2>&1
	[ $? = "$1" ] && grep -qF -- "$2" "$dir/out" || { cat "$dir/out"; false; }
}
result 'no file' refuses 3 'html wants a file' html
result 'standard output' refuses 3 'html wants a file' html:-
result 'no such folder' refuses 3 'cannot write' "html:$dir/no/such/report.html"
echo "1..$n"
exit $failed
