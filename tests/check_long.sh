#!/bin/bash
# check_long.sh - what make check does briefly, for longer and with other dice: captures that
# miss something. usage: check_long.sh BUILD SECONDS SEED   (from the top of the tree)
set -u
build=$1
until=$(($(date +%s) + $2))
seed=$3
failed=0

echo "# damaged sessions"
"$build/tests/damage/damage" -t $(($2 * 3 / 4)) -s "$seed" || failed=1

echo "# a history of 1,000,000 messages against what they were meant to become"
made=$(mktemp -d)
"$build/tests/history/generate" "$made" "$made/truth" 1000000 "$seed" &&
	"$build/tests/history/compare" "$made" "$made/truth" || failed=1
rm -r "$made"

# Whole rounds, as many as there is time for.
echo "# frames taken out of each scenario and capture"
while [ "$(date +%s)" -lt "$until" ]; do
	for test in core/test_loss core/test_loss_files; do
		said=$(SMTPWATCH_SEED=$seed SMTPWATCH_ROUNDS=10 CMOCKA_MESSAGE_OUTPUT=TAP \
			"$build/tests/unit/$test" 2>&1) && bad=0 || bad=1
		echo "${test#*/}, seed $seed: $(tail -n 1 <<<"$said")"
		[ "$bad" = 0 ] || { grep -vE '^ok ' <<<"$said"; failed=1; }
	done
	seed=$((seed + 1))
done
exit $failed
