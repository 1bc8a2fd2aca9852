#!/bin/bash
# analyse.sh - what the analysers of clang and gcc, and clang-tidy (.clang-tidy), find in src;
# nothing is what they must find.
# usage: tests/lint/analyse.sh [JOBS]
# shellcheck disable=SC2016 # what stands in single quotes, another shell expands
set -uo pipefail
jobs=${1:-2}
bad=0
export LC_ALL=C flags='-D_GNU_SOURCE -Iinclude -Isrc -DSMTPWATCH_VERSION="x" -std=c11'

# Each file on its own, several at once.
each() {
	find src -name '*.c' | sort | xargs -P "$jobs" -I FILE sh -c "$1 2>&1"
}

check() {
	local name=$1 said
	shift
	if said=$("$@"); then
		printf 'fine   %s\n' "$name"
	else
		printf 'WRONG  %s\n%s\n' "$name" "$said"
		bad=$((bad + 1))
	fi
}

clang_analyze() {
	! each 'clang --analyze --analyzer-output text $flags FILE -o /dev/null' | grep 'warning:'
}

# What it finds wrongly is in tests/lint/fanalyzer;
# and what is there no longer, should not be listed.
gcc_analyse() {
	each 'gcc -fanalyzer -O2 $flags -c FILE -o /dev/null' | grep 'warning:' | sort -u | awk '
		FILENAME == "-" {
			file = $1
			sub(/:.*/, "", file)
			found[file " " substr($NF, 2, length($NF) - 2)] = $0
			next
		}
		!/^#/ && NF {
			if (!(($1 " " $2) in found)) {
				print "tests/lint/fanalyzer: no longer found: " $1 " " $2
				wrong = 1
			}
			delete found[$1 " " $2]
		}
		END {
			for (f in found) { print found[f]; wrong = 1 }
			exit wrong
		}' - tests/lint/fanalyzer
}

tidy() {
	! find src -name '*.c' | sort |
		xargs -P "$jobs" -n 20 \
			sh -c 'clang-tidy --quiet "$@" -- $flags 2>/dev/null' clang-tidy |
		grep ' error: '
}

check 'clang --analyze' clang_analyze
check 'gcc -fanalyzer' gcc_analyse
check 'clang-tidy' tidy
[ $bad = 0 ]
