#!/bin/sh
# test_top.sh - the terminal view on a terminal.
# usage: test_top.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree). Speaks TAP.
exec tests/program/top_check.py "$1" "$2"
