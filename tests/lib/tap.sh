# shellcheck shell=bash
# tap.sh - counts what tests say in TAP; for tests/run.sh and tests/lab/run,
# which set -u. What fails is shown whole and named again at the end; a test
# that crashes or that tests nothing has failed. What is skipped is named.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 names=()

# count NAME EXIT-CODE: what a program has said in $log
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
	# A part that this machine cannot do is no test, but it is said.
	sed -n "s/^# skipped: /SKIPPED $name: /p" "$log"
	# What a test says stands before its "not ok"; a crash is told last.
	[ "$bad" = 0 ] || grep -vE '^(ok |1\.\.)' "$log" |
		if grep -q '^not ok ' "$log"; then head -n 100; else tail -n 50; fi
}

# The last line, and whether all is well.
closing() {
	[ ${#names[@]} = 0 ] || printf 'FAILED  %s\n' "${names[@]}"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
