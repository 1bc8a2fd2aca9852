#!/usr/bin/env python3
"""The shape of the house in figures, each with its bound: make house. usage: house.py

Exits with 1 where a bound does not hold, and then names the places.
"""
import collections
import pathlib
import re
import subprocess
import sys

import sources

FOLDER_MAX, FILE_MAX, FUNCTION_MAX, COMPLEXITY_MAX = 15, sources.FILE_MAX, sources.FUNCTION_MAX, 20
COLUMNS, DOCUMENT_SHARE = 100, 1
SYSTEM = pathlib.Path("/usr/include")
FILE_NAME = re.compile(r"(?<![\w./<>*$-])((?:[a-z][\w-]*/)*[a-z]\w*\.(?:c|h|def|py|sh))\b")
# Files of other programs that comments name.
FOREIGN_FILES = re.compile(r"(smtpd|receive|srvrsmtp|smtp_session|lmtpengine)\.c")


def texts(*ends):
    names = subprocess.run(["git", "ls-files", *(f"*{e}" for e in ends)],
                           capture_output=True,
                           text=True,
                           check=True).stdout
    aside = ("tests/golden/", "tests/explain/", "tests/corpus/")
    return [pathlib.Path(n) for n in names.splitlines() if not n.startswith(aside)]


def row_folders():
    """.c files in the fullest folder of src"""
    count = collections.Counter(p.parent for p in pathlib.Path("src").rglob("*.c"))
    full = [f"{p}/: {n}" for p, n in count.items() if n > FOLDER_MAX]
    yield max(count.values()), FOLDER_MAX, full


def row_files():
    """lines of the longest file of src and include"""
    length = {p: sum(1 for _ in sources.lines(p)) for p in sources.sources("src", "include")}
    yield max(length.values()), FILE_MAX, [f"{p}: {n}" for p, n in length.items() if n > FILE_MAX]


def row_functions():
    """lines of the longest function of src"""
    found = [(length, f"{p}:{at}: {name}") for p in sources.sources("src")
             for name, at, length in sources.functions(p)]
    yield max(found)[0], FUNCTION_MAX, [f"{where}: {n}" for n, where in found if n > FUNCTION_MAX]


def row_complexity():
    """functions of src that pmccabe finds too complex (over 20)"""
    out = subprocess.run(["pmccabe", *map(str, sources.sources("src"))],
                         capture_output=True,
                         text=True,
                         check=False).stdout
    found = [row.split("\t") for row in out.splitlines()]
    yield from over([f"{f[5]}: {f[1]}" for f in found
                     if int(f[1]) > COMPLEXITY_MAX])


def row_circles():
    """strict circles: a header and its source are one, and code in headers counts"""
    yield from over(list(sources.rule_circles()))


def row_code_columns():
    """lines of code over 100 columns"""
    yield from over([f"{p}:{n}" for p in texts(".c", ".h", ".def", ".py", ".sh")
                     for n, text in sources.lines(p) if len(text.expandtabs(8)) > COLUMNS])


def row_document_columns():
    """of 100 lines of documents, those over 100 columns; tables aside"""
    rows = [(p, n, t) for p in texts(".md") for n, t in sources.lines(p)
            if not t.startswith("|")]
    long = [f"{p}:{n}" for p, n, t in rows if len(t) > COLUMNS]
    share = 100 * len(long) / max(1, len(rows))
    yield round(share, 1), DOCUMENT_SHARE, long if share > DOCUMENT_SHARE else []


def comments(path):
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"/\*.*?\*/", text, re.S):
        yield text.count("\n", 0, found.start()) + 1, found[0]


def code_words():
    """Every word of the sources that stands outside of comments."""
    words = set()
    for path in sources.sources("src", "include", "tests"):
        text = path.read_text(encoding="utf-8")
        words |= set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", text, flags=re.S)))
    return words


def row_names():
    """comments that name a file or a function that does not exist"""
    files = {"/".join(p.parts[-n:]) for p in texts("") for n in range(1, 6)}
    known, wrong = code_words(), []
    for path in sources.sources("src", "include"):
        for number, text in comments(path):
            named = FILE_NAME.findall(text)
            wrong += [f"{path}:{number}: {n}" for n in named
                      if n not in files and not FOREIGN_FILES.fullmatch(n) and not system_header(n)]
            named = re.findall(r"(?<![\w./-])([a-z]+_[a-z0-9_]*[a-z0-9])\b(?!\*|\.|/)", text)
            wrong += [f"{path}:{number}: {n}" for n in named
                      if n not in known and not foreign_name(n)]
    yield from over(wrong)


def system_header(name):
    return any((at / name).exists() for at in [SYSTEM, *SYSTEM.glob("*-linux-gnu")])


def foreign_name(name):
    """A metric, or a name of another program's, of a library's or of a standard's."""
    others = {"node_exporter", "sd_journal_sendv", "close_notify", "fix_offset"}
    return name.startswith("smtpwatch_") or name in others


def over(places):
    yield len(places), 0, places


def main():
    bad = []
    for name, rule in sorted(globals().items()):
        if name.startswith("row_"):
            for figure, bound, places in rule():
                fine = figure <= bound
                print(f"{'fine ' if fine else 'WRONG'}  {figure:>6} of {bound:>4}  {rule.__doc__}")
                bad += [] if fine else places
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
