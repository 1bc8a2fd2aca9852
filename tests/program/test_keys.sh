#!/bin/sh
# test_keys.sh - smtpwatch-keys against the key logs of OpenSSL and GnuTLS themselves.
# usage: test_keys.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree). Speaks TAP.
exec /usr/bin/python3 tests/program/keys_check.py "$(dirname "$1")/smtpwatch-keys" "$1"
