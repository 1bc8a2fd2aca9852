#!/bin/sh
# test_floods.sh - the floods of tests/bench/floods, small:
# honest sessions are judged, memory keeps its bound. What a packet costs, make floods tells.
# usage: test_floods.sh SMTPWATCH
exec tests/bench/floods "$(dirname "$1")" --packets 20000
