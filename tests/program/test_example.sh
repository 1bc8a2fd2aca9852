#!/bin/bash
# test_example.sh - the program that embeds the library (docs/example) says what smtpwatch says.
# Speaks TAP. usage: test_example.sh SMTPWATCH
# shellcheck disable=SC2317 # functions are called by result
set -u
program=$1 example=$(dirname "$1")/docs/example/verdicts
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh

json='s/.*"event_type":"session".*"ending":\{"verdict":"([^"]+)".*/\1/p'

same() {
	diff <("$example" "$1" | sed -E 's/.* port [0-9]+: ([^ ]+) at .*/\1/' | sort) \
		<("$program" -r "$1" -o json | sed -nE "$json" | sort)
}

for name in 221-for-message 421-idle clean-pipelined drop-after-dot; do
	result "the verdict of $name" same "pcaps/$name.pcap"
done

refused() {
	! "$example" README.md
}

public_alone() {
	! grep -E '^#include "' docs/example/verdicts.c | grep -v '"smtpwatch/'
}

result 'another file is refused' refused
result 'it includes the public headers alone' public_alone
echo "1..$n"
exit $failed
