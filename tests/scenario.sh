#!/bin/bash
# scenario.sh - one scenario, wherever it lies: its capture, what is said of it, its ladder, and
# whether what it expects holds in every weather.
# usage: tests/scenario.sh BUILD FILE.smtp (from the top of the tree). Exit status: 0 it holds;
# 1 it does not; 2 it is no scenario.
set -u
build=$1 file=$2
[ -n "$file" ] || { echo 'usage: make scenario FILE=x.smtp'; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
name=$(basename "$file" .smtp)
ports=$("$build/tests/program/scenario_pcap" -p "$file" "$dir/$name.pcap") || exit 2
program=$(realpath "$build/smtpwatch")

watch() {
	(cd "$dir" && "$program" -r "$name.pcap" -p "$ports" -Z "$(id -un)" "$@")
}
sessions=$(watch -o json | grep -c '"event_type":"session"')
[ "$sessions" != 0 ] || echo 'Nothing is reported.'
# Alerts, without the summary behind them.
[ "$sessions" = 0 ] || watch -o text | sed '/^[0-9,]* sessions\?, /,$d'
for ((number = 1; number <= sessions; number++)); do
	watch --explain "$number"
	echo
done

SMTPWATCH_SHOW=1 TMPDIR=$dir "$build/tests/unit/core/session/test_scenarios" "$file" \
	>"$dir/log" 2>&1
code=$?
echo 'In the words of the scenario language:'
if [ "$sessions" = 0 ]; then echo 'expect nothing'; else grep '^expect' "$dir/log" | head -n \
	"$sessions"; fi
echo
if [ $code = 0 ]; then
	echo 'What it expects holds, in every weather.'
	exit 0
fi
weathers=$(grep -c ' in weather ' "$dir/log")
first=$(sed -nE 's/.* in weather ([^,]*),.*/\1/p;T;q' "$dir/log")
echo "What it expects does not hold (in $weathers weathers, the first: $first):"
grep '^  session\|^  a session' "$dir/log" | awk '!seen[$0]++'
exit 1
