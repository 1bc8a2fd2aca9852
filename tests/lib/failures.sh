# shellcheck shell=sh disable=SC2034 # what it sets is for who sources it
# failures.sh - for scripts that count what fails, which source it with their own arguments:
# the two programs, a folder of their own, and fail.
program=$(realpath "$1")
builder=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Also for the user that the program becomes.
chmod 755 "$dir"
failures=0
checks=0

fail() {
	failures=$((failures + 1))
	echo "FAILED: $*"
}
