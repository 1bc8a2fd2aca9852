#!/usr/bin/env python3
"""Hold metrics, on standard input, against Prometheus' text format 0.0.4,
and against what its own linter asks for.

usage: metrics_check.py [--promtool] < METRICS

Where promtool is installed it is asked too; with --promtool it must be.
"""
import re
import shutil
import subprocess
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
VALUE = r'"((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(
    rf"({NAME})(?:\{{((?:{LABEL}={VALUE})(?:,{LABEL}={VALUE})*)\}})? "
    r"([+-]?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf)|NaN)"
)
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
SERIES_MOST = 64 * 6 + 64 * 16


def fail(line, why):
    sys.exit(f"{why}: {line}")


def labels_of(text):
    found = re.findall(rf"({LABEL})={VALUE}", text or "")
    names = [name for name, _ in found]
    if len(set(names)) != len(names):
        fail(text, "a label twice")
    return tuple(sorted(found))


def check_histogram(name, samples):
    buckets = [(dict(labels)["le"], value)
               for sample, labels, value in samples
               if sample == name + "_bucket"]
    counts = [value for _, value in buckets]
    bounds = [float(le.replace("+Inf", "inf")) for le, _ in buckets]
    if counts != sorted(counts) or bounds != sorted(set(bounds)) or bounds[-1] != float("inf"):
        fail(name, "buckets in disorder")
    total = [value for sample, _, value in samples if sample == name + "_count"]
    if total != [counts[-1]] or sum(sample == name + "_sum" for sample, _, _ in samples) != 1:
        fail(name, "sum or count")


def main():
    page = sys.stdin.buffer.read()
    text = page.decode("utf-8")
    if not text.endswith("\n"):
        fail(text[-40:], "no line end at the end")
    families, name, kind, helped = {}, None, None, None
    for line in text.split("\n")[:-1]:
        if found := re.fullmatch(rf"# HELP ({NAME}) ([^\\]+)", line):
            helped = found[1]
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge|histogram)", line):
            name, kind = found[1], found[2]
            if name != helped or name in families:
                fail(line, "TYPE without its HELP, or a second time")
            if not name.startswith("smtpwatch_") or (kind == "counter") != name.endswith("_total"):
                fail(line, "a name that promises something else")
            families[name] = (kind, [])
        elif found := SAMPLE.fullmatch(line):
            if name is None or found[1] not in [name + suffix for suffix in SUFFIXES[kind]]:
                fail(line, "a sample outside its family")
            families[name][1].append(
                (found[1], labels_of(found[2]), float(found.group(SAMPLE.groups))))
        else:
            fail(line, "no line of the format")
    for name, (kind, samples) in families.items():
        series = [(sample, labels) for sample, labels, _ in samples]
        if not series or len(set(series)) != len(series) or len(series) > SERIES_MOST:
            fail(name, "no series, one twice, or too many")
        if any(value < 0 for _, _, value in samples):
            fail(name, "below nought")
        if kind == "histogram":
            check_histogram(name, samples)
    if shutil.which("promtool"):
        return subprocess.run(["promtool", "check", "metrics"], input=page, check=False).returncode
    return 1 if "--promtool" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
