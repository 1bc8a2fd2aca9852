#!/bin/bash
# test_site_key.sh - the secret of --redact hash: made once, the same hashes wherever it is, and
# nothing without it. Speaks TAP.
# usage: test_site_key.sh SMTPWATCH   (from the top of the tree)
# shellcheck disable=SC2317 # functions are called by result
set -u
program=$(realpath "$1")
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
capture=$PWD/pcaps/221-for-message.pcap

# hashed OPTION...: senders and recipients, a line each
hashed() {
	"$program" -r "$capture" --redact hash -o csv "$@" 2>"$dir/err" |
		/usr/bin/python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    print(row["from"], row["to"], row["message_id"])'
}

first() {
	hashed --site-key "$dir/key" >"$dir/first" &&
		grep -qE '^[0-9a-f]{16} [0-9a-f]{16} [0-9a-f]{16}$' "$dir/first" &&
		grep -qF "made the site key $dir/key" "$dir/err" &&
		[ "$(stat -c %a "$dir/key")" = 640 ] && grep -qxE '[0-9a-f]{64}' "$dir/key"
}

second() {
	hashed --site-key "$dir/key" | cmp - "$dir/first" && [ ! -s "$dir/err" ]
}

# As an editor or a mail may leave it: capitals, no line feed.
copied() {
	tr a-f A-F <"$dir/key" | tr -d '\n' >"$dir/copy" && chmod 600 "$dir/copy" &&
		hashed --site-key "$dir/copy" | cmp - "$dir/first"
}

# What everybody can compute: HMAC-SHA-256 of the address in lower case.
as_documented() {
	/usr/bin/python3 - "$dir" <<-'PYTHON'
		import hashlib, hmac, pathlib, sys
		folder = pathlib.Path(sys.argv[1])
		key = bytes.fromhex((folder / "key").read_text())
		for got, text in zip((folder / "first").read_text().split(),
		                     ("a@example.org", "b@example.net")):
		    want = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]
		    assert got == want, (got, want)
	PYTHON
}

another() {
	hashed --site-key "$dir/other" >"$dir/second" && ! cmp -s "$dir/second" "$dir/first"
}

# refused WORDS FILE
refused() {
	"$program" -r "$capture" --redact hash --site-key "$2" -o "json:$dir/json" >"$dir/out" 2>&1
	[ $? = 2 ] && grep -qF "$1" "$dir/out" && [ ! -s "$dir/json" ]
}

open_to_all() {
	cp "$dir/key" "$dir/open" && chmod 644 "$dir/open" && refused 'chmod 640' "$dir/open"
}

short() {
	head -c 63 "$dir/key" >"$dir/short" && chmod 600 "$dir/short" &&
		refused '64 hexadecimal digits' "$dir/short"
}

long() {
	{ head -c 64 "$dir/key"; echo 0; } >"$dir/long" && chmod 600 "$dir/long" &&
		refused '64 hexadecimal digits' "$dir/long"
}

no_digits() {
	tr 0-9 xyz <"$dir/key" >"$dir/words" && chmod 600 "$dir/words" &&
		refused '64 hexadecimal digits' "$dir/words"
}

nowhere() {
	refused 'No such file or directory' "$dir/no/key" && [ ! -e "$dir/no" ]
}

# -T reads what is there, and makes nothing.
checked() {
	"$program" -T -r "$capture" --redact hash --site-key "$dir/new" >"$dir/out" 2>&1 &&
		[ ! -e "$dir/new" ] &&
		! "$program" -T -r "$capture" --redact hash --site-key "$dir/short" \
			>"$dir/out" 2>&1 && grep -q 'hexadecimal digits' "$dir/out"
}

not_needed() {
	"$program" -r "$capture" --redact local --site-key "$dir/unused" >"$dir/out" 2>&1 &&
		[ ! -e "$dir/unused" ]
}

# Both write the same hashes, whoever was first.
together() {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		"$program" -r "$capture" --redact hash --site-key "$dir/race" \
			-o "csv:$dir/race.$i" 2>>"$dir/races" &
	done
	wait
	[ "$(sort -u "$dir"/race.[1-8] | grep -c 221-for-message)" = 1 ] &&
		! find "$dir" -name '.site-key.*' | grep .
}

# as_somebody VARIABLE=VALUE... ARGUMENT...: without root's rights
as_somebody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_CONFIG_HOME "$@"
	else
		env -u XDG_CONFIG_HOME "$@"
	fi
}

readable() {
	mkdir "$dir/bin" "$dir/home" "$dir/state" && cp "$program" "$capture" "$dir/bin/" &&
		chmod 755 "$dir" "$dir/bin" "$dir"/bin/* && chmod 777 "$dir/home" "$dir/state"
}

own() {
	local i
	for i in 1 2; do
		as_somebody HOME="$dir/home" "$dir/bin/$(basename "$program")" \
			-r "$dir/bin/$(basename "$capture")" --redact hash -o json \
			>"$dir/own.$i" || return
	done
	[ -s "$dir/home/.config/smtpwatch/site-key" ] && cmp "$dir/own.1" "$dir/own.2" &&
		[ "$(stat -c %a "$dir/home/.config/smtpwatch")" = 700 ]
}

of_service() {
	as_somebody STATE_DIRECTORY="$dir/state" "$dir/bin/$(basename "$program")" \
		-r "$dir/bin/$(basename "$capture")" --redact hash -o json >"$dir/out" &&
		[ -s "$dir/state/site-key" ]
}

result 'it is made on first use' first
result 'and used again' second
result 'a copy does the same' copied
result 'the hash is what the documents say' as_documented
result 'another key, other hashes' another
result 'one that everybody may read is refused' open_to_all
result 'one that is too short' short
result 'one that is too long' long
result 'one that has no digits' no_digits
result 'one in a folder that is not there' nowhere
result '-T makes none' checked
result 'without hashes none is made' not_needed
result 'eight at once make one' together
if [ -e /etc/smtpwatch/site-key ] || [ -e /var/lib/smtpwatch/site-key ]; then
	echo '# skipped: the default place, as this machine has a key of its own'
else
	result 'a program that others may run' readable
	result "in the user's own folder" own
	result 'where systemd keeps state' of_service
fi
echo "1..$n"
exit $failed
