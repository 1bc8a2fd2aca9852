#!/bin/bash
# box.sh - the inside of a Box, run by box.py in namespaces of its own:
# mounts its root, writes its files, runs its start.
# usage: box.sh FOLDER TREE
set -eu
folder=$1 tree=$2
root=$folder/top/root
mkdir "$folder/top"
mount -t tmpfs -o mode=755 lab "$folder/top"
mkdir "$folder"/top/{up,work,root}
# Copied, because the layers of an overlay must not lie within each other.
[ "$tree" = / ] || cp -a "$tree/." "$folder/top/up"
mount -t overlay -o "lowerdir=/,upperdir=$folder/top/up,workdir=$folder/top/work" overlay "$root"
mkdir -p "$root"/{lab,proc,dev,run,tmp}
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 lab "$root/dev"
while read -r name major minor; do
	mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<<'null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0'
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /lab/log "$root/dev/log"
mount --bind "$folder/shared" "$root/lab"
# No name is looked up outside of the box.
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
rm -f "$root/etc/resolv.conf"
printf 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n' >"$root/etc/resolv.conf"
cat "$folder/shared/passwd" >>"$root/etc/passwd"
cat "$folder/shared/group" >>"$root/etc/group"
[ ! -d "$folder/shared/files" ] || cp -r "$folder/shared/files/." "$root/"
cd /
touch "$folder/shared/ready"
# The first process takes no part in a graceful stop: without a handler SIGTERM does not reach it.
exec chroot "$root" /bin/sh -c '/bin/sh /lab/start; while :; do sleep 1000; done'
