"""chaos.py - a daemon with many outputs, its traffic, and what goes wrong around both."""
import contextlib
import functools
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

from live_pair import Client, Daemon, Pair, Server, descendants, until

FILL = 3 << 20  # bytes of the small file system
ANSWERS = ("250 2.0.0 Ok", "250 2.0.0 Ok", "221 2.0.0 closing", "")
FAULTS = {"221": "221-for-message", "": "drop-after-message"}


class MoodyServer(Server):
    """What it says to the dot is drawn anew for each session, which has a thread of its own."""

    def __init__(self, pair, seed):
        self.mood, self.thread = random.Random(seed), threading.local()
        super().__init__(pair, address="0.0.0.0")

    @property
    def dot(self):
        if not hasattr(self.thread, "dot"):
            self.thread.dot = self.mood.choice(ANSWERS)
        return self.thread.dot

    @dot.setter
    def dot(self, _):
        pass


class Traffic:
    """Sessions, one behind the other in a few threads, and how each of them ended on the wire."""

    def __init__(self, pair, threads=3):
        self.pair, self.over, self.told, self.broken = pair, False, [], 0
        self.threads = [threading.Thread(target=self.work) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def one(self):
        began = time.time()
        client = Client(self.pair)
        client.sock.settimeout(3)
        try:
            answer = client.mail("x" * 500)
            if answer.startswith("250"):
                client.quit()
        finally:
            client.close()
        self.told.append((client.port, answer[:3], began, time.time()))

    def work(self):
        while not self.over:
            try:
                self.one()
            except OSError:
                self.broken += 1
                time.sleep(0.1)
            time.sleep(0.02)

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join()


class Receiver:
    """Takes records from a socket. It can stop taking, and go and come again. It goes in a way that
    lets it have all that was sent to it: only so can every record be counted. Of TCP, where a
    closed listener throws away what it did not accept, the connections go and the listener stays.
    """

    def __init__(self, make, stream, stays=False):
        self.make, self.stream, self.stays = make, stream, stays
        self.pieces, self.paused, self.listener = [], False, None
        self.start()

    def start(self):
        self.going = False
        if not self.stays or not self.listener:
            self.listener = self.make()
        self.listener.settimeout(0.1)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def take(self, sock):
        """All of a connection, or all datagrams, until the other side or this one goes."""
        got, leaving = [], False
        sock.settimeout(0.1)
        while True:
            if self.going and not leaving:
                leaving = True
                self.leave(sock)
            if self.paused and not self.going:
                time.sleep(0.02)
                continue
            try:
                piece = sock.recv(1 << 17)
            except TimeoutError:
                if leaving and not self.stream:
                    break
                continue
            except OSError:
                break
            if not piece:
                break
            got.append(piece)
        return got

    def leave(self, sock):
        if self.stream:
            sock.shutdown(socket.SHUT_RD if sock.family == socket.AF_UNIX else socket.SHUT_WR)

    def work(self):
        if not self.stream:
            self.pieces += self.take(self.listener)
            self.listener.close()
            return
        while not self.going:
            try:
                sock, _ = self.listener.accept()
            except TimeoutError:
                continue
            with sock:
                self.pieces.append(b"".join(self.take(sock)))
        if self.stays:
            return
        # What was connected to it and not yet accepted.
        self.listener.setblocking(False)
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                with sock:
                    sock.setblocking(True)
                    self.pieces.append(b"".join(self.take(sock)))
        self.listener.close()

    def stop(self):
        self.going = True
        self.thread.join(20)
        assert not self.thread.is_alive(), "a receiver hangs"

    def again(self):
        self.stop()
        time.sleep(0.3)
        self.start()

    def records(self):
        """Lines of JSON, or messages of syslog behind their length; what is cut at the end of a
        connection comes again in the next one, whole."""
        for piece in self.pieces:
            if not self.stream:
                yield piece
            elif piece[:1] == b"{":
                yield from piece.split(b"\n")[:-1]
            else:
                while found := re.match(rb"(\d+) ", piece):
                    end = found.end() + int(found[1])
                    if end > len(piece):
                        break
                    yield piece[found.end():end]
                    piece = piece[end:]


class File:
    """A file that is written to, moved away, and written anew."""

    def __init__(self, folder, name):
        self.path, self.turns, self.got = folder / name, 0, b""

    def rotate(self, daemon):
        if not self.path.exists():
            return
        self.turns += 1
        old = self.path.with_suffix(f".{self.turns}")
        os.rename(self.path, old)
        daemon.send(signal.SIGHUP)
        if until(self.path.exists, 3):
            self.got += old.read_bytes()
            old.unlink()

    def all(self):
        rest = [self.path.with_suffix(f".{turn}") for turn in range(1, self.turns + 1)]
        return self.got + b"".join(
            one.read_bytes() for one in [*rest, self.path] if one.exists())


def whole(lines):
    """The records among lines of JSON, each whole: an alert is one record with its session, and
    follows it.
    """
    last, records = None, 0
    for line in lines:
        record = json.loads(line)
        if record["event_type"] == "alert":
            assert last["src_port"] == record["src_port"], (last, record)
        else:
            records += 1
        last = record
    return records


class Chaos(contextlib.ExitStack):
    """All of it. Call disturb, settle, stop, and look at what is left."""

    def __init__(self, seed):
        super().__init__()
        self.random, self.seed, self.done, self.unwatched = random.Random(seed), seed, {}, []
        self.killed = {}
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory()))
        os.chmod(self.folder, 0o777)
        self.pair = self.enter_context(Pair())
        self.small()
        self.server = MoodyServer(self.pair, seed)
        self.receivers = {
            "unix": Receiver(self.unix, True),
            "tcp": Receiver(lambda: self.inet(socket.SOCK_STREAM, 5515), True, True),
            "udp": Receiver(lambda: self.inet(socket.SOCK_DGRAM, 5514), False)
        }
        self.files = {
            "json": File(self.folder / "small", "json"),
            "text": File(self.folder, "text")
        }
        self.daemon = self.enter_context(self.start())
        self.traffic = Traffic(self.pair)
        self.callback(self.traffic.stop)

    def small(self):
        place = self.folder / "small"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FILL},mode=777", "none", place],
                       check=True)
        self.callback(subprocess.run, ["umount", "-l", place], check=False)

    def unix(self):
        path = self.folder / "socket"
        path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(path))
        os.chmod(path, 0o777)
        sock.listen()
        return sock

    def inet(self, kind, port):
        sock = self.pair.server.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind == socket.SOCK_DGRAM:
            sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        sock.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        return sock

    def start(self):
        script = self.folder / "command"
        script.write_text(f"#!/bin/sh\necho $SMTPWATCH_CLIENT >>{self.folder}/ran\n",
                          encoding="ascii")
        script.chmod(0o755)
        outputs = {
            "out": "json",
            "json": f"json:{self.folder}/small/json",
            "text": f"text:{self.folder}/text",
            "unix": f"json:unix:{self.folder}/socket",
            "exec": f"exec:{script}",
            "tcp": "syslog:tcp://127.0.0.1:5515",
            "udp": "syslog:udp://127.0.0.1:5514"
        }
        self.outputs = outputs
        (self.folder / "pcap").mkdir()
        os.chmod(self.folder / "pcap", 0o777)
        return Daemon(self.pair.server, "-i", "eth0", "--stats-interval", "1s", "--repeat", "0",
                      "--write-pcap", self.folder / "pcap",
                      outputs=[word for one in outputs.values() for word in ("-o", one)])

    # What goes wrong.

    def hold_time(self):
        """Seconds: mostly so few that what waits finds room, at times so many that it does not."""
        return self.random.uniform(*((30, 45) if self.random.random() < 0.15 else (0.5, 4)))

    def kill(self):
        """A helper: mostly one that has run long enough not to wait longer and longer."""
        now = time.monotonic()
        pids = descendants(self.daemon.pid, "smtpwatch-out")
        old = [pid for pid in pids if now - self.killed.get(pid, now) > 11]
        for pid in pids:
            self.killed.setdefault(pid, now)
        chosen = old if self.random.random() < 0.9 else pids
        if chosen:
            os.kill(self.random.choice(chosen), signal.SIGKILL)

    def halt(self):
        self.daemon.send(signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, 1.5))
        self.daemon.send(signal.SIGCONT)

    def pause(self):
        receiver = self.random.choice(list(self.receivers.values()))
        receiver.paused = True
        time.sleep(self.hold_time())
        receiver.paused = False

    def restart(self):
        self.random.choice(list(self.receivers.values())).again()

    def fill(self):
        filler = self.folder / "small" / "filler"
        with contextlib.suppress(OSError), filler.open("wb", 0) as file:
            while True:
                file.write(bytes(4096))
        time.sleep(self.hold_time())
        filler.unlink()

    def replug(self):
        gone = len(self.daemon.says("eth0 has gone"))
        there = len(self.daemon.says("eth0 is there, and watched"))
        began = time.time()
        self.pair.unlink()
        time.sleep(self.random.uniform(0, 1))
        self.pair.link()
        assert until(lambda: len(self.daemon.says("eth0 is there, and watched")) > there, 15), \
            self.daemon.said[-20:]
        assert len(self.daemon.says("eth0 has gone")) == gone + 1
        self.unwatched.append((began, time.time()))

    def reload(self):
        self.daemon.send(signal.SIGHUP)

    def rotate(self):
        self.random.choice(list(self.files.values())).rotate(self.daemon)

    def disturb(self, seconds):
        kinds = {
            self.kill: 4,
            self.halt: 2,
            self.pause: 2,
            self.restart: 2,
            self.fill: 2,
            self.replug: 1,
            self.reload: 2,
            self.rotate: 2
        }
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            do, = self.random.choices(list(kinds), list(kinds.values()))
            do()
            self.done[do.__name__] = self.done.get(do.__name__, 0) + 1
            assert self.daemon.process.poll() is None, self.daemon.said[-20:]
            # A small file system that is nearly full of its own records is no disturbance.
            if len(self.files["json"].got) < 1 or self.random.random() < 0.2:
                self.files["json"].rotate(self.daemon)
            time.sleep(self.random.uniform(0.1, 1.5))

    def settled(self):
        stats = self.daemon.of("stats")
        return stats and all(one["offered"] - one["written"] - one["lost"] <= 1
                             for one in stats[-1]["outputs"])

    def stop(self):
        """Everything goes well again; the exit status."""
        self.traffic.stop()
        self.files["json"].rotate(self.daemon)
        time.sleep(3)
        assert until(self.settled, 90), self.daemon.of("stats")[-1]["outputs"]
        code = self.daemon.stop(seconds=30)
        for receiver in self.receivers.values():
            receiver.stop()
        return code

    # What is left.

    def counts(self, name):
        """offered, written and lost of an output, as the program says at the end. What has lost
        nothing is not said: the last statistics have it then, themselves not counted."""
        spec = self.outputs[name]
        found = [
            re.search(r"records offered: (\d+), written: (\d+), lost: (\d+)", line)
            for line in self.daemon.said
            if spec.partition(":")[2] in line and "records offered: " in line
        ]
        if found:
            return tuple(int(word) for word in found[-1].groups())
        last = self.daemon.of("stats")[-1]["outputs"][list(self.outputs).index(name)]
        assert last["name"] == spec and last["lost"] == 0, last
        more = name != "exec"  # the others get the statistics too
        return last["offered"] + more, last["offered"] + more, 0

    def arrived(self, name):
        if name == "json":
            lines = self.files["json"].all().split(b"\n")
            assert lines[-1] == b"", lines[-1]
            return whole(lines[:-1])
        if name == "exec":
            return len((self.folder / "ran").read_text(encoding="utf-8").splitlines())
        records = list(self.receivers[name].records())
        if name == "unix":
            return whole(records)
        for record in records:
            assert record.startswith(b"<") and b" smtpwatch " in record[:200], record[:200]
        return len(records)

    def excused(self, began, ended):
        """The interface was not there, which was said, or a loss was counted in the statistics."""
        return any(began < last + 0.5 and first - 0.5 < ended
                   for first, last in [*self.unwatched, *self.lost_between])

    @functools.cached_property
    def lost_between(self):
        """The times of two statistics between which packets or judged sessions were lost."""
        stats = self.daemon.of("stats")
        return [(first["seen"] - 3, last["seen"])
                for first, last in zip(stats, stats[1:])
                if any(first["capture"][name] < last["capture"][name]
                       for name in ("dropped", "records_lost"))]

    def missed(self):
        """Faults of the wire that no session tells of, and no loss excuses."""
        by_port = {}
        for record in self.daemon.of("session"):
            by_port.setdefault(record["src_port"], []).append(record)
        return [(port, answer, began, ended, [r["ending"]["verdict"] for r in near])
                for port, answer, began, ended in self.traffic.told
                if answer in FAULTS and not self.excused(began, ended)
                for near in [[
                    r for r in by_port.get(port, []) if -1 < r["seen"] - ended < 20
                ]] if FAULTS[answer] not in [r["ending"]["verdict"] for r in near]]
