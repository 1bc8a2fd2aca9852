"""table.py - what the cases of the lab came to: a row for each case in results.tsv,
and docs/lab.md, which is made of these rows. usage: table.py (docs/lab.md anew, from the rows)
"""
import csv
import pathlib
import re
import sys
import textwrap

RESULTS = pathlib.Path("tests/lab/results.tsv")
# passed: yes or no; log: a line of the server's log, or what the real client said;
# told: what smtpwatch says of a message that its sender believes delivered.
COLUMNS = ("date", "kind", "case", "server", "done", "expected", "seen", "passed", "log", "told")
# Servers of one name and another configuration count as one.
SERVERS = ("postfix", "exim", "opensmtpd", "sendmail", "dovecot", "smtp-server", "aiosmtpd",
           "misbehave")

HEAD = """# The lab

`make lab` (root) watches real mail servers and clients in network namespaces, makes them fail in
every way that it knows, and holds what smtpwatch says against what the servers' own logs say.
Nothing is installed but unpacked packages under a cache folder (`SMTPWATCH_LAB_CACHE`, default
`/var/cache/smtpwatch-lab`), and nothing is left behind.

Debian's mail servers conflict with each other and have their paths compiled in. So each package is
unpacked, not installed, and runs in an overlay root of its own, in mount and process namespaces
that end with its first process: SIGKILL to that one is SIGKILL to the whole server at one moment.

The cases stand in `tests/lab/cases.py`, what they came to in
`tests/lab/results.tsv`, a row for each; `make lab WRITE=1` renews that file and
this page. *Seen* is verdict, stage, fates of the messages and cause; it is what was expected, or
the case fails; where a word of the expectation is open, `|` stands between what is equally right.
Whether a message was taken is checked in the server's log for each case, under the queue id that
smtpwatch read off the wire. The live daemon with two workers and the captured file are judged
alike. *Log* is a line that the case asks for, or what the real client said.

`tests/lab/test_chaos.py` lets everything around a daemon with seven outputs go wrong at random for
ten minutes: helpers are killed, the daemon and its receivers are stopped, receivers go and come, a
disk is full, an interface is removed, files are moved, the configuration is read again. Afterwards
each record that was offered to an output was written, which is counted where it arrived, or told as
lost; no line is torn; and each fault on the wire has its session, unless the program told that it
did not see the interface or lost packets. `CHAOS_SECONDS` and `CHAOS_SEED` choose another run; each
run says its seed. `tests/lab/test_live_idle.py` measures what a daemon costs that sees nothing
(less than 0.2 % of a core) and how soon it tells (1.5 s behind the closing packet at most).
"""
LOSS = """
## The silent loss, end to end

A Postfix and an Exim deliver from their queues to a server that says 221 instead of 250. Their own
logs tell of success, and their copies are gone; smtpwatch names the message.

"""


def plain(text):
    """A line of a log without what differs from run to run."""
    text = re.sub(r"^<\d+>\w+ +\d+ [\d:]+ ", "", text)
    text = re.sub(r"\[\d+\]|^\d{4}-\d\d-\d\d [\d:]+ |session=<\S+>", "", text)
    text = re.sub(r"(?<=: )\d{4}-\d\d-\d\d [\d:]+ ", "", text)
    return " ".join(text.split())[:150]


def done(case):
    told = f", server told {case.script}" if case.script else ""
    if case.wire:
        path = f", wire {case.wire}"
    else:
        path = f", path {case.net}" if case.net != "bridge" else ""
    return "".join((f"client {case.client}" if case.client else case.does, told, path,
                    ", IPv6" if case.v6 else "", f"; {case.note}" if case.note else ""))


def loss(result):
    """Of a message that its sender believes delivered."""
    if (result.case.family != "silent loss" or result.seen.get("fates") != "falsely-accepted"
            or not result.record):
        return ""
    t = result.record["transactions"][0]
    return (f"{result.seen['verdict']}, {result.record['ending']['severity']}: "
            f"Message-ID <{t.get('message_id', '?')}>, "
            f"from <{t['from']}> to <{t['rcpt'][0]['to']}>: {t['fate']}")


def row(result, date):
    case = result.case
    expected = (case.verdict, case.stage, case.fates, case.cause.strip("|"))
    return {
        "date": date,
        "kind": case.family,
        "case": case.name,
        "server": case.server,
        "done": done(case),
        "expected": " ".join(word for word in expected if word),
        "seen": " ".join(word for word in result.seen.values() if word),
        "passed": "no" if result.wrong else "yes",
        "log": plain(result.log or result.word),
        "told": loss(result),
    }


def read():
    """The versions of the servers, by name, and the rows, by name of the case."""
    if not RESULTS.exists():
        return {}, {}
    with RESULTS.open(encoding="utf-8", newline="") as file:
        versions = dict(re.findall(r"(\w+) ([^ ,\n]+)", file.readline()[1:]))
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return versions, {r["case"]: r for r in rows}


def summary(rows):
    """How many cases of each kind each server had."""
    def base(server):
        return "postfix" if server == "postscreen" else next(s for s in SERVERS
                                                             if server.startswith(s))

    yield "| | fine | " + " | ".join(SERVERS) + " |"
    yield "|---" * (2 + len(SERVERS)) + "|"
    for kind in dict.fromkeys(r["kind"] for r in rows):
        of = [r for r in rows if r["kind"] == kind]
        passed = sum(r["passed"] == "yes" for r in of)
        counts = [sum(base(r["server"]) == server for r in of) for server in SERVERS]
        yield (f"| {kind} | {passed} of {len(of)} | "
               + " | ".join(str(n) if n else "" for n in counts) + " |")


def losses(rows):
    """A list: what the server did, what the sender's log says, what smtpwatch says."""
    def item(begin, text):
        text = text.replace("<", "&lt;")
        return textwrap.fill(text, 100, initial_indent=begin, break_on_hyphens=False,
                             subsequent_indent=" " * (len(begin) - len(begin.lstrip()) + 2))

    for r in rows:
        if r["told"]:
            script = re.search(r"server told (\S+?),?( |$|;)", r["done"] + " ")[1]
            yield f"* `{script}` in `{r['case']}`"
            yield item("  * the sender's log: ", r["log"])
            yield item("  * smtpwatch: ", re.sub(r"^([^,]*)", r"**\1**", r["told"]))


def document(versions, rows):
    dates = {}
    for r in rows:
        dates.setdefault(r["date"], []).append(r["passed"] == "yes")
    runs = "; ".join(f"of {date}: {sum(passed)} of {len(passed)} cases passed"
                     for date, passed in sorted(dates.items()))
    named = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    lost = "\n".join(losses(rows))
    return "\n".join((HEAD, textwrap.fill(named + ".", 100), "",
                      textwrap.fill(f"Run {runs}.", 100), "", *summary(rows))) + "\n" \
        + (LOSS + lost + "\n" if lost else "")


def write(results, versions, date, order):
    """Takes the results of a run, of all cases or some, to the others; order: of all cases."""
    known, rows = read()
    known |= dict(re.findall(r"(\w+) ([^ ,\n]+)", versions))
    rows |= {result.case.name: row(result, date) for result in results}
    rows = [rows[case.name] for case in order if case.name in rows]
    with RESULTS.open("w", encoding="utf-8", newline="") as file:
        file.write("# " + ", ".join(f"{name} {n}" for name, n in sorted(known.items())) + "\n")
        table = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n",
                               quoting=csv.QUOTE_NONE, quotechar=None)
        table.writeheader()
        table.writerows(rows)
    pathlib.Path("docs/lab.md").write_text(document(known, rows), encoding="utf-8")


if __name__ == "__main__":
    found, kept = read()
    pathlib.Path("docs/lab.md").write_text(document(found, list(kept.values())), encoding="utf-8")
    sys.exit(0)
