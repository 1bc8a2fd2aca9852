#!/usr/bin/env python3
"""The report of -o html in a real browser:
it is drawn, its charts have their data, it folds, it can be read.

usage: test_report.py SMTPWATCH SCENARIO_PCAP. Speaks TAP.
"""
import getpass
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import devtools

# Every text against what is behind it (WCAG 2.2, 1.4.3): elements whose own text has less than 4.5.
CONTRAST = """(() => {
  const parts = c => {
    const m = c.match(/[0-9.]+/g).map(Number);
    return [...m.slice(0, 3), m.length > 3 ? m[3] : 1];
  };
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => {
    const f = parts(c).slice(0, 3).map(v => linear(v / 255));
    return .2126 * f[0] + .7152 * f[1] + .0722 * f[2];
  };
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (parts(c)[3] === 1) return c;
    }
    return 'rgb(255,255,255)';
  };
  const speaks = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || !speaks(e)) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...new Set(bad)].join(', ');
})()"""

# The sums of the heights of the bars of each chart, in units of a session.
BARS = """[...document.querySelectorAll('svg.chart')].map(s =>
  [...s.querySelectorAll('rect')].filter(r => r.getBoundingClientRect().height > 1).length)"""


class Test:
    def __init__(self, program, builder, folder):
        self.folder, self.n, self.failed = folder, 0, 0
        lists = [
            line.split()[0]
            for line in pathlib.Path("pcaps/LIST").read_text(encoding="utf-8").splitlines()
            if line.strip() and line[0] != "#"
        ]
        self.all, self.events = self.report(program, "all", [f"pcaps/{name}" for name in lists])
        hostile = folder / "hostile.pcap"
        script = pathlib.Path("tests/program/test_html.sh").read_text(encoding="utf-8")
        (folder / "hostile.smtp").write_text(
            re.search(r"hostile\.smtp\" <<'END'\n(.*?)\nEND\n", script, re.DOTALL)[1] + "\n",
            encoding="utf-8")
        subprocess.run([builder, folder / "hostile.smtp", hostile], check=True,
                       stdout=subprocess.DEVNULL)
        self.hostile = self.report(program, "hostile", [str(hostile)])[0]

    def report(self, program, name, captures):
        page, events = self.folder / f"{name}.html", self.folder / f"{name}.json"
        args = [part for c in captures for part in ("-r", c)]
        subprocess.run([
            program, *args, "-o", f"html:{page}", "-o", f"json:{events}", "-Z",
            getpass.getuser()
        ], check=True)
        return page, [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]

    def check(self, name, good, said=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}" + ("" if good else f"\n# {said}"),
              flush=True)

    def quiet(self, b, page):
        """Nothing on the console, and nothing asked for but the page itself."""
        b.value("1")
        said = [
            e for e in b.events if e["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled",
                                                   "Runtime.exceptionThrown")
        ]
        asked = [
            e["params"]["request"]["url"]
            for e in b.events
            if e["method"] == "Network.requestWillBeSent"
        ]
        self.check(f"{page.name}: nothing on the console", not said, said)
        self.check(f"{page.name}: nothing from elsewhere", asked == [page.as_uri()], asked)

    def drawn(self, b):
        alerted = len({e["session_id"] for e in self.events if e["event_type"] == "alert"})
        self.check(
            "styled",
            b.value("getComputedStyle(document.querySelector('.badge')).borderRadius") != "0px")
        self.check(
            "a table of contents whose links lead somewhere",
            b.value(
                "[...document.querySelectorAll('a')].every(a => "
                "document.querySelector(a.getAttribute('href')))"
            ))
        bars = b.value(BARS)
        self.check("both charts have bars", len(bars) == 2 and all(n > 10 for n in bars), bars)
        self.check(
            "a bar for each number above 0",
            b.value(
                "[...document.querySelectorAll('td.b rect')].every(r => "
                "(r.getBoundingClientRect().width > 0) === (+r.getAttribute('width') > 0))"
            ))
        self.check(
            "bars say what they show",
            b.value(
                "[...document.querySelectorAll('svg.chart g')].every(g => "
                "/session/.test(g.querySelector('title').textContent))"
            ))
        self.check("every alerted session",
                   b.value("document.querySelectorAll('#sessions details').length") == alerted,
                   alerted)

    def keyboard(self, b):
        before = b.value("document.querySelector('.skip').getBoundingClientRect().right")
        b.key("Tab", 9)
        self.check("the first stop of the keyboard leads to the sessions",
                   b.value("document.activeElement.getAttribute('href')") == "#sessions")
        self.check("and can be seen only then",
                   before < 0 <= b.value("document.activeElement.getBoundingClientRect().left"),
                   before)

    def folds(self, b):
        first = "document.querySelector('#sessions details')"
        ladder = (
            first +
            ".querySelector('table').checkVisibility({contentVisibilityAuto: "
            "true, checkVisibilityCSS: true})"
        )
        self.check("folded at first", b.value(first + ".open") is False and not b.value(ladder))
        b.value(first + ".querySelector('summary').click()")
        self.check("a click unfolds", b.value(first + ".open") is True and b.becomes(ladder))
        b.value(first + ".querySelector('summary').focus()")
        b.key("Enter", 13, "\r")
        self.check("a key folds", b.value(first + ".open") is False)
        b.key("Enter", 13, "\r")
        self.check("and unfolds", b.value(first + ".open") is True)
        self.check("the fault is marked",
                   b.value(first + ".querySelector('.fault .mark').textContent") == "The fault:")

    def readable(self, b):
        b.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        for scheme in ("light", "dark"):
            b.media(prefers_color_scheme=scheme)
            bad = b.value(CONTRAST)
            self.check(f"{scheme}: contrast", bad == "", bad)
        dark = b.value("getComputedStyle(document.body).backgroundColor")
        b.media(prefers_color_scheme="light")
        self.check("dark is dark",
                   dark != b.value("getComputedStyle(document.body).backgroundColor"), dark)
        for width in (320, 390, 768, 1280):
            b.size(width, 800)
            wide = b.value("document.documentElement.scrollWidth")
            self.check(f"nothing sticks out at {width} pixels", wide <= width, wide)
        b.size(390, 800)
        narrow = b.value(
            "Math.min(...[...document.querySelectorAll('.ladder td')]"
            ".filter(d => d.textContent && d.checkVisibility()).map(d => d.clientWidth))"
        )
        self.check("a ladder's columns stay wide enough for words", narrow > 60, narrow)

    def prints(self, b):
        b.size(1280, 800)
        b.value("document.querySelectorAll('details').forEach(d => d.open = false)")
        b.media("print")
        high = b.value(
            "document.querySelector('#sessions details table').getBoundingClientRect().height")
        self.check("on paper all is unfolded", high > 50, high)
        pdf = b.call("Page.printToPDF", printBackground=False)["data"]
        self.check("it prints", len(pdf) > 10000, len(pdf))
        b.media()

    def accessible(self, b):
        nodes = b.call("Accessibility.getFullAXTree")["nodes"]
        role = lambda n: n.get("role", {}).get("value")
        unnamed = [
            role(n) for n in nodes if not n.get("ignored") and role(n) in (
                "table", "image", "img", "region", "navigation", "link",
                "DisclosureTriangle") and not n.get("name", {}).get("value")
        ]
        self.check("tables, pictures, parts and links have names", not unnamed, unnamed)
        roles = {role(n) for n in nodes if not n.get("ignored")}
        self.check("landmarks and headings", {
            "main", "navigation", "banner", "contentinfo", "heading", "rowheader", "columnheader"
        } <= roles, roles)

    def hostile_is_text(self, b):
        b.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        self.check(
            "no script, no picture, no frame",
            b.value(
                "document.querySelectorAll('script,img,iframe,object,"
                "a[href^=javascript],[onload],[onerror]').length"
            ) == 0)
        for text in ("<script>alert(1)</script>", "<img/src=x/onerror=alert(2)>",
                     "<a href=javascript:alert(4)>closing</a>"):
            self.check(f"shown: {text}",
                       b.value(f"document.body.innerText.includes({json.dumps(text)})"))
        # The page's own policy stands behind the escaping.
        b.value(
            "document.body.insertAdjacentHTML('beforeend', "
            "'<img src=x onerror=\"window.broken=1\"><p id=\"styled\" style=\"color:red\">x</p>')"
        )
        self.check(
            "the policy lets neither style nor script of others in",
            b.value("window.broken") is None
            and b.value("getComputedStyle(document.getElementById('styled')).color") !=
            "rgb(255, 0, 0)")

    def run(self):
        with devtools.Browser() as b:
            b.size(1280, 800)
            b.open(self.all.as_uri())
            self.quiet(b, self.all)
            self.keyboard(b)
            self.drawn(b)
            self.folds(b)
            self.readable(b)
            self.prints(b)
            self.accessible(b)
            self.quiet(b, self.all)
            b.open(self.hostile.as_uri())
            self.quiet(b, self.hostile)
            self.hostile_is_text(b)
        print(f"1..{self.n}")
        return self.failed > 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        return Test(sys.argv[1], sys.argv[2], pathlib.Path(folder)).run()


sys.exit(main())
