#!/bin/bash
# test_golden.sh - the captures of pcaps/LIST: made again they are the same,
# and what is said of them is what tests/golden holds. Speaks TAP.
# usage: test_golden.sh SMTPWATCH SCENARIO_PCAP, or, after a change of output that is meant,
# test_golden.sh SMTPWATCH --write
# shellcheck disable=SC2317,SC2016 # functions are called by result; backquotes are meant as such
set -u
program=$(realpath "$1")
mode=$2
golden=tests/golden
# shellcheck source=tests/lib/result.sh
. tests/lib/result.sh
mapfile -t names < <(awk '!/^#/ && NF { print $1 }' pcaps/LIST)
mapfile -t secret < <(awk '!/^#/ && $1 ~ /^tls-/ { print $1 }' pcaps/LIST)
mapfile -t scenarios < <(awk '!/^#/ && NF && $2 != "lab" { print $1 }' pcaps/LIST)

# The program's two outputs of the captures that are named: $dir/NAME.txt and $dir/NAME.json.
judge() {
	local name=$1
	shift
	"$program" --gateway gateway.example "${@/#/-rpcaps/}" \
		-o "text:$dir/$name.txt" -o "json:$dir/$name.json"
}

# The same of a capture with secrets in it, without them. The name stays, because it is told.
sealed() (
	mkdir -p "$dir/sealed/pcaps"
	/usr/bin/python3 - "pcaps/$1" "$dir/sealed/pcaps/$1" <<'PYTHON' || return
import struct, sys
data, out, at, secrets = open(sys.argv[1], "rb").read(), b"", 0, 0
while at < len(data):
    kind, n = struct.unpack_from("<II", data, at)
    secrets += kind == 10
    out += data[at:at + n] if kind != 10 else b""
    at += n
assert secrets, "it has no secrets"
open(sys.argv[2], "wb").write(out)
PYTHON
	cd "$dir/sealed" || return
	"$program" --gateway gateway.example -r "pcaps/$1" \
		-o "text:$dir/$1.sealed.txt" -o "json:$dir/$1.sealed.json"
)

# all.json is whole. The statistics of the others leave out what is 0, so that a new verdict or
# count changes one golden file.
told() {
	case $1 in
	all.json | *.txt) cat "$dir/$1" ;;
	*) sed -E '/"event_type":"stats"/ { s/"[^"]+":0,//g; s/,?"[^"]+":0\}/}/g }' "$dir/$1" ;;
	esac
}

compare() {
	diff -u --label "$1" --label 'as it is told now' "$golden/$1" <(told "$1")
}

# gzip may be of another version here, so that only what is inside must be the same.
remade() {
	if [[ $1 == *.gz ]]; then
		cmp <(zcat "pcaps/$1") <(zcat "$dir/pcaps/$1")
	else
		cmp "pcaps/$1" "$dir/pcaps/$1"
	fi
}

listed() {
	diff <(printf 'pcaps/%s\n' LIST "${names[@]}" | sort) <(printf '%s\n' pcaps/* | sort) &&
		diff <(cd "$dir" && printf '%s\n' *.json *.txt) \
			<(cd "$golden" && printf '%s\n' *.json *.txt)
}

# docs/usage.md shows the first alert that make run shows.
alert() {
	sed '/^$/,$d' "$1/${names[0]}.txt"
}

shown() {
	[[ $(<docs/usage.md) == *"$(alert "$dir")"* ]] || { alert "$dir"; false; }
}

for name in "${names[@]}"; do
	result "$name is judged" judge "$name" "$name"
done
for name in "${secret[@]}"; do
	result "$name is judged without its secrets" sealed "$name"
done
result 'all of them in one run' judge all "${names[@]}"
if [ "$mode" = --write ]; then
	[ $failed = 0 ] || exit 1
	mkdir -p $golden && rm -f $golden/*
	for name in "$dir"/*.txt "$dir"/*.json; do
		name=${name##*/}
		told "$name" >"$golden/$name"
	done
	sed -i -e '/^```text$/,/^```$/ { /^```text$/ r /dev/stdin' -e '/^```/! d }' docs/usage.md \
		< <(alert $golden)
	exit $failed
fi
for name in "${names[@]}" all; do
	result "$name as text" compare "$name.txt"
	result "$name as JSON" compare "$name.json"
done
for name in "${secret[@]}"; do
	result "$name without its secrets as text" compare "$name.sealed.txt"
	result "$name without its secrets as JSON" compare "$name.sealed.json"
done
result 'docs/usage.md shows the first of them' shown
result 'JSON follows the schema' /usr/bin/python3 tests/program/schema_check.py docs/schema.json \
	< <(cat "$dir"/*.json)
mkdir "$dir/pcaps"
result 'scenarios become captures' tests/program/make_pcaps.py "$mode" "$dir/pcaps"
for name in "${scenarios[@]}"; do
	result "$name made again" remade "$name"
done
result 'each file has its row, and each row its files' listed
echo "1..$n"
exit $failed
