#!/usr/bin/python3
"""What stands on a terminal of 80x24 when keys were pressed in a full-screen program,
as text with colours: view.py KEYS COMMAND... Each "{WORDS}" in KEYS waits until these are seen.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "program"))
from terminal import Terminal  # noqa: E402

COLOURS = {"red": "31", "brown": "33", "yellow": "33", "cyan": "36"}


def codes(c):
    return ";".join(["0"] + [COLOURS[name] for name in (c.fg, ) if name in COLOURS] +
                    ["1"] * c.bold + ["7"] * c.reverse)


def main():
    t = Terminal(sys.argv[2:])
    for words, keys in re.findall(r"\{(.*?)\}|([^{}]+)", sys.argv[1]):
        if keys:
            t.press(keys.encode().decode("unicode_escape"))
        elif not t.sees(re.escape(words)):
            sys.exit(f"not seen: {words}")
    while t.read(0.5):
        pass
    for row in range(t.screen.lines):
        line, now = "", "0"
        for column in range(t.screen.columns):
            c = t.screen.buffer[row][column]
            if codes(c) != now:
                now = codes(c)
                line += f"\x1b[{now}m"
            line += c.data
        print(line if now != "0" else line.rstrip(), end="\x1b[0m\n" if now != "0" else "\n")
    t.press("q")
    return t.ends()


sys.exit(main())
