#!/bin/bash
# valgrind.sh - the captures of pcaps/ under valgrind's memcheck:
# no use of what is not there or was never set, and nothing lost at the end.
# usage: valgrind.sh SMTPWATCH
set -u
memcheck=(valgrind --quiet --error-exitcode=99 --leak-check=full \
	'--errors-for-leak-kinds=definite,possible' --child-silent-after-fork=yes)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bad=0

# What is said of the captures is other tests' matter.
judge() {
	local name=$1 code
	shift
	"${memcheck[@]}" "$smtpwatch" "$@" >/dev/null 2>"$folder/said"
	code=$?
	if [ $code = 0 ]; then
		echo "fine   $name"
	else
		echo "WRONG  $name: exit $code"
		head -n 60 "$folder/said"
		bad=$((bad + 1))
	fi
}

smtpwatch=$1
captures=()
for file in pcaps/*.pcap*; do
	captures+=(-r "$file")
done
judge 'all captures, one thread, every form' -j 1 -o "json:$folder/json" -o text \
	-o "html:$folder/page.html" -o "csv:$folder/csv" -o "zeek:$folder/zeek" "${captures[@]}"
judge 'all captures, two threads' -j 2 -o json "${captures[@]}"
judge 'all captures, by libnids' -j 1 --engine nids -o json "${captures[@]}"
judge 'on any port, redacted' -j 1 -p any --redact all -o json "${captures[@]}"
judge 'one dialogue explained' --explain 1 -r pcaps/221-for-message.pcap
[ $bad = 0 ]
