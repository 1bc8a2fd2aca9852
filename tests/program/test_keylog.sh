#!/bin/bash
# test_keylog.sh - the whole program with the keys of a session:
# in a file, in the capture, wrong, missing; and that no output has them.
# usage: test_keylog.sh SMTPWATCH SCENARIO_PCAP   (from the top of the tree)
set -u
# shellcheck source=tests/lib/failures.sh
. tests/lib/failures.sh

# judge CODE ARGUMENTS...: JSON to $dir/out, text to $dir/text, standard error to $dir/err
judge() {
	local want=$1
	shift
	"$program" -o json -o "text:$dir/text" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	local got=$?
	[ "$got" = "$want" ] ||
		fail "smtpwatch $*: exit $got, expected $want: $(head -c 300 "$dir/err")"
	[ "$want" != 0 ] ||
		/usr/bin/python3 tests/program/schema_check.py docs/schema.json \
			<"$dir/out" >"$dir/schema" \
		2>&1 || fail "smtpwatch $*: $(head -3 "$dir/schema")"
}

says() {
	grep -qF -- "$1" "$dir/out" || fail "no $1 in $(head -c 900 "$dir/out")"
}

# in_pcapng KEYS PCAP PCAPNG: the same packets (nanoseconds, Ethernet),
# with the key log in a block before them
in_pcapng() {
	python3 - "$@" <<'PYTHON'
import struct, sys
keys, pcap = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()

def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
out += block(10, struct.pack("<II", 0x544C534B, len(keys)) + keys)
out += block(1, struct.pack("<HHI", 1, 0, 262144) + struct.pack("<HHI", 9, 1, 9) + bytes(4))
at = 24
while at < len(pcap):
    sec, nsec, caplen, length = struct.unpack_from("<IIII", pcap, at)
    ns = sec * 10**9 + nsec
    head = struct.pack("<IIIII", 0, ns >> 32, ns & 0xFFFFFFFF, caplen, length)
    out += block(6, head + pcap[at + 16:at + 16 + caplen])
    at += 16 + caplen
open(sys.argv[3], "wb").write(out)
PYTHON
}

for suite in TLS_AES_128_GCM_SHA256 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-SHA; do
	"$builder" -t $suite -k "$dir/keys" tests/scenarios/221-for-message.smtp "$dir/mail.pcap" ||
		fail "no capture of $suite"
	chmod 600 "$dir/keys"
	judge 0 -r "$dir/mail.pcap" --keylog "$dir/keys"
	says '"verdict":"221-for-message"'
	says '"fate":"falsely-accepted"'
	says "\"cipher\":\"$suite\",\"sni\":\"mx.example.net\",\"alpn\":\"smtp\",\"decrypted\":true"
	awk '{ print $3 }' "$dir/keys" >"$dir/secrets"
	grep -qiFf "$dir/secrets" "$dir/out" "$dir/text" "$dir/err" && fail "a secret was put out"
	cp "$dir/out" "$dir/one"
	judge 0 -r "$dir/mail.pcap" --keylog "$dir/keys" -j 3
	cmp -s "$dir/one" "$dir/out" || fail "three workers say something else"

	in_pcapng "$dir/keys" "$dir/mail.pcap" "$dir/mail.pcapng"
	judge 0 -r "$dir/mail.pcapng"
	says '"verdict":"221-for-message"'
	gzip -kf "$dir/mail.pcapng"
	judge 0 -r "$dir/mail.pcapng.gz"
	says '"verdict":"221-for-message"'

	judge 0 -r "$dir/mail.pcap"
	says '"verdict":"encrypted"'
	says '"decrypted":false'
	sed 's/.$/x/' "$dir/keys" >"$dir/bad"
	judge 0 -r "$dir/mail.pcap" --keylog "$dir/bad"
	says '"verdict":"encrypted"'
	sed 's/\(.*\).$/\10/; t' "$dir/keys" >"$dir/wrong"
	sed -i 's/ \(..\)\([^ ]*\)$/ ff\2/' "$dir/wrong"
	judge 0 -r "$dir/mail.pcap" --keylog "$dir/wrong"
	says '"verdict":"encrypted"'
done

judge 3 -r "$dir/mail.pcap" --keylog "$dir/none"
grep -q 'key log .*/none cannot be read: No such file' "$dir/err" ||
	fail "a missing key log is not explained: $(cat "$dir/err")"
judge 3 -r "$dir/mail.pcap" --keylog "$dir"
grep -q 'key log .* cannot be read: Is a directory' "$dir/err" ||
	fail "a folder as key log is not explained: $(cat "$dir/err")"
# With root's rights a link of another user in a folder that all may write to is not followed.
if [ "$(id -u)" = 0 ]; then
	mkdir -m 1777 "$dir/all"
	ln -s "$dir/keys" "$dir/all/link"
	judge 3 -r "$dir/mail.pcap" --keylog "$dir/all/link"
	grep -q 'key log .*/link cannot be read: a symbolic link' "$dir/err" ||
		fail "a link as key log is followed: $(cat "$dir/err")"
	cp "$dir/keys" "$dir/all/file"
	chown nobody "$dir/all/file"
	judge 0 -r "$dir/mail.pcap" --keylog "$dir/all/file"
	says '"decrypted":true'
else
	echo "# skipped: other users' links as key log, without root"
fi
[ $failures = 0 ] || echo "$failures checks failed"
exit $((failures > 0))
