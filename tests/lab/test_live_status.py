#!/usr/bin/env python3
"""test_live_status.py - what `smtpwatch status` hears of a live watch, and clients that mean no
good. Root.

usage: test_live_status.py [PART OF A TEST'S NAME ...]
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

from live_pair import PROGRAM, Daemon, Pair, Server, run, session, until


class Place(contextlib.ExitStack):
    """A folder with the status socket, and a watch that answers there."""

    def __init__(self, *options):
        super().__init__()
        self.folder = self.enter_context(tempfile.TemporaryDirectory())
        os.chmod(self.folder, 0o755)
        self.path = pathlib.Path(self.folder, "status.sock")
        self.pair = self.enter_context(Pair())
        self.options = ("-i", "eth0", "--status-socket", self.path, *options)
        self.daemon = self.enter_context(Daemon(self.pair.server, *self.options))

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.path))
        return client


def ask(path, *options):
    """Exit code and output of `smtpwatch status`."""
    done = subprocess.run([PROGRAM, "status", "--status-socket", path, *options],
                          capture_output=True, text=True, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


def document(place):
    code, text = ask(place.path, "-o", "json")
    assert code == 0, text
    subprocess.run([sys.executable, "tests/program/schema_check.py", "docs/schema.json"],
                   input=text, text=True, check=True, capture_output=True)
    return json.loads(text)


def test_what_is_told():
    """What is watched, the sessions, the alerts and the outputs, by the schema; no line is wide"""
    with Place("-o", "exec:/bin/cat --secret", "--redact", "local") as place:
        Server(place.pair, dot="221 closing")
        place.daemon.session(session(place.pair))
        assert place.daemon.hears("status at "), place.daemon.said
        assert until(lambda: document(place)["alerts"] == 1)
        told = document(place)
        assert told["pid"] == place.daemon.pid and told["sessions"] == 1
        assert told["interfaces"][0]["name"] == "eth0" and told["interfaces"][0]["watched"]
        assert told["interfaces"][0]["packets"] > 5 and told["interfaces"][0]["last_packet"]
        assert told["severities"]["critical"] == 1
        assert told["tls"] == {"keys": False, "sessions": 0, "decrypted": 0}
        names = {one["name"]: one for one in told["outputs"]}
        assert set(names) == {"exec", "json"} and names["json"]["lost"] == 0, names
        last, = told["last_alerts"]
        assert last["signature"] == "221-for-message" and last["dest_port"] == 25
        assert "@example" not in json.dumps(last) or "***@" in json.dumps(last), last
        code, text = ask(place.path)
        assert code == 0 and "  eth0: watched, " in text and "critical 221-for-message" in text
        assert "0 of 1 session (0 %) went into TLS" in text
        assert max(len(line) for line in text.split("\n")) <= 80, text
        assert place.daemon.stop() == 0, place.daemon.said


def test_the_check():
    """0 while all is well, 2 when an interface has gone and when nobody answers, 3 when it cannot
    be told
    """
    with Place() as place:
        code, text = ask(place.path, "--nagios")
        assert code == 0 and text.startswith("SMTPWATCH OK: eth0 is watched; "), text
        assert text.count("\n") == 1 and " | packets=" in text
        place.pair.server.ip("link", "set", "eth0", "down")
        assert until(lambda: ask(place.path, "--nagios")[0] == 2), ask(place.path, "--nagios")
        assert "eth0 is not watched" in ask(place.path, "--nagios")[1]
        place.pair.server.ip("link", "set", "eth0", "up")
        assert until(lambda: ask(place.path, "--nagios")[0] == 0), ask(place.path, "--nagios")
        refused = subprocess.run(
            ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", PROGRAM,
             "status", "--status-socket", place.path, "--nagios"],
            capture_output=True, text=True, check=False)
        assert refused.returncode == 3 and "UNKNOWN" in refused.stdout, refused
        place.daemon.send(signal.SIGSTOP)
        code, text = ask(place.path, "--nagios")
        place.daemon.send(signal.SIGCONT)
        assert code == 2 and "does not answer" in text, text
        assert place.daemon.stop() == 0
        code, text = ask(place.path, "--nagios")
        assert code == 2 and "no daemon answers" in text, text
        assert ask(place.path)[0] == 3
        assert ask(place.path, "--nagios", "--recent", "soon")[0] == 3
        assert ask(place.path, "--recent", "soon")[0] == 2


def test_whose_it_is():
    """The socket is the service user's, 0660; a second watch leaves it and watches all the same;
    that of a killed one is replaced
    """
    with Place() as place:
        found = os.stat(place.path)
        assert stat.S_IMODE(found.st_mode) == 0o660 and found.st_uid != 0, found
        with Daemon(place.pair.server, *place.options) as second:
            assert second.hears("no status: ") and second.says("another smtpwatch, which runs")
            assert document(place)["pid"] == place.daemon.pid
            assert second.stop() == 0
        assert document(place)["pid"] == place.daemon.pid
        place.daemon.stop(signal.SIGKILL)
        assert ask(place.path)[0] == 3
        with Daemon(place.pair.server, *place.options) as third:
            assert until(lambda: third.says("status at ")), third.said
            assert document(place)["pid"] == third.pid
            assert third.stop() == 0
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--status-socket",
                                "/nowhere/status.sock") as daemon:
        assert daemon.says("no status: /nowhere/status.sock: No such file"), daemon.said
        assert len(daemon.said) == 2 and daemon.stop() == 0, daemon.said


def test_hostile_clients():
    """Clients that connect and are silent, send much, go at once or are many hold nobody up"""
    with Place() as place:
        Server(place.pair)
        silent = [place.connect() for _ in range(30)]
        loud = place.connect()
        loud.setblocking(False)
        end = time.monotonic() + 2
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                loud.send(b"GET / HTTP/1.1\r\n" * 1000)
        for _ in range(2000):
            with contextlib.suppress(OSError):
                place.connect().close()
        assert document(place)["pid"] == place.daemon.pid
        place.daemon.session(session(place.pair))
        assert until(lambda: document(place)["sessions"] == 1)
        for client in silent:
            client.close()
        assert until(lambda: len(os.listdir(f"/proc/{place.daemon.pid}/fd")) < 40)
        assert len(place.daemon.said) == 2, place.daemon.said
        assert place.daemon.stop() == 0, place.daemon.said


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
