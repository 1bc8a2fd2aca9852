#!/bin/bash
# test_inputs.sh - captures as operands, folders, their order, and one that grows.
# usage: test_inputs.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh

# run CODE ARGUMENTS...: standard output to $dir/out, standard error to $dir/err
run() {
	local want=$1
	shift
	what="smtpwatch $*"
	checks=$((checks + 1))
	(cd "$dir/in" && "$program" "$@") >"$dir/out" 2>"$dir/err" </dev/null
	local got=$?
	[ "$got" = "$want" ] || fail "$what: exit $got, expected $want: $(head -c 300 "$dir/err")"
}

says() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$dir/$1" || fail "$what: $1 does not say \"$2\": $(head -c 600 "$dir/$1")"
}

lacks() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$dir/$1" && fail "$what: $1 says \"$2\": $(head -c 600 "$dir/$1")"
}

# session: what a session is judged to be, however it was read; $1: the file
session() {
	grep '"event_type":"session"' "$dir/$1" | sed 's/"input":"[^"]*",//'
}

mkdir "$dir/in" "$dir/none"
chmod 755 "$dir/in" "$dir/none"
pcap=$dir/in/whole.pcap
cp pcaps/221-for-message.pcap "$pcap"

# three files of one session, as of tcpdump -C, of which the name of the last sorts first
/usr/bin/python3 - "$pcap" "$dir/in" <<'PYTHON'
import struct, sys
data, folder = open(sys.argv[1], "rb").read(), sys.argv[2]
head, at, records = data[:24], 24, []
order = "<" if data[0] in (0xd4, 0x4d) else ">"
while at < len(data):
    n = struct.unpack(order + "I", data[at + 8:at + 12])[0]
    records.append(data[at:at + 16 + n])
    at += 16 + n
third = len(records) // 3
parts = [records[:third], records[third:2 * third], records[2 * third:]]
for name, part in zip(["m.pcap1", "n.pcap2", "a.pcap3"], parts):
    with open(f"{folder}/{name}", "wb") as f:
        f.write(head + b"".join(part))
with open(f"{folder}/../tail", "wb") as f:
    f.write(b"".join(parts[1] + parts[2]))
with open(f"{folder}/../begin", "wb") as f:
    f.write(head + b"".join(parts[0]))
PYTHON
run 0 -r whole.pcap -o json
session out >"$dir/expected"
[ "$(wc -l <"$dir/expected")" = 1 ] || fail "not one session in $pcap"
mv "$pcap" "$dir/whole.pcap"

# however several files are named, they are one capture in the order of time
echo "no capture" >"$dir/in/notes.txt"
: >"$dir/in/.hidden"
for how in "-r a.pcap3 -r n.pcap2 -r m.pcap1" "-r a.pcap3 m.pcap1 n.pcap2 port 25" \
	"a.pcap3 m.pcap1 n.pcap2" "a.pcap3 m.pcap1 n.pcap2 tcp port 25" "-r ." "." \
	"a.pcap3 m.pcap1 --checksum n.pcap2" "-j 3 ."; do
	# shellcheck disable=SC2086 # words
	run 0 -o json $how
	session out | cmp -s - "$dir/expected" || fail "$what: another session"
	[ ! -s "$dir/err" ] || fail "$what: $(cat "$dir/err")"
done
run 0 . -o "html:$dir/page.html" -o text --explain worst
says out "221 2.0.0"

# a word of the filter stays one, even if a file is called so
cp "$dir/whole.pcap" "$dir/in/port"
run 0 -r m.pcap1 -o json port 25
lacks out '"input":"port"'
rm "$dir/in/port"
run 3 "$dir/none"
says err "is a directory without a capture"
run 2 whole.pcp
says err 'there is no file or folder "whole.pcp"'
# what is in a folder is not overwritten
run 2 -r . -o json:m.pcap1
says err "would overwrite the capture that is read"

# files that overlap within a session: said once
cp "$dir/whole.pcap" "$dir/in/b.pcap"
/usr/bin/python3 - "$dir/in/b.pcap" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[24 + 16 + 30] ^= 1  # the first packet is another's; the rest begins within m.pcap1
open(sys.argv[1], "wb").write(data)
PYTHON
run 0 -r m.pcap1 -r b.pcap -o json
says err "b.pcap begins before the capture before it ends"
[ "$(wc -l <"$dir/err")" = 1 ] || fail "$what: not one line: $(cat "$dir/err")"
rm "$dir/in/b.pcap"

# a capture that grows: at its header, within a record, and until the signal
grow() {
	what="--follow, $1 bytes at first"
	checks=$((checks + 1))
	cat "$dir/begin" "$dir/tail" >"$dir/all"
	head -c "$1" "$dir/all" >"$dir/growing.pcap"
	chmod 644 "$dir/growing.pcap"
	"$program" --follow "$dir/growing.pcap" -o json >"$dir/out" 2>"$dir/err" </dev/null &
	local pid=$!
	sleep 0.4
	tail -c +$(($1 + 1)) "$dir/all" >>"$dir/growing.pcap"
	for _ in $(seq 100); do
		grep -q '"event_type":"alert"' "$dir/out" && break
		sleep 0.05
	done
	grep -q '"event_type":"alert"' "$dir/out" || fail "$what: no alert before the end"
	kill -0 $pid || fail "$what: ended by itself"
	kill "-$2" $pid
	wait $pid || fail "$what: exit $?: $(cat "$dir/err")"
	grep -q '"event_type":"stats"' "$dir/out" || fail "$what: no statistics"
	session out | cmp -s - "$dir/expected" || fail "$what: another session"
}
grow 0 TERM
grow 10 INT
grow 500 TERM
"$program" --follow "$dir/growing.pcap" >"$dir/out" 2>"$dir/err" </dev/null &
pid=$!
sleep 0.4
head -c 100 "$dir/begin" >"$dir/growing.pcap"
wait $pid
code=$?
[ $code = 3 ] || fail "a followed file that is cut: exit $code"
grep -q "was cut, or written anew, while it was followed" "$dir/err" ||
	fail "a followed file that is cut: $(cat "$dir/err")"

[ $failures = 0 ] && echo "ok 1 $checks checks" || echo "not ok 1 $failures of $checks checks"
[ $failures = 0 ]
