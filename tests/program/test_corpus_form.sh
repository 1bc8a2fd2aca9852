#!/bin/bash
# test_corpus_form.sh - the reply texts of tests/corpus have their form,
# and no text stands in both halves; an overlap is noticed.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

tests/corpus/check.py || failures=1

# A row of half A, in other letters and with another host, in half B.
cp tests/corpus/replies-[ab].tsv "$scratch"
grep -m1 'timeout exceeded' tests/corpus/replies-a.tsv |
	sed 's/Error/ERROR/; s/example\.net/example.org/' >>"$scratch/replies-b.tsv"
if tests/corpus/check.py "$scratch"/replies-[ab].tsv >/dev/null 2>&1; then
	echo 'FAILED: a text in both halves is not noticed'
	failures=1
fi
exit $failures
