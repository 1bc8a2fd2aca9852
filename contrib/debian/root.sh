# shellcheck shell=bash disable=SC2154
# root.sh - a Debian of its own in $root, for scripts that source it, in mount and process
# namespaces of their own. They set: suite; from, its archive (archive); dir, a folder for it;
# root=$dir/root.

# The archive that this machine's own apt uses for Debian's packages.
archive() {
	# shellcheck disable=SC2016 # apt-get expands these
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | sed -n '/^Debian|Debian|/{s///p;q;}'
}

# What could reach the machine around: mounts, modules, clock, network, kernel settings.
without=-sys_admin,-sys_module,-sys_rawio,-sys_boot,-sys_time,-syslog,-net_admin
without=$without,-mac_admin,-mac_override,-bpf,-perfmon,-wake_alarm,-audit_control
confined() {
	setpriv --bounding-set="$without" \
		chroot "$root" /usr/bin/env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 "$@"
}

devices() {
	local name numbers
	mount -t tmpfs -o mode=755,nosuid dev "$root/dev"
	while read -r name numbers; do
		# shellcheck disable=SC2086 # major and minor
		mknod -m 666 "$root/dev/$name" c $numbers
	done <<-LIST
	null 1 3
	zero 1 5
	full 1 7
	random 1 8
	urandom 1 9
	tty 5 0
	LIST
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s fd/0 "$root/dev/stdin"
	ln -s fd/1 "$root/dev/stdout"
	ln -s fd/2 "$root/dev/stderr"
}

# The kernel's settings are the machine's: read-only here.
mounts() {
	local part
	# debootstrap within some containers
	[ ! -L "$root/proc" ] || { rm "$root/proc" && mkdir "$root/proc"; }
	mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
	for part in sys sysrq-trigger irq bus fs; do
		[ ! -e "$root/proc/$part" ] ||
			{ mount --bind "$root/proc/$part" "$root/proc/$part" &&
				mount -o remount,bind,ro "$root/proc/$part"; }
	done
	mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
	devices
}

# Read-only to maintainer scripts too, as the capability that could change it is gone.
settings_are_safe() {
	confined grep -q . /proc/sys/kernel/ostype &&
		! confined sh -c 'echo 1 >/proc/sys/kernel/printk ||
			mount -t proc proc /mnt || mount -o remount,rw /proc/sys' 2>/dev/null
}

# Services do not start; apt asks as this machine's does.
configure() {
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	apt-config dump |
		grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) ' \
		>"$root/etc/apt/apt.conf.d/90machine"
	echo 'force-unsafe-io' >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	echo "deb $from $suite main" >"$root/etc/apt/sources.list"
	mount --bind "$dir/archives" "$root/var/cache/apt/archives"
}

# The root is made in two stages, so that no maintainer script runs before /proc/sys is read-only.
# The result is kept for the next time.
base() {
	local script=
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
	rm -rf "$root"
	mkdir -p "$root"
	if [ -e "$dir/base.tar" ]; then
		tar -xf "$dir/base.tar" -C "$root" ||
			{
				echo "$dir/base.tar cannot be unpacked;" \
					"without it a base is made anew"
				return 1
			}
		mounts
	else
		debootstrap --foreign --variant=minbase --cache-dir="$dir/archives" "$suite" \
			"$root" "$from" ${script:+"$script"} || return
		mounts
		confined /debootstrap/debootstrap --second-stage || return
		# Half a file, of a run that was cut short, must not pass for a base.
		tar --one-file-system -cf "$dir/base.tar.new" -C "$root" . || return
		mv "$dir/base.tar.new" "$dir/base.tar" || return
	fi
	configure
	settings_are_safe || { echo '/proc/sys is not there, or can be written'; return 1; }
	confined apt-get update -qq &&
		confined env DEBIAN_FRONTEND=noninteractive apt-get dist-upgrade -qq -y
}
