#!/bin/sh
# test_counts.sh - all outputs and the terminal view count the same alerts.
# usage: test_counts.sh SMTPWATCH   (from the top of the tree). Speaks TAP.
exec tests/program/counts_check.py "$1"
