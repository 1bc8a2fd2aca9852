#!/bin/bash
# test_damage.sh - what a capture misses, or has in another order or at another time, accuses
# nobody,
# and calls no fault clean with certainty: 60,000 damaged sessions of one seed (make check-long:
# more).
# usage: test_damage.sh SMTPWATCH
# (from the top of the tree; tests/damage/damage is built beside it)
set -u
exec "$(dirname "$1")/tests/damage/damage" -n 60000 -s 1
