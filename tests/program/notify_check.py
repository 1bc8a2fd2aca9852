#!/usr/bin/python3
"""contrib/notify/notify: what arrives at its targets, and what does not.

usage: notify_check.py SMTPWATCH   (from the top of the tree). Speaks TAP.
"""
import base64
import email
import email.policy
import getpass
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

NOTIFY = os.path.abspath("contrib/notify/notify")
SECRET = "T0/B1/s3cr3t"
# As hostile as the program lets it be, and worse: a line feed, a quotation mark, markup, a mention.
ALERT = {
    "SIGNATURE": "221-for-message", "VERDICT": "221-for-message", "SEVERITY": "critical",
    "CLIENT": "192.0.2.10:40001", "SERVER": "198.51.100.25:25", "STAGE": "END-OF-MESSAGE",
    "FATE": "falsely-accepted", "SESSION_ID": "2fee6ccca07a4816", "CODE": "221",
    "BANNER": 'mx <!channel> & "x" [l](http://evil.example) @room \\u001b',
    "REPLY": "bye\nBcc: eve@evil.example", "HELO": "\u202eout\u00e9.example.org",
    "FROM": "alice@example.org", "RCPT": "bob@example.net,carol@example.net",
    "MESSAGE_ID": "1@out.example.org", "END": "2026-01-05T10:00:00.017000Z",
}
SHOWN_REPLY = "Reply: bye Bcc: ***@evil.example"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what comes; /slow is not answered in time, /STATUS/... with that status."""

    def take(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.taken.append((self.command, self.path, dict(self.headers), body))
        first = self.path.split("/")[1]
        if first == "slow":
            self.server.go_on.wait(20)
            return
        self.send_response(int(first) if first.isdigit() else 200)
        if first == "302":
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_PUT = do_GET = take

    def log_message(self, *_):
        pass


class MailServer(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 mx\r\n")
        text, inside = [], False
        for line in self.rfile:
            text.append(line)
            if inside and line != b".\r\n":
                continue
            verb = line[:4].upper()
            inside = verb == b"DATA"
            # Not 221: the mail is taken all the same.
            answers = {b"DATA": b"354 go\r\n", b"QUIT": b"421 busy\r\n"}
            self.wfile.write(answers.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                break
        self.server.taken.append(b"".join(text))


class Test:
    def __init__(self, program, folder):
        self.program, self.folder, self.n, self.failed = program, folder, 0, 0
        self.web = self.serve(http.server.ThreadingHTTPServer, Receiver)
        self.mta = self.serve(socketserver.ThreadingTCPServer, MailServer)
        self.web.go_on = threading.Event()
        self.at = f"http://127.0.0.1:{self.web.server_address[1]}"

    @staticmethod
    def serve(kind, handler):
        server = kind(("127.0.0.1", 0), handler)
        server.daemon_threads, server.taken = True, []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def check(self, name, good, said=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        if not good:
            print("# " + str(said).replace("\n", "\n# "), flush=True)

    def file(self, mode=0o640, **options):
        path = self.folder / "options"
        path.write_text("# of a test\n" + "".join(f"{name.rstrip('_')} = {value}\n"
                                                  for name, value in options.items()),
                        encoding="utf-8")
        path.chmod(mode)
        return path

    def notify(self, kind, path, *first):
        env = {"PATH": os.environ["PATH"], "PASSWORD": "hunter2", "OTHER_SMTPWATCH_X": "hunter2",
               **{f"SMTPWATCH_{name}": text for name, text in ALERT.items()}}
        return subprocess.run([NOTIFY, *first, kind, path], env=env, capture_output=True,
                              encoding="utf-8", input='{"password":"hunter2"}', check=False)

    def taken(self, kind, **options):
        """The one request that arrives."""
        self.web.taken.clear()
        ran = self.notify(kind, self.file(**options))
        fine = ran.returncode == 0 and not ran.stderr and len(self.web.taken) == 1
        self.check(f"{kind} is told", fine, ran)
        if not fine:
            return "", "", {}, {}
        method, path, headers, body = self.web.taken[0]
        self.check(f"{kind}: nothing but the facts",
                   b"hunter2" not in body and b"alice@" not in body)
        return method, path, headers, json.loads(body)

    def slack(self):
        method, path, headers, body = self.taken("slack", url=f"{self.at}/{SECRET}")
        text = body.get("blocks", [{"text": {"text": ""}}])[0]["text"]["text"]
        self.check("slack: its request", (method, path) == ("POST", f"/{SECRET}")
                   and headers.get("Content-Type") == "application/json", headers)
        self.check("slack: the title is the text of the notification", body.get("text") ==
                   "CRITICAL 221-for-message: 192.0.2.10:40001 -&gt; 198.51.100.25:25", body)
        self.check("slack: nobody is called", "&lt;!channel&gt; &amp; \"x\"" in text
                   and "<" not in text, text)
        self.check("slack: a line a fact", SHOWN_REPLY in text.split("\n"), text)
        self.check("addresses without their persons", "From: ***@example.org" in text
                   and "To: ***@example.net,***@example.net" in text
                   and "Message-ID: 1@out.example.org" in text, text)
        self.check("no character that turns the text round", "\u202e" not in text and "é" in text)
        self.web.taken.clear()
        self.notify("slack", self.file(url=f"{self.at}/x", addresses="yes"))
        self.check("addresses where that is asked for", b"From: alice@example.org" in
                   self.web.taken[0][3], self.web.taken)

    def teams(self):
        body = self.taken("teams", url=f"{self.at}/{SECRET}")[3]
        cards = [a["content"] for a in body.get("attachments", []) if a["contentType"] ==
                 "application/vnd.microsoft.card.adaptive"]
        blocks = cards[0]["body"] if cards else []
        self.check("teams: a card", body.get("type") == "message" and len(cards) == 1
                   and cards[0]["type"] == "AdaptiveCard", body)
        self.check("teams: nothing reads Markdown", blocks and all(
            b["type"] == "RichTextBlock" and b["inlines"][0]["type"] == "TextRun"
            for b in blocks), blocks)
        self.check("teams: a block a fact", SHOWN_REPLY in
                   [b["inlines"][0]["text"] for b in blocks], blocks)

    def matrix(self):
        options = {"url": f"{self.at}/", "room": "!r/1:example.org", "token": SECRET}
        method, path, headers, body = self.taken("matrix", **options)
        self.check("matrix: a message into the room", method == "PUT" and path.startswith(
            "/_matrix/client/v3/rooms/%21r%2F1%3Aexample.org/send/m.room.message/"
            "2fee6ccca07a4816-"), path)
        self.check("matrix: with its token", headers.get("Authorization") == f"Bearer {SECRET}")
        self.check("matrix: a notice that calls nobody", body.get("msgtype") == "m.notice"
                   and body.get("m.mentions") == {} and SHOWN_REPLY in body["body"], body)
        self.notify("matrix", self.file(**options))
        self.check("matrix: the same alert, the same transaction", self.web.taken[-1][1] == path)

    def alertmanager(self):
        method, path, headers, body = self.taken("alertmanager", url=self.at, user="u",
                                                 password=SECRET)
        alert = body[0] if body else {"labels": {}, "annotations": {}}
        self.check("alertmanager: its request", (method, path) == ("POST", "/api/v2/alerts"), path)
        self.check("alertmanager: with user and password", headers.get("Authorization") == "Basic "
                   + base64.b64encode(f"u:{SECRET}".encode()).decode())
        self.check("alertmanager: labels of no single session", alert["labels"] ==
                   {"alertname": "Smtpwatch", "signature": "221-for-message",
                    "severity": "critical", "server": "198.51.100.25:25"}, alert)
        self.check("alertmanager: the rest beside them", alert.get("startsAt") == ALERT["END"]
                   and alert["annotations"].get("reply") == SHOWN_REPLY[7:]
                   and alert["annotations"].get("message_id") == ALERT["MESSAGE_ID"], alert)

    def mail(self):
        sendmail = self.folder / "sendmail"
        sendmail.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{self.folder}/args\n'
                            f"cat >{self.folder}/mail\n", encoding="utf-8")
        sendmail.chmod(0o755)
        who = {"from_": "smtpwatch@example.org", "to": "Ops <ops@example.org>, b@example.org"}
        ran = self.notify("mail", self.file(sendmail=sendmail, **who))
        self.check("mail is handed over", ran.returncode == 0, ran)
        args = (self.folder / "args").read_text(encoding="utf-8").split("\n")
        self.check("mail: its envelope", args == ["-i", "-f", "smtpwatch@example.org", "--",
                                                  "ops@example.org", "b@example.org", ""], args)
        self.mail_is("mail", (self.folder / "mail").read_bytes())
        ran = self.notify("mail", self.file(smtp=f"127.0.0.1:{self.mta.server_address[1]}", **who))
        self.check("mail by SMTP", ran.returncode == 0, ran)
        for _ in range(100):
            if self.mta.taken:
                break
            time.sleep(0.05)
        said = self.mta.taken[0] if self.mta.taken else b""
        verbs = said.upper()  # their case is the library's, and changes with its version
        self.check("mail by SMTP: its envelope", b"MAIL FROM:<SMTPWATCH@EXAMPLE.ORG>" in verbs
                   and verbs.count(b"RCPT TO:<") == 2, said)
        self.mail_is("mail by SMTP", said.partition(b"\r\ndata\r\n")[2])
        sendmail.write_text("#!/bin/sh\ncat >/dev/null\nexit 75\n", encoding="utf-8")
        ran = self.notify("mail", self.file(sendmail=sendmail, **who))
        self.check("mail that is not taken", ran.returncode == 1, ran)

    def mail_is(self, name, data):
        got = email.message_from_bytes(data, policy=email.policy.default)
        self.check(f"{name}: its header", got["Subject"] == "smtpwatch: CRITICAL 221-for-message: "
                   "192.0.2.10:40001 -> 198.51.100.25:25" and "Bcc" not in got
                   and got["Auto-Submitted"] == "auto-generated" and got["Date"]
                   and got["Message-ID"].endswith("@example.org>"), data)
        text = got.get_content().replace("\r", "")
        self.check(f"{name}: its text", SHOWN_REPLY in text.split("\n") and "hunter2" not in text,
                   text)

    def fails(self, name, kind, code, says, lacks, **options):
        begun = time.monotonic()
        ran = self.notify(kind, self.file(**options))
        self.check(f"{name}: exit {code}, and why", ran.returncode == code and says in ran.stderr
                   and "Traceback" not in ran.stderr and time.monotonic() - begun < 10, ran)
        self.check(f"{name}: its secret is not said",
                   lacks not in ran.stderr and SECRET not in ran.stderr, ran)

    def trouble(self):
        self.web.taken.clear()
        for status in (302, 403, 500):
            self.fails(f"answer {status}", "slack", 1, f"127.0.0.1 answered {status}", "s3cr3t",
                       url=f"{self.at}/{status}/{SECRET}")
        self.check("a redirection is not followed",
                   [t[1].split("/")[1] for t in self.web.taken] == ["302", "403", "500"])
        self.fails("no answer", "teams", 1, "127.0.0.1", "s3cr3t", url=f"{self.at}/slow/{SECRET}",
                   timeout=1)
        self.web.go_on.set()
        self.fails("nobody there", "matrix", 1, "127.0.0.1", "s3cr3t", url="http://127.0.0.1:1",
                   room="!r:x", token=SECRET, timeout=2)
        self.fails("a secret without TLS", "slack", 2, "wants https", "s3cr3t",
                   url=f"http://slack.example/{SECRET}")
        self.fails("no URL", "slack", 2, "url wants", "s3cr3t", url=SECRET)
        self.fails("for others to read", "slack", 2, "chmod o=", "s3cr3t", mode=0o644,
                   url=f"{self.at}/{SECRET}")
        self.fails("an unknown name", "slack", 2, "slack wants one of", "s3cr3t",
                   url=f"{self.at}/x", webhook=SECRET)
        self.fails("a name that is missing", "matrix", 2, "room missing", "s3cr3t", url=self.at,
                   token=SECRET)
        self.fails("no time", "slack", 2, "timeout wants", "s3cr3t", url=f"{self.at}/x", timeout=0)
        self.web.taken.clear()
        ran = self.notify("slack", self.file(url=f"{self.at}/x"), "--check")
        self.check("--check sends nothing", ran.returncode == 0 and not self.web.taken, ran)
        ran = self.notify("pager", self.file(url=f"{self.at}/x"))
        self.check("an unknown kind", ran.returncode == 2 and "usage" in ran.stderr, ran)

    def by_smtpwatch(self):
        self.web.taken.clear()
        path = self.file(url=self.at)
        ran = subprocess.run([self.program, "-r", "pcaps/221-for-message.pcap", "-Z",
                              getpass.getuser(), "-o", f"exec:{NOTIFY} alertmanager {path}"],
                             capture_output=True, encoding="utf-8", check=False)
        self.check("run by smtpwatch", ran.returncode == 0 and len(self.web.taken) == 1, ran)
        alert = json.loads(self.web.taken[0][3])[0] if self.web.taken else {"labels": {}}
        self.check("which has told its facts", alert["labels"].get("server") == "198.51.100.25:25"
                   and alert["annotations"].get("from") == "***@example.org", alert)
        path = self.file(url=f"{self.at}/500/{SECRET}")
        ran = subprocess.run([self.program, "-r", "pcaps/221-for-message.pcap", "-Z",
                              getpass.getuser(), "-o", f"exec:{NOTIFY} slack {path}"],
                             capture_output=True, encoding="utf-8", check=False)
        self.check("and says what was not told, and why", ran.returncode == 3
                   and "smtpwatch-notify: 127.0.0.1 answered 500" in ran.stderr
                   and SECRET not in ran.stderr, ran)

    def run(self):
        for part in (self.slack, self.teams, self.matrix, self.alertmanager, self.mail,
                     self.trouble, self.by_smtpwatch):
            part()
        print(f"1..{self.n}")
        return self.failed > 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        return Test(os.path.abspath(sys.argv[1]), pathlib.Path(folder)).run()


sys.exit(main())
