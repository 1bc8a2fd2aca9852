#!/bin/sh
# test_cli.sh - the program as a whole: exit codes, sentences, files, pipes, signals, root.
# usage: test_cli.sh SMTPWATCH SCENARIO_PCAP
# (from the top of the tree; the second is tests/program/scenario_pcap.c, built)
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

# says FILE TEXT, lacks FILE TEXT: of the last run
says() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$dir/$1" || fail "$what: $1 does not say \"$2\": $(head -c 600 "$dir/$1")"
}

lacks() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$dir/$1" && fail "$what: $1 says \"$2\": $(head -c 600 "$dir/$1")"
}

lines() {
	checks=$((checks + 1))
	[ "$(wc -l <"$dir/$1")" = "$2" ] ||
		fail "$what: $1 has $(wc -l <"$dir/$1") lines, expected $2"
}

same() {
	checks=$((checks + 1))
	cmp -s "$dir/$1" "$dir/$2" || fail "$what: $1 and $2 differ"
}

# await COMMAND: until it succeeds, five seconds at most;
# whether it did is then checked by the caller
await() {
	for _ in $(seq 100); do
		eval "$1" && return
		sleep 0.05
	done
}

scenario() {
	"$builder" "$dir/$1.smtp" "$dir/$1.pcap" || { echo "scenario $1 cannot be built"; exit 1; }
}

cat >"$dir/bad.smtp" <<'S'
S: 220 mx.example.net ESMTP
C: EHLO out.example.org
S: 250 mx.example.net
C: MAIL FROM:<alice@example.org>
S: 250 2.1.0 Ok
C: RCPT TO:<bob@example.net>
S: 250 2.1.5 Ok, bob@example.net
C: DATA
S: 354 go ahead
C: Message-ID: <secret.1@out.example.org>
C+ Subject: hello
C+
C: .
S: 221 2.0.0 closing, bob
S! FIN
expect verdict 221-for-message
S

cat >"$dir/good.smtp" <<'S'
client 192.0.2.11:40001
S: 220 mx.example.net ESMTP
C: EHLO out.example.org
S: 250 mx.example.net
C: MAIL FROM:<alice@example.org>
S: 250 2.1.0 Ok
C: RCPT TO:<bob@example.net>
S: 250 2.1.5 Ok
C: DATA
S: 354 go ahead
C: Subject: hello
C+
C: .
S: 250 2.0.0 queued as 4Qx1
C: QUIT
S: 221 2.0.0 bye
S! FIN
C! FIN
expect verdict clean
S
scenario bad
scenario good
bad=$dir/bad.pcap
good=$dir/good.pcap

# exit codes and sentences
run 2
says err "nothing to watch and nothing to read: -i INTERFACE"
run 2 -i eth0 -r "$good"
says err "one or the other"
run 2 -r "$good" --keyfile x
says err "there is no option --keyfile"
run 0 --version
says out "smtpwatch "
run 0 --help
says out "--fail-on SEVERITY"
run 0 --list-alerts --severity 421-idle=critical
says out "221-for-message"
grep -q '421-idle *critical' "$dir/out" || fail "--list-alerts does not know --severity"
run 0 -r "$good" --fail-on notice
run 0 -r "$bad"
run 1 -r "$bad" --fail-on critical
run 1 -r "$bad" --fail-on notice
run 0 -r "$bad" --fail-on notice --severity 221-for-message=none
run 3 -r "$dir/none.pcap" -o json
says err "none.pcap"
lines err 1
mkdir "$dir/empty"
run 3 -r "$dir/empty"
run 3 -r "$dir/none.pcap" -r "$bad" -r "$dir/bad.smtp" -r "$good" -o text
says out "2 sessions, 1 alert: 1 critical"
says err "bad.smtp"
lines err 2
run 2 -r "$good" -o json this is no filter
lines err 1
run 3 -r "$good" -o "json:$dir/no/such/folder"
says err "cannot write to $dir/no/such/folder"

# a capture that is cut short: what could be read is judged
head -c 900 "$bad" >"$dir/cut.pcap"
run 3 -r "$dir/cut.pcap" -o json
says out '"event_type":"stats"'
lines err 1

# what is not there
run 0 -r "$good" -p 2525 -o text
says out "No SMTP session on ports 2525 in $good: "
says out "The option -p sets the ports; --check-ports finds them."
"$builder" -w vntag "$dir/bad.smtp" "$dir/vntag.pcap" || fail "no capture with VN-Tags"
run 0 -r "$dir/vntag.pcap" -o text
says out " CRITICAL 221-for-message  "
LC_ALL=C sed 's/\x89\x26/\x22\xf3/g' "$dir/vntag.pcap" >"$dir/trill.pcap"
run 0 -r "$dir/trill.pcap" -o text
says out "of ethertype 0x22f3 (TRILL). Mail inside them is not seen."
lacks out "The option -p"
run 0 -r "$dir/trill.pcap" -o json
says out '"undecoded":[{"kind":"ethertype","number":"0x22f3","name":"TRILL","packets":'
run 0 -r "$good" -o text port 26
says out "No packet in "
run 0 -r "$good" -o text
says out "Everything fine: "
lacks out "$(printf '\033')"

# ports that the default misses are told, and not judged
sed '1i server 198.51.100.25:10025' "$dir/bad.smtp" >"$dir/hop.smtp"
scenario hop
run 0 -r "$good" -r "$dir/hop.pcap" --check-ports -o json
says err "SMTP was also seen on port 10025 (1 session), and not judged; -p 25,587,10025 judges it"
lines out 2
run 0 -r "$good" -r "$dir/hop.pcap" -p 25,587,10025 -o json
lines out 4
"$builder" tests/scenarios/tls-port-ehlo-rst.smtp "$dir/tls.pcap" || fail "no capture of port 465"
run 0 -r "$dir/tls.pcap" --check-ports -o json
says err "-p 25,587,465/tls judges it"
run 0 -r "$good" --check-ports -o json
says err "no SMTP was seen on other ports than 25,587"
run 0 -r "$good" -o json
lines err 0

# one alert, for people
run 0 -r "$bad" -o text
says out " CRITICAL 221-for-message  "
says out "  What happened: "
says out "took the message: \"221 2.0.0 closing, bob\". This was at stage END-OF-MESSAGE; "
says out "message from <alice@example.org> to <bob@example.net>, Message-ID"
says out " <secret.1@out.example.org>, "
says out "  Look at:       "
says out "1 falsely accepted"
lines err 0
run 0 -r "$bad" -o text --min-severity critical --severity 221-for-message=error
lacks out "What happened"

# local time for people, UTC for programs
for zone in "CET-1CEST,M3.5.0,M10.5.0/3 +0100" "EST5EDT,M3.2.0,M11.1.0 -0500"; do
	TZ=${zone% *}
	export TZ
	run 0 -r "$bad" --local-time -o text -o "html:$dir/page.html" -o "json:$dir/json"
	grep -qE "^2026-01-05 [0-9:]{8} \\${zone#* } CRITICAL" "$dir/out" ||
		fail "$what: no local time: $(head -1 "$dir/out")"
	grep -qE "Z\">2026-01-05 [0-9:]{8} \\${zone#* }</time>" "$dir/page.html" ||
		fail "$what: no local time in HTML"
	lacks out UTC
	lacks page.html UTC
	says page.html ">$(sed -n '1s/^.\{11\}\(..\).*/\1/p' "$dir/out"):00<"
	says json "Z\",\"event_type\":\"session\""
	run 0 -r "$bad" -o text
	says out " UTC CRITICAL"
	run 0 -r "$bad" --local-time --explain worst
	says out " ${zone#* }"
	unset TZ
done

# what a pipe gets without -o is said
run 0 -r "$good"
says err "standard output is no terminal and gets JSON: -o text writes text"
lines err 1
"$program" -r "$good" >/dev/null 2>"$dir/err"
lines err 0
run 0 -r "$good" -o json
lines err 0

# an answer that took 75 seconds: an alert beside the verdict
sed '/queued as/i wait 75s' "$dir/good.smtp" >"$dir/slow.smtp"
scenario slow
slow=$dir/slow.pcap
run 0 -r "$slow" -o text
says out " WARNING slow-acceptance  "
says out "the answer came 75.0 s"
says out "1 session, 1 alert: 1 warning."
says out "Beside their ending:"
run 1 -r "$slow" --fail-on warning
lines out 3
says out '"verdict":"clean","also":["slow-acceptance"],"severity":"none"'
says out '"alert":{"signature":"slow-acceptance",'\
'"category":"delays, whatever the ending","severity":3}}'
says out '"end":75.0'
says out '"asides":{"slow-acceptance":1}'
run 0 -r "$slow" --fail-on warning --slow-acceptance 76
lacks out '"event_type":"alert"'
says out '"also":[]'
run 0 -r "$slow" --fail-on warning --slow-acceptance 0
run 0 -r "$slow" --fail-on warning --severity slow-acceptance=none
says out '"also":["slow-acceptance"]'
run 1 -r "$slow" --fail-on critical --severity slow-acceptance=critical
run 0 --list-alerts
says out "slow-acceptance          warning   "

# a server that is stopped with three sessions open: one alert counts them, and no session is lost
for client in 1 2 3; do
	sed -e 's/^C: DATA/wait 2s\n&/' -e "1i client 192.0.2.2$client:4000$client" \
		-e 's/^S: 221.*/S: 421 4.3.2 shutting down/' \
		-e 's/^expect.*/expect verdict 421-in-message/' \
		"$dir/bad.smtp" >"$dir/stop$client.smtp"
	scenario stop$client
done
run 0 -r "$dir/stop1.pcap" -r "$dir/stop2.pcap" -r "$dir/stop3.pcap" -o json -o text:"$dir/text"
lines out 5
says out '"together":3,"cause":{"id":"shutdown"'
says out '"together":3,"grouped":true,"cause"'
says out '"grouped":2,'
says text "3 sessions, 1 alert: 1 warning."
says text "2 further sessions ended in the same events"
says text "2 other sessions of this server ended"
checks=$((checks + 1))
/usr/bin/python3 tests/program/schema_check.py docs/schema.json <"$dir/out" >"$dir/checked" ||
	fail "schema: $(cat "$dir/checked")"

# messages by recipient domain, and as metrics if that is asked for; redaction hides the names
sed -e 's/RCPT TO:<[^>]*>/RCPT TO:<b@Two.example>/' -e '1i client 192.0.2.29:40029' \
	"$dir/bad.smtp" >"$dir/two.smtp"
scenario two
mkdir "$dir/metrics"
chmod 777 "$dir/metrics"
run 0 -r "$bad" -r "$good" -r "$dir/two.pcap" -o json -o text:"$dir/text" \
	-o "textfile:$dir/metrics/page" --metrics-domains 1
says text "Recipient domains with the most messages:"
says text "  two.example: 1 session, 1 alert, 1 message: 1 falsely-accepted; answered"
says out '{"domain":"two.example","sessions":1,"alerts":1,"messages":1,"fates":{"accepted":0,'
says out '"hours":[{"hour":'
says metrics/page 'smtpwatch_domain_sessions{domain="other"} 1'
checks=$((checks + 1))
/usr/bin/python3 tests/program/metrics_check.py <"$dir/metrics/page" >"$dir/checked" 2>&1 ||
	fail "metrics: $(cat "$dir/checked")"
run 0 -r "$dir/two.pcap" -o json -o "textfile:$dir/metrics/page"
lacks metrics/page 'domain='
run 0 -r "$dir/two.pcap" -o json --redact local
says out '"domain":"two.example"'
run 0 -r "$dir/two.pcap" -o json --redact hash --site-key "$dir/key"
lacks out two.example
says out '"top":[{"domain":"'
run 0 -r "$dir/two.pcap" -o json --redact all
lacks out two.example
says out '"top":[],'

# JSON: json is the default where no terminal is; every line as the schema says
run 0 -r "$bad" -r "$good"
cp "$dir/out" "$dir/first"
lines out 4
says out "\"input\":\"$bad\""
says out "\"input\":\"$good\""
says out '"event_type":"alert"'
/usr/bin/python3 tests/program/schema_check.py docs/schema.json <"$dir/out" >"$dir/checked" ||
	fail "schema: $(cat "$dir/checked")"
for j in 0 1 2 4; do
	run 0 -r "$bad" -r "$good" -j $j
	same out first
done
run 0 -r "$bad" -r "$good" -o text -o "json:$dir/file" -o json:-
same file first
says out "What happened"
says out '"event_type":"alert"'

# several inputs are one stream; standard input is one of them
"$program" -r - -r "$good" -o json <"$bad" >"$dir/out" || fail "standard input: exit $?"
sed "s|\"input\":\"-\"|\"input\":\"$bad\"|" "$dir/out" >"$dir/renamed"
what="-r -"
same renamed first

# text: of several captures each alert names its own; as wide as COLUMNS says
run 0 -r "$bad" -o text
lacks out 'Seen in:'
run 0 -r "$bad" -r pcaps/drop-after-dot.pcap -o text
says out "Seen in:       $bad"
says out 'Seen in:       pcaps/drop-after-dot.pcap'
for columns in 100 60 7; do
	widest=$(COLUMNS=$columns "$program" -r "$bad" -o text | sed -n '2,/^$/p' | wc -L)
	most=$columns
	[ "$most" -ge 20 ] || most=100
	if [ "$widest" -gt "$most" ] || [ "$widest" -lt $((most / 2)) ]; then
		fail "COLUMNS=$columns: a line of $widest"
	fi
done

# each record: the machine, the version of its fields, and an id of its own
run 0 -r pcaps/three-at-once.pcap --gateway mx1 -o json
records=$(wc -l <"$dir/out")
[ "$(grep -c '"gateway":"mx1","schema_version":1' "$dir/out")" = "$records" ] ||
	fail 'gateway and schema_version of each record'
ids=$(sed -nE 's/.*"event_type":"[a-z]*","id":"([^"]*)".*/\1/p' "$dir/out" | sort -u | wc -l)
[ "$ids" = "$records" ] || fail 'an id for each record'
run 0 -r "$bad" -o json
says out "\"gateway\":\"$(uname -n)\""

# addresses
for mode in local hash all; do
	run 0 -r "$bad" --redact $mode --site-key "$dir/site-key" -o json -o text
	lacks out alice
	lacks out bob
	lacks out secret
	says out 221-for-message
done
lacks out '"from"'
run 0 -r "$bad" --redact local
says out '"from":"***@example.org"'
says out 'closing, ***'

# configuration
printf 'read = %s\noutput = json\nfail-on = critical\n' "$bad" >"$dir/conf"
run 1 -c "$dir/conf"
says out '"event_type":"alert"'
run 0 -c "$dir/conf" -T
says out "conf: no mistakes"
printf 'reed = x\n\nports = none\n' >"$dir/conf"
run 2 -c "$dir/conf" -T
says err "conf:1: "
says err "conf:3: "
lines err 2
# what can be tried without doing it: by file and line, all at once;
# what is only not there is told, and no mistake
cat >"$dir/conf" <<-END
	interface = any
	filter = host and and
	user = nobody-of-this-name
	output = prometheus:here
	output = textfile
	output = syslog:host:514
	output = exec:/bin/true 'never closed
	output = json:unix:
END
run 2 -c "$dir/conf" -T
for line in 2 3 4 5 6 7 8; do
	says err "conf:$line: "
done
lines err 7
run 0 -i lo -T -o "json:$dir/nothere/file" -o exec:/no/such/command \
	-o syslog:/no/such/socket not port 26
says err "cannot make a file in $dir/nothere"
says err "cannot run /no/such/command"
lines err 2
run 0 -i lo -T -o "json:$dir/made" -o "textfile:$dir/made.prom" -o "exec:touch $dir/made"
[ ! -e "$dir/made" ] || fail "-T makes a file"
[ ! -e "$dir/made.prom" ] || fail "-T makes a file"

# other ways of telling; offline an output that cannot be reached ends it before it begins
run 3 -r "$bad" -o "syslog:$dir/nobody"
says err "cannot connect to $dir/nobody: No such file"
run 3 -r "$bad" -o "json:unix:$dir/nobody"
says err "cannot connect to $dir/nobody: No such file"
run 3 -r "$bad" -o syslog:ftp://host
says err "is no host to send to"
run 3 -r "$bad" -o prometheus
says err "for captures that are read there is textfile:FILE"
run 3 -r "$bad" -o textfile
says err "textfile wants a file"
run 3 -r "$bad" -o exec:/no/such/command
says err "cannot run /no/such/command: No such file"
run 3 -r "$bad" -o "exec:/bin/sh -c 'true"
says err "quotation mark that is not closed"
mkdir -m 777 "$dir/commands"
run 0 -r "$bad" -r "$good" -o "textfile:$dir/commands/metrics"
cp "$dir/commands/metrics" "$dir/out"
says out 'smtpwatch_alerts_total{signature="221-for-message",severity="critical"} 1'
/usr/bin/python3 tests/program/metrics_check.py <"$dir/out" >"$dir/checked" 2>&1 ||
	fail "textfile: $(cat "$dir/checked")"
told="echo \"\$1 \$SMTPWATCH_VERDICT\" >>$dir/commands/out; cat >>$dir/commands/out"
run 0 -r "$bad" -r "$good" -o "exec:/bin/sh -c '$told' sh \"two words\""
cp "$dir/commands/out" "$dir/out"
lines out 2
says out "two words 221-for-message"
says out '"event_type":"alert"'
run 3 -r "$bad" -o "exec:/bin/sh -c 'exit 7'"
says err "ended with status 7"

# a stream socket whose reader takes its time gets every line
/usr/bin/python3 -c "
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind('$dir/stream')
os.chmod('$dir/stream', 0o777)
s.listen()
c, _ = s.accept()
time.sleep(0.2)
while piece := c.recv(100):
    sys.stdout.buffer.write(piece)
" >"$dir/streamed" &
await "[ -S '$dir/stream' ]"
run 0 -r "$bad" -r "$good" -o "json:unix:$dir/stream"
wait $!
same streamed first

# an output that takes no more
checks=$((checks + 2))
"$program" --help >/dev/full 2>/dev/null
[ $? = 3 ] || fail "--help to a full disk: not exit 3"
"$program" -r "$bad" -o text >/dev/full 2>"$dir/err"
[ $? = 3 ] || fail "full disk: not exit 3"
what="full disk"
lines err 1
says err "cannot write to standard output: No space left"
{ sleep 0.2; "$program" -r "$bad" -o json 2>"$dir/err"; echo $? >"$dir/out"; } | true
what="closed pipe"
says out 3
lines err 0

# a signal: what is open is reported
mkfifo "$dir/slow"
"$program" -r - -o json <"$dir/slow" >"$dir/out" 2>"$dir/err" &
pid=$!
exec 3>"$dir/slow"
head -c 900 "$bad" >&3
await "grep -q '^SigCgt:.*[2367abef]\$' /proc/$pid/status" # SIGINT is caught
if [ "$(id -u)" = 0 ]; then
	checks=$((checks + 2))
	await "! grep -q '^Uid:	0' /proc/$pid/status"
	grep -q '^Uid:	0' /proc/$pid/status && fail "still root while parsing"
	grep -q '^Groups:[[:space:]]*$' /proc/$pid/status || fail "still in groups of root"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		checks=$((checks + 1))
		grep -q "^$set:[[:space:]]*0*\$" /proc/$pid/status ||
			fail "still has capabilities: $(grep $set /proc/$pid/status)"
	done
fi
checks=$((checks + 2))
grep -q '^NoNewPrivs:[[:space:]]*1$' /proc/$pid/status || fail "could gain privileges"
# with a sanitizer there is no filter of system calls (sandbox.h)
grep -qE '__[at]san_init' "$program" || await "grep -q '^Seccomp:[[:space:]]*2\$' /proc/$pid/status"
grep -qE '__[at]san_init' "$program" || grep -q '^Seccomp:[[:space:]]*2$' /proc/$pid/status ||
	fail "parses without a filter of system calls"
kill -USR1 $pid
tail -c +901 "$bad" | head -c 100 >&3
await "[ -s '$dir/err' ]"
what="SIGUSR1"
says err "smtpwatch: so far "
lines err 1
kill -INT $pid
wait $pid
got=$?
exec 3>&-
what="SIGINT"
[ $got = 0 ] || fail "SIGINT: exit $got: $(cat "$dir/err")"
says out '"event_type":"session"'
says out '"how":"capture-end"'
says out '"event_type":"stats"'
lines err 1

# root opens, nobody parses
if [ "$(id -u)" = 0 ]; then
	chmod 600 "$bad"
	run 0 -r "$bad"
	says out 221-for-message
	run 0 -r "$bad" --user root
	says out 221-for-message
	run 2 -r "$bad" --user no-such-user
	says err 'no user "no-such-user"'
fi

# an output does not destroy what is read, and no two mix in one file
cp "$bad" "$dir/kept.pcap"
ln -s kept.pcap "$dir/link.pcap"
: >"$dir/keys"
for kind in json html textfile csv; do
	run 2 -r "$dir/kept.pcap" -o "$kind:$dir/kept.pcap"
	says err 'would overwrite the capture that is read'
	run 2 -r "$dir/kept.pcap" -o "$kind:$dir/link.pcap"
done
run 2 -r "$dir/link.pcap" --keylog "$dir/keys" -o "json:$dir/keys"
says err 'would overwrite the key log'
run 2 -r "$dir/link.pcap" -o "json:$dir/mixed" -o "text:$dir/./mixed"
says err 'would mix in one file'
run 0 -r "$dir/link.pcap" -o text:/dev/null -o json:/dev/null
run 2 -r "$dir/link.pcap" -o "json:$dir/new" -o "html:$dir/../${dir##*/}/new"
says err 'would mix in one file'
echo precious >"$dir/precious"
run 2 -r "$dir/link.pcap" -o "json:$dir/precious" -o "text:$dir/kept.pcap"
checks=$((checks + 1))
[ "$(cat "$dir/precious")" = precious ] || fail 'an output was emptied before another was refused'
echo 'output = text' >"$dir/conf"
run 2 -r "$dir/link.pcap" -c "$dir/conf" -o "json:$dir/conf"
says err 'would overwrite the configuration'
run 2 -T -r "$dir/link.pcap" -o "json:$dir/kept.pcap"
says err 'would overwrite the capture that is read'
run 0 -r "$dir/link.pcap" -o exec:/bin/true -o exec:/bin/true
# Standard input and output count, where they are files.
checks=$((checks + 2))
"$program" -r - -o "json:$dir/kept.pcap" <"$dir/kept.pcap" >"$dir/out" 2>"$dir/err"
[ $? = 2 ] || fail 'an output into standard input is not refused'
# shellcheck disable=SC2094 # it must refuse
"$program" -r "$dir/kept.pcap" >>"$dir/kept.pcap" 2>"$dir/err"
[ $? = 2 ] || fail 'standard output into the capture is not refused'
# shellcheck disable=SC2094
"$program" -r "$dir/kept.pcap" -o text >>"$dir/kept.pcap" 2>"$dir/err"
[ $? = 2 ] || fail 'standard output into the capture is not refused'
checks=$((checks + 1))
cmp -s "$bad" "$dir/kept.pcap" || fail 'the capture was destroyed'

# live: an interface that is misspelt, the lines of the start, and an end without an input
if [ "$(id -u)" = 0 ]; then
	run 3 -i eht0 -o text
	says err "there is no interface eht0; \`ip link\` lists them, --wait-interface waits for it"
	"$program" -i lo -i eht0 --wait-interface -o text -o exec:/bin/true port 25 \
		>"$dir/out" 2>"$dir/err" &
	pid=$!
	await "grep -q 'configuration none' '$dir/err'"
	kill -INT $pid
	wait $pid
	what="a live run"
	says err "eht0; it is tried again until it is there"
	says err "configuration none; user "
	says err "; outputs text, exec; filter port 25"
	says err "; no TLS keys: what goes into TLS is not read"
	checks=$((checks + 1))
	grep -vqE '^20[0-9]{2}-[0-9-]{5} [0-9:]{8} UTC smtpwatch: ' "$dir/err" &&
		fail "lines without a time: $(cat "$dir/err")"
	says out "Stopped; sessions that were open are unfinished."
	lacks out "end of the input"
	JOURNAL_STREAM=1:2 "$program" -i eht0 -o text 2>"$dir/err"
	grep -q '^smtpwatch: there is no interface' "$dir/err" || fail "the journal gets times"
fi

# started by sudo: what is made belongs to the caller, what was there to whom it belonged
owner() {
	checks=$((checks + 1))
	[ "$(stat -c %u:%g "$dir/sudo/$1")" = "$2" ] ||
		fail "$what: $1 belongs to $(stat -c %u:%g "$dir/sudo/$1"), expected $2"
}
if [ "$(id -u)" = 0 ] && uid=$(id -u daemon 2>/dev/null) && gid=$(id -g daemon); then
	mkdir "$dir/sudo"
	chown "$uid:$gid" "$dir/sudo"
	echo old >"$dir/sudo/old"
	echo victim >"$dir/victim"
	ln -s "$dir/victim" "$dir/sudo/link"
	export SUDO_UID="$uid" SUDO_GID="$gid"
	run 0 -r "$bad" -o "json:$dir/sudo/json" -o "html:$dir/sudo/html" -o "text:$dir/sudo/old" \
		--write-pcap "$dir/sudo"
	owner json "$uid:$gid"
	owner html "$uid:$gid"
	owner old 0:0
	packets=$(find "$dir/sudo" -name '*.pcap')
	owner "${packets##*/}" "$uid:$gid"
	run 3 -r "$bad" -o "json:$dir/sudo/link"
	[ "$(stat -c %u "$dir/victim") $(cat "$dir/victim")" = "0 victim" ] ||
		fail "a link of the caller was followed"
	run 0 -r "$bad" -o "json:$dir/sudo/named" -Z nobody
	owner named 0:0
	SUDO_UID=0
	run 0 -r "$bad" -o "json:$dir/sudo/root"
	owner root 0:0
	unset SUDO_UID SUDO_GID
fi

# what make run shows: three alerts, the summary, what to try next; with ALL every alert
checks=$((checks + 3))
contrib/show-cases.sh "$program" >"$dir/out" 2>&1 || fail "show-cases.sh: exit $?"
heads='^[0-9-]* [0-9:]* UTC [A-Z]* '
[ "$(grep -c "$heads" "$dir/out")" = 3 ] || fail "make run shows other than three alerts"
lines=$(wc -l <"$dir/out")
[ "$lines" -lt 160 ] || fail "make run shows $lines lines"
says out 'sessions, '
says out 'Try next'
ALL=1 contrib/show-cases.sh "$program" >"$dir/out" 2>&1
[ "$(grep -c "$heads" "$dir/out")" -gt 100 ] || fail "make run ALL=1 does not show every alert"

echo "$checks checks, $failures failed"
[ $failures = 0 ]
