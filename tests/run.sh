#!/bin/bash
# run.sh - every test of a build: cmocka binaries and scripts, told by TAP; one a CPU at a time.
# usage: tests/run.sh BUILD
set -u
build=$1
export CMOCKA_MESSAGE_OUTPUT=TAP
# The width of text, where nothing else says it.
unset COLUMNS
# shellcheck source=tests/lib/tap.sh
. tests/lib/tap.sh
rm -f "$log"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# run NAME COMMAND...: what it says goes to NAME.log, its exit code to NAME.code.
run() {
	timeout 1200 "${@:2}" >"$logs/$1.log" 2>&1 </dev/null
	echo $? >"$logs/$1.code"
}

# What takes longest begins first, or one CPU would wait for it at the end: with sanitizers the
# scenarios take as long as half of all others. Then the scripts.
longest=core/session/test_scenarios
todo=("${longest##*/} $build/tests/unit/$longest") order=()
for script in tests/program/test_*.sh; do
	todo+=("$(basename "$script") $script $build/smtpwatch $build/tests/program/scenario_pcap")
done
for source in tests/unit/*/test_*.c tests/unit/*/*/test_*.c; do
	name=$(basename "$source" .c)
	[ "$name" != "${longest##*/}" ] || continue
	if [[ $source = tests/unit/keys/* && ! -e $build/smtpwatch-keys ]]; then
		echo "SKIPPED $name: smtpwatch-keys was not built"
		continue
	fi
	todo+=("$name $build/${source%.c}")
done
cpus=$(nproc) running=0
for line in "${todo[@]}"; do
	read -ra command <<<"$line"
	order+=("${command[0]}")
	if [ $running -ge "$cpus" ]; then
		wait -n
		running=$((running - 1))
	fi
	run "${command[@]}" &
	running=$((running + 1))
done
wait

for name in "${order[@]}"; do
	log=$logs/$name.log code=$(cat "$logs/$name.code")
	# A script that speaks no TAP is one test.
	if [[ $name = *.sh ]] && ! grep -qE '^(not )?ok ' "$log"; then
		said='not ok 1 the script'
		[ "$code" != 0 ] || said='ok 1'
		echo "$said" >>"$log"
	fi
	count "$name" "$code"
done
closing
