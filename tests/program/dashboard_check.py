#!/usr/bin/env python3
"""Whether a Grafana dashboard, or rules of Prometheus, ask only for what is there.

usage: dashboard_check.py DASHBOARD|RULES METRICS   (a page of Prometheus' text format)

Names of metrics and their labels, of every query; what is wrong is printed, and the exit is 1.
"""
import json
import re
import sys

SERIES = re.compile(r"(smtpwatch_\w+)(?:\{([^}]*)\})?")


def exported(page):
    """Labels of each name; histograms have three."""
    names = {}
    for line in page.splitlines():
        if found := re.match(r"# TYPE (\w+) (\w+)", line):
            for end in ("_bucket", "_sum", "_count") if found[2] == "histogram" else ("",):
                names.setdefault(found[1] + end, set())
        elif found := re.match(r"(\w+)\{(.*)\} ", line):
            names[found[1]] |= set(re.findall(r'(\w+)="', found[2]))
    return names


def rules(text):
    """Each rule has its expression in one line."""
    where = "no name"
    for line in text.splitlines():
        if found := re.match(r"\s*- (?:alert|record): (\w+)$", line):
            where = found[1]
        elif found := re.match(r"\s*expr: (\S.*)", line):
            yield where, found[1]


def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]


def check(asks, names):
    for where, query in asks:
        used = SERIES.findall(query)
        if not used and not re.match(r"up\{", query):
            yield f"{where}: no metric in {query}"
        for name, labels in used:
            if name not in names:
                yield f"{where}: no metric {name}"
                continue
            # What Prometheus adds.
            known = names[name] | {"instance", "job"}
            asked = (
                re.findall(r'(\w+)\s*[=!]~?\s*"', labels) +
                [b.strip() for by in re.findall(r"by \(([^)]*)\)", query) for b in by.split(",")])
            yield from (
                f"{where}: {name} has no label {label}" for label in asked if label not in known)


def main():
    with open(sys.argv[1], encoding="utf-8") as file, open(sys.argv[2], encoding="utf-8") as page:
        text = file.read()
        asks = list(queries(json.loads(text)) if text.startswith("{") else rules(text))
        wrong = list(check(asks, exported(page.read())))
    if not asks:
        wrong.append("it asks for nothing")
    print("\n".join(wrong) or "fine")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
