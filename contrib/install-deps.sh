#!/bin/sh
# install-deps.sh - installs what is missing of the named groups; says nothing where nothing is.
# usage: install-deps.sh GROUP ...
# Groups: build|keys|check|install|lint|analyse|valgrind|fuzz|witness|lab|browser|deb|package|
# newcomer|container
set -eu

# group, how to see that it is there, what to look for, the Debian package that has it
wanted='
build tool   cc                gcc
build tool   make              make
build header stdio.h           libc6-dev
build header pcap/pcap.h       libpcap-dev
build header nids.h            libnids-dev
build header zlib.h            zlib1g-dev
build header zstd.h            libzstd-dev
build header openssl/evp.h     libssl-dev
build header cap-ng.h       libcap-ng-dev
build header seccomp.h      libseccomp-dev
build header systemd/sd-daemon.h libsystemd-dev
build header microhttpd.h      libmicrohttpd-dev
build header jansson.h         libjansson-dev
build header curses.h          libncurses-dev
build header sqlite3.h         libsqlite3-dev
keys  tool   clang             clang
keys  sbin   bpftool           bpftool
keys  header bpf/libbpf.h      libbpf-dev
keys  header gelf.h            libelf-dev
keys  tool   gnutls-serv       gnutls-bin
check header cmocka.h          libcmocka-dev
check header curl/curl.h       libcurl4-openssl-dev
check tool   /usr/bin/python3  python3
check tool   openssl           openssl
check module jsonschema        python3-jsonschema
check module pyte              python3-pyte
install tool logrotate         logrotate
install tool dh_compress       debhelper
install tool systemd-tmpfiles  systemd
lint  tool   gcc               gcc
lint  tool   clang             clang
lint  tool   clang-format      clang-format
lint  tool   nm                binutils
lint  tool   cppcheck          cppcheck
lint  tool   pmccabe        pmccabe
lint  tool   shellcheck        shellcheck
lint  tool   mandoc            mandoc
analyse tool gcc             gcc
analyse tool clang           clang
analyse tool clang-tidy      clang-tidy
valgrind tool valgrind       valgrind
fuzz  tool   clang             clang
fuzz  link   -fsanitize=fuzzer libclang-rt-dev
witness tool tshark            tshark
lab   tool   ip                iproute2
lab   tool   setpriv           util-linux
lab   tool   /usr/bin/python3  python3
lab   tool   tcpdump           tcpdump
lab   tool   nft               nftables
lab   tool   ethtool           ethtool
lab   tool   openssl           openssl
lab   tool   node              nodejs
lab   tool   npm               npm
lab   tool   cc                gcc
lab   tool   curl              curl
browser tool chromium          chromium
browser tool /usr/bin/python3  python3
deb   installed build-essential build-essential
deb   tool   dh                debhelper
deb   tool   dpkg-buildpackage dpkg-dev
deb   tool   fakeroot          fakeroot
package tool debootstrap       debootstrap
newcomer tool debootstrap      debootstrap
container tool debootstrap     debootstrap
container tool buildah         buildah
package tool systemd-nspawn    systemd-container
'

present() {
	case $1 in
	tool) command -v "$2" ;;
	sbin) PATH=$PATH:/usr/sbin:/sbin command -v "$2" ;;
	header) echo "#include <$2>" |
		cc -fsyntax-only -x c -include stdarg.h -include stddef.h \
			-include stdint.h -include setjmp.h - ;;
	module) /usr/bin/python3 -c "import $2" ;;
	installed) dpkg-query --show --showformat='${db:Status-Status}' "$2" | grep -x installed ;;
	link) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang "$2" -x c -o /dev/null - ;;
	esac >/dev/null 2>&1
}

missing=
for group in "$@"; do
	while read -r in how what package; do
		[ "$in" != "$group" ] || present "$how" "$what" || missing="$missing $package"
	done <<-LIST
	$wanted
	LIST
done
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null; then
	echo "Missing here, under their Debian names:$missing." \
		"This is no Debian: please install your system's packages of them." >&2
	exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
	root=sudo
	if ! command -v sudo >/dev/null; then
		echo "Missing:$missing." \
			"Without root and without sudo they cannot be installed;" \
			"as root: $command" >&2
		exit 1
	fi
fi
echo "Installing$missing"
# Without a terminal nobody answers questions; a fresh machine has no list of packages yet.
$root apt-get update -qq ||
	echo "The list of packages could not be renewed; going on with the one that is here." >&2
# shellcheck disable=SC2086 # a command of several words
$root env DEBIAN_FRONTEND=noninteractive $command -qq >/dev/null ||
	{ echo "This failed: $command" >&2; exit 1; }
