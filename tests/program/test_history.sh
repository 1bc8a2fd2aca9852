#!/bin/bash
# test_history.sh - the history of mails: what is kept, what is answered, and every fault of a disk.
# Speaks TAP.
# usage: test_history.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
# shellcheck disable=SC2317 # functions are called by result
set -u
program=$(realpath "$1") builder=$(realpath "$2") build=$(dirname "$(realpath "$1")")
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
# Also for the user that the program becomes.
chmod 755 "$dir"
# Of the made history, as tests/history/post.c has it.
printf 'the key of the history'\''s tests\0\0' | od -An -v -tx1 | tr -d ' \n' >"$dir/made-key"
for key in one two; do
	head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$dir/$key"
done
chmod 640 "$dir"/*

# dialogue FROM TO REPLY: a session whose recipient, or whose message, gets this answer
session=0
dialogue() {
	session=$((session + 1))
	cat <<-S
		session $session
		wait 300s
		S: 220 mx$((session % 2 + 1)).example.net ESMTP
		C: EHLO out.example.org
		S: 250 mx.example.net
		C: MAIL FROM:<$1> SIZE=500
		S: 250 2.1.0 Ok
		C: RCPT TO:<$2>
	S
	case $3 in
	451*)
		printf 'S: %s\nC: QUIT\nS: 221 2.0.0 Bye\nS! FIN\nC! FIN\n' "$3"
		echo expect verdict clean
		return
		;;
	esac
	cat <<-S
		S: 250 2.1.5 Ok
		C: DATA
		S: 354 go ahead
		C: Message-ID: <$2.letter@out.example.org>
		C+ Subject: x
		C+
		C+ .
		S: $3
	S
	case $3 in
	221*) printf 'S! FIN\nC! FIN\nexpect verdict 221-for-message\n' ;;
	*) printf 'C: QUIT\nS: 221 2.0.0 Bye\nS! FIN\nC! FIN\nexpect verdict clean\n' ;;
	esac
}
{
	dialogue prvs=4711aaaaaa=alice@example.org bob@example.net '451 4.7.1 Greylisted'
	dialogue alice@example.org carol@example.net '221 2.0.0 closing'
	dialogue alice@example.org dave@example.net '250 2.0.0 Ok: queued as 4DAVE'
	dialogue prvs=4712bbbbbb=alice@example.org bob@example.net '250 2.0.0 Ok: queued as 4BOB'
	dialogue alice@example.org erin@example.net '250 2.0.0 Ok: queued as 4ERIN'
} >"$dir/post.smtp"
"$builder" "$dir/post.smtp" "$dir/post.pcap" || exit 1

# watch FOLDER OPTION...: the capture into a history
watch() {
	"$program" -r "$dir/post.pcap" -o "json:/dev/null" --site-key "$dir/one" --gateway mx1 \
		--history "$dir/$1" "${@:2}" 2>"$dir/err"
}

# ask FOLDER ARGUMENT...
ask() {
	"$program" history "$dir/$1" "${@:2}" --site-key "$dir/one" >"$dir/out" 2>"$dir/err"
}

says() {
	grep -qF -- "$2" "$dir/$1" && return
	echo "$1 does not say \"$2\":"
	head -c 2000 "$dir/$1"
	return 1
}

files() {
	find "$dir/$1" -type f -name '*.db*' ! -name '*.damaged*'
}

kept() {
	watch plain && ask plain && says out "delivered-later: a later try was accepted (likely)" &&
		says out "2 tries, accepted after 15 min" &&
		says out "lost: the sending server believes" &&
		[ "$(grep -c '^[a-z]' "$dir/out")" = 2 ] &&
		for file in $(files plain); do
			[ "$(stat -c %a "$file")" = 640 ] || return 1
		done
}

# Nobody can read a person out of the bytes.
private() {
	! grep -qaiE 'alice@|bob@|carol|letter' "$dir"/plain/* &&
		watch clear --history-names && grep -qa bob@example.net "$dir"/clear/*.db &&
		! grep -qa prvs= "$dir"/clear/*.db &&
		grep -qa carol@example.net.letter "$dir"/clear/*.db &&
		watch local --history-names --redact local && ! grep -qa bob "$dir"/local/*.db &&
		grep -qa '\*\*\*@example.net' "$dir"/local/*.db &&
		watch hash --history-names --redact hash && ! grep -qa bob "$dir"/hash/*.db
}

looked_up() {
	ask plain bob@example.net && says out delivered-later &&
		ask plain prvs=1=Alice@Example.ORG && [ "$(grep -c '^[a-z]' "$dir/out")" = 4 ] &&
		ask plain carol@example.net.letter@out.example.org && says out "lost:" &&
		ask plain 4ERIN && says out "accepted: it was accepted" &&
		ask plain nobody@example.net && says err "no such mail" && [ ! -s "$dir/out" ] &&
		ask plain lost && [ "$(grep -c '^[a-z]' "$dir/out")" = 1 ] &&
		ask plain all && [ "$(grep -c '^[a-z]' "$dir/out")" = 4 ] &&
		ask plain lost --since 2030-01-01 && says err "no such mail" &&
		ask plain lost --since 1h && says out "lost:"
}

formats() {
	ask plain all -o json && /usr/bin/python3 - "$dir/out" <<-'PYTHON' &&
		import json, sys
		mails = [json.loads(line) for line in open(sys.argv[1])]
		assert len(mails) == 4
		bob = [m for m in mails if m["outcome"] == "delivered-later"][0]
		assert bob["schema_version"] == 1 and bob["delay"] == 900.0 or bob["delay"] > 899
		assert [a["fate"] for a in bob["attempts"]] == ["deferred", "accepted"]
		assert bob["attempts"][1]["queue_id"] == "4BOB"
		assert bob["attempts"][0]["gateway"] == "mx1"
		assert bob["attempts"][0]["site"] == "example.net:25"
	PYTHON
		ask plain all -o csv && [ "$(wc -l <"$dir/out")" = 5 ] &&
		ask plain all --by domain && says out "example.net: 4 mails, 5 tries" &&
		ask plain all --by hour -o csv && says out "schema_version,hour,mails" &&
		ask plain all --by server -o json && says out '"server":"example.net:25"'
}

exit_codes() {
	ask plain --fail-on never || return 1
	ask plain --fail-on lost
	[ $? = 1 ] || return 1
	ask plain --fail-on lots
	[ $? = 2 ] && says err "is no outcome" || return 1
	ask nowhere
	[ $? = 3 ] && says err "cannot be read" || return 1
	"$program" history >"$dir/out" 2>"$dir/err"
	[ $? = 2 ]
}

# Who keeps no history does not load SQLite.
not_loaded() {
	LD_DEBUG=files LD_DEBUG_OUTPUT="$dir/loads" "$program" -r "$dir/post.pcap" \
		-o "json:/dev/null" 2>"$dir/err" && ! grep -q sqlite "$dir"/loads.* &&
		grep -q libpcap "$dir"/loads.*
}

within_the_run() {
	"$program" -r "$dir/post.pcap" -o "json:/dev/null" --history :memory: 2>"$dir/err" &&
		says err "mails, each to one recipient: 1 delivered-later, 2 accepted, 1 lost" &&
		"$program" -r "$dir/post.pcap" -o "json:/dev/null" --history off 2>"$dir/err" &&
		[ ! -s "$dir/err" ]
}

# With another key another file begins; the old ones are found with the old key.
rotated() {
	watch turned && watch turned --site-key "$dir/two" && [ "$(files turned | wc -l)" = 2 ] &&
		"$program" history "$dir/turned" bob@example.net --site-key "$dir/two" \
			>"$dir/out" && [ "$(grep -c '^delivered' "$dir/out")" = 1 ] &&
		"$program" history "$dir/turned" bob@example.net --site-key "$dir/two" \
			--site-key "$dir/one" >"$dir/out" &&
		[ "$(grep -c '^delivered' "$dir/out")" = 2 ] &&
		ask turned lost && [ "$(grep -c '^lost' "$dir/out")" = 2 ] || return 1
	# The key is lost: what became of mails is still known, whose they are is not.
	"$program" history "$dir/turned" lost --site-key "$dir/none" >"$dir/out" 2>"$dir/err"
	[ $? = 2 ] && says err "there is no site key" || return 1
	printf '%064d' 7 >"$dir/other" && chmod 640 "$dir/other"
	"$program" history "$dir/turned" lost --site-key "$dir/other" >"$dir/out" &&
		[ "$(grep -c '^lost' "$dir/out")" = 2 ] &&
		"$program" history "$dir/turned" bob@example.net --site-key "$dir/other" \
			>"$dir/out" 2>"$dir/err" && says err "no such mail"
}

erased() {
	watch gone --history-names && ask gone --erase carol@example.net &&
		says err "1 rows erased" || says err "rows erased" || return 1
	! grep -qa 'carol@example.net$' "$dir"/gone/*.db && ask gone carol@example.net &&
		says err "no such mail" && ask gone bob@example.net && says out delivered-later
}

# What is too old goes, a file a day.
pruned() {
	watch short:7d && cp "$(files short)" "$dir/short/2020-01-01-mx1-00000001.db" &&
		cp "$(files short | head -n 1)" "$dir/short/2020-01-01-mx2-00000001.db" &&
		watch short:7d && says err "1 file older than 7 days removed" &&
		[ "$(files short | wc -l)" = 2 ]
}

damaged() {
	watch hurt && dd if=/dev/urandom of="$(files hurt)" bs=4096 count=3 conv=notrunc \
		2>/dev/null || return 1
	ask hurt
	[ $? = 3 ] && says err "its day counts as not watched" || return 1
	watch hurt && says err "was set aside; a new one begins" &&
		[ "$(find "$dir/hurt" -name '*.damaged*' | wc -l)" -ge 1 ] &&
		ask hurt lost && says out "lost:"
}

two_writers() {
	watch shared || return 1
	flock "$dir/shared/.mx1.lock" sleep 3 &
	local holder=$!
	sleep 0.3
	watch shared
	local code=$?
	watch shared --gateway mx2
	local other=$?
	kill "$holder"
	wait "$holder" 2>/dev/null
	[ "$code" = 3 ] && [ "$other" = 0 ] && [ "$(files shared | wc -l)" = 2 ]
}

# Files can grow no more: what was committed stays, what was not is told.
disk_full() {
	watch full || return 1
	(
		trap '' XFSZ
		ulimit -f 12
		watch full
	)
	[ $? = 3 ] && says err "records lost" && ask full lost && says out "lost:" &&
		watch full && ask full all && [ "$(grep -c 'queue id 4ERIN' "$dir/out")" = 2 ]
}

rows() {
	"$program" history "$dir/$1" all -o csv --site-key "$dir/one" 2>/dev/null | wc -l
}

killed() {
	mkfifo "$dir/fifo"
	"$program" -r - -o "json:/dev/null" --site-key "$dir/one" --gateway mx1 \
		--history "$dir/shot" <"$dir/fifo" 2>/dev/null &
	local pid=$!
	exec 9>"$dir/fifo"
	cat "$dir/post.pcap" >&9
	for _ in $(seq 100); do
		[ "$(rows shot)" -ge 4 ] && break
		sleep 0.1
	done
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	exec 9>&-
	[ "$(rows shot)" -ge 4 ] && watch shot && ask shot bob@example.net && says out 4BOB
}

# thin WAY: a copy of the capture without one side's packets, or without one in ten of all
thin() {
	/usr/bin/python3 - "$dir/post.pcap" "$dir/thin.pcap" "$1" <<-'PYTHON'
		import random, struct, sys
		data = open(sys.argv[1], "rb").read()
		way, at = sys.argv[3], 24
		dice = random.Random(way)
		with open(sys.argv[2], "wb") as out:
		    out.write(data[:at])
		    while at < len(data):
		        n = struct.unpack("<I", data[at + 8:at + 12])[0]
		        frame = data[at + 16:at + 16 + n]
		        port = struct.unpack(">H", frame[34:36])[0]
		        side = "server" if port == 25 else "client"
		        if (way == side) if way in ("server", "client") else dice.random() < 0.1:
		            pass
		        else:
		            out.write(data[at:at + 16 + n])
		        at += 16 + n
	PYTHON
}

# Where packets are missing nobody is said to be lost, given up or written to twice. Bob's mail was
# accepted 15 minutes later, and the time to give up is over before the capture ends.
thinned() {
	local way
	for way in client server $(seq 20); do
		rm -rf "$dir/thin"
		thin "$way" || return 1
		"$program" -r "$dir/thin.pcap" -o "json:/dev/null" --site-key "$dir/one" \
			--gateway mx1 --history "$dir/thin" --history-names 2>/dev/null
		ask thin all --give-up 17m -o csv || return 1
		grep -E ',(never|delivered-twice.?),' "$dir/out" && echo "without $way" && return 1
		grep ',lost,' "$dir/out" | grep -v carol@ && echo "without $way" && return 1
	done
	# Of the whole capture all is told.
	ask plain all --give-up 17m -o csv && [ "$(grep -c ',delivered-later,' "$dir/out")" = 1 ]
}

# Each mail of a made history becomes what it was meant to.
as_meant() {
	mkdir "$dir/made" && "$build/tests/history/generate" "$dir/made" "$dir/truth" 20000 11 &&
		"$build/tests/history/compare" "$dir/made" "$dir/truth" || return 1
	"$program" history "$dir/made" all --by server -o json --site-key "$dir/made-key" |
		/usr/bin/python3 -c '
import collections, json, sys
said = collections.Counter()
for line in sys.stdin:
    said.update(json.loads(line)["outcomes"])
meant = collections.Counter(line.split("\t")[1].strip() for line in open(sys.argv[1]))
assert said == meant, (said, meant)' "$dir/truth" &&
		"$program" history "$dir/made" never --site-key "$dir/made-key" >"$dir/out" &&
		[ "$(grep -c '^never' "$dir/out")" = "$(grep -c 'never$' "$dir/truth")" ] &&
		for outcome in delivered-later never bounced delivered-twice; do
			"$program" history "$dir/made" --site-key "$dir/made-key" \
				"$(grep -P "\\t$outcome\$" "$dir/truth" | tail -n 1 | cut -f 1)" \
				>"$dir/out" && says out "$outcome:" || return 1
		done
}

result "every attempt is kept, and what became of it is told" kept
result "people stand there as hashes, unless they are asked for" private
result "mails are found by address, Message-ID and queue id" looked_up
result "JSON, CSV and sums" formats
result "exit codes" exit_codes
result "within one run no file is needed" within_the_run
result "SQLite is loaded for a history alone" not_loaded
result "a new key of the site begins a new file" rotated
result "one person can be erased" erased
result "old days are removed" pruned
result "a damaged day is set aside" damaged
result "one writer for each gateway" two_writers
result "a full disk loses what is new, and says so" disk_full
result "what was committed survives SIGKILL" killed
result "missing packets accuse nobody" thinned
result "each mail of 20,000 messages ends as it was meant to" as_meant
echo "1..$n"
exit $failed
