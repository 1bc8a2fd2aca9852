#!/usr/bin/python3
"""All outputs at once count the same alerts: 8,000 generated sessions, of which events are grouped.

usage: counts_check.py SMTPWATCH (from the top of the tree; the generator is built beside it).
Speaks TAP.
"""
import csv
import getpass
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from terminal import Terminal

SESSIONS = 8000


def number(text):
    return int(text.replace(",", ""))


def one(pattern, text):
    found = re.search(pattern, text)
    return number(found[1]) if found else f"no {pattern}"


def counts(folder):
    """What each output says: its name, the alerts, the sessions with an alert; None: it has none.
    """
    def read(kind):
        return (folder / kind).read_text(encoding="utf-8")

    text, html = read("text"), re.sub(r"<[^>]*>", "", read("html"))
    yield "text", one(rf"\n{SESSIONS:,} sessions, ([\d,]+) alerts", text), None
    yield "text, its alerts", len(re.findall(r"(?m)^\d{4}-\S+ \S+ \S+ [A-Z]+ \S+  ", text)), None
    yield "html", one(r"([\d,]+) alerts: ", html), None
    yield "html, its title", one(r"([\d,]+) alerts - SMTP sessions", html), None
    lines = [json.loads(line) for line in read("json").splitlines()]
    alerts = [line for line in lines if line["event_type"] == "alert"]
    yield "json", len(alerts), len({line["session_id"] for line in alerts})
    rows = list(csv.DictReader(read("csv").splitlines()))
    yield "csv", None, sum(row["alert"] == "true" for row in rows)
    fields = one_fields(read("zeek"))
    yield "zeek", None, sum(row["alert"] == "T" for row in fields)
    ecs = [json.loads(line) for line in read("ecs").splitlines()]
    yield "ecs", None, sum(row["event.kind"] == "alert" for row in ecs)
    yield "textfile", sum(
        number(value) for value in re.findall(r"(?m)^smtpwatch_alerts_total{.*} (\d+)$",
                                              read("textfile"))), None


def one_fields(zeek):
    lines = zeek.splitlines()
    names = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
    return [dict(zip(names, line.split("\t"))) for line in lines if not line.startswith("#")]


def top(program, capture):
    """What the view on the terminal says."""
    terminal = Terminal([program, "-r", capture, "--top", "-Z", getpass.getuser()])
    # A sanitizer reads slowly.
    any(terminal.sees(r"all read") for _ in range(6))
    said = one(r"sessions  ([\d,]+) alerts", terminal.text())
    terminal.press("q")
    terminal.ends()
    terminal.close()
    return said


def main():
    program = sys.argv[1]
    generate = pathlib.Path(program).parent / "tests/bench/generate"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        capture = str(folder / "small.pcap")
        subprocess.run([generate, "-n", str(SESSIONS), "small", capture], check=True)
        kinds = ("text", "json", "csv", "zeek", "ecs", "html", "textfile")
        outputs = [part for kind in kinds for part in ("-o", f"{kind}:{folder / kind}")]
        subprocess.run([program, "-Z", getpass.getuser(), "-r", capture, *outputs], check=True)
        said = [*counts(folder), ("top", top(program, capture), None)]
        grouped = (folder / "json").read_text(encoding="utf-8").count('"grouped":true')
    wanted = next((alerts, sessions) for name, alerts, sessions in said if name == "json")
    for i, (name, *got) in enumerate(said, 1):
        good = all(value in (None, want) for value, want in zip(got, wanted))
        print(f"{'ok' if good else 'not ok'} {i} - {name}: {got}, as json {wanted}", flush=True)
    # Without any, whoever counts alone counts right.
    print(f"{'ok' if grouped else 'not ok'} {len(said) + 1} - {grouped} sessions have the alert of "
          "another one")


if __name__ == "__main__":
    main()
