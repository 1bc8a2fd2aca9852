#!/bin/bash
# test_install.sh - what is installed, and what is left of it; the example configuration.
# usage: test_install.sh SMTPWATCH   (from the top of the tree)
set -u
# In Turkish i is not between a and z.
export LC_ALL=C
program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failures=0

fail() {
	failures=$((failures + 1))
	echo "FAILED: $*"
}

there() {
	for file in "$@"; do
		[ -s "$dir$file" ] || fail "$file is not installed"
	done
}

# make's own variables are not for the make within.
into() {
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s "$@" \
		BUILD="$(dirname "$program")" DESTDIR="$dir" PREFIX=/opt/x >/dev/null ||
		fail "make $*"
}

into install
there /opt/x/bin/smtpwatch /opt/x/share/man/man8/smtpwatch.8 \
	/opt/x/share/man/man5/smtpwatch.conf.5 \
	/opt/x/share/doc/smtpwatch/{README,CHANGELOG,CONTRIBUTING}.md \
	/opt/x/share/doc/smtpwatch/docs/{usage,glossary,daemon,alerts,engines}.md \
	/opt/x/share/doc/smtpwatch/{grafana-dashboard.json,prometheus-rules.yml,suppressions} \
	/opt/x/lib/smtpwatch/notify \
	/opt/x/share/doc/smtpwatch/examples/{broken-session,tls-keylog.c} \
	/opt/x/share/bash-completion/completions/smtpwatch /opt/x/lib/sysusers.d/smtpwatch.conf \
	/opt/x/lib/systemd/system/smtpwatch.service /opt/x/lib/tmpfiles.d/smtpwatch.conf \
	/etc/logrotate.d/smtpwatch \
	/etc/smtpwatch/smtpwatch.conf
if [ -e "$(dirname "$program")/smtpwatch-keys" ]; then
	there /opt/x/bin/smtpwatch-keys /opt/x/share/man/man8/smtpwatch-keys.8 \
		/opt/x/share/bash-completion/completions/smtpwatch-keys \
		/opt/x/lib/systemd/system/smtpwatch-keys.service \
		/opt/x/lib/tmpfiles.d/smtpwatch-keys.conf
	grep -q '^ExecStart=/opt/x/bin/smtpwatch-keys ' \
		"$dir/opt/x/lib/systemd/system/smtpwatch-keys.service" ||
		fail "the unit of smtpwatch-keys starts another program"
	"$dir/opt/x/bin/smtpwatch-keys" -T -p 25,465/tls >"$dir/said" 2>&1 ||
		fail "smtpwatch-keys -T: $(cat "$dir/said")"
	for mistake in '-p 0' '-p x' '--pid 0' '--pid 1 --all' '--check=x' '--nonsense' 'word'; do
		# shellcheck disable=SC2086 # several words
		"$dir/opt/x/bin/smtpwatch-keys" -T $mistake >"$dir/said" 2>&1
		[ $? = 2 ] || fail "smtpwatch-keys -T $mistake: $(cat "$dir/said")"
	done
	# Each option is in all three places.
	"$dir/opt/x/bin/smtpwatch-keys" --help >"$dir/help"
	for option in ports output pid library all check test user help version; do
		for file in "$dir/help" docs/smtpwatch-keys.8 \
			"$dir/opt/x/share/bash-completion/completions/smtpwatch-keys"; do
			grep -qE -- "(--|Fl -)$option\b" "$file" ||
				fail "--$option of smtpwatch-keys is not in $file"
		done
	done
	rm -f "$dir/help"
else
	echo '# skipped: smtpwatch-keys, which was not built'
fi
grep -qx 'ExecStart=/opt/x/bin/smtpwatch -c /etc/smtpwatch/smtpwatch.conf' \
	"$dir/opt/x/lib/systemd/system/smtpwatch.service" || fail "the unit starts another program"
"$dir/opt/x/bin/smtpwatch" -T -c "$dir/etc/smtpwatch/smtpwatch.conf" >"$dir/said" 2>&1 ||
	fail "the example has mistakes: $(cat "$dir/said")"

# documents FOLDER: each leads to those that it links to; what it names beneath /usr is beneath
# FOLDER.
documents() {
	local page to links=0 paths=0
	while IFS=: read -r page to; do
		links=$((links + 1))
		[ -e "$(dirname "$page")/$to" ] ||
			fail "${page#"$dir"} links to $to, which is not installed"
	done < <(grep -roE '\]\([^):#]+[)#]' --include='*.md' "$1/share/doc" |
		sed 's/](//; s/[)#]$//')
	[ $links -ge 40 ] || fail "only $links links in the documents"
	while read -r to; do
		paths=$((paths + 1))
		[ -e "$1/$to" ] || fail "documents name /usr/$to, which is not installed"
	done < <(grep -rhoE '/usr/(share|lib)/[a-z/.]*smtpwatch[A-Za-z0-9/._-]*[A-Za-z0-9]' \
		--include='*.md' "$1/share/doc" | sort -u | sed 's|^/usr/||')
	[ $paths -ge 4 ] || fail "only $paths paths in the documents"
}

documents "$dir/opt/x"

# As the Debian package has them: nothing that a document leads to is compressed.
if command -v dh_compress >/dev/null; then
	mkdir "$dir/package"
	cp -r contrib/debian "$dir/package/debian"
	mkdir "$dir/package/debian/smtpwatch"
	cp -r "$dir/opt/x" "$dir/package/debian/smtpwatch/usr"
	touch "$dir/package/debian/smtpwatch/usr/share/doc/smtpwatch/"{changelog,copyright}
	ln -sf copyright "$dir/package/debian/smtpwatch/usr/share/doc/smtpwatch/LICENSE"
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$dir/package" -f debian/rules \
		override_dh_compress >"$dir/said" 2>&1 || fail "dh_compress: $(cat "$dir/said")"
	[ -e "$dir/package/debian/smtpwatch/usr/share/doc/smtpwatch/changelog.gz" ] ||
		fail "dh_compress does nothing"
	documents "$dir/package/debian/smtpwatch/usr"
	rm -rf "$dir/package"
else
	echo '# skipped: the documents of the package, without dh_compress (Debian: debhelper)'
fi

# put_away FILE: a pattern of logrotate's configuration has it
put_away() {
	local pattern
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# Each output that is a file which grows is put away, under the names that documents give it.
read -ra patterns < <(sed -n '/^\//{s/{.*//;p;}' contrib/smtpwatch.logrotate | tr '\n' ' ')
files=0
while read -r file; do
	files=$((files + 1))
	put_away "$file" || fail "logrotate does not put $file away"
done < <(sed -nE 's|^#?output = (text\|json\|csv\|zeek\|ecs):(/var/log/.*)|\2|p' \
	contrib/smtpwatch.conf)
[ $files -ge 2 ] || fail "only $files files as outputs in the example"
for suffix in txt log json ndjson csv; do
	put_away "/var/log/smtpwatch/x.$suffix" || fail "logrotate does not put .$suffix away"
done
if command -v logrotate >/dev/null; then
	mkdir -m 755 "$dir/log"
	echo x | tee "$dir/log/"{a.txt,b.log,c.json,d.ndjson,e.csv} >"$dir/log/report.html"
	sed "s|/var/log/smtpwatch|$dir/log|g; /^\tsu /d" contrib/smtpwatch.logrotate >"$dir/conf"
	logrotate --debug --force --state "$dir/state" "$dir/conf" >"$dir/said" 2>&1
	[ "$(grep -c '^rotating log ' "$dir/said")" = 5 ] || fail "logrotate: $(cat "$dir/said")"
	rm -rf "$dir/log" "$dir/state"
else
	echo '# skipped: what logrotate makes of its configuration, as it is not installed'
fi

# Packets that are old are removed, and no others.
if command -v systemd-tmpfiles >/dev/null; then
	mkdir -p "$dir/root/var/lib/smtpwatch/pcap"
	touch -d '15 days ago' "$dir/root/var/lib/smtpwatch/pcap/old"
	touch -d '13 days ago' "$dir/root/var/lib/smtpwatch/pcap/young"
	systemd-tmpfiles --clean --root="$dir/root" "$PWD/contrib/smtpwatch.tmpfiles" \
		>"$dir/said" 2>&1 || fail "systemd-tmpfiles: $(cat "$dir/said")"
	[ "$(ls "$dir/root/var/lib/smtpwatch/pcap")" = young ] ||
		fail "systemd-tmpfiles left $(ls "$dir/root/var/lib/smtpwatch/pcap")"
	rm -rf "$dir/root"
else
	echo '# skipped: the age of packets, without systemd-tmpfiles'
fi

# What is commented out is right too.
examples=0
while read -r example; do
	examples=$((examples + 1))
	# The operator makes this file.
	echo "${example/\/etc\/smtpwatch\/suppressions/contrib/suppressions}" >"$dir/conf"
	"$program" -T -c "$dir/conf" >"$dir/said" 2>&1 ||
		fail "the example \"$example\": $(cat "$dir/said")"
done < <(sed -n 's/^#\([a-z-]* = \)/\1/p' contrib/smtpwatch.conf)
[ $examples -ge 8 ] || fail "only $examples examples are commented out"

version=$("$program" --version)
newest=$(sed -nE 's/^## \[([0-9.]+)\] - [0-9]{4}(-[0-9]{2}){2}$/\1/p' CHANGELOG.md | head -n 1)
[ "smtpwatch $newest" = "$version" ] ||
	fail "the last release in CHANGELOG.md is $newest, and this is $version"

# Where it cannot run, make says so.
if cc -m32 -E -xc /dev/null >/dev/null 2>&1; then
	if env -u MAKEFLAGS -u MAKELEVEL make -n CC='cc -m32' BUILD="$dir/small" smtpwatch \
		>"$dir/said" 2>&1 || ! grep -qF 'machines of 32 bits are not' "$dir/said"; then
		fail "make for i386: $(tail -n 3 "$dir/said")"
	fi
else
	echo '# skipped: what make says for i386, as this compiler does not know it'
fi

# The configuration that is there is the operator's.
echo 'interface = lo' >"$dir/etc/smtpwatch/smtpwatch.conf"
into install
grep -qx 'interface = lo' "$dir/etc/smtpwatch/smtpwatch.conf" ||
	fail "a second installation overwrites the configuration"
into uninstall
rm -f "$dir/conf" "$dir/said"
left=$(cd "$dir" && find . -type f)
[ "$left" = ./etc/smtpwatch/smtpwatch.conf ] || fail "left behind: $left"

# ./smtpwatch is that of the compiler asked for last,
# also where that one was built before the other.
mkdir -p "$dir/tree/build/first" "$dir/tree/build/second"
cp Makefile "$dir/tree"
for compiler in first second; do
	echo "built by $compiler" >"$dir/tree/build/$compiler/smtpwatch"
	touch -d '1 hour ago' "$dir/tree/build/$compiler/smtpwatch"
done
for compiler in first second first; do
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$dir/tree" -o "build/$compiler/smtpwatch" \
		smtpwatch BUILD="build/$compiler" || fail "make smtpwatch"
	cmp "$dir/tree/smtpwatch" "$dir/tree/build/$compiler/smtpwatch" ||
		fail "./smtpwatch is not that of the $compiler compiler"
done

echo "$failures failures"
[ $failures = 0 ]
