#!/bin/bash
# newcomer_inside.sh - the part of newcomer.sh that runs in mount and process namespaces of its own.
# usage: newcomer_inside.sh SUITE ARCHIVE
# shellcheck disable=SC2317 # functions are called by step
set -u
suite=$1 from=$2
dir=$PWD/build/newcomer/$suite
root=$dir/root

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

in_tree() {
	confined sh -c "cd /root/smtpwatch && $1"
}

tools() {
	confined env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		git make
}

clone() {
	git bundle create "$root/root/tree.bundle" HEAD &&
		confined git clone -q /root/tree.bundle /root/smtpwatch
}

package() {
	in_tree 'DEBIAN_FRONTEND=noninteractive apt-get install -qq -y ./build/smtpwatch_*.deb &&
		rm -f ./smtpwatch'
}

works() {
	in_tree '/usr/bin/smtpwatch --version &&
		/usr/bin/smtpwatch -o text -r pcaps/221-for-message.pcap' | grep 221-for-message
}

untouched() {
	! in_tree 'git status --porcelain --ignored' | grep -vx '!! build/'
}

passed=0 failed=0 number=0

# The tests of `make check` count as what they say themselves.
counted() {
	local sums
	sums=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" | tail -n 1)
	[ -n "$sums" ] && [ "$2" = "$((${sums#* } > 0))" ] || return
	passed=$((passed + ${sums% *})) failed=$((failed + ${sums#* }))
}

# step NAME COMMAND...
step() {
	local name=$1 log code start=$SECONDS
	number=$((number + 1))
	log=$dir/$number.log
	shift
	"$@" >"$log" 2>&1 </dev/null
	code=$?
	printf '%-6s %4d s  %s\n' "$([ $code = 0 ] && echo fine || echo WRONG)" \
		$((SECONDS - start)) "$name"
	[ $code = 0 ] || tail -n 40 "$log" | sed 's/^/       /'
	counted "$log" $((code != 0)) ||
		{ passed=$((passed + (code == 0))) failed=$((failed + (code != 0))); }
	return $code
}

ends() {
	echo "$passed passed, $failed failed"
	exit $((failed > 0))
}

echo "check-debian $suite: each step's output is in build/newcomer/$suite/"
if step "a Debian without tools ($suite)" base && step 'git and make' tools &&
	step 'git clone' clone; then
	step 'make run' in_tree 'make run'
	step 'make check' in_tree 'make check'
	step 'make deb' in_tree 'make deb' && step 'apt-get install smtpwatch' package &&
		step 'smtpwatch of the package' works
	step 'nothing is left in the tree' untouched
fi
ends
