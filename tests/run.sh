#!/bin/bash
# run.sh - every test of a build: cmocka binaries and scripts, told by TAP. usage: tests/run.sh BUILD
set -u
build=$1
export CMOCKA_MESSAGE_OUTPUT=TAP
# shellcheck source=tests/tap.sh
. tests/tap.sh

for source in tests/test_*.c; do
	name=$(basename "$source" .c)
	timeout 900 "$build/tests/$name" >"$log" 2>&1 </dev/null
	count "$name" $?
done
for script in tests/test_*.sh; do
	timeout 900 "$script" "$build/smtpwatch" "$build/tests/scenario_pcap" >"$log" 2>&1 </dev/null
	code=$?
	# A script that speaks no TAP is one test.
	grep -qE '^(not )?ok ' "$log" || { [ $code = 0 ] && echo 'ok 1' || echo 'not ok 1 the script'; } >>"$log"
	count "$(basename "$script")" $code
done
closing
