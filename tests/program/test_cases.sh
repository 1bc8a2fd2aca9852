#!/bin/bash
# test_cases.sh - tests/program/cases.py tells a case that holds from one that does not, of both
# kinds. Speaks TAP.
# usage: test_cases.sh SMTPWATCH SCENARIO_PCAP
# shellcheck disable=SC2317 # functions are called by result
set -u
build=$(dirname "$1")
builder=$2
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
good=tests/scenarios/221-for-message.smtp

# folder NAME: an empty one, in which the next lines work
folder() {
	at=$dir/$1
	mkdir "$at"
}

# capture NAME LINE...: a capture, a 221 in place of the 250, and what is expected of it
capture() {
	local name=$1
	shift
	cp pcaps/221-for-message.pcap "$at/$name.pcap"
	printf '%s\n' "$@" >"$at/$name.pcap.expect"
}

# ends STATUS LAST-LINE [TEXT...]: how a run over the folder ends;
# the texts stand in its output, a line each
ends() {
	local status=$1 last=$2 said
	shift 2
	said=$(tests/program/cases.py "$build" "$at" 2>&1)
	if [ $? != "$status" ] || [ "$(tail -n 1 <<<"$said")" != "$last" ]; then
		echo "$said"
		return 1
	fi
	for text in "$@"; do
		grep -qF -- "$text" <<<"$said" || { echo "missing: $text"; echo "$said"; return 1; }
	done
}

folder both
cp "$good" "$at/holds.smtp"
sed 's/^expect .*/expect verdict clean/' "$good" >"$at/differs.smtp"
capture holds 'expect verdict 221-for-message fate falsely-accepted'
capture differs 'expect verdict clean'
result 'one that holds and one that does not, of both kinds' ends 1 '2 passed, 2 failed' \
	'FAILED  differs.pcap' 'FAILED  differs.smtp' \
	'session 1: verdict: expected clean, got 221-for-message' 'weathers, the first: fair)'
rm "$at"/differs*
result 'without those that do not' ends 0 '2 passed, 0 failed'

folder hold
capture comment '# a comment' '' 'expect verdict clean|221-for-message' 'expect severity critical'
capture native 'expect engine native verdict 221-for-message'
capture own 'expect engine own verdict 221-for-message'
capture nids 'expect engine nids verdict 221-for-message'
capture second 'session 2' 'expect nothing'
cp pcaps/clean-bdat.pcapng "$at"
echo 'expect verdict clean alerts none' >"$at/clean-bdat.pcapng.expect"
cp pcaps/three-at-once.pcap "$at"
printf '%s\n' 'expect verdict drop-after-message' 'session 2' 'expect verdict clean' 'session 3' \
	'expect verdict client-drop-in-message' \
	'session 4' 'expect nothing' >"$at/three-at-once.pcap.expect"
result 'every line of an .expect that can hold' ends 0 '7 passed, 0 failed'

folder differ
capture alerts 'expect alerts none'
capture flaws 'expect flaws surplus-reply'
capture nothing 'expect nothing'
capture second 'session 2' 'expect verdict clean'
capture taken 'expect taken yes|unknown'
capture alternative 'expect verdict clean|unknown'
result 'every line of an .expect that can differ' ends 1 '0 passed, 6 failed' \
	'alerts: expected none, got 221-for-message' 'flaws: expected surplus-reply, got none' \
	'session 1: 221-for-message' 'session 2: nothing was reported' \
	'taken: expected yes|unknown, got no' \
	'expected clean|unknown, got 221-for-message'

folder mistakes
capture word 'expect verdict 221-for-message colour red'
capture line 'expects verdict 221-for-message'
capture odd 'expect verdict'
capture twice 'expect verdict 221-for-message verdict clean'
capture engine 'expect engine snort verdict 221-for-message'
capture alerts 'expect alerts some'
capture empty '# nothing'
capture session 'session first' 'expect verdict 221-for-message'
cp pcaps/221-for-message.pcap "$at/unexpected.pcap"
echo 'expect verdict clean' >"$at/gone.pcap.expect"
echo 'expect verdict clean' >"$at/text.pcap.expect"
echo 'no capture' >"$at/text.pcap"
echo 'expect verdict clean colour red' >"$at/scenario.smtp"
result 'what cannot be run as it stands is told, and hides nothing' ends 1 '0 passed, 12 failed' \
	'word.pcap.expect:1: nothing that can be expected: colour red' \
	'line.pcap.expect:1: not understood' 'odd.pcap.expect:1: not understood' \
	'expected twice: verdict' 'engine snort' 'alerts some' \
	'empty.pcap.expect: nothing is expected' 'not understood: session first' \
	'unexpected.pcap.expect: missing' 'gone.pcap' 'smtpwatch: exit status 3' \
	'scenario.smtp:1: nothing that can be expected: colour red'

no_folder() {
	tests/program/cases.py "$build" ''
	[ $? = 2 ]
}
result 'no folder is a mistake' no_folder

folder none
result 'a folder without cases' ends 1 '0 passed, 0 failed'

# An output of an older program, which lacks a field, and of one that does not know.
folder lacks
mkdir "$dir/older"
cat >"$dir/older/smtpwatch" <<-'END'
	#!/bin/sh
	echo '{"event_type":"session","transactions":[{"taken":null},{"fate":"accepted"}]}'
END
chmod +x "$dir/older/smtpwatch"
capture field 'expect taken unknown,yes' 'expect proxied none'
older() {
	local build=$dir/older
	ends 1 '0 passed, 1 failed' \
		"taken: expected unknown,yes, got no field 'taken' in the output" \
		"proxied: expected none, got no field 'smtp'"
}
result 'a field that is missing is no answer' older

# The secrets stand in the capture; as a key log beside it they must do as well.
folder keys
"$builder" tests/scenarios/221-for-message.smtp "$at/clear.pcap" >/dev/null
/usr/bin/python3 - pcaps/tls-exim-idle-body.pcapng "$at/tls" <<'PYTHON'
import struct, sys
data, out, keys, at = open(sys.argv[1], "rb").read(), b"", b"", 0
while at < len(data):
    kind, n = struct.unpack_from("<II", data, at)
    if kind == 10:
        keys += data[at + 16:at + 16 + struct.unpack_from("<I", data, at + 12)[0]]
    else:
        out += data[at:at + n]
    at += n
open(sys.argv[2] + ".pcapng", "wb").write(out)
open(sys.argv[2] + ".keylog", "wb").write(keys)
PYTHON
echo 'expect verdict 421-in-message stage DATA' >"$at/tls.pcapng.expect"
echo 'expect verdict 221-for-message' >"$at/clear.pcap.expect"
result 'a key log beside the capture' ends 0 '2 passed, 0 failed'
rm "$at/tls.keylog"
result 'and without it' ends 1 '1 passed, 1 failed'

# What scenarios expect of one session holds of their captures too:
# a word means the same in both languages.
folder words
cp pcaps/client-gave-up.pcap "$at"
echo 'expect also slow-acceptance' >"$at/client-gave-up.pcap.expect"
"$builder" tests/scenarios/cause-server-crash-together.smtp "$at/together.pcap" >/dev/null
printf '%s\n' 'expect together 3' 'session 2' 'expect together 3' >"$at/together.pcap.expect"
mapfile -t single < <(grep -LE '^(session|expect nothing)' tests/scenarios/*.smtp)
for word in verdict stage severity closer how farewell seen flaws cause confidence starttls \
	proxied fate bytes id lmtp; do
	mapfile -t scenarios < <(grep -lE "^expect.* $word " "${single[@]}")
	for scenario in "${scenarios[@]::3}"; do
		name=$(basename "$scenario" .smtp)
		"$builder" "$scenario" "$at/$name.pcap" >/dev/null
		grep '^expect' "$scenario" >"$at/$name.pcap.expect"
	done
	[ ${#scenarios[@]} -gt 2 ] || result "scenarios that expect $word" false
done
result 'each word as in scenarios' ends 0 "$(find "$at" -name '*.pcap' | wc -l) passed, 0 failed"

# Those of the tree: tests/cases/README.md.
at=tests/cases
result 'the captures of tests/cases' ends 0 "$(find "$at" -name '*.pcap' | wc -l) passed, 0 failed"
echo "1..$n"
exit $failed
