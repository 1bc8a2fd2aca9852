#!/usr/bin/env python3
"""Draws what a command says on a terminal as a picture:
terminal_svg.py [--columns N] [--lines N] [--from WORDS] COMMAND... > picture.svg

The command is run on a terminal of its own (tests/program/pty_run.py). --from: what stands before
the first line with these words is left out. The same output gives the same picture.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL, LINE, MARGIN = 8.4, 18, 14
COLOURS = {"31": "#ff7b72", "33": "#e3b341", "36": "#76e3ea"}
SGR = re.compile("\x1b\\[([0-9;]*)m")
RUN = pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "program" / "pty_run.py"


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def spans(line, style):
    """Pieces of a line with their style, and the style behind it."""
    at = 0
    for found in [*SGR.finditer(line), None]:
        piece = line[at : found.start() if found else len(line)]
        if piece:
            yield piece, dict(style)
        if found:
            at = found.end()
            for code in (found[1] or "0").split(";"):
                if code == "0":
                    style.clear()
                elif code == "1":
                    style["font-weight"] = "bold"
                elif code == "2":
                    style["fill"] = "#8b949e"
                elif code == "7":
                    style["behind"] = "#30363d"
                elif code in COLOURS:
                    style["fill"] = COLOURS[code]


def picture(lines, columns, title):
    wide, high = columns * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {wide:.0f} {high}" '
        f'width="{wide:.0f}" height="{high}"'
        ' font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', '
        'monospace" font-size="14">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{wide:.0f}" height="{high}" rx="8" fill="#0d1117"/>'
    style = {}
    for row, line in enumerate(lines):
        column = 0
        for text, how in spans(line, style):
            behind = how.pop("behind", None)
            attributes = "".join(f' {name}="{value}"' for name, value in sorted({
                "fill": "#e6edf3",
                **how
            }.items()))
            if behind:
                yield (
                    f'<rect x="{MARGIN + column * CELL:.1f}" y="{MARGIN + row * LINE}" '
                    f'width="{width(text) * CELL:.1f}" height="{LINE}"'
                    f' fill="{behind}"/>')
            if text.strip():
                yield (
                    f'<text x="{MARGIN + column * CELL:.1f}" '
                    f'y="{MARGIN + (row + 0.75) * LINE:.1f}" xml:space="preserve"'
                    f' textLength="{width(text) * CELL:.1f}"{attributes}>{escape(text)}</text>')
            column += width(text)
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--from", dest="begin", default="")
    parser.add_argument("--title", default="smtpwatch on a terminal")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    said = subprocess.run([sys.executable, RUN, "--columns",
                           str(args.columns), *args.command], capture_output=True,
                          check=True).stdout
    lines = said.decode("utf-8").replace("\r", "").replace("\x1b[K", "").rstrip("\n").split("\n")
    first = next(i for i, line in enumerate(lines) if args.begin in line)
    print("\n".join(picture(lines[first : first + args.lines], args.columns, args.title)))


main()
