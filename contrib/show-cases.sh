#!/bin/sh
# show-cases.sh - what `make run` shows of the captures in pcaps/: three alerts, the summary, and
# what to try next. With ALL set, every alert.
# usage: show-cases.sh SMTPWATCH   (from the top of the tree)
set -eu
program=$1
files=$(awk '!/^#/ && NF { print "-r pcaps/" $1 }' pcaps/LIST)

if [ -n "${ALL:-}" ]; then
	# shellcheck disable=SC2086 # a word each
	exec "$program" -o text $files
fi
report=$(mktemp)
trap 'rm -f "$report"' EXIT
# shellcheck disable=SC2086
"$program" -o "text:$report" $files </dev/null

# Alerts are parted by an empty line, and begin with their time and their verdict.
awk '
	BEGIN {
		of["221-for-message"] = of["drop-after-message"] = of["421-in-message"] = 1
		RS = ""
	}
	$5 in of { print $0 "\n"; delete of[$5] }
	$2 == "sessions," { print $0 "\n" }' "$report"
cat <<'END'
Three of these alerts are shown above. Try next:
  make run ALL=1                                            all of them
  ./smtpwatch -r pcaps/221-for-message.pcap --explain worst the dialogue of one session
  ./smtpwatch -r mail.pcap                                  a capture of your own
  sudo ./smtpwatch -i any                                   this machine, live; Ctrl-C ends
docs/usage.md tells the rest.
END
