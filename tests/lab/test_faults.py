#!/usr/bin/env python3
"""test_faults.py - what befalls the daemon itself:
full disk, log removed, clock stepped, flood, no memory, SIGKILL. Root.

usage: test_faults.py [PART OF A TEST'S NAME ...]

Interfaces that go and come are in test_live_link.py. A worker cannot be killed alone:
workers are threads, and a signal that ends one ends the process, which the last test does.
"""
import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import box
from live_pair import (
    CLIENT, PROGRAM, Client, Daemon, Pair, Server, run, session, status, until, verdict)
from net import command

BUILD = pathlib.Path(os.environ.get("BUILD", "build/cc"))
TMPFS_SIZE = "256k"


@contextlib.contextmanager
def small_disk():
    """A folder that takes no more than a quarter of a mebibyte,
    writable for whom the daemon becomes.
    """
    with tempfile.TemporaryDirectory(prefix="swlab") as folder:
        command("mount", "-t", "tmpfs", "-o", f"size={TMPFS_SIZE},mode=777", "swlab", folder)
        try:
            os.chmod(folder, 0o777)
            yield pathlib.Path(folder)
        finally:
            command("umount", "-l", folder)


def names(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def test_disk_full():
    """Disk full: nothing hangs, it is said once, what could not be written is counted; room again:
    it goes on
    """
    with small_disk() as disk, Pair() as pair:
        filler, log = disk / "filler", disk / "log.json"
        with Daemon(pair.server, "-i", "eth0", "-o", f"json:{log}", "--stats-interval",
                    "1s") as daemon:
            Server(pair)
            first = session(pair)
            assert until(lambda: str(first) in names(log)), daemon.said
            filler.write_bytes(b"x" * 4096)
            with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
            for _ in range(40):
                session(pair)
            assert daemon.hears("No space left"), daemon.said
            said = len(daemon.says("No space left"))
            during = session(pair)
            assert daemon.session(during), "standard output must not suffer"
            filler.unlink()
            time.sleep(3)       # it may look now and then only whether there is room again
            after = session(pair)
            assert until(lambda: f'"src_port":{after},' in names(log),
                         15), f"it does not go on: {daemon.said}"
            assert said == 1 and len(daemon.says("No space left")) <= 2, daemon.said
            daemon.stop()
            broken = [
                line for line in names(log).splitlines()
                if not (line.startswith("{") and line.endswith("}"))
            ]
            assert not broken, f"lines that are no records: {broken[:2]}"
            counted = [line for line in daemon.said if "lost" in line]
            return counted[-1] if counted else None


def test_log_removed():
    """Log removed or renamed: HUP opens a new one, and no record is in neither"""
    with tempfile.TemporaryDirectory(prefix="swlab") as folder, Pair() as pair:
        os.chmod(folder, 0o777)
        log, old = pathlib.Path(folder, "log.json"), pathlib.Path(folder, "log.json.1")
        with Daemon(pair.server, "-i", "eth0", "-Z", "root", "-o", f"json:{log}",
                    "--stats-interval", "0") as daemon:
            Server(pair)
            ports = [session(pair) for _ in range(5)]
            daemon.sessions(ports)
            log.rename(old)
            ports += [session(pair) for _ in range(5)]
            daemon.send(signal.SIGHUP)
            assert until(log.exists), daemon.said
            ports += [session(pair) for _ in range(5)]
            daemon.sessions(ports)
            before = names(old) + names(log)
            log.unlink()
            daemon.send(signal.SIGHUP)
            assert until(log.exists), daemon.said
            last = session(pair)
            daemon.session(last)
            assert daemon.stop() == 0
            assert f'"src_port":{last},' in names(log)
            missing = [port for port in ports if f'"src_port":{port},' not in before]
            assert not missing, missing


def test_restart_keeps_log():
    """Started again it writes behind what its log has already, and not over it"""
    with tempfile.TemporaryDirectory(prefix="swlab") as folder, Pair() as pair:
        os.chmod(folder, 0o777)
        log = pathlib.Path(folder, "log.json")
        Server(pair)
        ports = []
        for _ in range(2):
            with Daemon(pair.server, "-i", "eth0", "-Z", "root", "-o", f"json:{log}",
                        "--stats-interval", "0") as daemon:
                ports.append(session(pair))
                daemon.session(ports[-1])
                daemon.stop()
        missing = [port for port in ports if f'"src_port":{port},' not in names(log)]
        assert not missing, f"of {ports} the log lacks {missing}"


def test_clock_stepped():
    """The clock is stepped, an hour on and an hour back:
    open sessions live on, and are judged rightly
    """
    tree = box.unpacked("libfaketime") / "tree"
    library = next(tree.rglob("libfaketime.so.1"))
    with tempfile.TemporaryDirectory(prefix="swlab") as folder, Pair() as pair:
        os.chmod(folder, 0o755)
        stamp = pathlib.Path(folder, "offset")
        stamp.write_text("+0\n", encoding="ascii")
        env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(stamp),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1"
        }
        with Daemon(pair.server, "-i", "eth0", env=env) as daemon:
            Server(pair)
            client = Client(pair)
            client.say("EHLO out.example.org")
            for offset in ("+3600\n", "-3600\n", "+0\n"):
                stamp.write_text(offset, encoding="ascii")
                time.sleep(1.5)
                assert verdict(daemon.session(session(pair))) == "clean"
            ended = daemon.of("session", src_port=client.port)
            assert not ended, f"an open session was ended: {ended[0]['ending']}"
            client.mail()
            client.quit()
            assert verdict(daemon.session(client.port)) == "clean"
            assert not daemon.of("alert")
            return "the program's own clock alone, by libfaketime; the kernel's time stamps stay"


def syns(path, count=50000):
    """A capture of so many SYNs, each from an address and port of its own;
    blast changes them with each round.
    """
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number in range(count):
            ip = struct.pack("!BBHHHBBHII", 0x45, 0, 40, number & 0xFFFF, 0x4000, 64, 6, 0,
                             0x0A000000 + number, 0xC6336419)
            tcp = struct.pack("!HHIIBBHHH", 1024 + number % 60000, 25, number * 7919, 0, 0x50, 2,
                              64240, 0, 0)
            frame = bytes.fromhex("0200000000020200000000010800") + ip + tcp
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)


def test_syn_flood():
    """100,000 SYNs a second: sessions among them are judged, memory stays within its limit,
    what was not seen is counted
    """
    with tempfile.TemporaryDirectory(prefix="swlab") as folder, Pair() as pair, \
            Daemon(pair.server, "-i", "eth0", "-j", "2", "--memory", "128M",
                   "--max-connections", "100000", "--repeat", "0", "-Z", "root",
                   outputs=("-o", f"json:{folder}/log.json")) as daemon:
        Server(pair, dot="221 2.0.0 closing")
        path, log = pathlib.Path(folder, "syns.pcap"), pathlib.Path(folder, "log.json")
        syns(path)
        flood = pair.client.popen(BUILD / "tests/lab/blast", "eth0", path, 10, 110000,
                                  stdout=subprocess.PIPE, text=True)
        time.sleep(2)
        ports = []
        for _ in range(5):
            ports.append(session(pair))
            time.sleep(1)
        sent, _, took = flood.communicate(timeout=60)[0].split()
        rate = int(sent) / float(took)
        time.sleep(3)
        resident = int(status(daemon.pid)["VmRSS"].split()[0])
        code = daemon.stop(seconds=60)
        assert code == 0, (code, daemon.said)
        with open(log, encoding="utf-8") as file:
            lines = [
                line for line in file
                if '"event_type":"stats"' in line or f'"src_ip":"{CLIENT}"' in line
            ]
        records = [json.loads(line) for line in lines]
        seen = {r["src_port"]: verdict(r) for r in records if r["event_type"] == "alert"}
        capture = records[-1]["capture"]
        assert rate > 100000, f"only {rate:.0f} packets a second"
        missing = [port for port in ports if seen.get(port) != "221-for-message"]
        lost = capture["dropped"] + capture["records_lost"]
        assert not missing or len(missing) <= lost, (missing, seen, capture)
        assert resident < 400000, f"{resident} KiB"
        return (
            f"{rate:.0f} SYNs a second, {capture['dropped']} packets dropped, "
            f"{capture['records_lost']} records lost and counted, "
            f"{5 - len(missing)} of 5 sessions among them alerted, "
            f"{records[-1]['stream']['evicted_half_open']} half-open connections evicted, "
            f"{resident} KiB resident"
        )


def test_memory_limit():
    """Memory limit reached: it goes on without more, counts what it gave up, and accuses nobody"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--memory", "4M") as daemon:
        Server(pair)
        pair.client.sysctl(ipv4__ip_local_port_range="20000 60999")
        clients = []
        for _ in range(3500):
            client = Client(pair)
            client.say("EHLO a-client-with-a-rather-long-name-for-a-host.out.example.org")
            clients.append(client)
        for client in clients:
            client.quit()
        time.sleep(3)       # what has ended is kept for a second, and its memory with it
        late = session(pair)
        assert verdict(daemon.session(late, 30)) in ("clean", "unknown")
        code = daemon.stop(seconds=30)
        assert code == 0, (code, daemon.said)
        stats = daemon.of("stats")[-1]
        given_up = (stats["stream"]["evicted_idle"] + stats["stream"]["evicted_half_open"] +
                    stats["stream"]["no_memory"])
        wrong = {verdict(r) for r in daemon.of("session")} - {"clean", "unknown"}
        assert not wrong and not daemon.of("alert"), wrong
        assert given_up > 0, stats["stream"]
        assert stats["memory"]["peak"] <= 4 << 20, stats["memory"]
        return f"{given_up} given up, {stats['memory']['peak']} bytes at most"


def test_killed_and_started():
    """SIGKILL and start: sessions under way are picked up in their middle and not accused,
    new ones judged
    """
    with Pair() as pair:
        Server(pair)
        Server(pair, dot="", port=587)
        with Daemon(pair.server, "-i", "eth0") as daemon:
            # Behind EHLO, in a transaction, in the body;
            # the last one's server will close without a word.
            idle, open_, body = Client(pair), Client(pair), Client(pair)
            for client in (idle, open_, body):
                client.say("EHLO out.example.org")
            for client in (open_, body):
                client.say("MAIL FROM:<a@example.org>")
                client.say("RCPT TO:<b@example.net>")
            body.say("DATA")
            body.file.write(b"Subject: half\r\n\r\nhalf of it\r\n")
            time.sleep(0.3)
            daemon.send(signal.SIGKILL)
            daemon.process.wait(5)
        with Daemon(pair.server, "-i", "eth0") as daemon:
            assert body.say("the rest\r\n.").startswith("250")
            body.quit()
            assert open_.say("DATA").startswith("354")
            assert open_.say("Subject: x\r\n\r\nx\r\n.").startswith("250")
            open_.quit()
            idle.close()
            ports = [idle.port, open_.port, body.port]
            found = daemon.sessions(ports, 15)
            seen = [verdict(found[port]) for port in ports if port in found]
            assert not daemon.of("alert"), [r["ending"] for r in daemon.of("alert")]
            assert set(seen) <= {"clean", "unknown", "client-drop", "client-no-quit", "probe"}, seen
            dropped = session(pair, port=587)
            assert verdict(daemon.session(dropped)) == "drop-after-message"
            return f"behind EHLO, in a transaction, in the body: {', '.join(seen)}"


def test_slow_end():
    """A reader that is slow, but reads, has everything at the end"""
    with Pair() as pair:
        Server(pair)
        process = pair.server.popen(PROGRAM, "-i", "eth0", "-o", "json", "--stats-interval", "0",
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        assert b"watching" in process.stderr.readline()
        ports = [session(pair) for _ in range(500)]
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        parts = []
        while part := os.read(process.stdout.fileno(), 16384):
            parts.append(part)
            time.sleep(0.02)
        text = b"".join(parts)
        assert text.endswith(b"}\n"), f"the last line is cut: {text[-60:]}"
        records = [json.loads(line) for line in text.splitlines()]
        assert process.wait(10) == 0
        missing = set(ports) - {record.get("src_port") for record in records}
        assert not missing, f"{len(missing)} of {len(ports)} are missing"


def test_slow_reader():
    """Nobody reads standard output: capture does not wait for it, what is lost is counted,
    and it ends when told
    """
    with Pair() as pair:
        Server(pair)
        reader, writer = socket.socketpair()
        process = pair.server.popen(PROGRAM, "-i", "eth0", "-o", "json", stdin=-3,
                                    stdout=writer.fileno(), stderr=-1)
        writer.close()
        assert b"watching" in process.stderr.readline()
        for _ in range(400):
            session(pair)
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(Exception):
            process.wait(10)
        ended = process.poll()
        process.kill()
        reader.close()
        assert ended is not None, "it hangs in its output"


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
