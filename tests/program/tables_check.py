#!/usr/bin/env python3
"""Holds the outputs csv, zeek and ecs against the JSON of the same captures,
and against the rules of each format: tables_check.py SMTPWATCH CAPTURE...
"""
import csv
import io
import ipaddress
import json
import os
import re
import subprocess
import sys
import tempfile

problems = []
FOLDER = tempfile.TemporaryDirectory()


def problem(text):
    problems.append(text)


def run(program, captures, *more):
    args = [program] + [part for c in captures for part in ("-r", c)] + list(more)
    return subprocess.run(args, capture_output=True, check=True).stdout.decode("utf-8")


def is_addr(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


# What Zeek's types may look like.
ZEEK_TYPES = {
    "time": lambda t: re.fullmatch(r"\d+\.\d{6}", t),
    "interval": lambda t: re.fullmatch(r"\d+\.\d{6}", t),
    "string": lambda t: not re.search(r"[\x00-\x1f\x7f]", t),
    "vector[string]": lambda t: not re.search(r"[\x00-\x1f\x7f]", t),
    "count": lambda t: t.isdigit(),
    "port": lambda t: t.isdigit() and int(t) < 65536,
    "addr": is_addr,
    "bool": lambda t: t in "TF",
}

# Of the Elastic Common Schema, version 8.11: the fields that are used, and what their values are.
ECS = {
    "@timestamp": str,
    "ecs.version": str,
    "event.id": str,
    "event.start": str,
    "event.kind": str,
    "event.module": str,
    "event.dataset": str,
    "event.category": list,
    "event.type": list,
    "event.duration": int,
    "event.severity": int,
    "event.reason": str,
    "log.level": str,
    "rule.name": str,
    "observer.name": str,
    "network.protocol": str,
    "network.transport": str,
    "network.type": str,
    "network.community_id": str,
    "source.ip": str,
    "source.port": int,
    "source.bytes": int,
    "destination.ip": str,
    "destination.port": int,
    "destination.bytes": int,
    "tls.version": str,
    "tls.cipher": str,
    "tls.client.server_name": str,
    "email.from.address": str,
    "email.to.address": list,
    "email.message_id": str,
}
ECS_ALWAYS = {
    "@timestamp", "ecs.version", "event.kind", "event.category", "event.type", "event.dataset",
    "source.ip", "destination.ip"
}
ECS_WORDS = {
    "event.kind": {"alert", "event"},
    "event.category": {"email", "network"},
    "event.type": {"connection", "end"},
}


def check_csv(text, sessions):
    if text.count("\r\n") != text.count("\n"):
        problem("csv: a line does not end in CRLF")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    names = rows[0]
    if len(set(names)) != len(names):
        problem("csv: two columns of one name")
    for row, s in zip(rows[1:], sessions, strict=True):
        if len(row) != len(names):
            problem(f"csv: {len(row)} fields, {len(names)} names")
        got = dict(zip(names, row))
        want = {
            "session_id": s["session_id"],
            "verdict": s["ending"]["verdict"],
            "client_ip": s["src_ip"],
            "stage": s["ending"]["stage"],
            "client_port": str(s["src_port"]),
            "server_bytes": str(s["net"]["server_bytes"]),
            "start": s["start"],
            "end": s["end"]
        }
        for name, value in want.items():
            if got[name] != value:
                problem(f"csv: {name} is {got[name]!r}, in JSON {value!r}")
        for name, value in got.items():
            if value[:1] in tuple("=+-@\t\r"):
                problem(f"csv: a spreadsheet calculates {name}: {value!r}")


def check_zeek(text, sessions):
    lines = text.split("\n")
    head = {
        l.split("\t")[0].split(" ")[0]: re.split(r"[\t ]", l)[1:]
        for l in lines
        if l.startswith("#")
    }
    if (lines[0] != "#separator \\x09" or head["#unset_field"] != ["-"]
            or head["#empty_field"] != ["(empty)"] or head["#set_separator"] != [","]):
        problem("zeek: the header is not Zeek's")
    names, types = head["#fields"], head["#types"]
    if (len(names) != len(types)
            or names[:6] != ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]):
        problem("zeek: fields and types do not fit")
    rows = [l.split("\t") for l in lines if l and not l.startswith("#")]
    for row, s in zip(rows, sessions, strict=True):
        if len(row) != len(names):
            problem(f"zeek: {len(row)} fields, {len(names)} names")
        for name, kind, value in zip(names, types, row):
            if value not in ("-", "(empty)") and not ZEEK_TYPES[kind](value):
                problem(f"zeek: {name} is no {kind}: {value!r}")
        if ((row[1], row[2], row[names.index("verdict")]) !=
            (s["session_id"], s["src_ip"], s["ending"]["verdict"])):
            problem(f"zeek: another session than in JSON: {row[1]}")


def check_ecs(text, sessions):
    for line, s in zip(text.splitlines(), sessions, strict=True):
        event = json.loads(line)
        for missing in ECS_ALWAYS - event.keys():
            problem(f"ecs: no {missing}")
        for name, value in event.items():
            if not name.startswith("smtpwatch.") and not isinstance(value, ECS.get(name, ())):
                problem(f"ecs: {name} is none of the schema's, or not of its type: {value!r}")
            allowed = ECS_WORDS.get(name)
            if allowed and not set([value] if isinstance(value, str) else value) <= allowed:
                problem(f"ecs: {name} may not be {value!r}")
            # A name may not be a value and an object at once.
            if any(other.startswith(name + ".") for other in event):
                problem(f"ecs: {name} is a value, and has members")
        if ((event["event.id"], event["rule.name"], event["source.port"]) !=
            (s["session_id"], s["ending"]["verdict"], s["src_port"])):
            problem(f"ecs: another session than in JSON: {line}")


def main():
    program, captures = sys.argv[1], sys.argv[2:]
    key = os.path.join(FOLDER.name, "site-key")
    for redact in ("none", "local", "hash", "all"):
        redacted = ("--redact", redact, "--site-key", key)
        sessions = [
            e for e in map(json.loads,
                           run(program, captures, "-o", "json", *redacted).splitlines())
            if e["event_type"] == "session"
        ]
        senders = {t.get("from") for s in sessions for t in s["transactions"] if t.get("from")}
        for kind, check in (("csv", check_csv), ("zeek", check_zeek), ("ecs", check_ecs)):
            text = run(program, captures, "-o", kind, *redacted)
            check(text, sessions)
            if redact == "none" and not any(s in text for s in senders):
                problem(f"{kind}: no sender in it")
            if (redact != "none"
                    and re.search(r"\b[ab]@example\.(net|org)|1@out\.example\.org", text)):
                problem(f"{kind}: an address in it, with --redact {redact}")
    print("\n".join(problems) or f"{len(sessions)} sessions agree in all formats")
    return bool(problems)


sys.exit(main())
