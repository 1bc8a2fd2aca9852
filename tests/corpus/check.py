#!/usr/bin/env python3
"""Checks the reply texts of tests/corpus: columns, causes, duplicates, counts. usage: check.py [FILE...]

Without files both halves that are there. Prints file:line and what is wrong, never a text, and exits with 1; else the counts by cause, and 0.
"""
import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADER = ["code", "place", "cause", "server", "source", "text"]
PLACES = {"greeting", "ehlo", "auth", "mail", "rcpt", "data", "body", "end", "idle"}
# The fewest rows of each cause in a half; session-limit is rare, servers with such a limit are few.
CAUSES = {
    "none": 35,
    "policy": 20,
    "idle-timeout": 20,
    "auth-failures": 20,
    "shutdown": 20,
    "size-limit": 8,
    "too-many-errors": 8,
    "tls-failure": 8,
    "message-limit": 8,
    "session-limit": 1,
    "not-smtp": 1,
}
ROWS, SERVERS = 170, 14


def row_problems(fields):
    """What is wrong with the columns of one row, each as a text that quotes nothing of it."""
    if len(fields) != len(HEADER):
        return [f"{len(fields)} columns, not {len(HEADER)}"]
    code, place, cause, server, source, text = fields
    found = []
    if not re.fullmatch(r"221|[45][0-9][0-9]", code):
        found.append("code is not 221, 4yz or 5yz")
    if place not in PLACES:
        found.append("unknown place")
    if cause not in CAUSES:
        found.append("unknown cause")
    if not server.strip() or not source.strip() or not text.strip():
        found.append("an empty column")
    if any(ord(c) < 32 for c in text):
        found.append("a control character in the text")
    if re.search(r"(?:^|\\n)[245][0-9][0-9][ -]", text):
        found.append("a reply code in the text")
    return found


def read(path, seen):
    """The rows of a half, and what is wrong with it; seen holds the texts of the other half too."""
    rows, problems, header = [], [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if not header:
            header = True
            if fields != HEADER:
                problems.append(f"{path.name}:{number}: the header is not: {' '.join(HEADER)}")
            continue
        wrong = row_problems(fields)
        problems += [f"{path.name}:{number}: {w}" for w in wrong]
        if wrong:
            continue
        key = (fields[0], fields[5].lower())
        first = seen.setdefault(key, (path, number))
        if first[0] == path and first[1] != number:
            problems.append(f"{path.name}:{number}: the same code and text as line {first[1]}")
        rows.append(fields)
    return rows, problems


def count_problems(path, rows):
    causes = collections.Counter(r[2] for r in rows)
    servers = {r[3] for r in rows}
    found = [f"{path.name}: {causes[c]} rows of {c}, fewer than {n}" for c, n in CAUSES.items() if causes[c] < n]
    if len(rows) < ROWS:
        found.append(f"{path.name}: {len(rows)} rows, fewer than {ROWS}")
    if len(servers) < SERVERS:
        found.append(f"{path.name}: {len(servers)} servers, fewer than {SERVERS}")
    return found


def main():
    paths = [pathlib.Path(p) for p in sys.argv[1:]] or sorted(HERE.glob("replies-[ab].tsv"))
    if not paths:
        print("no file to check", file=sys.stderr)
        return 1
    problems, seen = [], {}
    for path in paths:
        before = set(seen)
        rows, found = read(path, seen)
        problems += found + count_problems(path, rows)
        both = sum((r[0], r[5].lower()) in before for r in rows)
        print(f"{path.name}: {len(rows)} texts of {len({r[3] for r in rows})} servers" + (f", {both} also in the other half" if both else ""))
        for cause, n in sorted(collections.Counter(r[2] for r in rows).items(), key=lambda c: (-c[1], c[0])):
            print(f"  {n:4} {cause}")
    for p in problems:
        print(p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
