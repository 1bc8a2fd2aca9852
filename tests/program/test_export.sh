#!/bin/bash
# test_export.sh - --write-pcap on captures:
# whose packets are written, what into, and what is refused.
# usage: test_export.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh

# checked ARGUMENTS...: what export_check.py finds of these captures
checked() {
	checks=$((checks + 1))
	/usr/bin/python3 tests/program/export_check.py "$program" "$@" >"$dir/checked" 2>&1 ||
		fail "$(tail -c 600 "$dir/checked")"
}

# run CODE SENTENCE ARGUMENTS...: exit code, and what is said on standard error ("": nothing)
run() {
	local want=$1 words=$2 got
	shift 2
	checks=$((checks + 1))
	"$program" "$@" -o json >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ $got = "$want" ] ||
		fail "smtpwatch $*: exit $got, expected $want: $(head -c 300 "$dir/err")"
	if [ -z "$words" ]; then
		[ -s "$dir/err" ] && fail "smtpwatch $*: says $(head -c 300 "$dir/err")"
	else
		grep -qF -- "$words" "$dir/err" ||
			fail "smtpwatch $*: does not say \"$words\": $(head -c 300 "$dir/err")"
	fi
}

holds() {
	checks=$((checks + 1))
	[ "$(find "$1" -type f | wc -l)" = "$2" ] ||
		fail "$1 holds $(find "$1" -type f | wc -l) files, expected $2"
}

# Each capture alone; and all of scenarios that have one link type as one stream, where ports come
# again, whatever the number of workers. (Those of the lab have tunnels and fragments, of which the
# check alone can tell whose they are only where there is one session.)
captures=()
while read -r name _; do
	# What is written has no secrets, and is judged otherwise.
	case $name in '' | '#'* | tls-*) continue ;; esac
	checked "pcaps/$name"
	case $name in
	drop-between-messages* | lab-* | *.gz | *.pcapng) ;;
	*) captures+=("pcaps/$name") ;;
	esac
done <pcaps/LIST
[ ${#captures[@]} -gt 20 ] || fail "only ${#captures[@]} captures"
checked "${captures[@]}"
checked -j 4 "${captures[@]}"

# The same ports again at once, fragments, ICMP errors,
# a session and a second one that its alert counts.
for case in trap-24-port-again-drop:fair trap-24-port-again:fair cause-path-mtu-icmp:fair \
	cause-shutdown-together:fair 221-in-body:fragments 221-in-body:fragments-v6 \
	221-in-body:any2; do
	"$builder" -w "${case#*:}" "tests/scenarios/${case%:*}.smtp" "$dir/case.pcap" ||
		fail "cannot build $case"
	checked "$dir/case.pcap"
done

# A session in two files, packed or not, has one file of all its packets.
/usr/bin/python3 - pcaps/221-in-body.pcap "$dir" <<'P'
import gzip, struct, sys
data = open(sys.argv[1], "rb").read()
at = 24
for _ in range(9):
    at += 16 + struct.unpack_from("<I", data, at + 8)[0]
open(sys.argv[2] + "/first.pcap.gz", "wb").write(gzip.compress(data[:at]))
open(sys.argv[2] + "/second.pcap", "wb").write(data[:24] + data[at:])
P
chmod 644 "$dir/first.pcap.gz" "$dir/second.pcap"
checked "$dir/first.pcap.gz" "$dir/second.pcap"

# What is no alert is not written; a name is told to whoever is told of the alert;
# a second run writes the same.
bad=pcaps/three-at-once.pcap
run 0 '' -r $bad --write-pcap "$dir/new" -o text:"$dir/text" --min-severity error
holds "$dir/new" 1
name=$(basename "$dir"/new/*)
checks=$((checks + 4))
[ "$(grep -cF "\"pcap\":\"$name\"" "$dir/out")" = 2 ] ||
	fail "the session and its alert do not name $name"
grep -q "^  Packets:  *$name\$" "$dir/text" || fail "the text does not name $name"
/usr/bin/python3 tests/program/schema_check.py docs/schema.json <"$dir/out" >"$dir/checked" ||
	fail "schema: $(cat "$dir/checked")"
cp "$dir/new/$name" "$dir/before"
run 0 '' -r $bad --write-pcap "$dir/new" --min-severity error
cmp -s "$dir/before" "$dir/new/$name" || fail "another run wrote something else"
run 0 '' -r $bad -r $bad --write-pcap "$dir/new" --min-severity error
holds "$dir/new" 1
run 0 '' -r $bad --write-pcap "$dir/filtered" host 192.0.2.1
holds "$dir/filtered" 0

# What cannot be read twice, and what would break a promise.
mkfifo "$dir/fifo"
run 2 'standard input cannot be read twice' -r - --write-pcap "$dir/new"
run 2 'cannot be read twice' -r "$dir/fifo" --write-pcap "$dir/new"
run 2 'packets cannot be redacted' -r $bad --redact hash --write-pcap "$dir/new"
run 2 'is no directory' -r $bad --write-pcap ''
run 3 'cannot write packets to' -r $bad --write-pcap "$dir/out"
run 3 'cannot make the directory' -r $bad --write-pcap "$dir/no/such"
run 3 'none.pcap' -r "$dir/none.pcap" -r $bad --write-pcap "$dir/others" --min-severity error
holds "$dir/others" 1
head -c 4400 $bad >"$dir/cut.pcap"
chmod 644 "$dir/cut.pcap"
run 3 'ends in the middle' -r "$dir/cut.pcap" --write-pcap "$dir/cut" --min-severity error
holds "$dir/cut" 1

# Files of others are left alone, and a link is not followed.
mkdir -m 777 "$dir/shared"
echo precious >"$dir/precious"
chmod 666 "$dir/precious"
ln -s "$dir/precious" "$dir/shared/$name"
run 0 '' -r $bad --write-pcap "$dir/shared" --min-severity error
checks=$((checks + 2))
[ "$(cat "$dir/precious")" = precious ] || fail "a link was followed"
[ -L "$dir/shared/$name" ] && fail "the link is still there"

# A directory that others have filled is not filled further.
mkdir -m 777 "$dir/full"
(cd "$dir/full" && seq -f 'x%.0f' 10000 | xargs touch)
run 3 'there are 10000 files' -r $bad --write-pcap "$dir/full" --min-severity error
holds "$dir/full" 10000
checks=$((checks + 1))
grep -q '"pcap"' "$dir/out" && fail "a file is named that is not there"

# Root makes the directory for the user that it becomes;
# one that this user cannot write to is refused before anything is judged.
if [ "$(id -u)" = 0 ]; then
	mkdir -m 755 "$dir/roots"
	run 3 'has to belong to the user' -r $bad --write-pcap "$dir/roots"
	holds "$dir/roots" 0
	checks=$((checks + 1))
	[ -s "$dir/out" ] && fail "judged before the directory was looked at"
	cp $bad "$dir/secret.pcap"
	chmod 600 "$dir/secret.pcap"
	run 0 '' -r "$dir/secret.pcap" --write-pcap "$dir/made" --min-severity error
	holds "$dir/made" 1
	checks=$((checks + 1))
	[ "$(stat -c %U "$dir/made")" != root ] || fail "the directory is root's"
fi

echo "$checks checks, $failures failed"
[ $failures = 0 ]
