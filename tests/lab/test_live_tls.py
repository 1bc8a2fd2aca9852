#!/usr/bin/env python3
"""test_live_tls.py - sessions under TLS of real servers, live:
with a key log that grows, with a FIFO, without keys. Root.

usage: test_live_tls.py [PART OF A TEST'S NAME ...]
"""
import contextlib
import os
import pathlib
import sys
import tempfile
import threading
import time
import types

import lab as labs
import tls_real
from capture import PORTS
from case import Deeds
from live_pair import SANITIZED, Daemon, run, until

WHOLE = "greet ehlo tls ehlo mail rcpt data message quit eof"


class Scene(contextlib.ExitStack):
    """The servers of tls_real.py, and a client whose secrets go into keys."""

    def __init__(self):
        super().__init__()
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        os.chmod(self.folder, 0o755)
        self.keys = self.folder / "keys.log"
        self.keys.touch(0o600)
        labs.SERVERS = tls_real.SERVERS
        self.lab = self.enter_context(labs.Lab())

    @property
    def net(self):
        return self.lab.net("bridge")

    def daemon(self, *options):
        return self.enter_context(
            Daemon(self.net.path, "-i", "toclient", "-p", PORTS, "--min-severity", "info",
                   *options))

    def talk(self, name, suite, does):
        """One session; its client's port."""
        server = self.lab.server("bridge", name)
        deeds = Deeds(self.net, server, types.SimpleNamespace(subject="hello", does=does))
        talk = tls_real.TlsTalk(self.net.client, server.address, server.port, "1@out.example.org",
                                deeds)
        talk.context = tls_real.context(suite, self.keys)
        talk.run(does)
        talk.end()
        deeds.undo()
        if deeds.dirty:
            self.lab.renew(server)
        return deeds.ports[0]

    def secrets(self):
        return [
            word for line in self.keys.read_text(encoding="ascii").splitlines()
            if not line.startswith("#") for word in line.split()[1:]
        ]


def judged(daemon, port):
    record = until(lambda: daemon.of("session", src_port=port), 8)
    assert record, daemon.said
    return record[0]


def opened(daemon, port, verdict):
    record = judged(daemon, port)
    assert record["tls"]["decrypted"] and record["ending"]["verdict"] == verdict, record
    return record


def test_growing_file():
    """A key log that only root may read, and that grows after root was given up:
    sessions are read, in the sandbox, and no secret is told
    """
    with Scene() as scene:
        daemon = scene.daemon("--keylog", scene.keys)
        assert (SANITIZED or "Seccomp:\t2"
                in pathlib.Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii"))
        for name, suite in (("postfix", "TLS_AES_256_GCM_SHA384"),
                            ("exim", "ECDHE-RSA-AES128-GCM-SHA256"),
                            ("exim", "ECDHE-RSA-AES128-SHA")):
            record = opened(daemon, scene.talk(name, suite, WHOLE), "clean")
            assert (record["transactions"][0]["fate"] == "accepted"
                    and record["transactions"][0]["queue_id"]), record
            assert (record["tls"]["cipher"] == suite and record["tls"]["sni"] ==
                    record["tls"]["certificate"]["subject"] == "mx.example.net"), record["tls"]
        record = opened(
            daemon,
            scene.talk("postfix", "TLS_CHACHA20_POLY1305_SHA256",
                       "greet ehlo tls ehlo mail rcpt data freeze message! wait:.1 kill eof"),
            "drop-after-message")
        assert record["transactions"][0]["fate"] == "unanswered", record
        assert daemon.stop() == 0
        stats = daemon.of("stats")[-1]["tls"]
        assert (stats["sessions"] == stats["decrypted"] == 4 and stats["secrets"] >= 4
                and stats["bad_key_lines"] == 0), stats
        told = str(daemon.records) + str(daemon.said)
        assert not any(secret in told for secret in scene.secrets())


def test_fifo():
    """A FIFO, into which the secrets come a quarter of a second after the packets that need them"""
    with Scene() as scene:
        fifo, done = scene.folder / "fifo", threading.Event()
        os.mkfifo(fifo, 0o600)
        daemon = scene.daemon("--keylog", fifo)

        def feed():
            told = 0
            with open(fifo, "w", encoding="ascii") as out:
                while not done.is_set():
                    text = scene.keys.read_text(encoding="ascii")
                    time.sleep(0.25)
                    out.write(text[told:])
                    out.flush()
                    told = len(text)

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            for suite in ("TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES256-GCM-SHA384"):
                opened(daemon, scene.talk("postfix", suite, WHOLE.replace("quit", "wait:.6 quit")),
                       "clean")
        finally:
            done.set()
            feeder.join()
        assert daemon.stop() == 0


def test_reply_in_clear():
    """Exim's 421 in clear between the records is read as what it is, with the keys and without them
    """
    for options in ((), ("--keylog",)):
        with Scene() as scene:
            daemon = scene.daemon(*options, *([scene.keys] if options else []))
            port = scene.talk("exim-short", "TLS_AES_256_GCM_SHA384", "greet ehlo tls ehlo eof")
            record = judged(daemon, port)
            assert (record["ending"]["verdict"] == "421-idle"
                    and record["tls"]["decrypted"] == bool(options)), record
            assert daemon.stop() == 0


def test_without_keys():
    """Without keys what a server breaks off is told, as inferred, and nothing else"""
    with Scene() as scene:
        daemon = scene.daemon()
        clean = [scene.talk("postfix", "TLS_AES_256_GCM_SHA384", WHOLE) for _ in range(3)]
        left = scene.talk("postfix", "TLS_AES_256_GCM_SHA384", "greet ehlo tls ehlo mail notify")
        broken = scene.talk("postfix", "TLS_AES_256_GCM_SHA384",
                            "greet ehlo tls ehlo mail rcpt data body:2000 wait:.1 kill eof")
        record = judged(daemon, broken)
        assert ((record["ending"]["verdict"], record["ending"]["inferred"],
                 record["tls"]["pending"]) == ("tls-broken-off", True, "message")), record
        assert judged(daemon, left)["ending"]["verdict"] == "tls-client-left"
        assert {judged(daemon, port)["ending"]["verdict"] for port in clean} == {"tls-orderly"}
        assert daemon.stop() == 0
        assert ({
            r["src_port"]
            for r in daemon.of("alert")
            if r["ending"]["verdict"] != "tls-client-left"
        } == {broken})


if __name__ == "__main__":
    sys.exit(run(sys.modules[__name__]))
