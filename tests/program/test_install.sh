#!/bin/bash
# test_install.sh - what is installed, and what is left of it; the example configuration.
# usage: test_install.sh SMTPWATCH   (from the top of the tree)
set -u
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
	/opt/x/share/doc/smtpwatch/{README,CONTRIBUTING}.md \
	/opt/x/share/doc/smtpwatch/docs/{usage,glossary,daemon,alerts,engines}.md \
	/opt/x/share/doc/smtpwatch/{grafana-dashboard.json,prometheus-rules.yml} \
	/opt/x/lib/smtpwatch/notify \
	/opt/x/share/doc/smtpwatch/examples/{broken-session,tls-keylog.c} \
	/opt/x/share/bash-completion/completions/smtpwatch /opt/x/lib/sysusers.d/smtpwatch.conf \
	/opt/x/lib/systemd/system/smtpwatch.service /etc/logrotate.d/smtpwatch \
	/etc/smtpwatch/smtpwatch.conf
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

# What is commented out is right too.
examples=0
while read -r example; do
	examples=$((examples + 1))
	echo "$example" >"$dir/conf"
	"$program" -T -c "$dir/conf" >"$dir/said" 2>&1 ||
		fail "the example \"$example\": $(cat "$dir/said")"
done < <(sed -n 's/^#\([a-z-]* = \)/\1/p' contrib/smtpwatch.conf)
[ $examples -ge 8 ] || fail "only $examples examples are commented out"

version=$("$program" --version)
head -n 1 contrib/debian/changelog | grep -qF "smtpwatch (${version#smtpwatch }) " ||
	fail "the package is another version than $version"

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
