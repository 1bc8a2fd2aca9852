#!/bin/bash
# test_fuzz.sh - the corpora of the fuzzers, with all that ever broke a rule, through the rules.
# usage: test_fuzz.sh SMTPWATCH
set -u
build=$(dirname "$1")
n=0
echo "1..$(find tests/fuzz/corpus -mindepth 1 -maxdepth 1 -type d | wc -l)"
for folder in tests/fuzz/corpus/*/; do
	target=$(basename "$folder")
	n=$((n + 1))
	if said=$("$build/tests/fuzz/replay_$target" "$folder"* 2>&1); then
		echo "ok $n - $target"
	else
		tail -n 20 <<<"$said"
		echo "not ok $n - $target"
	fi
done
