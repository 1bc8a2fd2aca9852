#!/usr/bin/env python3
"""tls_cases.py - sessions under TLS that end in every way, judged without keys,
and a matrix of what was said of them.

usage: tls_cases.py SMTPWATCH [tune|prove|SEED] [FOLDER]

A scripted server and client over loopback in a network namespace of their own (root). How each
session really ended is known from its script. Versions, suites, host names, the servers' habits and
the order of the sessions are drawn with another seed for "tune" and "prove"; rules may be changed
after a look at the former alone.
"""
import collections
import json
import os
import pathlib
import random
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

SUITES = [("1.3", None), ("1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
          ("1.2", "ECDHE-RSA-AES256-GCM-SHA384"), ("1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
          ("1.2", "AES256-CCM"), ("1.2", "ECDHE-RSA-AES256-SHA"),
          ("1.2", "ECDHE-RSA-AES128-SHA256"), ("1.2", "AES128-GCM-SHA256")]
FAULTS = [
    f"{how}-{where}" for how in ("fin", "rst")
    for where in ("ehlo", "mail", "rcpt", "data", "body", "dot", "idle", "late")
]
OTHERS = ["421-late", "221-late", "421-mail", "refuse-rcpt", "drop-quit"]
CLIENTS = [
    "client-quit-unawaited", "client-leaves-idle", "client-leaves-body", "client-leaves-dot",
    "client-rst", "client-no-quit"
]
CLEAN = [
    "clean", "clean-two", "clean-no-message", "clean-pipelined", "clean-client-first", "clean-slow"
]
GOOD = {
    "clean": {"tls-orderly", "encrypted", "tls-client-left"},
    "client": {"tls-client-left", "encrypted", "tls-orderly"},
    "fault": {"tls-broken-off"},
    "other": {"tls-broken-off", "tls-closed-unasked", "encrypted"}
}
PORT = 25


def kind(case):
    return ("clean" if case in CLEAN else
            "client" if case in CLIENTS else "fault" if case in FAULTS else "other")


class End(Exception):
    pass


class Peer:
    """One end of the connection; lines in, lines out."""

    def __init__(self, sock):
        self.sock, self.rest = sock, b""

    def say(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else text.encode())

    def line(self):
        while b"\n" not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                raise End
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line + b"\n"

    def reply(self):
        while True:
            line = self.line()
            if line[3:4] == b" ":
                return line

    def close(self, notify):
        if notify:
            try:
                self.sock.settimeout(2)
                self.sock.unwrap()
            except (OSError, ValueError):
                pass
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server(threading.Thread):
    """Serves one session by its script."""

    def __init__(self, sock, case, context, name, notifies):
        super().__init__(daemon=True)
        self.sock, self.case, self.context = sock, case, context
        self.name, self.notifies = name, notifies

    def fault(self, p, where):
        if self.case.endswith("-" + where) and self.case[:3] in ("fin", "rst"):
            if self.case.startswith("rst"):
                p.reset()
            else:
                raw = socket.socket(fileno=os.dup(p.sock.fileno()))
                p.sock.close()
                raw.close()
            raise End

    def over(self, p, text=None):
        if text:
            p.say(text)
        p.close(self.notifies)
        raise End

    def run(self):
        try:
            conn, _ = self.sock.accept()
            self.session(conn)
        except (End, OSError, ssl.SSLError):
            pass
        self.sock.close()

    def session(self, conn):
        p = Peer(conn)
        p.say(f"220 {self.name} ESMTP\r\n")
        p.line()
        p.say(f"250-{self.name}\r\n250 STARTTLS\r\n")
        p.line()
        p.say("220 go ahead\r\n")
        p.sock = self.context.wrap_socket(conn, server_side=True)
        self.talk(p)

    def talk(self, p):
        while True:
            line = p.line().upper().strip()
            verb = line.split(b" ")[0].decode(errors="replace")
            for word in ("EHLO", "MAIL", "RCPT", "DATA"):
                if verb == word:
                    self.fault(p, word.lower())
            if verb == "EHLO":
                p.say(f"250-{self.name} greets you\r\n250-SIZE 10240000\r\n250 PIPELINING\r\n")
            elif verb == "MAIL":
                if self.case == "421-mail":
                    self.over(p, f"421 {self.name} too busy\r\n")
                p.say("250 2.1.0 Ok\r\n")
            elif verb == "RCPT":
                if self.case == "refuse-rcpt":
                    self.over(p, "550 5.1.1 <b@example.net>: no such user here\r\n")
                p.say("250 2.1.5 Ok\r\n")
                if self.case.endswith("-late"):
                    time.sleep(1.6)
                    self.fault(p, "late")
                    self.over(p, f"{self.case[:3]} 2.0.0 {self.name} closing\r\n")
                if self.case.endswith("-idle"):
                    time.sleep(.05)
                    self.fault(p, "idle")
            elif verb == "DATA":
                p.say("354 End data with <CR><LF>.<CR><LF>\r\n")
                self.body(p)
            elif verb == "QUIT":
                if self.case == "drop-quit":
                    self.over(p)
                if self.case == "clean-slow":
                    time.sleep(1.2)
                self.over(p, "221 2.0.0 Bye\r\n")
            else:
                p.say("250 2.0.0 Ok\r\n")

    def body(self, p):
        n = 0
        while (line := p.line()) != b".\r\n":
            n += len(line)
            if n > 300:
                self.fault(p, "body")
        self.fault(p, "dot")
        time.sleep(.01)
        p.say(f"250 2.0.0 Ok: queued as {random.randrange(1 << 40):X}\r\n")


def message(size):
    return (b"".join(b"Subject: hello %d\r\n" % i for i in range(3)) + b"\r\n" +
            b"words and more words in a line of text\r\n" * (size // 40))


class Client:
    """Runs one session by its script."""

    def __init__(self, case, size, context, notifies):
        self.case, self.size, self.context, self.notifies = case, size, context, notifies

    def ask(self, text):
        self.p.say(text)
        return self.p.reply()

    def run(self, address):
        conn = socket.create_connection(address)
        self.p = p = Peer(conn)
        try:
            p.reply()
            self.ask("EHLO out.example.org\r\n")
            self.ask("STARTTLS\r\n")
            p.sock = self.context.wrap_socket(conn, server_hostname="mx.example.net")
            self.talk(p)
        except (End, OSError, ssl.SSLError):
            pass
        finally:
            try:
                p.close(False)
            except OSError:
                pass

    def leave(self, p):
        p.close(self.notifies)
        raise End

    def talk(self, p):
        self.ask("EHLO out.example.org\r\n")
        for _ in range(0 if self.case == "clean-no-message" else 2 if self.case ==
                       "clean-two" else 1):
            self.deliver(p)
        if self.case == "client-no-quit":
            self.leave(p)
        p.say("QUIT\r\n")
        if self.case == "client-quit-unawaited":
            self.leave(p)
        p.reply()
        if self.case == "clean-client-first":
            self.leave(p)
        try:
            p.line()
        except End:
            pass
        p.close(self.notifies)

    def deliver(self, p):
        if self.case == "clean-pipelined":
            p.say("MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n")
            for _ in range(3):
                p.reply()
        else:
            self.ask("MAIL FROM:<a@example.org> SIZE=1000\r\n")
            if self.case == "client-leaves-idle":
                self.leave(p)
            if self.case == "client-rst":
                p.reset()
                raise End
            self.ask("RCPT TO:<b@example.net>\r\n")
            while self.case.endswith(("-late", "-idle")):
                p.line()
            self.ask("DATA\r\n")
        body = message(self.size)
        if self.case == "client-leaves-body":
            p.say(body)
            self.leave(p)
        if self.case in ("fin-body", "rst-body"):
            for at in range(0, len(body), 200):
                p.say(body[at:at + 200])
                time.sleep(.005)
        else:
            p.say(body)
        p.say(b".\r\n" if self.case != "clean-pipelined" else b".\r\nQUIT\r\n")
        if self.case == "client-leaves-dot":
            self.leave(p)
        p.reply()
        if self.case == "clean-pipelined":
            p.reply()
            self.leave(p)


def contexts(suite, folder):
    version, ciphers = suite
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    server.load_cert_chain(folder / "mx.pem")
    for c in (server, client):
        c.minimum_version = c.maximum_version = (ssl.TLSVersion.TLSv1_3
                                                 if version == "1.3" else ssl.TLSVersion.TLSv1_2)
        if ciphers:
            c.set_ciphers(ciphers + ":@SECLEVEL=0")
    return server, client


def certificate(folder):
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
        "/CN=mx.example.net", "-keyout", folder / "key.pem", "-out", folder / "crt.pem"
    ], check=True, capture_output=True)
    (folder / "mx.pem").write_bytes((folder / "key.pem").read_bytes() +
                                    (folder / "crt.pem").read_bytes())


def plan(what):
    """Every case with every suite, at a server that sends close_notify and at one that does not:
    (case, suite, server's number, client sends it, size).
    """
    rng = random.Random({"tune": 1, "prove": 20261125}.get(what) or int(what))
    suites = rng.sample(SUITES[1:], 3) + [SUITES[0]] if what == "tune" else SUITES
    rows = [(case, suite, 2 * SUITES.index(suite) + silent, rng.random() < .5,
             rng.choice((600, 900, 5000, 40000))) for suite in suites for silent in (0, 1)
            for case in CLEAN + CLIENTS + FAULTS + OTHERS]
    rng.shuffle(rows)
    return rows, rng.choice(("mx.example.net", "a-rather-long-name.mail.example.com"))


def named(records, truth):
    """Each record with its truth. A port is used again:
    sessions of one pair of ends are told apart by their order.
    """
    starts = collections.defaultdict(list)
    for r in records:
        if r["event_type"] == "session":
            starts[f"{r['dest_ip']}:{r['src_port']}"].append(r["start"])
    for ends, found in starts.items():
        found.sort()
        made = truth[ends]
        assert len(found) == len(made), f"{ends}: {len(found)} sessions, {len(made)} were made"
    assert set(starts) == set(truth), f"not seen: {set(truth) - set(starts)}"
    for r in records:
        if r["event_type"] in ("session", "alert"):
            ends = f"{r['dest_ip']}:{r['src_port']}"
            yield r, truth[ends][starts[ends].index(r["start"])]


def judge(program, capture, truth):
    run = subprocess.run([program, "-r", capture, "-o", "json"], capture_output=True, check=True)
    matrix, wrong, alarms = collections.Counter(), [], 0
    for r, (case, suite, server) in named([json.loads(line) for line in run.stdout.splitlines()],
                                          truth):
        if r["event_type"] == "alert":
            alarms += case in CLEAN + CLIENTS
            continue
        verdict = r["ending"]["verdict"]
        matrix[kind(case), verdict] += 1
        if verdict not in GOOD[kind(case)]:
            wrong.append(
                f"{case} {suite[1] or suite[0]} {'silent' if server & 1 else 'notifies'}: "
                f"{verdict} {r['ending'].get('reason')}"
            )
    return matrix, wrong, alarms


def show(matrix, wrong, alarms):
    verdicts = sorted({v for _, v in matrix})
    print("| how it ended |", " | ".join(verdicts), "|")
    print("|---|" + "---|" * len(verdicts))
    for k in ("clean", "client", "fault", "other"):
        print(f"| {k} |", " | ".join(str(matrix[k, v]) for v in verdicts), "|")
    faults = sum(n for (k, _), n in matrix.items() if k == "fault")
    print(
        f"{matrix['fault', 'tls-broken-off']} of {faults} that the server broke off are "
        f"tls-broken-off; {alarms} alerts on clean sessions and on those that the client ended"
    )
    for text, n in collections.Counter(wrong).most_common(60):
        print(f"  {n} x {text}")


def main():
    program, what = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "prove"
    folder = pathlib.Path(
        sys.argv[3] if len(sys.argv) > 3 else tempfile.mkdtemp(prefix="swtls"))
    if os.environ.get("SWTLS_INSIDE") != "1":
        os.execvpe("unshare", [
            "unshare", "--net", sys.executable, *sys.argv[:1],
            os.path.abspath(program), what,
            str(folder)
        ], {
            **os.environ, "SWTLS_INSIDE": "1"
        })
    subprocess.run(["ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
    certificate(folder)
    rows, name = plan(what)
    capture, truth = folder / f"{what}.pcap", collections.defaultdict(list)
    dump = subprocess.Popen([
        "tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-U", "-w", capture, "tcp port 25"
    ], stderr=subprocess.DEVNULL)
    time.sleep(1)
    made = {s: contexts(s, folder) for s in {row[1] for row in rows}}
    for case, suite, number, notifies, size in rows:
        listener = socket.create_server((f"127.0.1.{number + 1}", PORT), reuse_port=True)
        server = Server(listener, case, made[suite][0], name, not number & 1)
        server.start()
        client = Client(case, size, made[suite][1], notifies)
        keep = socket.create_connection

        def connect(address, keep=keep, case=case, suite=suite, number=number):
            sock = keep(address)
            truth[f"{address[0]}:{sock.getsockname()[1]}"].append((case, suite, number))
            return sock
        socket.create_connection = connect
        client.run((f"127.0.1.{number + 1}", PORT))
        socket.create_connection = keep
        server.join(5)
    time.sleep(1.5)
    dump.terminate()
    dump.wait()
    (folder / f"{what}.json").write_text(json.dumps(truth))
    show(*judge(program, capture, truth))
    print(folder)


if __name__ == "__main__":
    main()
