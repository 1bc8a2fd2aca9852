#!/bin/sh
# test_dashboard.sh - the dashboard asks for nothing that the program does not export.
# usage: test_dashboard.sh SMTPWATCH   (from the top of the tree)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$(dirname "$1")/tests/program/make_docs" --metrics >"$dir/metrics"
/usr/bin/python3 tests/program/dashboard_check.py contrib/grafana-dashboard.json "$dir/metrics"

# And it would be noticed: another name, another label, no JSON.
for wrong in s/smtpwatch_messages_total/smtpwatch_message_total/ 's/severity=/weight=/' \
	's/by (fate)/by (fat)/' 's/,$//'; do
	sed "$wrong" contrib/grafana-dashboard.json >"$dir/dashboard"
	if /usr/bin/python3 tests/program/dashboard_check.py "$dir/dashboard" "$dir/metrics" \
		>/dev/null 2>&1; then
		echo "not noticed: $wrong"
		exit 1
	fi
done
