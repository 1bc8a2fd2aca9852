#!/bin/bash
# test_damage.sh - what a capture misses, or has in another order or at another time, accuses
# nobody,
# and calls no fault clean with certainty: 60,000 damaged sessions of one seed (make check-long:
# more).
# usage: test_damage.sh SMTPWATCH
# (from the top of the tree; tests/damage/damage is built beside it)
set -u
damage=$(dirname "$1")/tests/damage/damage
"$damage" -n 60000 -s 1 || exit
# In TLS from the first byte: a client that is slow in the handshake did not wait for a greeting.
exec "$damage" -n 5000 -s 1 tests/scenarios/probe.smtp
