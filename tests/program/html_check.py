#!/usr/bin/env python3
"""Holds a report of -o html against HTML's rules, against its promise to need nothing from
elsewhere, and against the JSON of the same captures.

usage: html_check.py REPORT JSON [TEXT...]   (each TEXT must be shown, as text)
"""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import sys

VOID = {"meta", "rect", "br"}
# What a report is made of. Anything else has come from somewhere else.
ALLOWED = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "name", "content", "http-equiv"},
    "title": set(),
    "style": set(),
    "body": set(),
    "a": {"class", "href"},
    "header": set(),
    "h1": set(),
    "h2": {"id"},
    "p": {"class"},
    "nav": {"aria-label"},
    "ul": {"class", "aria-label"},
    "li": {"id"},
    "main": set(),
    "dl": {"class"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "dt": set(),
    "dd": set(),
    "section": {"id", "aria-labelledby"},
    "figure": set(),
    "figcaption": set(),
    "span": {"class"},
    "strong": set(),
    "code": set(),
    "pre": set(),
    "svg": {"class", "role", "aria-label", "aria-hidden", "viewbox", "preserveaspectratio"},
    "g": set(),
    "rect": {"class", "x", "y", "width", "height"},
    "details": set(),
    "summary": set(),
    "table": {"class"},
    "caption": set(),
    "thead": set(),
    "tbody": set(),
    "tr": {"class"},
    "th": {"scope", "class"},
    "td": {"class", "colspan"},
    "time": {"datetime"},
    "ol": {"class", "hidden"},
    "footer": set(),
}
# May stand in another of its kind only through something else.
BLOCKS = {"p", "tr", "td", "th", "table", "li"}
CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Report(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.problems, self.ids, self.links = [], [], set(), []
        self.text, self.rows, self.style, self.policy = [], {}, "", ""
        self.section, self.cells, self.spans, self.sessions, self.ladders = "", None, 0, 0, []

    def problem(self, text):
        self.problems.append(f"line {self.getpos()[0]}: {text}")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if tag not in ALLOWED or not set(names) <= ALLOWED[tag] or len(set(names)) != len(names):
            self.problem(f"<{tag} {' '.join(names)}> is none of a report's")
        if tag in BLOCKS and self.open[-1:] == [tag]:
            self.problem(f"<{tag}> in <{tag}>")
        self.look(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag != "rect":
            self.problem(f"<{tag}/>")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if tag in VOID or not self.open or self.open.pop() != tag:
            self.problem(f"</{tag}> closes something else")
        if tag in ("td", "th", "tr") and self.cells is not None and tag == "tr":
            self.rows.setdefault(self.section, []).append(self.cells)

    def look(self, tag, a):
        if "id" in a:
            if a["id"] in self.ids:
                self.problem(f"a second id {a['id']}")
            self.ids.add(a["id"])
        if tag == "section":
            self.section = a["id"]
        self.links += [a["href"]] if "href" in a else []
        if a.get("http-equiv") == "Content-Security-Policy":
            self.policy = a["content"]
        if tag == "tr":
            self.cells = []
        if tag in ("td", "th") and self.cells is not None:
            self.cells.append("")
        if tag == "th" and a.get("scope") not in ("row", "col"):
            self.problem("a heading without its scope")
        if (tag == "svg" and not (a.get("role") == "img" and a.get("aria-label"))
                and a.get("aria-hidden") != "true"):
            self.problem("a picture that says nothing")
        if (tag == "rect" and
                not all(0 <= float(a.get(n, 0)) <= 6000 for n in ("x", "y", "width", "height"))):
            self.problem("a bar beyond its picture")
        if a.get("tabindex", "0") != "0" or (a.get("role") == "region" and not a.get("aria-label")):
            self.problem("a place that the keyboard does not reach, or without a name")
        if self.section == "sessions":
            self.sessions += tag == "details"
            if tag == "table":
                self.ladders.append(0)
            elif tag == "th" and a["scope"] == "row":
                self.ladders[-1] += 1

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
            return
        self.text.append(data)
        if self.cells:
            self.cells[-1] += data

    def handle_comment(self, data):
        self.problem("a comment")

    def unknown_decl(self, data):
        self.problem(f"a declaration: {data}")


def check_whole(r, raw):
    text = "".join(r.text)
    if r.open:
        r.problems.append(f"not closed: {r.open}")
    if not raw.startswith("<!DOCTYPE html>\n") or CONTROL.search(raw):
        r.problems.append("no DOCTYPE, or a byte that acts instead of being seen")
    for link in r.links:
        if not link.startswith("#") or link[1:] not in r.ids:
            r.problems.append(f"a link to elsewhere: {link}")
    digest = base64.b64encode(hashlib.sha256(r.style.encode()).digest()).decode()
    if (r.policy !=
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ):
        r.problems.append(f"the policy does not fit the style: {r.policy}")
    if re.search(r"url\(|@import|expression|http", r.style):
        r.problems.append("the style asks for something from elsewhere")
    return text


def number(text):
    return int(text.replace(",", ""))


def check_figures(r, events):
    sessions = [e for e in events if e["event_type"] == "session"]
    alerted = {e["session_id"] for e in events if e["event_type"] == "alert"}
    verdicts = {}
    for s in sessions:
        verdicts[s["ending"]["verdict"]] = verdicts.get(s["ending"]["verdict"], 0) + 1
    shown = {
        row[0]: number(row[2])
        for row in r.rows.get("endings", [])
        if len(row) == 5 and row[0] != "Ending"
    }
    for verdict, n in verdicts.items():
        if shown.get(verdict) != n:
            r.problems.append(f"{verdict}: {shown.get(verdict)} in the report, {n} in JSON")
    spans = [row for row in r.rows.get("time", []) if row[0] != "From"]
    if sum(number(row[1]) for row in spans) != len(sessions):
        r.problems.append(f"over time there are not {len(sessions)} sessions: {spans}")
    causes = [row for row in r.rows.get("causes", []) if row[0] != "Cause"]
    if sum(number(row[1]) for row in causes) != len(alerted):
        r.problems.append(f"causes: not of {len(alerted)} sessions: {causes}")
    if r.sessions < min(len(alerted), 200) or r.sessions > 200:
        r.problems.append(f"{r.sessions} sessions shown, {len(alerted)} alerted")
    return f"{len(sessions)} sessions, {r.sessions} shown, {sum(n > 0 for n in r.ladders)} ladders"


def main():
    raw = pathlib.Path(sys.argv[1]).read_bytes().decode("utf-8", errors="strict")
    events = [
        json.loads(line)
        for line in pathlib.Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    ]
    r = Report()
    r.feed(raw)
    r.close()
    text = check_whole(r, raw)
    said = check_figures(r, events)
    r.problems += [f"not shown: {want}" for want in sys.argv[3:] if want not in text]
    print("\n".join(r.problems) or said)
    return bool(r.problems)


sys.exit(main())
