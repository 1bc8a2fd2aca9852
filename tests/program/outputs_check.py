#!/usr/bin/env python3
"""outputs_check.py - every output of the program,
each with sessions that were made to break it or to be let out by it. Speaks TAP.

usage: outputs_check.py SMTPWATCH SCENARIO_PCAP (from the top of the tree)

Captures: one whose every text is hostile; one with passwords and a message, of which nothing may
come out; one with the secrets of its TLS session; one whose addresses --redact has to take out;
replies of several lines, of a million, and of long ones; a last line that is no reply. Each goes
through all of OUTPUTS.
"""
import base64
import csv
import http.server
import io
import json
import os
import pathlib
import pwd
import re
import socket
import subprocess
import sys
import tempfile
import threading

ME = pwd.getpwuid(os.geteuid()).pw_name

HOSTILE = (r"""\x1b]0;owned\x07\x1b[31m\x9b2J\xc2\x9b\xe2\x80\xae\xe2\x80\xa8"""
           r"""\xff\xfe\xed\xa0\x80\x00\x7f\t """
           r"""$(touch owned) `touch owned` ;touch owned; ${IFS} %s%n \\ ' \" """
           r"""<script>alert(1)</script> --> ]]> =1+1 \rMESSAGE=forged\r<13>1 - forged""")

# What a table's cell, a page or a terminal must never get from the wire as it stands.
CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")

SECRETS = [
    "Pa55-canary-plain", "Pa55-canary-login", "Pa55-canary-cram", "Pa55-canary-alone",
    "body-canary-7381", "subject-canary-7381", "chunk-canary-7381"
]
KEYS = "pcaps/tls-exim-idle-body.pcapng"
LINES = ["first reason", "see the list", "last word"]
PEOPLE = ["canaryalice", "canarybob", "canarycarol", "canary-id"]


def b64(text):
    return base64.b64encode(text.encode()).decode()


def scenario_hostile():
    h = HOSTILE
    return f"""# hostile
raw S "220 mx {h}\\r\\n"
raw C "EHLO {h}\\r\\n"
raw S "250 mx {h}\\r\\n"
raw C "AUTH {h}\\r\\n"
raw S "504 {h}\\r\\n"
raw C "MAIL FROM:<{h}@example.org>\\r\\n"
raw S "250 {h}\\r\\n"
raw C "RCPT TO:<{h}@example.net>\\r\\n"
raw S "250 {h}\\r\\n"
raw C "DATA\\r\\n"
raw S "354 {h}\\r\\n"
raw C "Message-ID: <{h}@x>\\r\\nSubject: {h}\\r\\n\\r\\nx\\r\\n.\\r\\n"
raw S "250 queued as {h}\\r\\n"
raw C "MAIL FROM:<{h}@example.org>\\r\\n"
raw S "250 {h}\\r\\n"
raw C "RCPT TO:<{h}@example.net>\\r\\n"
raw S "250 {h}\\r\\n"
raw C "DATA\\r\\n"
raw S "354 {h}\\r\\n"
raw C "Message-ID: <{h}@x>\\r\\n\\r\\nx\\r\\n.\\r\\n"
raw S "221 {h}\\r\\n"
S! FIN
expect verdict 221-for-message
"""


def scenario_secret():
    plain, login, cram, alone, body, subject, chunk = SECRETS
    return f"""# secrets
S: 220 mx
C: EHLO out
S: 250-mx
S+ 250-CHUNKING
S+ 250 AUTH PLAIN LOGIN CRAM-MD5
C: AUTH PLAIN {b64(chr(0) + 'user' + chr(0) + plain)}
S: 535 5.7.8 no
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: {b64('user')}
S: 334 UGFzc3dvcmQ6
C: {b64(login)}
S: 535 5.7.8 no
C: AUTH CRAM-MD5
S: 334 PDE+
C: {cram}
S: 535 5.7.8 no
C: {alone}
S: 500 5.5.1 what
C: MAIL FROM:<a@example.org>
S: 250 ok
C: RCPT TO:<b@example.net>
S: 250 ok
C: BDAT 26
raw C "\\r\\n{chunk}\\r\\n123456"
S: 250 ok
C: RSET
S: 250 ok
C: MAIL FROM:<a@example.org>
S: 250 ok
C: RCPT TO:<b@example.net>
S: 250 ok
C: DATA
S: 354 go ahead
C: Message-ID: <1@out.example.org>
C+ Subject: {subject}
C+
C+ {body}
C: .
S: 221 2.0.0 closing
S! FIN
expect verdict 221-for-message
"""


def echoes():
    """Servers that repeat what they could not take: a name, what both sides say,
    what is told of the last words (None: the uncoded ones).
    """
    plain, login, cram, alone, body, subject, chunk = SECRETS
    head = ("# an echo\nS: 220 mx\nC: EHLO out\nS: 250-mx\nS+ 250-CHUNKING\n"
            "S+ 250 AUTH PLAIN LOGIN CRAM-MD5\n")
    mail = head + "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\n"
    secret, end = b64("\0user\0" + plain), "S! FIN\nexpect verdict unknown\n"
    url = f"imap://u@h/{chunk};urlauth=submit+u:internal:{body}"
    return [
        ("AUTH",
         f"{head}C: AUTH PLAIN {secret}\nS: 535 5.7.8 authentication failed: "
         f"bad data \"{secret}\"\n{end}",
         "authentication failed: bad data ********"),
        ("AUTH, shortened",
         f"{head}C: AUTH PLAIN {secret}\nS: 535 5.7.8 PLAIN failed: "
         f"{secret[:12]}...{secret[-12:]}\n{end}",
         "PLAIN failed: ********"),
        ("AUTH in lines",
         f"{head}C: AUTH PLAIN {secret}\nS: 535-5.7.8 failed\nS+ 535-5.7.8 got={secret.upper()}\n"
         f"S+ 535 5.7.8 bye\n{end}",
         "failed\n********\nbye"),
        ("AUTH at once",
         f"{head}C: AUTH LOGIN\nC+ {login}\nS: 503 5.5.1 command unrecognized, then <{login}>\n"
         f"{end}",
         "command unrecognized, then ********"),
        ("AUTH without a mechanism",
         f"{head}C: AUTH {secret}\nS: 504 5.5.4 mechanism {secret} is unknown\n{end}",
         "mechanism ******** is unknown"),
        ("another AUTH",
         f"{head}C: XAUTH PLAIN {secret}\nS: 502 5.5.2 command unrecognized: XAUTH\n{end}",
         "command unrecognized: ********"),
        ("an answer",
         f"{head}C: AUTH CRAM-MD5\nS: 334 PDE+\nC: {b64(cram)}\n"
         f"S: 535 5.7.8 credentials ({b64(cram)}) are wrong\n{end}",
         "credentials ******** are wrong"),
        ("an answer that nobody asked for",
         f"{head}C: AUTH LOGIN\nS: 503 no\nC: {alone}\nS: 500 5.5.1 command unrecognized: {alone}\n"
         f"{end}",
         "command unrecognized: ********"),
        ("a line without a code", f"{head}C: AUTH PLAIN {secret}\nS: bad data {secret}\n{end}",
         None),
        ("half a line",
         f"{head}raw C \"AUTH PLAIN {secret}\"\nS: 421 4.4.2 timeout reading {secret}\n{end}",
         "timeout reading ********"),
        ("BURL", f"{mail}C: BURL {url} LAST\nS: 554 5.6.6 cannot fetch imap://u@h/{chunk}\n{end}",
         "cannot fetch ********"),
        ("a refused message",
         f"{mail}C: DATA\nS: 554 no\nC: Subject: {subject}\nS: 500 what\nC: {body} is it\n"
         f"S: 500 5.5.1 command unrecognized: \"{body} is it\"\n{end}",
         "command unrecognized: ******** is it\""),
        ("a refused message at once",
         f"{mail}C: DATA\nC+ Subject: {subject}\nC+ {body}\n"
         f"S: 554 5.5.1 no valid recipients for {subject}\n{end}",
         "no valid recipients for ********"),
        ("a refused message, without a code",
         f"{mail}C: DATA\nS: 554 no\nC: {body} is it\nS: bad data {body}\n{end}", None),
        ("a refused chunk",
         f'{mail}C: BDAT 20\nS: 554 no\nraw C "{chunk}12\\r\\n"\n'
         f'S: 500 5.5.1 command unrecognized: {chunk}12\n{end}',
         "command unrecognized: ********"),
        ("a password that replies are made of",
         f"{head}C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: mailbox\nS: 334 UGFzc3dvcmQ6\nC: timeout\n"
         f"S: 535 5.7.8 failed: mailbox timeout\n{end}",
         "failed: ******** ********"),
        ("words that replies are made of",
         f"{mail}C: DATA\nS: 554 no\nC: {body} mailbox full\nS: 500 what\nC: RSET\n"
         f"S: 552 5.2.2 mailbox of user full\n{end}",
         "mailbox of user full"),
        ("such words beside others",
         f"{mail}C: DATA\nS: 554 no\nC: mailbox of {body} full\n"
         f"S: 500 5.5.1 unknown: \"mailbox of {body} full\"\n{end}",
         "unknown: ******** of ******** ********"),
        ("the rest of a message",
         f"{mail}C: DATA\nS: 354 go\nC: x\nS: 250 ok\nC: {body}\n"
         f"S: 500 5.5.1 command unrecognized: {body}\n{end}",
         "command unrecognized: ********"),
    ]


def scenario_people():
    alice, bob, carol, ident = PEOPLE
    return f"""# people
S: 220 mx
C: EHLO out
S: 250 mx
C: MAIL FROM:<{alice}@example.org>
S: 250 2.1.0 {alice}@example.org ok
C: RCPT TO:<{bob}@example.net>
S: 250 2.1.5 {bob} ok
C: RCPT TO:<{carol}@example.net>
S: 550 5.1.1 <{carol}@example.net>: no such user
C: DATA
S: 354 go ahead
C: Message-ID: <{ident}@out.example.org>
C+
C+ x
C: .
S: 221-2.0.0 closing
S+ 221-{bob}
S+ 221-user={bob}+x {bob}/INBOX no-such-user-{bob}
S+ 221 2.0.0 {alice}@example.org
S! FIN
expect verdict 221-for-message
"""


def scenario_end(*said):
    """A message, what the server says to its end, and its close."""
    head = ("# an answer\nS: 220 mx\nC: EHLO out\nS: 250 mx\nC: MAIL FROM:<a@example.org>\n"
            "S: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\nC: DATA\nS: 354 go ahead\nC: x\n"
            "C: .\n")
    return head + "".join(f'raw S "{text}"\n' for text in said) + "S! FIN\nexpect verdict unknown\n"


def scenario_lines(code):
    return scenario_end("".join(f"{code}-{line}\\r\\n" for line in LINES[:-1]) +
                        f"{code} {LINES[-1]}\\r\\n")


def scenario_uncoded_people():
    alice, bob, *_ = PEOPLE
    return scenario_people().replace(
        f"S: 221-2.0.0 closing\nS+ 221-{bob}\nS+ 221-user={bob}+x {bob}/INBOX no-such-user-{bob}\n"
        f"S+ 221 2.0.0 {alice}@example.org",
        f'raw S "no mail for {alice}@example.org, nor user={bob}, {bob}\\r\\n"')


class Run:
    """One run of the program, with a folder of its own
    and the files and sockets of its outputs in it.
    """

    def __init__(self, program, capture, folder):
        self.program, self.capture, self.folder = program, capture, pathlib.Path(folder)
        self.folder.mkdir()

    def smtpwatch(self, *arguments):
        done = subprocess.run([self.program, "-r", self.capture, "-Z", ME, *arguments],
                              capture_output=True, check=False, stdin=subprocess.DEVNULL,
                              cwd=self.folder)
        if done.returncode != 0:
            raise AssertionError(f"exit {done.returncode}: {done.stderr[-300:]}")
        return done.stdout + done.stderr

    def file(self, kind, *more):
        path = self.folder / "out"
        said = self.smtpwatch("-o", f"{kind}:{path}", *more)
        return path.read_bytes() + said

    def datagrams(self, kind, *more):
        path, got = self.folder / "socket", []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(str(path))
            self.smtpwatch("-o", f"{kind}:{path}", *more)
            s.setblocking(False)
            try:
                while True:
                    got.append(s.recv(1 << 20))
            except BlockingIOError:
                return got

    def command(self, *more):
        helper = self.folder / "helper"
        helper.write_text(
            '#!/bin/sh\n{ tr "\\000" "\\n" </proc/$$/environ; echo "$#"; printf "%s\\n" "$@"; cat; '
            '} >"$1"\n'
        )
        helper.chmod(0o755)
        self.smtpwatch("-o", f"exec:{helper} {self.folder}/ran '$(touch owned)'", *more)
        return (self.folder / "ran").read_bytes()

    def posted(self, kind, *more):
        got = []

        class Service(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Nothing."""

        with http.server.HTTPServer(("127.0.0.1", 0), Service) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            self.smtpwatch("-o", f"http:{kind}+http://127.0.0.1:{server.server_port}/x", *more)
            server.shutdown()
        return b"\n".join(body.rstrip(b"\n") for body in got)

    def packets_written(self):
        self.smtpwatch("-o", "text", "--write-pcap", str(self.folder / "packets"))
        return b"".join(p.read_bytes() for p in (self.folder / "packets").iterdir())

    def packets(self):
        self.packets_written()
        return "".join(f"{p.name}\n" for p in (self.folder / "packets").iterdir()).encode()


def journal_fields(entry):
    """Of an entry in the journal's native protocol;
    a value with line ends stands behind its length.
    """
    at = 0
    while at < len(entry):
        end = entry.index(b"\n", at)
        line, at = entry[at:end], end + 1
        if b"=" in line:
            name, value = line.split(b"=", 1)
        else:
            n = int.from_bytes(entry[at:at + 8], "little")
            name, value, at = line, entry[at + 8:at + 8 + n], at + 9 + n
        if not re.fullmatch(b"[A-Z][A-Z0-9_]*", name):
            raise AssertionError(f"a field {name!r}")
        yield name, value


def journald(run, *more):
    text = b""
    for entry in run.datagrams("journald", *more):
        names = []
        for name, value in journal_fields(entry):
            names.append(name)
            text += name + b"=" + value + b"\n"
        if names.count(b"MESSAGE") != 1:
            raise AssertionError(f"{names.count(b'MESSAGE')} messages")
    return text


def syslog(run, *more):
    got = run.datagrams("syslog", *more)
    for message in got:
        if b"\n" in message or not re.match(rb"<\d+>1 \S+ \S+ smtpwatch ", message):
            raise AssertionError(f"a message {message[:80]!r}")
    # Before its text one byte order mark is due (RFC 5424 6.4).
    return b"\n".join(m.replace(b"] \xef\xbb\xbf", b"] ", 1) for m in got)


def as_json(text):
    for line in text.decode().splitlines():
        json.loads(line)
    return text


def as_csv(text):
    text = text.replace(b"\r\n", b"\n")
    rows = list(csv.reader(io.StringIO(text.decode())))
    if len({len(r) for r in rows}) != 1:
        raise AssertionError("rows of different lengths")
    for cell in (c for r in rows[1:] for c in r):
        if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not re.fullmatch(r"-?[\d.]+", cell):
            raise AssertionError(f"a spreadsheet calculates {cell[:40]!r}")
    return text


def as_zeek(text):
    rows = [r for r in text.decode().splitlines() if not r.startswith("#")]
    if len({r.count("\t") for r in rows}) != 1:
        raise AssertionError("rows of different lengths")
    return text.replace(b"\t", b" ")


def as_page(text):
    if b"<script>alert" in text:
        raise AssertionError("a script of the wire's")
    return text


def as_names(text):
    for name in text.decode().splitlines():
        if not re.fullmatch(r"[A-Za-z0-9._-]+\.pcap", name):
            raise AssertionError(f"a file {name!r}")
    return text


def as_metrics(text):
    for line in text.decode().splitlines():
        if (not line.startswith("#") and not re.fullmatch(
                r'[a-z_]+(\{[a-z_]+="[^"\\\n]*"(,[a-z_]+="[^"\\\n]*")*\})? [0-9.e+-]+', line)):
            raise AssertionError(f"a line {line!r}")
    return text


# A refusal is an alert only where it is asked for.
ALERTS = [
    word for verdict in ("refused-then-closed", "drop-before-message", "drop-in-transaction",
                         "421-idle") for word in ("--severity", f"{verdict}=critical")
]
EXPLAIN = ["--explain", "worst", "-o", "text:/dev/null"]

HTTP_KINDS = ["slack", "elastic", "otlp"]
OUTPUTS = [
    ("text", lambda r, *m: r.file("text", *m)),
    ("json", lambda r, *m: as_json(r.file("json", *m))),
    ("syslog", syslog),
    ("journald", journald),
    ("textfile", lambda r, *m: as_metrics(r.file("textfile", *m))),
    ("exec", lambda r, *m: r.command(*m)),
    ("csv", lambda r, *m: as_csv(r.file("csv", *m))),
    ("zeek", lambda r, *m: as_zeek(r.file("zeek", *m))),
    ("ecs", lambda r, *m: as_json(r.file("ecs", *m))),
    ("html", lambda r, *m: as_page(r.file("html", *m))),
    ("explain", lambda r, *m: r.smtpwatch(*EXPLAIN, *m)),
    ("ladder csv", lambda r, *m: as_csv(r.smtpwatch(*EXPLAIN, "--ladder", "csv", *m))),
    ("ladder mermaid", lambda r, *m: as_page(r.smtpwatch(*EXPLAIN, "--ladder", "mermaid", *m))),
]
OUTPUTS += [(f"http {kind}", lambda r, *m, kind=kind: as_json(r.posted(kind, *m)))
            for kind in HTTP_KINDS
            if os.path.exists(pathlib.Path(sys.argv[1]).with_name("smtpwatch-http"))]
# Those that tell a last line which is no reply.
UNCODED = ["text", "json", "exec", "html", "explain"]


def forms(secret):
    """As it stands, and as it may be hidden in something longer."""
    found = {secret, secret.encode().hex(), b64(secret), b64("\0user\0" + secret), b64(secret)[:-4]}
    return {f.lower() for f in found}


def check_hostile(run, output, tells):
    text = output(run)
    if tells and b"touch owned" not in text and b"script" not in text:
        raise AssertionError("nothing of it is told")
    bad = CONTROLS.search(text.decode())
    if bad:
        raise AssertionError(
            f"{bad.group()!r} in {text.decode()[max(0, bad.start() - 40):bad.end() + 10]!r}")
    if list(run.folder.rglob("owned")):
        raise AssertionError("something was run")


def told(text):
    """As one line of words, however a view has broken it."""
    return " ".join(text.decode().split())


def check_lines(run, output, name):
    text, joined = output(run, *ALERTS), " / ".join(LINES)
    if name in ("json", "exec", "http elastic"):
        events = [
            json.loads(line)
            for line in text.decode().splitlines()
            if line.startswith(('{"timestamp"', '{"@timestamp"'))
        ]
        event = next(e for e in events if e["event_type"] in ("session", "alert"))
        for reply in (event["smtp"]["last_reply"], event["transactions"][0]["reply"]):
            if reply["text"] != "\n".join(LINES):
                raise AssertionError(f"JSON has {reply['text']!r}")
    if name not in ("json", "http elastic") and joined not in told(text):
        raise AssertionError(f"not told: {joined}")


def check_uncoded(run, output, name):
    text = told(output(run)).replace("&#39;", "'").replace("&quot;", '"')
    words = ('"uncoded":"no mail for you"' if name in ("json", "exec") else
             'The server\'s last words were no reply: "no mail for you".')
    if words not in text:
        raise AssertionError(f"not told: {words}")


def check_flood(run, output, tells):
    """Bounded, whatever the server says."""
    text = output(run)
    bad = CONTROLS.search(text.decode())
    if bad:
        raise AssertionError(
            f"{bad.group()!r} in {text.decode()[max(0, bad.start() - 40):bad.end() + 10]!r}")
    if len(text) > 64 << 10:
        raise AssertionError(f"{len(text)} bytes")
    if tells and b"flood" not in text:
        raise AssertionError("nothing of it is told")


def check_secret(run, output):
    text = output(run).decode().lower()
    for secret in SECRETS:
        for form in forms(secret):
            if form in text:
                raise AssertionError(
                    f"{form} is told: {text[max(0, text.index(form) - 60):][:140]!r}")


def check_echo(run, output, name, words):
    """Nothing secret, and all else of the server's words."""
    text = output(run, *ALERTS)
    told = text.decode()
    for form in {f for secret in SECRETS for f in forms(secret)}:
        if form in told.lower():
            begin = max(0, told.lower().index(form) - 60)
            raise AssertionError(f"{form} is told: {told[begin:][:140]!r}")
    if name != "json":
        return
    smtp = next(
        json.loads(line)["smtp"] for line in text.decode().splitlines() if '"smtp":' in line)
    said = smtp["last_reply"]["text"] if words else smtp["uncoded"]
    if said != (words or "bad data ********"):
        raise AssertionError(f"JSON has {said!r}")


def check_keys(run, output):
    """What the capture brings along to read TLS with."""
    keys = re.findall(rb"^[A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64,96})$",
                      pathlib.Path(run.capture).read_bytes(), re.M)
    if not keys:
        raise AssertionError("a capture without keys")
    text = output(run)
    for key in keys:
        if key in text.lower() or bytes.fromhex(key.decode()) in text:
            raise AssertionError(f"{key.decode()} is told")


def check_people(run, output, mode):
    key = run.folder / "key"
    key.write_text("0" * 64)
    key.chmod(0o600)
    text = output(run, "--redact", mode, "--site-key", str(key)).decode()
    for name in PEOPLE if mode != "local" else PEOPLE[:3]:
        if name in text:
            raise AssertionError(f"{name} is told: {text[max(0, text.index(name) - 60):][:140]!r}")


def capture_make(builder, folder, name, scenario):
    source, made = folder / "case.smtp", folder / name
    source.write_text(scenario)
    subprocess.run([builder, source, folder / "made.pcap"], check=True)
    (folder / "made.pcap").rename(made)
    return str(made)


def main():
    program, builder = map(os.path.realpath, sys.argv[1:3])
    n, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        hostile = capture_make(builder, top,
                               'a"$(touch owned)\x1b[31m\u202e<script>alert(1) -o.pcap',
                               scenario_hostile())
        secret = capture_make(builder, top, "secret.pcap", scenario_secret())
        people = capture_make(builder, top, "people.pcap", scenario_people())
        lines = {
            code: capture_make(builder, top, f"lines-{code}.pcap", scenario_lines(code))
            for code in ("221", "554")
        }
        floods = {
            "a million lines": scenario_end("221-flood\\r\\n" * 1000000, "221 end\\r\\n"),
            "long lines": scenario_end(f"221-flood {HOSTILE} {'x' * 4000}\\r\\n" * 100,
                                       f"221 {HOSTILE}\\r\\n"),
        }
        floods = {
            name: capture_make(builder, top, f"{name}.pcap", scenario)
            for name, scenario in floods.items()
        }
        no_code = capture_make(builder, top, "no-code.pcap",
                               scenario_end(f"flood {HOSTILE} {'x' * 4000}\\r\\n"))
        uncoded = capture_make(builder, top, "uncoded.pcap", scenario_end("no mail for you\\r\\n"))
        uncoded_people = capture_make(builder, top, "uncoded-people.pcap",
                                      scenario_uncoded_people())
        cases = [("hostile", hostile, name, check_hostile, (output, name != "textfile"))
                 for name, output in OUTPUTS]
        cases += [("hostile", hostile, "packets", check_hostile,
                   (lambda r: as_names(r.packets()), False))]
        cases += [("secret", secret, name, check_secret, (output,)) for name, output in OUTPUTS]
        for number, (what, scenario, words) in enumerate(echoes()):
            echo = capture_make(builder, top, f"echo-{number}.pcap", scenario)
            cases += [(f"echo of {what}", echo, name, check_echo, (output, name, words))
                      for name, output in OUTPUTS]
        cases += [("keys", os.path.realpath(KEYS), name, check_keys, (output, ))
                  for name, output in OUTPUTS]
        cases += [("keys", os.path.realpath(KEYS), "packets", check_keys,
                   (lambda r: r.packets_written(), ))]
        cases += [(f"redact {mode}", people, name, check_people, (output, mode))
                  for mode in ("local", "hash", "all")
                  for name, output in OUTPUTS]
        cases += [(f"lines of a {code}", lines[code], name, check_lines, (output, name))
                  for code in lines
                  for name, output in OUTPUTS
                  if name not in ("textfile", "http slack")]
        cases += [(f"flood of {flood}", floods[flood], name, check_flood,
                   (output, name not in ("textfile", "http slack")))
                  for flood in floods
                  for name, output in OUTPUTS]
        cases += [("flood without a code", no_code, name, check_flood, (output, name in UNCODED))
                  for name, output in OUTPUTS]
        cases += [("uncoded", uncoded, name, check_uncoded, (output, name))
                  for name, output in OUTPUTS
                  if name in UNCODED]
        cases += [(f"uncoded, redact {mode}", uncoded_people, name, check_people, (output, mode))
                  for mode in ("local", "hash", "all")
                  for name, output in OUTPUTS]
        for case, capture, name, check, arguments in cases:
            n += 1
            try:
                check(Run(program, capture, top / str(n)), *arguments)
                print(f"ok {n} - {case}: {name}")
            except (AssertionError, ValueError, OSError) as why:
                failed += 1
                print(f"not ok {n} - {case}: {name}\n{why}")
    print(f"1..{n}")
    sys.exit(failed > 0)


main()
