#!/usr/bin/env python3
"""Checks the reply texts of tests/corpus:
columns, causes, duplicates, overlaps of the halves, counts.

usage: check.py [FILE...]

Without files both halves that are there. Two texts of different files are the same when their
letters are, or when they are without names of hosts, addresses and words with numbers. Prints
file:line and what is wrong, never a text, and exits with 1; else the counts by cause, and 0.
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
# Half B has fewer of shutdown: servers have few texts for it,
# and nearly all of them stand in half A.
FEWEST = {"replies-b.tsv": {"shutdown": 8}}
ROWS, SERVERS = 170, 14
# What differs between two sessions with one text: addresses of the web and of mail, names of hosts,
# brackets with an address, words with digits.
CHANGING = re.compile(
    r"https?://\S+|\bwww\.\S+|<[^<> "
    r"]*>|\S+@\S+|\b[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\b(?:\[[0-9.]+\])?|\[[^\]]*\]|\([^)]*[0-9][^)]*\)|"
    r"\b\w*[0-9]\w*\b"
)


def letters(text):
    """The keys of a text: its letters alone,
    and its letters without what changes from session to session.
    """
    text = text.lower().replace("\\n", " ")
    keys = {re.sub("[^a-z]", "", t) for t in (text, CHANGING.sub("", text))}
    return keys - {""}


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


def read(path):
    """The rows of a half as (line, fields), and what is wrong with it."""
    rows, problems, header, seen = [], [], False, {}
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
        first = seen.setdefault((fields[0], fields[5].lower()), number)
        if first != number:
            problems.append(f"{path.name}:{number}: the same code and text as line {first}")
        rows.append((number, fields))
    return rows, problems


def overlap_problems(path, rows, others):
    """The rows whose letters stand in a file read before; others maps keys to (file name, line)."""
    keys = [(number, letters(fields[5])) for number, fields in rows]
    found = []
    for number, mine in keys:
        hit = next((others[k] for k in sorted(mine) if k in others), None)
        if hit:
            found.append(f"{path.name}:{number}: the same letters as {hit[0]}:{hit[1]}")
    for number, mine in keys:
        for k in mine:
            others.setdefault(k, (path.name, number))
    return found


def count_problems(path, rows):
    causes = collections.Counter(r[2] for r in rows)
    servers = {r[3] for r in rows}
    fewest = {**CAUSES, **FEWEST.get(path.name, {})}
    found = [
        f"{path.name}: {causes[c]} rows of {c}, fewer than {n}" for c, n in fewest.items()
        if causes[c] < n
    ]
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
    problems, others = [], {}
    for path in paths:
        numbered, found = read(path)
        rows = [fields for _, fields in numbered]
        problems += found + overlap_problems(path, numbered, others) + count_problems(path, rows)
        print(f"{path.name}: {len(rows)} texts of {len({r[3] for r in rows})} servers")
        for cause, n in sorted(
                collections.Counter(r[2] for r in rows).items(), key=lambda c: (-c[1], c[0])):
            print(f"  {n:4} {cause}")
    for p in problems:
        print(p, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
