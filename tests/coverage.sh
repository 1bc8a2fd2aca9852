#!/bin/bash
# coverage.sh - runs the cmocka tests of a build made with --coverage,
# and tells what of src/base and src/core they reached: of lines 95 % at least, of branches 85 %.
# usage: tests/coverage.sh BUILD
set -eu
build=$1
find "$build" -name '*.gcda' -delete
for source in tests/unit/*/test_*.c tests/unit/*/*/test_*.c; do
	"$build/${source%.c}" >/dev/null 2>&1 || echo "FAILED  $source" >&2
done
printf '%-28s %8s %9s %9s %10s\n' 'file' lines reached branches 'both ways'
for source in src/base/*.c src/core/*.c src/core/*/*.c; do
	gcov -b -n -o "$build/$(dirname "$source")" "$source" 2>/dev/null
done | awk '
	/^File / {
		keep = $0 ~ /src\/(base|core)\//
		name = $2
		gsub(/\x27|.*\/src\/(core\/)?/, "", name)
	}
	!keep { next }
	/^Lines executed/ { split($0, part, /[:% ]+/); reached = part[3]; lines = part[5] }
	/^(Taken at least once|No branches)/ {
		split($0, part, /[:% ]+/)
		branches = /^No/ ? 0 : part[7]; taken = /^No/ ? 100 : part[5]
		row(name, lines, reached, branches, taken)
		all += lines; all_reached += lines * reached
		alls += branches; all_taken += branches * taken
		keep = 0
	}
	function row(name, lines, reached, branches, taken) {
		printf "%-28s %8d %8.1f%% %9d %9.1f%%\n", name, lines, reached, branches, taken
	}
	END {
		if (!all || !alls) exit 1
		row("all of the core", all, all_reached / all, alls, all_taken / alls)
		exit all_reached / all < 95 || all_taken / alls < 85
	}'
