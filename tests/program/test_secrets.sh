#!/bin/bash
# test_secrets.sh - no output has a word that a client sent in a place where a password may stand:
# AUTH in any spelling, other protocols at a mail server's port, parameters, replies that repeat it.
# usage: test_secrets.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh
scenario_pcap=$2
secret=Geheimnis1

# shellcheck disable=SC2016 # the hook expands it
printf '#!/bin/sh\n{ env; cat; } >>"$1"\n' >"$dir/hook"
chmod 755 "$dir/hook"

# dialogue NAME LINES: the lines of a scenario between the greeting and a 221 too early
dialogue() {
	{
		printf '# %s\nS: 220 mx ESMTP\n' "$1"
		printf '%s\n' "$2"
		printf 'C: MAIL FROM:<z@example.org>\nS: 221 bye\nS! FIN\nexpect verdict clean\n'
	} >"$dir/$1.smtp"
	"$scenario_pcap" "$dir/$1.smtp" "$dir/$1.pcap" ||
		fail "$1: no scenario"
}

# All outputs of one capture, each into a file of its own beside it.
outputs() {
	local in=$dir/$1.pcap to=$dir/$1 ladder
	: >"$to.exec"
	chmod 666 "$to.exec" # for the user that the program becomes
	"$program" -r "$in" -o "text:$to.text" -o "json:$to.json" -o "html:$to.html" \
		-o "csv:$to.csv" -o "zeek:$to.zeek" -o "ecs:$to.ecs" -o "textfile:$to.prom" \
		-o "exec:$dir/hook $to.exec" >"$to.none" 2>&1 </dev/null
	for ladder in text csv mermaid scenario; do
		"$program" -r "$in" --explain 1 --ladder "$ladder" \
			>"$to.ladder-$ladder" 2>&1 </dev/null
	done
	"$program" -r "$in" --ladder scenario >"$to.all" 2>&1 </dev/null
}

# nothing_of NAME: the secret stands in no output, in any case of letters, and each was made
nothing_of() {
	outputs "$1"
	for kind in text json html csv zeek ecs prom ladder-text ladder-csv ladder-mermaid \
		ladder-scenario all; do
		[ -s "$dir/$1.$kind" ] || fail "$1: no $kind"
	done
	for file in "$dir/$1".*; do
		case $file in *.smtp | *.pcap) continue ;; esac
		! grep -qi -- "$secret" "$file" ||
			fail "$1: $(basename "$file") has it: $(grep -i -- "$secret" "$file" |
				head -n 1 | cut -c 1-300)"
	done
}

# shown NAME OUTPUT TEXT
shown() {
	grep -qF -- "$3" "$dir/$1.$2" || fail "$1: $2 does not show $3"
}

dialogue pop3 "C: USER alice
S: 500 5.5.1 unknown command USER
C: PASS $secret
S: 500 5.5.1 unknown command: PASS $secret
C: APOP alice $secret
S: 500 5.5.1 unknown command"
dialogue imap "C: a1 LOGIN alice $secret
S: 500 5.5.1 unknown command a1
C: a2 LOGIN \"alice\" \"$secret\"
S: 500 5.5.1 \"$secret\"?
C: a3 AUTHENTICATE PLAIN $secret
S: 500 5.5.1 unknown command a3"
dialogue http "C: GET /login?password=$secret HTTP/1.1
C: Host: mx.example.net
C: Authorization: Basic $secret
C: Cookie: id=$secret
C:
C: password=$secret
S: 500 5.5.1 GET /login?password=$secret"
dialogue auth "C: EHLO out.example.org
S: 250-mx.example.net
S+ 250 AUTH PLAIN LOGIN
C: AUHT PLAIN $secret
S: 500 5.5.1 AUHT PLAIN $secret?
C: AUTHPLAIN $secret
S: 500 5.5.1 unknown
C: AUTH=PLAIN $secret
S: 500 5.5.1 unknown
C: AUTH:$secret
S: 500 5.5.1 unknown
C: AUTH$secret
S: 500 5.5.1 unknown
C: X-LOGIN $secret
S: 500 5.5.1 unknown
C: AUTH LOGIN
S: 500 5.5.1 not now
C: $secret
S: 500 5.5.1 unknown
C: Geheimnis
S: 500 5.5.1 unknown"
dialogue parameter "C: EHLO out.example.org
S: 250 mx.example.net
C: MAIL FROM:<a@example.org> SIZE=100 AUTH=$secret BODY=8BITMIME
S: 250 2.1.0 Ok
C: RCPT TO:<b@example.net> XKEY=$secret NOTIFY=NEVER
S: 550 5.5.4 unsupported: XKEY=$secret
C: RSET $secret
S: 250 Ok
C: MAIL FROM:<a@example.org> AUTH=<$secret>
S: 550 5.7.1 $secret refused
C: MAIL FROM:<a@example.org> X_TOKEN=$secret
S: 250 2.1.0 $secret ok
C: XCLIENT LOGIN=$secret ADDR=192.0.2.1
S: 550 5.7.1 $secret refused
C: NOOP $secret
S: 250 Ok
C: HELP $secret
S: 214 Ok
C: RSET"

for name in pop3 imap http parameter; do
	nothing_of "$name"
done
secret=Geheimnis
nothing_of auth
# The hook was called, but for HTTP, which raises no alert.
for name in pop3 imap auth parameter; do
	shown "$name" exec SMTPWATCH_VERDICT
done
shown pop3 ladder-text 'PASS ********'
shown http ladder-text 'GET ********'
shown auth ladder-text 'AUHT ********'
shown parameter ladder-csv 'SIZE=100 AUTH=******** BODY=8BITMIME'
shown parameter ladder-csv 'XKEY=******** NOTIFY=NEVER'
shown parameter ladder-scenario 'C: MAIL FROM:<a@example.org> SIZE=100 AUTH=******** BODY=8BITMIME'
shown pop3 ladder-scenario 'S: 500 5.5.1 unknown command: ********'
[ $failures = 0 ] || echo "$failures checks failed"
exit $((failures > 0))
