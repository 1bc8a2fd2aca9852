#!/bin/sh
# test_dashboard.sh - the dashboard and the rules ask for nothing that the program does not export;
# the rules raise what they should, where promtool is there to try it.
# usage: test_dashboard.sh SMTPWATCH   (from the top of the tree)
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$(dirname "$1")/tests/program/make_docs" --metrics >"$dir/metrics"

asks() {
	/usr/bin/python3 tests/program/dashboard_check.py "$1" "$dir/metrics"
}

# noticed FILE CHANGE...: it would be noticed, each of them alone
noticed() {
	file=$1
	shift
	for wrong in "$@"; do
		sed "$wrong" "$file" >"$dir/changed"
		if cmp -s "$file" "$dir/changed" || asks "$dir/changed" >/dev/null 2>&1; then
			echo "not noticed in $file: $wrong"
			exit 1
		fi
	done
}

# Another name, another label, no JSON.
asks contrib/grafana-dashboard.json
noticed contrib/grafana-dashboard.json s/smtpwatch_messages_total/smtpwatch_message_total/ \
	's/severity=/weight=/' 's/by (fate)/by (fat)/' 's/,$//'

asks contrib/prometheus-rules.yml
noticed contrib/prometheus-rules.yml s/smtpwatch_sessions_total/smtpwatch_session_total/ \
	's/severity=/weight=/' 's/by (instance, signature)/by (instance, kind)/' 's/expr:/exp:/'

if command -v promtool >/dev/null; then
	cp contrib/prometheus-rules.yml "$dir/rules.yml"
	cp tests/program/prometheus-rules-test.yml "$dir"
	promtool check rules "$dir/rules.yml"
	promtool test rules "$dir/prometheus-rules-test.yml"
	noticed_by_promtool=s/0.001/0.01/
	sed "$noticed_by_promtool" contrib/prometheus-rules.yml >"$dir/rules.yml"
	if promtool test rules "$dir/prometheus-rules-test.yml" >/dev/null; then
		echo "not noticed by promtool: $noticed_by_promtool"
		exit 1
	fi
else
	echo '# skipped: the rules by promtool, which is not installed (Debian: prometheus)'
fi
