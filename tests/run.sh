#!/bin/bash
# run.sh - every test of a build: cmocka binaries and scripts, told by TAP. usage: tests/run.sh BUILD
# What fails is shown whole and named again at the end; a test that is skipped, that crashes or that tests nothing has failed.
set -u
build=$1
export CMOCKA_MESSAGE_OUTPUT=TAP
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 names=()

count() {
	local name=$1 code=$2 ok bad
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	if [ "$bad" = 0 ] && { [ "$code" != 0 ] || [ "$ok" = 0 ]; }; then
		bad=1
		names+=("$name: exit $code after $ok tests")
	fi
	while read -r line; do
		names+=("$name: $line")
	done < <(sed -nE 's/^not ok [0-9]+ (- )?//p' "$log")
	passed=$((passed + ok)) failed=$((failed + bad))
	printf '%-24s %5d passed%s\n' "$name" "$ok" "$([ "$bad" = 0 ] || echo ", $bad FAILED")"
	# What a test says stands before its "not ok"; a crash is told last.
	[ "$bad" = 0 ] || grep -vE '^(ok |1\.\.)' "$log" | if grep -q '^not ok ' "$log"; then head -n 100; else tail -n 50; fi
}

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
[ ${#names[@]} = 0 ] || printf 'FAILED  %s\n' "${names[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
