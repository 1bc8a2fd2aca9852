#!/bin/bash
# test_http.sh - -o http: kinds of services, and servers that misbehave. Speaks TAP.
# usage: test_http.sh SMTPWATCH SCENARIO_PCAP (unused)
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if [ ! -x "$(dirname "$1")/smtpwatch-http" ]; then
	echo '1..0 # SKIP smtpwatch-http was not built: libcurl is missing'
	exit 0
fi
tests/program/http_check.py "$1" "$dir"
