#!/bin/bash
# test_suppress.sh - --suppress: what rules hold back is not told as an alert, and is counted.
# Speaks TAP.
# usage: test_suppress.sh SMTPWATCH   (from the top of the tree)
# shellcheck disable=SC2317 # functions are called by result
set -u
program=$(realpath "$1")
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
many=pcaps/three-at-once.pcap lost=pcaps/221-for-message.pcap

# rules LINE...
rules() {
	printf '%s\n' "$@" >"$dir/rules"
}

# judge CAPTURE [OPTION...]: exit status in "$status"
judge() {
	"$program" -r "$@" --suppress "$dir/rules" >"$dir/out" 2>"$dir/err"
	status=$?
}

says() {
	grep -qF -- "$1" "$dir/out" || {
		echo "not said: $1"
		cat "$dir/out" "$dir/err"
		return 1
	}
}

silent() {
	! grep -F -- "$1" "$dir/out"
}

held_back() {
	rules '# a comment' '' \
		'server=198.51.100.25 verdict=drop-after-message until=never comment=it is known'
	judge "$many" -o text --fail-on error
	[ "$status" = 0 ] && silent 'CRITICAL drop-after-message' &&
		says 'NOTICE client-drop-in-message' && says '3 sessions, 1 alert: 1 notice.' &&
		says 'rule of line 3, 1 alert: it is known'
}

recorded() {
	judge "$many" -o json
	says '"suppressed":"it is known","suppressed_alerts":["drop-after-message"]' &&
		says '"suppressed":1,"severities"' &&
		says '"suppression":[{"line":3,"comment":"it is known","held":1}]' &&
		[ "$(grep -c '"event_type":"session"' "$dir/out")" = 3 ] &&
		[ "$(grep -c '"event_type":"alert"' "$dir/out")" = 1 ] &&
		/usr/bin/python3 tests/program/schema_check.py docs/schema.json <"$dir/out"
}

explained() {
	"$program" -r "$many" --suppress "$dir/rules" --explain 192.0.2.28:41802 >"$dir/out" &&
		says 'held back by a rule of --suppress: it is known'
}

page() {
	judge "$many" -o "html:$dir/page" && grep -qF 'alerts suppressed' "$dir/page"
}

# The time is that of the packets: 2026-01-05 10:00:00.
times() {
	rules 'server=0.0.0.0/0 lost-mail=yes until=2026-01-05T10:00 comment=soon'
	judge "$lost" -o text
	says '1 session, 1 alert' &&
		says 'rule of line 1, 0 alerts, expired 2026-01-05 10:00:00 UTC: soon' || return
	rules 'server=0.0.0.0/0 lost-mail=yes until=2026-01-05T10:01 comment=in time'
	judge "$lost" -o text
	says '1 session, 0 alerts' && says 'rule of line 1, 1 alert: in time' &&
		says 'No other session ended in a way that calls for an alert' || return
	rules 'days=mon hours=11:00-11:01 zone=local lost-mail=yes until=never comment=x'
	TZ=CET-1 judge "$lost" -o text && says '0 alerts' || return
	TZ=UTC0 judge "$lost" -o text && says '1 alert:'
}

lost_mail() {
	rules 'server=198.51.100.25 until=never comment=x'
	judge "$lost" -o text --fail-on critical
	[ "$status" = 1 ] && says 'CRITICAL 221-for-message'
}

# Rules know the domain, and no output does.
redacted() {
	rules 'recipient=example.net lost-mail=yes until=never comment=x'
	judge "$lost" -o json --redact all
	says '"suppressed":"x"' && silent '@example.net'
}

mistaken() {
	rules 'server=::1 until=never comment=x' 'server=nix until=never comment=x' \
		'until=never'
	judge "$lost" -o text
	[ "$status" = 2 ] && grep -qF "$dir/rules:2: server: \"nix\" is no address" "$dir/err" &&
		grep -qF "$dir/rules:3: comment is missing" "$dir/err" || return
	echo "suppress = $dir/rules" >"$dir/conf"
	"$program" -T -c "$dir/conf" -r "$lost" 2>"$dir/err"
	[ $? = 2 ] && grep -qF "$dir/conf:1: suppress: $dir/rules:2:" "$dir/err" || return
	rules 'server=::1 until=never comment=x'
	"$program" -T -c "$dir/conf" -r "$lost" || return
	mkfifo "$dir/fifo"
	for bad in "$dir/fifo" "$dir" "$dir/none" /dev/zero; do
		"$program" -T --suppress "$bad" -r "$lost" 2>"$dir/err"
		[ $? = 2 ] && grep -qF "cannot read $bad" "$dir/err" || return
	done
	head -c 1048577 /dev/zero | tr '\0' '\n' >"$dir/rules"
	judge "$lost" -o text
	[ "$status" = 2 ] && grep -qF 'it is longer than 1 MiB' "$dir/err"
}

overwritten() {
	rules 'server=::1 until=never comment=x'
	judge "$lost" -o "json:$dir/rules"
	[ "$status" = 2 ] && grep -qF 'would overwrite the rules of --suppress' "$dir/err"
}

# Over all captures: what is not told is counted, and each session is still there.
nothing_lost() {
	rules 'verdict=drop-after-message until=never comment=a' \
		'client=192.0.2.0/25 cause=shutdown until=never comment=b' \
		'recipient=example.net from=2026-01-05T12:00 until=2027-01-01 comment=c' \
		'days=mon-fri hours=08:00-11:00 lost-mail=yes until=never comment=d'
	"$program" -r pcaps -o json --min-severity info >"$dir/all" 2>"$dir/err"
	judge pcaps -o json --min-severity info
	/usr/bin/python3 - "$dir/all" "$dir/out" <<-'PYTHON'
		import json, sys
		def read(path):
		    with open(path, encoding="utf-8") as f:
		        lines = [json.loads(line) for line in f]
		    of = lambda kind: [x for x in lines if x["event_type"] == kind]
		    return of("session"), of("alert"), of("stats")[0]
		sessions, alerts, stats = read(sys.argv[1])
		sessions2, alerts2, stats2 = read(sys.argv[2])
		assert len(sessions) == len(sessions2) == stats2["sessions"]
		held = sum(len(s.get("suppressed_alerts", [])) for s in sessions2)
		assert held == stats2["suppressed"] == sum(r["held"] for r in stats2["suppression"])
		assert all(r["held"] > 0 for r in stats2["suppression"]), stats2["suppression"]
		# A session that was grouped with one that is held back raises the alert itself.
		grouped = stats["grouped"] - stats2["grouped"]
		whole = lambda s: s["alerts"] + s["grouped"] + s.get("suppressed", 0)
		all1, all2 = whole(stats), whole(stats2)
		assert all1 <= all2 <= all1 + grouped, (all1, all2)
		assert stats["alerts"] == len(alerts) and stats2["alerts"] == len(alerts2)
		assert len(alerts2) < len(alerts)
	PYTHON
}

example() {
	sed 's/^#\([a-z-]*=\)/\1/' contrib/suppressions >"$dir/rules"
	[ "$(grep -c '^[a-z]' "$dir/rules")" = 5 ] && judge "$lost" -o text && [ "$status" = 0 ]
}

result 'an alert is held back, and the end says so' held_back
result 'its session is recorded' recorded
result '--explain says it' explained
result 'the page says it' page
result 'ends and windows are of the time of the packets' times
result 'a lost mail is alerted' lost_mail
result 'domains are known in spite of --redact' redacted
result 'mistakes are named' mistaken
result 'no output overwrites the rules' overwritten
result 'every alert is delivered or counted' nothing_lost
result 'the example is valid' example
echo "1..$n"
exit $failed
