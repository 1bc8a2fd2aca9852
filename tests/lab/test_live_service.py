#!/usr/bin/env python3
"""test_live_service.py - signals, configuration, pid file, systemd's notices, and a sudden death.
Root.

usage: test_live_service.py [PART OF A TEST'S NAME ...]
"""
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time

from live_pair import (
    SANITIZED, Client, Daemon, Pair, Server, children, run, session, until, verdict)


class Notices:
    """What systemd would hear."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        os.chmod(self.path, 0o777)
        self.socket.setblocking(False)
        self.heard = []

    def all(self):
        try:
            while True:
                self.heard += [
                    (time.monotonic(), line) for line in self.socket.recv(4096).decode().split("\n")
                ]
        except BlockingIOError:
            return [line for _, line in self.heard]


def folder():
    made = tempfile.TemporaryDirectory()
    os.chmod(made.name, 0o777)
    return made


def test_statistics():
    """SIGUSR1 asks for one line of statistics, --stats-interval for regular ones"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s") as daemon:
        Server(pair)
        daemon.session(session(pair))
        assert until(lambda: [
            r for r in daemon.of("stats")
            if r["sessions"] == 1 and r["capture"]["received"] > 0
        ], 4), daemon.records
        daemon.send(signal.SIGUSR1)
        line = daemon.hears("so far ")
        assert (line and "1 session, 0 alerts; 0 connections open; watching eth0"
                in line[0]), daemon.said
        assert len(daemon.said) == 3, daemon.said
        stats = daemon.of("stats")[-1]
        assert stats["capture"]["dropped"] == stats["capture"]["records_lost"] == 0


def test_end():
    """SIGTERM and SIGINT end it with 0; sessions that are open are told as unfinished,
    and accuse nobody
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-j", "2") as daemon:
            Server(pair)
            clients = [Client(pair) for _ in range(20)]
            for client in clients:
                client.say("EHLO out.example.org")
                client.say("MAIL FROM:<a@example.org>")
            time.sleep(0.3)
            assert daemon.stop(number) == 0, daemon.said
            found = {r["src_port"]: r["ending"] for r in daemon.of("session")}
            assert {found[client.port]["how"] for client in clients} == {"capture-end"}, found
            assert {found[client.port]["seen"] for client in clients} == {"unfinished"}, found
            assert not daemon.of("alert") and len(daemon.of("stats")) == 1
            for client in clients:
                client.close()


def test_reload():
    """SIGHUP reads the configuration again;
    one with mistakes is told, all of it, and nothing changes
    """
    with folder() as name, Pair() as pair:
        conf = pathlib.Path(name, "smtpwatch.conf")
        conf.write_text("interface = eth0\nports = 25\nrepeat = 0\n")
        with Daemon(pair.server, "-c", conf) as daemon:
            Server(pair, dot="221 closing")
            port = session(pair)
            assert until(lambda: daemon.of("alert", src_port=port)), daemon.said
            conf.write_text(
                "interface = eth0\nports = none\nrepeat = 0\nnonsense = 1\nmin-severity = loud\n")
            daemon.send(signal.SIGHUP)
            assert daemon.hears("nothing is changed"), daemon.said
            for line in (2, 4, 5):
                assert daemon.says(f"smtpwatch.conf:{line}: "), daemon.said
            port = session(pair)
            assert until(lambda: daemon.of("alert", src_port=port)), daemon.said
            conf.write_text(
                "interface = eth0\nports = 25,2525\nrepeat = 0\nseverity = 221-for-message=none\n")
            daemon.send(signal.SIGHUP)
            assert daemon.hears("configuration read again"), daemon.said
            assert daemon.says("ports has changed; it stays as it was until a restart"), daemon.said
            port = session(pair)
            assert daemon.session(port)["ending"]["severity"] == "none"
            daemon.send(signal.SIGHUP)
            assert until(lambda: len(daemon.says("configuration read again")) == 2), daemon.said
            assert daemon.stop() == 0
            assert not daemon.of("alert", src_port=port)


def test_suppress():
    """SIGHUP reads the rules of --suppress again, and keeps them if the new ones have a mistake;
    one that expires is told
    """
    with folder() as name, Pair() as pair:
        rules = pathlib.Path(name, "rules")
        rule = "server=0.0.0.0/0 lost-mail=yes until=never comment=known\n"
        rules.write_text(rule + "client=::/0 until=2020-01-01 comment=over\n")
        with Daemon(pair.server, "-i", "eth0", "--repeat", 0, "--suppress", rules) as daemon:
            Server(pair, dot="221 closing")
            assert daemon.hears(
                "the suppression of line 2 has expired, and held back 0 alerts: over"), daemon.said
            port = session(pair)
            assert daemon.session(port)["suppressed"] == "known"
            rules.write_text("# nothing\nserver=none until=never comment=x\n")
            daemon.send(signal.SIGHUP)
            assert daemon.hears("nothing is changed"), daemon.said
            assert daemon.says("rules:2: server: "), daemon.said
            port = session(pair)
            assert daemon.session(port)["suppressed"] == "known"
            rules.write_text("# moved\n" + rule)
            daemon.send(signal.SIGHUP)
            assert daemon.hears("configuration read again"), daemon.said
            port = session(pair)
            assert daemon.session(port)["suppressed"] == "known"
            assert not daemon.of("alert"), daemon.said
            rules.write_text("# all gone\n")
            daemon.send(signal.SIGHUP)
            assert until(lambda: len(daemon.says("configuration read again")) == 2), daemon.said
            port = session(pair)
            assert until(lambda: daemon.of("alert", src_port=port)), daemon.said
            rules.write_text(rule)
            daemon.send(signal.SIGHUP)
            assert until(lambda: len(daemon.says("configuration read again")) == 3), daemon.said
            assert daemon.stop() == 0
            stats = daemon.of("stats")[-1]
            assert stats["suppressed"] == 3 and stats["alerts"] == 1, stats


def test_pid_file():
    """The pid file is written, is refused to a second one, and goes at the end"""
    with folder() as name, Pair() as pair:
        path = pathlib.Path(name, "smtpwatch.pid")
        with Daemon(pair.server, "-i", "eth0", "--pid-file", path) as daemon:
            assert int(path.read_text()) == daemon.pid
            with Daemon(pair.server, "-i", "eth0", "--pid-file", path, ready=False) as second:
                assert second.stop(0) == 3 and second.says("another one's"), second.said
            assert int(path.read_text()) == daemon.pid
            assert daemon.stop() == 0
        assert not path.exists()


def test_systemd():
    """systemd hears READY, STATUS, a WATCHDOG twice in each interval, RELOADING and READY, STOPPING
    """
    with folder() as name, Pair() as pair:
        notices = Notices(pathlib.Path(name))
        with Daemon(pair.server, "-i", "eth0", "-j", "2", env={
                "NOTIFY_SOCKET": str(notices.path),
                "WATCHDOG_USEC": "1000000"
        }) as daemon:
            assert until(lambda: "READY=1" in notices.all())
            assert any(line.startswith("STATUS=watching eth0") for line in notices.all())
            until(lambda: notices.all() is None, 3)
            beats = [when for when, line in notices.heard if line == "WATCHDOG=1"]
            gaps = [after - before for before, after in zip(beats, beats[1:])]
            assert len(beats) >= 4 and max(gaps) < 1.0, gaps
            notices.heard.clear()
            daemon.send(signal.SIGHUP)
            assert until(lambda: "READY=1" in notices.all())
            heard = [line for line in notices.all() if line in ("RELOADING=1", "READY=1")]
            assert heard == ["RELOADING=1", "READY=1"], heard
            assert daemon.stop() == 0
            assert "STOPPING=1" in notices.all()
            return f"longest silence {max(gaps):.2f} s of 1 s"


def test_sudden_death():
    """Killed and started again: a session under way is picked up and accused of nothing,
    its opener is gone, a later one is judged
    """
    with Pair() as pair:
        Server(pair)
        early, late = Client(pair), Client(pair)
        with Daemon(pair.server, "-i", "eth0") as daemon:
            for client in (early, late):
                client.mail()
            helpers = children(daemon.pid)
            daemon.send(signal.SIGKILL)
            daemon.process.wait()
            assert until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in helpers))
        with Daemon(pair.server, "-i", "eth0") as daemon:
            early.quit()
            late.mail()
            late.close()
            first, second = daemon.session(early.port), daemon.session(late.port)
            assert verdict(first) in ("clean", "unknown"), first["ending"]
            assert verdict(second) in ("unknown", "client-no-quit"), second["ending"]
            assert first["ending"]["seen"] == "no-handshake"
            assert verdict(daemon.session(session(pair))) == "clean"
            assert not daemon.of("alert")
            return f"{verdict(first)}, {verdict(second)}"


def test_full_disk():
    """An output that takes no more is said once and tried again;
    what it did not take makes the end a 3
    """
    with Pair() as pair, Daemon(pair.server, "-i", "eth0",
                                outputs=("-o", "json:/dev/full")) as daemon:
        Server(pair)
        session(pair)
        assert daemon.hears("/dev/full: No space left on device"), daemon.said
        session(pair)
        time.sleep(2)
        assert len(daemon.says("/dev/full: ")) == 1, daemon.said
        assert daemon.stop() == 3, daemon.said
        assert daemon.says("records lost"), daemon.said


def test_nids():
    """The other engine watches as well, with one worker; with more it says so and ends"""
    with Pair() as pair:
        with Daemon(pair.server, "-i", "eth0", "--engine", "nids") as daemon:
            Server(pair, dot="221 closing")
            assert verdict(daemon.session(session(pair))) == "221-for-message"
            assert daemon.stop() == 0
        with Daemon(pair.server, "-i", "eth0", "--engine", "nids", "-j", "2",
                    ready=False) as daemon:
            assert daemon.stop(0) in (2, 3) and daemon.says("one worker"), daemon.said


def test_sandbox_holds():
    """A reload that has to resolve, open and write anew makes no call that kills"""
    if SANITIZED:
        return
    with folder() as name, Pair() as pair:
        conf = pathlib.Path(name, "smtpwatch.conf")
        lines = f"interface = eth0\nredact = hash\nsite-key = {name}/site-key\n"
        conf.write_text(lines)
        with Daemon(pair.server, "-c", conf, "-j", "0") as daemon:
            Server(pair)
            for _ in range(5):
                daemon.send(signal.SIGHUP)
                daemon.session(session(pair))
                conf.unlink()
                daemon.send(signal.SIGHUP)
                time.sleep(0.2)
                conf.write_text(lines)
            assert daemon.says("cannot read"), daemon.said
            assert daemon.stop() == 0, daemon.said


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
