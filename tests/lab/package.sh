#!/bin/bash
# package.sh - the Debian package, from `make deb` in a Debian without build tools to an alert in
# the journal and a metric, and away again: the steps of docs/daemon.md. Installed and at work it is
# in a Debian of its own with systemd as its first process and no network but loopback. Root.
# usage: tests/lab/package.sh   (from the top of the tree)
set -u
root=$PWD/build/lab/debian
pid=
number=0 failed=0

ends() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	echo "1..$number"
	[ "$failed" = 0 ] || echo "# $failed failed"
}
trap ends EXIT

# shellcheck source=contrib/debian/root.sh
. contrib/debian/root.sh

# holds WHAT COMMAND...: within ten seconds
holds() {
	local what=$1 said=
	shift
	number=$((number + 1))
	for _ in $(seq 50); do
		said=$("$@" 2>&1) && { echo "ok $number - $what"; return; }
		sleep 0.2
	done
	echo "not ok $number - $what"
	echo "$said" | tail -n 10 | sed 's/^/# /'
	failed=$((failed + 1))
}

# once WHAT COMMAND...: what cannot be tried again
once() {
	local what=$1 said
	shift
	number=$((number + 1))
	said=$("$@" 2>&1) && { echo "ok $number - $what"; return; }
	echo "not ok $number - $what"
	echo "$said" | tail -n 20 | sed 's/^/# /'
	failed=$((failed + 1))
}

offline() {
	chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"
}

inside() {
	nsenter --target "$first" --all env LC_ALL=C "$@"
}

in_shell() {
	inside bash -c "$1"
}

from=$(archive)
# From where this machine has its packages; a root that is half made must not pass for one.
if [ ! -d "$root/root" ]; then
	rm -rf "$root.new"
	mkdir -p "$root.new"
	debootstrap --variant=minbase --include=systemd-sysv,curl,python3,man-db,logrotate \
		"$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$root.new" ${from:+"$from"} \
		>build/lab/debootstrap.log ||
		{ tail build/lab/debootstrap.log; exit 1; }
	mv "$root.new" "$root"
fi
# What an earlier run has left, its build tools too: autoremove keeps only what is needed.
rm -rf "$root/root/smtpwatch"
offline apt-get purge -qq -y smtpwatch make >/dev/null 2>&1
offline apt-get update -qq >/dev/null
# The tree as it is here, without what was built.
mkdir "$root/root/smtpwatch"
tar -c --exclude=./build --exclude=./.git --exclude=./smtpwatch . | tar -x -C "$root/root/smtpwatch"
offline apt-get install -qq -y --no-install-recommends make >/dev/null
once 'make deb' offline make -C /root/smtpwatch deb
once 'apt install' offline sh -c 'apt-get install -qq -y --no-install-recommends \
	--reinstall /root/smtpwatch/build/smtpwatch_*.deb'
holds 'the user is there' offline getent passwd smtpwatch

systemd-nspawn --directory="$root" --boot --register=no --keep-unit --private-network \
	--console=pipe </dev/null >build/lab/boot.log 2>&1 &
pid=$!
first=
for _ in $(seq 100); do
	first=$(pgrep -P "$pid" | head -n 1)
	[ -n "$first" ] && inside systemctl is-system-running 2>/dev/null |
		grep -qE 'running|degraded' && break
	sleep 0.2
done

main_pid() {
	inside systemctl show --property=MainPID --value smtpwatch
}
status_has() {
	in_shell "grep -q '$1' /proc/$(main_pid)/status"
}
metric() {
	in_shell "curl -sf http://127.0.0.1:9625/metrics | grep -E '$1'"
}
in_journal() {
	inside journalctl --boot --unit=smtpwatch --no-pager --output=cat | grep -F "$1"
}
session() {
	inside python3 /usr/share/doc/smtpwatch/examples/broken-session >/dev/null
}

holds 'the service runs' inside systemctl is-active smtpwatch
holds 'as its user' status_has "^Uid:	$(offline id -u smtpwatch)	"
holds 'without a capability' status_has '^CapEff:	0*$'
holds 'and none to be had' status_has '^CapPrm:	0*$'
holds 'with no new privileges' status_has '^NoNewPrivs:	1'
holds 'behind its own filter of system calls' status_has '^Seccomp:	2'
holds 'the manual page is there' in_shell 'man -P cat smtpwatch | grep -q 221-for-message &&
	man -P cat smtpwatch.conf | grep -q slow-acceptance'
holds 'a session breaks' session
holds 'the journal has the alert' in_journal 221-for-message
holds 'with fields' in_shell \
	'journalctl --boot --unit=smtpwatch --output=json | grep -q SMTPWATCH_VERDICT'
holds 'the metric counts it' metric '^smtpwatch_sessions_total\{.*verdict="221-for-message".*\} 1$'

in_shell 'printf "%s\n" "severity = 221-for-massage=none" "prots = 25" \
	>>/etc/smtpwatch/smtpwatch.conf'
before=$(main_pid)
holds 'a reload with mistakes fails' in_shell '! systemctl reload smtpwatch'
holds 'and says each' in_shell \
	'journalctl --boot --unit=smtpwatch --output=cat | grep -c "did you mean" | grep -qx 2'
holds 'what ran goes on' test "$(main_pid)" = "$before"
in_shell 'sed -i "/prots/d; s/massage/message/" /etc/smtpwatch/smtpwatch.conf'
holds 'a reload without mistakes' inside systemctl reload smtpwatch
sleep 1
session
holds 'the session is counted' metric \
	'^smtpwatch_sessions_total\{.*verdict="221-for-message".*\} 2$'
# shellcheck disable=SC2016 # it is expanded inside
holds 'and told no more' in_shell '[ 1 = "$(journalctl --boot --unit=smtpwatch --output=json |
	grep -c "\"SMTPWATCH_VERDICT\":\"221-for-message\"")" ]'
in_shell 'sed -i "/^severity/d; s/^#output = json/output = json/" /etc/smtpwatch/smtpwatch.conf'
holds 'a reload names what takes a restart' in_shell 'systemctl reload smtpwatch &&
	journalctl --boot --unit=smtpwatch --output=cat | grep "output has changed"'
holds 'a restart' inside systemctl restart smtpwatch
session
holds 'the file has the session' in_shell 'grep -q 221-for-message /var/log/smtpwatch/sessions.json'
holds 'the file is put away' in_shell 'logrotate --force /etc/logrotate.d/smtpwatch &&
	grep -q 221-for-message /var/log/smtpwatch/sessions.json.1'
session
holds 'and another one is begun' in_shell 'grep -q 221-for-message /var/log/smtpwatch/sessions.json'
# Nobody listens there: that it was tried is in the journal. Its file is for smtpwatch alone.
in_shell 'umask 027 && echo "url = http://127.0.0.1:9" >/etc/smtpwatch/alertmanager &&
	chgrp smtpwatch /etc/smtpwatch/alertmanager &&
	echo "output = exec:/usr/lib/smtpwatch/notify alertmanager /etc/smtpwatch/alertmanager" \
		>>/etc/smtpwatch/smtpwatch.conf && systemctl restart smtpwatch'
holds 'the service runs again' inside systemctl is-active smtpwatch
session
holds 'alerts are handed on' in_journal 'smtpwatch-notify: 127.0.0.1:'
in_shell 'rm /etc/smtpwatch/alertmanager'
holds 'it stops' inside systemctl stop smtpwatch
holds 'well' in_shell 'systemctl show --property=Result --value smtpwatch | grep -qx success'

inside systemctl poweroff 2>/dev/null
for _ in $(seq 50); do
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.2
done
holds 'apt purge' offline apt-get purge -qq -y smtpwatch
left() {
	! find "$root" -xdev -name '*smtpwatch*' -not -path "$root/root/*" \
		-not -path "$root/var/cache/*" -not -path "$root/var/log/apt/*" \
		-not -path "$root/proc/*" | grep .
}
holds 'and nothing is left' left
[ $failed = 0 ]
