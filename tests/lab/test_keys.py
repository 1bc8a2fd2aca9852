#!/usr/bin/env python3
"""test_keys.py - smtpwatch-keys beside real mail servers that were running before it. Root.

usage: test_keys.py [PART OF A TEST'S NAME ...]

The clients of this file have their OpenSSL under another name, by which it is not found: what is
read, the servers themselves have shown. SMTPWATCH_LAB_SESSIONS: sessions of all servers together.
"""
import contextlib
import functools
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import types

import clients
import lab as labs
import tls_real
from capture import PORTS
from case import Deeds
from live_pair import PROGRAM, Daemon, Pair, Server, run, until

KEYS = PROGRAM.with_name("smtpwatch-keys")
RUNNING = ["postfix", "sendmail", "dovecot", "exim"]
SESSIONS = int(os.environ.get("SMTPWATCH_LAB_SESSIONS", "2000"))
# One of the servers' addresses that no server has.
ADDRESS = "198.51.100.11"
SHORT = "greet ehlo tls ehlo quit eof"
WHOLE = "greet ehlo tls ehlo mail rcpt data message quit eof"
VERSIONS = ["TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"]
# A sender that is there before, and begins TLS when it is told.
SENDER = """
import smtplib, ssl, sys
context = ssl._create_unverified_context()
with smtplib.SMTP(sys.argv[1], 25) as smtp:
    smtp.ehlo()
    print("connected", flush=True)
    sys.stdin.readline()
    smtp.starttls(context=context)
    smtp.ehlo()
    smtp.mail("a@example.org")
    smtp.rcpt("b@example.net")
    smtp.data("Subject: hello\\r\\n\\r\\n" + "hello\\r\\n" * 99)
    smtp.file.read()
"""


class Keys(contextlib.ExitStack):
    """smtpwatch-keys with a FIFO for smtpwatch."""

    def __init__(self, ports, *options):
        super().__init__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        os.chmod(self.folder, 0o755)
        self.fifo = self.folder / "keys.fifo"
        self.process = subprocess.Popen([KEYS, "-p", ports, "-o", self.fifo, *options],
                                        stderr=subprocess.PIPE, text=True)
        self.said = []
        threading.Thread(target=self.read, daemon=True).start()
        self.callback(self.end)
        assert until(self.fifo.exists), self.said

    def read(self):
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))

    def reads(self, count):
        assert until(lambda: sum(" reads " in line for line in self.said) >= count, 20), self.said

    def settles(self):
        """Until nothing new has been found for as long as a look at all processes takes."""
        self.reads(1)
        before = -1
        while before != len(self.said):
            before = len(self.said)
            time.sleep(3)

    def end(self):
        self.process.terminate()
        code = self.process.wait(20)
        assert code == 0 and not any("lost" in line for line in self.said), self.said


class TlsServer(Server):
    """Offers STARTTLS; the rest is said inside."""

    def serve(self, sock):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(tls_real.PEM())
        with contextlib.suppress(OSError):
            sock.sendall(b"220 mx.example.net ESMTP\r\n")
            sock.recv(4096)
            sock.sendall(b"250-mx.example.net\r\n250 STARTTLS\r\n")
            if sock.recv(4096).upper().startswith(b"STARTTLS"):
                sock.sendall(b"220 2.0.0 go ahead\r\n")
                self.inside(context.wrap_socket(sock, server_side=True))

    def inside(self, sock):
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as file:
            for line in file:
                verb = line.strip().upper()[:4]
                if verb == b"DATA":
                    sock.sendall(b"354 go ahead\r\n")
                    while file.readline() not in (b".\r\n", b""):
                        pass
                    sock.sendall(self.dot.encode() + b"\r\n")
                    if self.dot.startswith("221"):
                        sock.unwrap()
                        return
                else:
                    sock.sendall(b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 Ok\r\n")


def hidden():
    """This program once more, with an OpenSSL that is not found by its name."""
    folder = pathlib.Path(tempfile.mkdtemp())
    found = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    for name in ("libcrypto.so.3", "libssl.so.3"):
        path = next(line.split()[-1] for line in found.splitlines()
                    if line.split()[:1] == [name])
        shutil.copy(path, folder / f"hidden-{name[3:6]}")
        os.symlink(f"hidden-{name[3:6]}", folder / name)
    os.environ["SMTPWATCH_HIDDEN"] = str(folder)
    os.environ["LD_LIBRARY_PATH"] = str(folder)
    os.execv(sys.executable, [sys.executable, *sys.argv])


def plain():
    """The environment of programs that are to be found."""
    return {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}


def decrypted(records):
    return [r for r in records if r.get("tls", {}).get("decrypted")]


def test_221_inside():
    """A 221 to the dot inside TLS 1.3: critical, within two seconds; without keys: encrypted"""
    with Pair() as pair, Keys("25") as keys:
        TlsServer(pair, "221 2.0.0 closing")
        with_keys, without = (
            pair.enter_context(Daemon(pair.client, "-i", "eth0", "-p", "25", "--min-severity",
                                      "info", *more))
            for more in (["--keylog", keys.fifo], []))
        sender = pair.client.popen("/usr/bin/python3", "-c", SENDER, "192.0.2.25",
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=plain())
        assert sender.stdout.readline() == b"connected\n"
        keys.reads(1)
        sender.stdin.write(b"\n")
        sender.stdin.close()
        sender.wait(20)
        alert = until(lambda: with_keys.of("alert"), 5)
        assert alert, (with_keys.said, with_keys.records, keys.said)
        session = until(lambda: with_keys.of("session"), 5)[0]
        assert session["ending"]["verdict"] == "221-for-message", session
        assert session["tls"]["version"] == "1.3" and session["tls"]["decrypted"], session
        assert session["ending"]["severity"] == "critical", session
        late = alert[0]["seen"] - session["seen"]
        assert abs(late) < 2, late
        other = until(lambda: without.of("session"), 5)[0]
        assert other["ending"]["verdict"] == "encrypted", other


def test_running_servers():
    """Postfix, Sendmail, Dovecot, Exim, running before: at least 99 % of all sessions are read"""
    labs.SERVERS = {name: tls_real.SERVERS[name] for name in RUNNING}
    with labs.Lab() as lab:
        net = lab.net("bridge")
        servers = [lab.server("bridge", name) for name in RUNNING]
        with Keys(PORTS) as keys:
            daemon = lab.enter_context(Daemon(net.path, "-i", "toclient", "-p", PORTS,
                                              "--min-severity", "info", "--keylog", keys.fifo))
            keys.settles()
            contexts = [tls_real.context(suite, os.devnull) for suite in VERSIONS]
            ports = {}
            for number in range(SESSIONS):
                server, name = servers[number % 4], RUNNING[number % 4]
                whole = number // 4 % 10 == 0
                deeds = Deeds(net, server, types.SimpleNamespace(subject="hello", does=""))
                talk = tls_real.TlsTalk(net.client, server.address, server.port,
                                        f"{number}@out.example.org", deeds)
                talk.context = contexts[number // 4 % 2]
                login = "auth-good " if server.port == 587 else ""
                talk.run(WHOLE.replace("mail ", login + "mail ") if whole else SHORT)
                talk.end()
                ports[number] = name
            assert until(lambda: len(daemon.of("session")) >= SESSIONS, 30), daemon.said
            sessions = daemon.of("session")
            read = len(decrypted(sessions))
            lost = [r for r in sessions if not r["tls"]["decrypted"]]
        lost = [(r["start"], r["dest_ip"], r["tls"]["version"], r["tls"].get("sni")) for r in lost]
        assert read >= 0.99 * SESSIONS, (read, sessions[0]["start"], lost, keys.said)
        return f"{read} of {SESSIONS}"


def test_postfix_sends():
    """Postfix as a client of a server that cannot be read"""
    labs.CLIENTS["tls"] = (functools.partial(
        clients.PostfixClient, more={"smtp_tls_security_level": "encrypt"}), "deliver")
    labs.SERVERS = {name: tls_real.SERVERS[name] for name in RUNNING[:1]}
    with labs.Lab() as lab:
        net = lab.net("bridge")
        deliver = lab.client("bridge", "tls")
        TlsServer(types.SimpleNamespace(server=net.server, callback=lab.callback), address=ADDRESS)
        # Its master listens on another port: it is found by its first connection.
        with Keys(PORTS) as keys:
            daemon = lab.enter_context(Daemon(net.path, "-i", "toclient", "-p", PORTS,
                                              "--min-severity", "info", "--keylog", keys.fifo))
            for number in range(1, 4):
                deliver(ADDRESS, 25, types.SimpleNamespace(
                    recipient="b", sender="a@example.org", messages=1, subject="hello", size=66,
                    message_id=f"{number}@out.example.org"))
                if number == 1:
                    keys.settles()
            assert until(lambda: len(daemon.of("session")) >= 3, 20), daemon.said
            for record in daemon.of("session")[1:]:
                assert (record["tls"]["decrypted"]
                        and record["ending"]["verdict"] == "clean"), (record, keys.said)


if __name__ == "__main__":
    if not KEYS.exists() or subprocess.run([KEYS, "--check=0"], capture_output=True,
                                           check=False).returncode != 0:
        print("# skipped: smtpwatch-keys: it was not built, or this kernel refuses it\n"
              "ok 1 - nothing of it\n1..1")
        sys.exit(0)
    if "SMTPWATCH_HIDDEN" not in os.environ:
        hidden()
    try:
        sys.exit(run(sys.modules["__main__"]))
    finally:
        shutil.rmtree(os.environ["SMTPWATCH_HIDDEN"], ignore_errors=True)
