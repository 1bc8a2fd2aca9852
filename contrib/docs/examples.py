#!/usr/bin/env python3
"""Puts what the program says today into documents: examples.py SMTPWATCH [--write] DOCUMENT...

A fenced block that begins with "$ ./smtpwatch ..." holds that command and, below it, what it prints
(standard output, then standard error); "| head -N" behind it keeps the first lines, "| tail -N" the
last. Without --write it says what is not up to date, and exits with 1.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

BLOCK = re.compile(r"^```text\n(\$ (\./smtpwatch [^\n]*)\n).*?^```$", re.MULTILINE | re.DOTALL)


def output(program, command):
    words, kept, n = re.fullmatch(r"(.*?)(?: \| (head|tail) -([1-9]\d*))?", command).groups()
    args = [program] + shlex.split(words)[1:]
    done = subprocess.run(args, capture_output=True, text=True, env=dict(os.environ, NO_COLOR="1"),
                          check=False)
    lines = (done.stdout + done.stderr).splitlines()
    if kept:
        lines = lines[: int(n)] if kept == "head" else lines[-int(n) :]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main():
    program, write = sys.argv[1], "--write" in sys.argv
    stale = 0
    for name in [a for a in sys.argv[2:] if a != "--write"]:
        path = pathlib.Path(name)
        before = path.read_text(encoding="utf-8")
        after = BLOCK.sub(lambda m: "```text\n" + m[1] + output(program, m[2]) + "```", before)
        if after == before:
            continue
        if write:
            path.write_text(after, encoding="utf-8")
            print(f"{name} is new")
        else:
            print(f"{name} shows what the program does not say any more: make docs")
            stale = 1
    return stale


sys.exit(main())
