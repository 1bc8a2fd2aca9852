# shellcheck shell=bash disable=SC2034 # failed is for who sources it
# result.sh - for scripts that speak TAP, which source it: a folder of their own, and result.
# At the end: echo "1..$n"; exit $failed
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0 failed=0

# result NAME COMMAND...: what the command prints tells what is wrong
result() {
	local name=$1 said
	shift
	n=$((n + 1))
	if said=$("$@" 2>&1); then
		echo "ok $n - $name"
	else
		failed=1
		printf 'not ok %d - %s\n%s\n' $n "$name" "$said"
	fi
}
