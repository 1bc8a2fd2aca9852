#!/usr/bin/env python3
"""cases.py - run a folder of cases, and print what differs from what they expect.

usage: cases.py BUILD DIR (from the top of the tree)

DIR/NAME.smtp is a scenario: BUILD/tests/unit/core/session/test_scenarios runs it in every weather.
DIR/NAME.pcap, or .pcapng, is read by BUILD/smtpwatch; DIR/NAME.pcap.expect says what its JSON
output must tell (tests/scenarios/README.md), and DIR/NAME.keylog, if it is there, has its TLS
secrets. Each case runs in a process of its own. Exit status 1 if one fails, or if there is none; 2:
usage.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PORTS = "25,587,24/lmtp,465/tls"
SECONDS = 600  # for one case
CAPTURES = (".pcap", ".pcapng")


class Mistake(Exception):
    """A case that cannot be run as it is written."""


# What is said of a session, in the words of the scenario language.


def ending(name):
    return lambda session: session["ending"][name]


def cause(name):
    return lambda session: session.get("cause", {}).get(name, "none")


def names(values):
    """A list whose order means nothing."""
    return ",".join(sorted(values)) or "none"


def by_message(value):
    return lambda session: ",".join(value(t) for t in session["transactions"]) or "none"


def taken(message):
    return {True: "yes", False: "no", None: "unknown"}[message["taken"]]


def lmtp(session):
    counts = [(t.get("lmtp_accepted"), t.get("lmtp_answered")) for t in session["transactions"]]
    return ",".join(f"{n}/{m}" for n, m in counts if m is not None) or "none"


def proxied(session):
    client = session["smtp"].get("proxied_client")
    return f"{client['ip']}:{client['port']}" if client else "none"


WORDS = {
    "verdict": ending("verdict"),
    "stage": ending("stage"),
    "severity": ending("severity"),
    "closer": ending("closer"),
    "how": ending("how"),
    "farewell": ending("farewell"),
    "seen": ending("seen"),
    "also": lambda session: names(session["ending"]["also"]),
    "flaws": lambda session: names(session["smtp"]["flaws"]),
    "cause": cause("id"),
    "confidence": cause("confidence"),
    "certainty": ending("confidence"),
    "together": lambda session: str(session.get("together", 1)),
    "starttls": lambda session: session["smtp"]["starttls"],
    "proxied": proxied,
    "fate": by_message(lambda message: message["fate"]),
    "bytes": by_message(lambda message: str(message["bytes"])),
    "id": by_message(lambda message: message.get("queue_id", "-")),
    "taken": by_message(taken),
    "lmtp": lmtp,
}
UNORDERED = ("also", "flaws")


# The expectations of a capture.


class Expectations:
    """What an .expect file asks: of each session, of the whole output, and how to run the program.
    """

    def __init__(self, path):
        self.wanted = collections.defaultdict(dict)  # by session number: values by name
        self.nothing = set()  # numbers of sessions that must not be there
        self.no_alerts = False
        self.engine = None
        self.session = 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            self.where = f"{path.name}:{number}"
            self.line(line.split())
        if not (self.wanted or self.nothing or self.no_alerts):
            raise Mistake(f"{path.name}: nothing is expected")

    def line(self, words):
        if not words or words[0].startswith("#"):
            return
        if words[0] == "session" and len(words) == 2 and re.fullmatch("[1-9][0-9]*", words[1]):
            self.session = int(words[1])
        elif words == ["expect", "nothing"]:
            self.nothing.add(self.session)
        elif words[0] == "expect" and len(words) > 1 and len(words) % 2 == 1:
            for name, value in zip(words[1::2], words[2::2]):
                self.pair(name, value)
        else:
            raise Mistake(f"{self.where}: not understood: {' '.join(words)}")

    def pair(self, name, value):
        # "own" is the earlier name of the native engine.
        engine = "native" if value == "own" else value
        if name == "engine" and engine in ("native", "nids") and self.engine in (None, engine):
            self.engine = engine
        elif name == "alerts" and value == "none":
            self.no_alerts = True
        elif name not in WORDS:
            raise Mistake(f"{self.where}: nothing that can be expected: {name} {value}")
        elif name in self.wanted[self.session]:
            raise Mistake(f"{self.where}: expected twice: {name}")
        else:
            self.wanted[self.session][name] = value

    def differences(self, records):
        sessions = [r for r in records if r["event_type"] == "session"]
        alerts = [r for r in records if r["event_type"] == "alert"]
        if self.no_alerts:
            for alert in alerts:
                yield "alerts: expected none, got " + alert["alert"]["signature"]
        for number in sorted(self.nothing):
            if number <= len(sessions):
                yield f"session {number}: {sessions[number - 1]['ending']['verdict']}"
        for number, wanted in sorted(self.wanted.items()):
            if number > len(sessions):
                yield f"session {number}: nothing was reported"
                continue
            for name, value in wanted.items():
                told = said(name, sessions[number - 1])
                if told not in alternatives(name, value):
                    yield f"session {number}: {name}: expected {value}, got {told}"


def said(name, session):
    try:
        return WORDS[name](session)
    except KeyError as missing:
        return f"no field {missing} in the output"


def alternatives(name, value):
    either = value.split("|")
    return [names(one.split(",")) for one in either] if name in UNORDERED else either


# The two kinds of cases.


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="backslashreplace", timeout=SECONDS, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def capture_differs(build, path):
    """What differs, a line each."""
    wanted = path.with_name(path.name + ".expect")
    keys = path.with_suffix(".keylog")
    if not wanted.exists():
        raise Mistake(f"{wanted.name}: missing")
    expectations = Expectations(wanted)
    command = [build / "smtpwatch", "-r", path, "-p", PORTS, "-o", "json"]
    command += ["--engine", expectations.engine] if expectations.engine else []
    command += ["--keylog", keys] if keys.exists() else []
    code, out, err = run(command)
    if code != 0:
        raise Mistake(f"smtpwatch: exit status {code}\n{err.strip()}")
    return list(expectations.differences([json.loads(line) for line in out.splitlines()]))


def scenario_differs(build, path):
    """What differs, a line each; what differs in several weathers alike, once."""
    with tempfile.TemporaryDirectory() as frames:  # what a failure leaves
        code, out, err = run([build / "tests/unit/core/session/test_scenarios", path], env={
            **os.environ, "TMPDIR": frames
        })
    said_here, weathers, other = [], collections.defaultdict(list), []
    for line in (out + err).splitlines():
        weather = re.match(r"\S+ in weather (\S+), seed \d+: frames in ", line)
        if line.startswith("  "):
            said_here.append(line.strip())
        elif weather:
            for one in said_here:
                weathers[one].append(weather[1])
            said_here = []
        elif line.strip() and not re.match(r" *\d+ FAILED TEST|\[[ =A-Z-]*\]", line):
            other.append(line)
    found = (other + [
        f"{one} ({len(where)} weathers, the first: {where[0]})" for one, where in weathers.items()
    ])
    if code != 0 and not found:
        raise Mistake(f"test_scenarios: exit status {code}\n{(out + err).strip()}")
    return found if code != 0 else []


def judge(build, path):
    try:
        return (scenario_differs if path.suffix == ".smtp" else capture_differs)(build, path)
    except (Mistake, OSError, ValueError, subprocess.TimeoutExpired) as why:
        return str(why).splitlines()


def cases(folder):
    """The files that are a case. An .expect without its capture is one, so that it is told."""
    found = [p for p in folder.iterdir() if p.suffix in (".smtp", *CAPTURES)]
    return sorted(
        found +
        [p.with_suffix("") for p in folder.glob("*.expect") if p.with_suffix("") not in found])


def main():
    if len(sys.argv) != 3 or not os.path.isdir(sys.argv[2]):
        print(__doc__.split("\n\n")[1] + "; make cases DIR=folder", file=sys.stderr)
        return 2
    build, folder = map(pathlib.Path, sys.argv[1:])
    passed = failed = 0
    found = cases(folder)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, differences in zip(found, pool.map(lambda p: judge(build, p), found)):
            passed, failed = passed + (not differences), failed + bool(differences)
            if differences:
                print(f"FAILED  {path.name}", *differences, sep="\n  ", flush=True)
    if not found:
        print(f"no cases in {folder}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
