"""live_pair.py - for the live tests: two namespaces on a cable, a scripted server and its clients,
smtpwatch between them; and TAP.

A test is a function whose name begins with "test_";
its first line of documentation is what it proves. run(module) calls them all.
"""
import contextlib
import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from net import LabError, Space

CLIENT, SERVER, CLIENT6, SERVER6 = "192.0.2.10", "192.0.2.25", "2001:db8::10", "2001:db8::25"
PROGRAM = pathlib.Path(os.environ.get("SMTPWATCH", "./smtpwatch")).resolve()
SANITIZED = (b"__asan_init" in PROGRAM.read_bytes() or b"__tsan_init" in PROGRAM.read_bytes()
             if PROGRAM.exists() else False)


def until(found, seconds=5.0, every=0.02):
    """What found() returns, once it is true; None after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        result = found()
        if result or time.monotonic() > end:
            return result or None
        time.sleep(every)


class Pair(contextlib.ExitStack):
    """client (eth0) -- (eth0) server"""

    count = 0

    def __init__(self, link=True):
        super().__init__()
        Pair.count += 1
        base = f"swlive{os.getpid()}-{Pair.count}"
        self.client, self.server = Space(base + "c"), Space(base + "s")
        self.callback(self.server.delete)
        self.callback(self.client.delete)
        if link:
            self.link()

    def link(self):
        self.client.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
                       self.server.name)
        for space, address, address6 in ((self.client, CLIENT, CLIENT6),
                                         (self.server, SERVER, SERVER6)):
            space.write("ipv6/conf/eth0/accept_dad", 0)
            space.ip("addr", "add", address + "/24", "dev", "eth0")
            space.ip("addr", "add", address6 + "/64", "dev", "eth0")
            space.ip("link", "set", "eth0", "up")

    def unlink(self):
        self.server.ip("link", "del", "eth0")


class Server:
    """A mail server that answers 250, 354 and 221 as it should,
    but to the dot says what it is told; "" closes without a word.
    """

    def __init__(self, pair, dot="250 2.0.0 Ok", address=SERVER, port=25):
        self.dot = dot
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = pair.server.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(512)
        pair.callback(self.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with contextlib.suppress(OSError), sock, sock.makefile("rb") as file:
            sock.sendall(b"220 mx.example.net ESMTP\r\n")
            for line in file:
                verb = line.strip().upper()[:4]
                if verb == b"DATA":
                    sock.sendall(b"354 go ahead\r\n")
                    while file.readline() not in (b".\r\n", b""):
                        pass
                    if not self.dot:
                        return
                    sock.sendall(self.dot.encode() + b"\r\n")
                    if self.dot.startswith("221"):
                        return
                elif verb == b"QUIT":
                    sock.sendall(b"221 2.0.0 bye\r\n")
                    return
                else:
                    sock.sendall(b"250 2.1.0 Ok\r\n")


class Client:
    """One session, a step at a time."""

    def __init__(self, pair, address=SERVER, port=25):
        self.sock = pair.client.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self.sock.settimeout(10)
        self.sock.connect((address, port))
        self.port = self.sock.getsockname()[1]
        self.file = self.sock.makefile("rwb", 0)
        self.file.readline()

    def say(self, line):
        self.file.write(line.encode() + b"\r\n")
        return self.file.readline().decode()

    def mail(self, body="hello"):
        for line in ("EHLO out.example.org", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>",
                     "DATA"):
            self.say(line)
        return self.say(f"Subject: test\r\n\r\n{body}\r\n.")

    def close(self):
        self.file.close()
        self.sock.close()

    def quit(self):
        self.say("QUIT")
        self.close()


def session(pair, **where):
    """A whole one; the client's port."""
    client = Client(pair, **where)
    if client.mail().startswith("250"):
        client.quit()
    else:
        client.close()
    return client.port


class Daemon:
    """smtpwatch in a namespace: what it writes as JSON, and what it says on standard error."""

    def __init__(self, space, *options, before=(), env=None, ready=True, outputs=("-o", "json")):
        self.process = space.popen(*before, PROGRAM, *options, *outputs, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=dict(os.environ, **(env or {})))
        self.records, self.said, self.more = [], [], queue.Queue()
        self.readers = [
            threading.Thread(target=read, daemon=True)
            for read in (self.read_json, self.read_errors)
        ]
        for reader in self.readers:
            reader.start()
        if ready and not until(lambda: self.says("watching") or self.process.poll() is not None):
            raise LabError(f"smtpwatch does not start: {self.said}")
        if ready and self.process.poll() is not None:
            raise LabError(f"smtpwatch ended: {self.process.returncode} {self.said}")

    def read_json(self):
        for line in self.process.stdout:
            record = json.loads(line)
            record["seen"] = time.time()
            self.records.append(record)

    def read_errors(self):
        for line in self.process.stderr:
            self.said.append(line.decode().rstrip("\n"))
        if self.process.wait() < 0:
            self.said.append(f"(killed by signal {-self.process.returncode})")

    @property
    def pid(self):
        """Of the program itself: `ip netns exec` and setpriv become it."""
        return self.process.pid

    def says(self, words):
        return [line for line in self.said if words in line]

    def hears(self, words, seconds=5.0):
        return until(lambda: self.says(words), seconds)

    def of(self, kind, **members):
        found = [r for r in self.records if r["event_type"] == kind]
        return [r for r in found if all(r.get(name) == value for name, value in members.items())]

    def session(self, port, seconds=5.0):
        """The record of a client's port."""
        found = until(lambda: self.of("session", src_port=port), seconds)
        assert found, f"no session of port {port}; said: {self.said}"
        assert len(found) == 1, f"{len(found)} sessions of port {port}"
        return found[0]

    def sessions(self, ports, seconds=10.0):
        wanted = set(ports)
        until(lambda: wanted <= {r["src_port"] for r in self.of("session")}, seconds)
        return {r["src_port"]: r for r in self.of("session")}

    def send(self, number):
        # Not os.kill: the thread that reads its errors may have waited for it already.
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """The exit code."""
        if self.process.poll() is None:
            self.send(number)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("does not end") from None
        for reader in self.readers:
            reader.join(5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def status(pid):
    """/proc/PID/status, by name."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return {
        name: value.strip()
        for name, value in re.findall(r"^(\w+):\t*(.*)$", text, re.MULTILINE)
    }


def filtered(facts):
    """A filter of system calls is there; with a sanitizer there is none (sandbox.h)."""
    return SANITIZED or facts["Seccomp"] == "2"


def children(pid):
    listed = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in listed.split()]


def descendants(pid, *names):
    """The processes below a process, at any depth, that have one of these names."""
    found = []
    for child in children(pid):
        found += [child] if status(child)["Name"] in names else []
        found += descendants(child, *names)
    return found


def verdict(record):
    return record["ending"]["verdict"]


def run(module):
    """All tests of a module, told as TAP; arguments are parts of the names wanted."""
    tests = [(name, do)
             for name, do in vars(module).items()
             if name.startswith("test_")
             and (len(sys.argv) < 2 or any(word in name for word in sys.argv[1:]))]
    failed = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for number, (name, do) in enumerate(tests, 1):
        start = time.monotonic()
        trouble = note = None
        try:
            note = do()
        except (AssertionError, LabError, OSError) as error:
            trouble = error
        failed += trouble is not None
        words = " ".join((do.__doc__ or name).split("\n\n")[0].split()).rstrip(".")
        print(
            f"{'not ok' if trouble else 'ok'} {number} - {words}{f' ({note})' if note else ''} "
            f"[{time.monotonic() - start:.1f} s]",
            flush=True)
        if trouble:
            print(f"# {name}: {type(trouble).__name__}: {str(trouble)[:6000]}", flush=True)
    print(f"1..{len(tests)}")
    return 1 if failed or not tests else 0
