#!/usr/bin/env python3
"""test_live_outputs.py - every output of a running daemon, behind its filter of system calls. Root.

usage: test_live_outputs.py [PART OF A TEST'S NAME ...]
"""
import json
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from live_pair import (
    PROGRAM, SANITIZED, Daemon, Pair, Server, descendants, run, session, status, until)

LOST = "221 2.0.0 closing"


def folder_make():
    """Where sockets, files and a script lie, which any user may write to."""
    made = tempfile.TemporaryDirectory()
    os.chmod(made.name, 0o777)
    return made


class Reader:
    """Takes what comes to a socket, until it is closed."""

    def __init__(self, listener, stream):
        self.listener, self.stream, self.got, self.open = listener, stream, b"", []
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        try:
            while True:
                source = self.listener
                if self.stream:
                    source, _ = self.listener.accept()
                    self.open.append(source)
                while piece := source.recv(1 << 17):
                    self.got += piece
        except OSError:
            pass

    def close(self):
        for one in [*self.open, self.listener]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def has(self, words, times=1, seconds=5):
        return until(lambda: self.got.count(words) >= times, seconds)


def local(folder, name, kind):
    path = str(folder / name)
    listener = socket.socket(socket.AF_UNIX, kind)
    if os.path.exists(path):
        os.unlink(path)
    listener.bind(path)
    os.chmod(path, 0o777)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return Reader(listener, kind == socket.SOCK_STREAM)


def loghost(pair, kind, port):
    listener = pair.server.socket(socket.AF_INET, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return Reader(listener, kind == socket.SOCK_STREAM)


def page(pair, port=9625):
    sock = pair.server.socket()
    sock.settimeout(5)
    with sock:
        sock.connect(("127.0.0.1", port))
        sock.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        text = b""
        while piece := sock.recv(1 << 16):
            text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    assert b" 200 " in head.split(b"\r\n")[0] + b" ", head
    return body.decode()


def value(text, series):
    found = re.search("^" + re.escape(series) + " ([0-9.]+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def checked(command, data):
    done = subprocess.run(["/usr/bin/python3", *command], input=data, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_output():
    """a lost mail is told by every kind of output, from behind the filter of system calls,
    and by couriers that are not root
    """
    with folder_make() as name, Pair() as pair:
        folder = pathlib.Path(name)
        script = folder / "command"
        script.write_text(
            f"#!/bin/sh\n{{ id -u; echo \"$1 $SMTPWATCH_VERDICT $SMTPWATCH_ROLE\"; cat; "
            f"}} >>{folder}/command.out\n",
            encoding="ascii")
        script.chmod(0o755)
        readers = [
            local(folder, "json", socket.SOCK_STREAM),
            local(folder, "log", socket.SOCK_DGRAM),
            local(folder, "journal", socket.SOCK_DGRAM),
            loghost(pair, socket.SOCK_DGRAM, 5514),
            loghost(pair, socket.SOCK_STREAM, 5515)
        ]
        stream, log, journal, udp, tcp = readers
        outputs = [
            f"json:unix:{folder}/json", f"syslog:{folder}/log", f"journald:{folder}/journal",
            "syslog:udp://127.0.0.1:5514", "syslog:tcp://127.0.0.1:5515", "prometheus",
            f"textfile:{folder}/smtpwatch.prom", f"exec:{script} 'two words'",
            f"text:{folder}/text", "json"
        ]
        options = [word for output in outputs for word in ("-o", output)]
        Server(pair, LOST)
        with Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s", outputs=options) as daemon:
            assert SANITIZED or status(daemon.pid)["Seccomp"] == "2"
            couriers = descendants(daemon.pid, "smtpwatch-out", "smtpwatch-keep")
            assert len(couriers) == 6, couriers
            for pid in couriers:
                assert (status(pid)["Uid"].split() == status(daemon.pid)["Uid"].split()
                        and status(pid)["Uid"].split()[0] != "0"), status(pid)["Uid"]
                assert int(status(pid)["CapPrm"], 16) == 0
            record = daemon.session(session(pair))
            assert record["role"] == "server", record
            assert stream.has(b'"event_type":"alert"')
            for reader in (log, udp, tcp):
                assert reader.has(
                    b' 221-for-message [smtpwatch@32473 signature="221-for-message" '), reader.got
            assert journal.has(b"\nSMTPWATCH_VERDICT=221-for-message\n")
            series = 'smtpwatch_sessions_total{verdict="221-for-message",role="server"}'
            assert until(lambda: value(page(pair), series) == 1)
            assert until(lambda: (value(page(pair), "smtpwatch_capture_frames_total") or 0) > 10)
            prom = folder / "smtpwatch.prom"
            assert until(
                lambda: prom.exists() and value(prom.read_text(encoding="utf-8"), series) == 1)
            checked(["tests/program/metrics_check.py"], page(pair).encode())
            assert until(lambda: (folder / "command.out").exists() and "alert" in
                         (folder / "command.out").read_text(encoding="utf-8"))
            user, words, line = (folder / "command.out").read_text(encoding="utf-8").splitlines()
            assert (user != "0" and words == "two words 221-for-message server"
                    and json.loads(line)["alert"]["signature"] == "221-for-message")
            assert daemon.stop() == 0, daemon.said
            assert not daemon.says("lost"), daemon.said
            assert until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in couriers))
        checked(["tests/program/rfc5424_check.py"], tcp.got)
        checked(["tests/program/schema_check.py", "docs/schema.json"], stream.got)
        assert " CRITICAL 221-for-message " in (folder / "text").read_text(encoding="utf-8")
        for reader in readers:
            reader.close()


def test_dead_outputs():
    """outputs whose readers are not there cost no session; a reader that comes gets what waited;
    what is moved away is opened again
    """
    with folder_make() as name, Pair() as pair:
        folder = pathlib.Path(name)
        outputs = [
            "-o", "json", "-o", f"json:unix:{folder}/json", "-o", f"json:{folder}/file", "-o",
            "syslog:tcp://127.0.0.1:5515", "-o", f"syslog:{folder}/log"
        ]
        Server(pair)
        with Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s", outputs=outputs) as daemon:
            ports = [session(pair) for _ in range(100)]
            assert len(daemon.sessions(ports)) == 100
            late = local(folder, "json", socket.SOCK_STREAM)
            assert late.has(b'"event_type":"session"', 100, 20), late.got.count(b"\n")
            late.close()
            os.rename(folder / "file", folder / "file.1")
            daemon.send(signal.SIGHUP)
            assert until((folder / "file").exists)
            port = session(pair)
            daemon.session(port)
            assert until(lambda: f'"src_port":{port},' in
                         (folder / "file").read_text(encoding="utf-8"))
            again = local(folder, "json", socket.SOCK_STREAM)
            assert again.has(f'"src_port":{port},'.encode(), 1, 20)
            stats = until(
                lambda: [r for r in daemon.of("stats") if r["outputs"][1]["reconnects"] > 0])
            assert (stats and all(output["lost"] == 0
                                  for output in stats[-1]["outputs"])), daemon.of("stats")[-1:]
            said = [line for line in daemon.said if "it is tried again" in line]
            # each once, and the one that went once more
            assert len(said) == len({line.split(": ")[1] for line in said}) + 1, daemon.said
            daemon.stop()
            again.close()


def test_repeats():
    """the same alert again: told once, then in sums; a lost mail is an alert each time"""
    with folder_make() as name, Pair() as pair:
        folder = pathlib.Path(name)
        server = Server(pair, "")
        with Daemon(pair.server, "-i", "eth0", "--repeat", "2s",
                    outputs=("-o", "json", "-o", f"text:{folder}/text")) as daemon:
            ports = []
            for _ in range(5):
                ports.append(session(pair))
                time.sleep(1.2)  # within a second they would be one event, and one alert
            records = daemon.sessions(ports)
            server.close()
            Server(pair, LOST)
            lost = []
            for _ in range(5):
                lost.append(session(pair))
                time.sleep(0.2)
            daemon.sessions(lost)
            assert daemon.stop() == 0, daemon.said
            alerts = daemon.of("alert")
            sums = [r["alert"]["repeated"] for r in alerts if "repeated" in r["alert"]]
            losses = [r for r in alerts if r["alert"]["signature"] == "221-for-message"]
            assert len(losses) == 5, losses
            assert len(sums) >= 2 and len(alerts) == len(sums) + 1 + 5, alerts
            folded = [r for r in records.values() if r.get("folded") == ["drop-after-message"]]
            assert sum(one["count"] for one in sums) == len(folded) == 4, (len(folded), sums)
            text = " ".join((folder / "text").read_text(encoding="utf-8").split())
            assert text.count(" (again) drop-after-message ") == 4, text
            assert text.count("message from <a@example.org> to <b@example.net>") >= 10, text


def test_nobody_reads():
    """standard output and standard error in one pipe or terminal that nobody reads:
    the watchdog is fed, and SIGTERM ends it
    """
    for made in (os.pipe, pty.openpty):
        with folder_make() as name, Pair() as pair:
            notices = local(pathlib.Path(name), "notify", socket.SOCK_DGRAM)
            reader, writer = made()
            env = dict(os.environ, NOTIFY_SOCKET=f"{name}/notify", WATCHDOG_USEC="400000")
            process = pair.server.popen(PROGRAM, "-i", "eth0", "-o", "json", "-o", "text",
                                        "--repeat", "0", stdin=subprocess.DEVNULL, stdout=writer,
                                        stderr=writer, env=env)
            try:
                assert notices.has(b"READY=1")
                Server(pair, LOST)
                for _ in range(4):
                    workers = [
                        threading.Thread(
                            target=lambda: [session(pair) for _ in range(20)]) for _ in range(4)
                    ]
                    for worker in workers:
                        worker.start()
                    for worker in workers:
                        worker.join()
                before = len(notices.got)
                assert until(lambda: notices.got[before:].count(b"WATCHDOG=1") >= 5)
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 3  # something is missing from the target
            finally:
                process.kill()
                process.wait()
                notices.close()
                os.close(reader)
                os.close(writer)


def test_kill():
    """where the program is killed, its couriers go with it, and what they run"""
    with folder_make() as name, Pair() as pair:
        script = pathlib.Path(name) / "command"
        script.write_text(f"#!/bin/sh\necho $$ >{name}/pid\nexec sleep 60\n", encoding="ascii")
        script.chmod(0o755)
        Server(pair, LOST)
        with Daemon(pair.server, "-i", "eth0",
                    outputs=("-o", "json", "-o", f"exec:{script}")) as daemon:
            daemon.session(session(pair))
            pid = until(lambda: (pathlib.Path(name) / "pid").exists() and
                        (pathlib.Path(name) / "pid").read_text(encoding="ascii").strip())
            couriers = descendants(daemon.pid, "smtpwatch-out", "smtpwatch-keep")
            assert pid and len(couriers) == 2
            os.kill(daemon.pid, signal.SIGKILL)
            daemon.process.wait()

            def gone(one):
                try:
                    return status(one)["State"].startswith("Z")
                except OSError:
                    return True

            assert until(lambda: all(gone(one) for one in [pid, *couriers]))


def test_a_process_dies():
    """where a process of the program dies that nobody can start anew, that is said, all sums are,
    and the program ends with status 3
    """
    for name in ("smtpwatch-keep", "smtpwatch-open"):
        if SANITIZED and name == "smtpwatch-open":
            continue
        with Pair() as pair:
            Server(pair, LOST)
            with Daemon(pair.server, "-i", "eth0",
                        outputs=("-o", "json", "-o", "exec:/bin/true")) as daemon:
                daemon.session(session(pair))
                one = descendants(daemon.pid, name)
                assert len(one) == 1, one
                os.kill(one[0], signal.SIGKILL)
                assert daemon.process.wait(10) == 3, daemon.said
                assert daemon.hears("has died; ending"), daemon.said
                # The session before it is told, and the statistics.
                assert until(lambda: daemon.of("stats")), daemon.records


def test_a_helper_dies():
    """a helper process that dies is started anew, and what waited goes there; what it had and had
    not done is told as lost: offered = written + lost
    """
    with folder_make() as name, Pair() as pair:
        tcp = loghost(pair, socket.SOCK_STREAM, 5515)
        script = pathlib.Path(name) / "command"
        script.write_text(f"#!/bin/sh\necho $SMTPWATCH_CLIENT >>{name}/out\n", encoding="ascii")
        script.chmod(0o755)
        outputs = ["json", f"exec:{script}", "syslog:tcp://127.0.0.1:5515"]
        Server(pair, LOST)
        with Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s",
                    outputs=[word for output in outputs for word in ("-o", output)]) as daemon:
            daemon.session(session(pair))
            for turn in (1, 2):
                for pid in descendants(daemon.pid, "smtpwatch-out"):
                    os.kill(pid, signal.SIGKILL)
                daemon.sessions([session(pair) for _ in range(5)])
                assert until(lambda want=2 * turn: len(daemon.says("runs again")) == want,
                             10), daemon.said
            daemon.session(session(pair))
            assert daemon.stop() == 0, daemon.said
            for output in daemon.of("stats")[-1]["outputs"][1:]:
                assert output["restarts"] == 2, output
            # 12 sessions, and what was said of the outputs to the log host
            said = daemon.says("started anew; records lost in it")
            assert len(said) == 4, daemon.said
            lost = sum(int(line.rsplit(" ", 1)[1]) for line in said if "exec:" in line)
            ran = (pathlib.Path(name) / "out").read_text(encoding="utf-8").splitlines()
            assert 12 - lost <= len(ran) <= 12, (lost, ran)
        tcp.close()


def test_file_size_limit():
    """a file at its limit of size is an output that takes no more, and ends nothing"""
    with folder_make() as name, Pair() as pair:
        Server(pair, LOST)
        with Daemon(pair.server, "-i", "eth0", before=("prlimit", "--fsize=3000"),
                    outputs=("-o", "json", "-o", f"json:{name}/file")) as daemon:
            daemon.sessions([session(pair) for _ in range(5)])
            assert daemon.hears("File too large"), daemon.said
            assert daemon.stop() == 3, daemon.said
            assert daemon.says("records offered: 6, written: "), daemon.said


if __name__ == "__main__":
    sys.exit(run(sys.modules[__name__]))
