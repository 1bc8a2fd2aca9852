#!/bin/sh
# test_outputs.sh - every output against hostile sessions, secrets and addresses:
# tests/program/outputs_check.py.
# usage: test_outputs.sh SMTPWATCH SCENARIO_PCAP
exec /usr/bin/python3 tests/program/outputs_check.py "$@"
