#!/bin/bash
# upgrade.sh - an upgrade keeps configuration, files and user: PACKAGE after an older version of it.
# usage: tests/debian/upgrade.sh PACKAGE.deb   (root, in a Debian that may be changed: make
# check-debian). Speaks TAP.
# shellcheck disable=SC2317 # functions are called by result
set -u
package=$1
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
conf=/etc/smtpwatch/smtpwatch.conf
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# The same, of version 0.0.1: its example and its logrotate file are those of then.
older() {
	dpkg-deb -R "$package" "$dir/older" &&
		sed -i 's/^Version: .*/Version: 0.0.1/' "$dir/older/DEBIAN/control" &&
		sed -i '1i # of version 0.0.1' "$dir/older$conf" \
			"$dir/older/etc/logrotate.d/smtpwatch" &&
		(cd "$dir/older" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' |
			xargs -0 md5sum >DEBIAN/md5sums) &&
		dpkg-deb --root-owner-group -b "$dir/older" "$dir/older.deb"
}

# apt_install PACKAGE: as unattended-upgrades does, which keeps what the operator has changed
apt_install() {
	cp "$1" "$dir/now.deb" && chmod 755 "$dir" &&
		apt-get install -y --no-install-recommends --allow-downgrades \
			-o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef \
			"$dir/now.deb" </dev/null
}

version() {
	[ "$(dpkg-query --show --showformat='${Version}' smtpwatch)" = "$1" ]
}

operator() {
	sed -i 's/^ports = .*/ports = 25,587,2525/' "$conf" &&
		sed -i 's|^min-severity = .*|min-severity = error|' "$conf" &&
		install -d -o smtpwatch -g smtpwatch -m 750 /var/log/smtpwatch \
			/var/lib/smtpwatch/pcap &&
		echo kept >/var/log/smtpwatch/sessions.json &&
		echo kept >/var/lib/smtpwatch/pcap/x.pcap &&
		echo secret >/etc/smtpwatch/slack && chmod 640 /etc/smtpwatch/slack &&
		chgrp smtpwatch /etc/smtpwatch/slack && cp "$conf" "$dir/conf" &&
		id smtpwatch >"$dir/id"
}

kept() {
	cmp "$conf" "$dir/conf" && id smtpwatch | cmp - "$dir/id" &&
		grep -qx kept /var/log/smtpwatch/sessions.json &&
		grep -qx kept /var/lib/smtpwatch/pcap/x.pcap &&
		[ "$(stat -c '%U:%G %a' /etc/smtpwatch/slack)" = root:smtpwatch\ 640 ]
}

offered() {
	dpkg-deb --fsys-tarfile "$package" | tar -xO ".$conf" | cmp - "$conf.dpkg-dist"
}

# What the operator has left alone becomes the new version's.
renewed() {
	[ -s /etc/logrotate.d/smtpwatch ] && ! grep -q 0.0.1 /etc/logrotate.d/smtpwatch
}

checked() {
	smtpwatch -T -c "$conf"
}

# A removed package leaves its configuration; a purged one leaves nothing of its own.
removed() {
	apt-get remove -y smtpwatch && cmp "$conf" "$dir/conf" &&
		grep -qx kept /var/log/smtpwatch/sessions.json
}

purged() {
	apt-get purge -y smtpwatch && [ ! -e "$conf" ] && [ ! -e /var/log/smtpwatch ] &&
		[ ! -e /var/lib/smtpwatch ] && getent passwd smtpwatch
}

new=$(dpkg-deb --field "$package" Version)
apt-get purge -y -qq smtpwatch >/dev/null 2>&1
result 'an older package' older
result 'its installation' apt_install "$dir/older.deb"
result 'it is older' version 0.0.1
result 'what an operator does' operator
result 'the upgrade' apt_install "$package"
result 'it is new' version "$new"
result 'configuration, files, secrets and user are kept' kept
result 'the new example lies beside the configuration' offered
result 'a file that nobody changed is renewed' renewed
result 'the kept configuration has no mistake' checked
result 'the upgrade once more' apt_install "$package"
result 'and all is kept again' kept
result 'a removal leaves configuration and files' removed
result 'the installation after it' apt_install "$package"
result 'finds them again' kept
result 'a purge leaves nothing but the user' purged
echo "1..$n"
exit $failed
