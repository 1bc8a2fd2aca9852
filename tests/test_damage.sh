#!/bin/bash
# test_damage.sh - loss and order alone accuse nobody, and call no fault clean with certainty: 60,000 damaged sessions of one seed (make damage: more, with pauses and steps of the clock).
# usage: test_damage.sh SMTPWATCH   (from the top of the tree; tests/damage/damage is built beside it)
set -u
exec "$(dirname "$1")/tests/damage/damage" -l -n 60000 -s 1
