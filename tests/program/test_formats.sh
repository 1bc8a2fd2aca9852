#!/bin/bash
# test_formats.sh - captures of several link types, sections and formats.
# usage: test_formats.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh

/usr/bin/python3 tests/program/formats_check.py "$program" "$dir"
