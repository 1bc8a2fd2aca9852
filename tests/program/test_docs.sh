#!/bin/bash
# test_docs.sh - documents agree with the program: parts that are made from its tables are those
# that make_docs makes now, and the completion completes.
# usage: test_docs.sh SMTPWATCH [--write]
# (from the top of the tree; tests/program/make_docs.c is built beside it)
set -u
maker=$(dirname "$1")/tests/program/make_docs
now=$(mktemp)
trap 'rm -f "$now"' EXIT
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAILED: $*"
}

while read -r document; do
	if ! "$maker" "$document" >"$now"; then
		fail "$document cannot be made"
	elif [ "${2-}" = --write ]; then
		cmp -s "$now" "$document" || { cat "$now" >"$document" && echo "$document is new"; }
	else
		diff -u --label "$document" --label "make docs" "$document" "$now" ||
			fail "$document is not up to date: make docs"
	fi
done < <(grep -rlE '(^|[^[:alnum:]])begin: ' docs contrib; echo docs/schema.json)

# Examples and pictures are what the program says today.
if [ "${2-}" = --write ]; then
	contrib/docs/examples.py "$1" --write docs/tutorial.md README.md
	contrib/docs/pictures "$1" docs/pictures
	exit $failures
fi
contrib/docs/examples.py "$1" docs/tutorial.md README.md || fail "examples are not up to date"
pictures=$(mktemp -d)
{ contrib/docs/pictures "$1" "$pictures" && diff -r docs/pictures "$pictures" >"$now"; } ||
	fail "pictures are not up to date: make docs"
rm -r "$pictures"

# shellcheck source=/dev/null
. contrib/completion/smtpwatch.bash

# completes "WORDS" EXPECTED...: the last of the words is the one under the cursor,
# empty where the line ends in a blank
completes() {
	local said=$1
	read -ra COMP_WORDS <<<"$1"
	[[ $1 != *' ' ]] || COMP_WORDS+=('')
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_smtpwatch
	for word in "$@"; do
		[[ " ${COMPREPLY[*]} " == *" $word "* ]] ||
			fail "completion of \"$said\" offers no $word: ${COMPREPLY[*]}"
	done
}

completes 'smtpwatch --min' --min-severity=
completes 'smtpwatch --check' --checksum
completes 'smtpwatch --min-severity = err' error
completes 'smtpwatch history /tmp ne' never
completes 'smtpwatch history /tmp --by ' domain hour
completes 'smtpwatch history /tmp --fai' --fail-on
completes 'smtpwatch --fail-on ' info critical
completes 'smtpwatch --severity 421-i' 421-idle
completes 'smtpwatch --severity 421-idle = n' none notice
completes 'smtpwatch --redact ' none local hash all
completes 'smtpwatch -i ' any lo
completes 'smtpwatch -o js' json
completes 'smtpwatch -o json : contr' contrib
completes 'smtpwatch -r Make' Makefile
completes 'smtpwatch -Z nobo' nobody
completes 'smtpwatch sta' status
completes 'smtpwatch status --n' --nagios
completes 'smtpwatch status -o ' text json

echo "$failures failures"
[ $failures = 0 ]
