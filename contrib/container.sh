#!/bin/bash
# container.sh - a container image with the package, in build/container: of Debian's packages, from
# this machine's archive of them, and from nowhere else. Root.
# usage: contrib/container.sh PACKAGE.deb   (from the top of the tree)
# root.tar is what contrib/Containerfile wants; where buildah is there, smtpwatch.oci.tar is the
# image (podman load, docker load, skopeo copy).
set -u
export LC_ALL=C
package=$1
dir=$PWD/build/container root=$PWD/build/container/root
# The package was built here, so it wants this machine's libraries.
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
# shellcheck source=contrib/debian/root.sh
. contrib/debian/root.sh

# What a container has no use for, and what is of this machine: its name, its archive's address.
# The package's own documents stay.
lighten() {
	confined sh -c 'apt-get clean && rm -rf /var/lib/apt/lists/* /usr/share/man/* \
		/usr/share/locale/* /var/cache/debconf/* /var/log/*.log /var/log/apt \
		/root/smtpwatch.deb /etc/apt/apt.conf.d/90machine /etc/apt/sources.list \
		/etc/apt/sources.list.d/* /etc/dpkg/dpkg.cfg.d/unsafe-io /etc/hostname \
		/usr/sbin/policy-rc.d &&
		find /usr/share/doc -mindepth 1 -maxdepth 1 ! -name smtpwatch -exec rm -rf {} +' ||
		return
	: >"$root/etc/resolv.conf"
	: >"$root/etc/hosts"
}

# anonymous: nothing of this machine is in the image
anonymous() {
	[ ! -e "$root/etc/hostname" ] &&
		! grep -rlF --binary-files=without-match -- "$from" "$root/etc" "$root/var"
}

inside() {
	base && cp "$package" "$root/root/smtpwatch.deb" &&
		confined env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
			--no-install-recommends /root/smtpwatch.deb || return
	umount "$root/var/cache/apt/archives"
	lighten && anonymous &&
		tar --one-file-system --exclude=./dev/* -cf "$dir/root.tar" -C "$root" .
}

# No program is run for it, and nothing is fetched.
image() {
	local buildah=(buildah --root "$dir/storage" --runroot "$dir/run" --storage-driver vfs)
	"${buildah[@]}" build --isolation chroot -q -t smtpwatch -f contrib/Containerfile "$dir" &&
		"${buildah[@]}" push -q smtpwatch "oci-archive:$dir/smtpwatch.oci.tar:smtpwatch"
}

if [ "${2-}" = inside ]; then
	from=$3
	inside
	exit
fi
[ "$(id -u)" = 0 ] || { echo 'An image is made by root.' >&2; exit 1; }
from=$(archive)
[ -n "$from" ] || { echo "apt has no archive of Debian here" >&2; exit 1; }
mkdir -p "$dir/archives/partial"
rm -f "$dir/root.tar" "$dir/smtpwatch.oci.tar"
unshare --mount --pid --ipc --uts --fork --kill-child -- "$0" "$package" inside "$from" \
	>"$dir/root.log" 2>&1 || { tail -n 20 "$dir/root.log"; exit 1; }
rm -rf "$root"
ls -s --block-size=M "$dir/root.tar"
if command -v buildah >/dev/null; then
	image >"$dir/build.log" 2>&1 || { tail -n 20 "$dir/build.log"; exit 1; }
	ls -s --block-size=M "$dir/smtpwatch.oci.tar"
else
	echo "without buildah no image: buildah build -f contrib/Containerfile build/container"
fi
