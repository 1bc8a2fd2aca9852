#!/usr/bin/env python3
"""test_live_load.py - at the highest rate that a sender reaches, and beyond what we can take. Root.

usage: test_live_load.py [PART OF A TEST'S NAME ...]
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from live_pair import PROGRAM, SANITIZED, Daemon, Pair, run, until
from net import command

BUILD = pathlib.Path(os.environ.get("BUILD", PROGRAM.parent))
SECONDS, SESSIONS = 4, 400
# Of the generated sessions; what it depends on time, which here flies, is left out.
TIMELESS = ("221-for-message", "221-in-transaction", "221-before-message", "221-to-non-smtp",
            "drop-after-message", "drop-in-message", "drop-in-transaction", "drop-before-message",
            "drop-between-messages", "drop-after-quit", "421-in-message", "421-in-transaction",
            "421-idle", "probe", "clean", "encrypted")


def generated(folder):
    """A mixture of good and bad sessions, and how many there are of each verdict."""
    path = pathlib.Path(folder, "mixture.pcap")
    command(BUILD / "tests/bench/generate", "-n", SESSIONS, "small", path)
    with Daemon(Here, "-r", path, ready=False) as offline:
        assert offline.stop(0, 60) == 0, offline.said
        return path, offline.of("stats")[0]["verdicts"]


class Here:
    """The namespace that we are in."""

    @staticmethod
    def popen(*argv, **more):
        return subprocess.Popen([str(word) for word in argv], **more)


def blast(pair, path, seconds, rate=0):
    """Packets, rounds, seconds."""
    sent, rounds, took = pair.client.run(BUILD / "tests/lab/blast", "eth0", path, seconds,
                                         rate).stdout.split()
    return int(sent), int(rounds), float(took)


def latest(path):
    """The last statistics in a file that is being written:
    to read all of it here would take the CPU from what is measured.
    """
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        found = [line for line in file.read().split(b"\n")[:-1] if b'"event_type":"stats"' in line]
    return json.loads(found[-1]) if found else None


def caught_up(path, packets, seconds=60):
    """When all packets have been judged, and what closed last has been told."""
    def stats():
        found = latest(path)
        return found and found["capture"]["frames"] + found["capture"]["dropped"] >= packets
    assert until(stats, seconds, 0.5), latest(path)
    time.sleep(2.5)
    return latest(path)


def at_full_rate(workers):
    with tempfile.TemporaryDirectory() as folder, Pair() as pair:
        path, truth = generated(folder)
        told = pathlib.Path(folder, "told.json")
        with Daemon(pair.server, "-i", "eth0", "-j", workers, "--stats-interval", "1s",
                    outputs=("-o", f"json:{told}")) as daemon:
            sent, rounds, took = blast(pair, path, SECONDS, 10000 if SANITIZED else 0)
            stats = caught_up(told, sent)
            capture = stats["capture"]
            assert capture["dropped"] == capture["records_lost"] == 0, capture
            assert capture["frames"] == sent, (capture, sent)
            wrong = {
                name: (stats["verdicts"][name], truth[name] * rounds)
                for name in TIMELESS
                if stats["verdicts"][name] != truth[name] * rounds
            }
            assert not wrong, wrong
            assert daemon.stop() == 0
            return (f"{sent / took / 1000:.0f} kpps, {rounds * SESSIONS / took:.0f} sessions a "
                    f"second, for {took:.0f} s")


def test_rate():
    """At the highest rate of one sender nothing is dropped or lost,
    and each of the sessions gets the verdict that it has offline
    """
    return at_full_rate("1")


def test_rate_workers():
    """The same with two workers"""
    return at_full_rate("2")


def test_drops():
    """Packets that the kernel drops are counted and told, sessions bear them,
    and clean sessions raise no alert of it
    """
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--buffer", "1M", "--stats-interval",
                                "1s") as daemon:
        thread = threading.Thread(target=blast,
                                  args=(pair, "pcaps/clean-pipelined.pcap", 1.5, 60000))
        thread.start()
        time.sleep(0.3)
        daemon.send(signal.SIGSTOP)
        time.sleep(0.8)
        daemon.send(signal.SIGCONT)
        thread.join()
        assert daemon.hears("the kernel dropped "), daemon.said
        time.sleep(3)
        stats = daemon.of("stats")[-1]
        assert stats["capture"]["dropped"] > 0, stats["capture"]
        found = daemon.of("session")
        assert daemon.stop() == 0
        bad = {r["ending"]["verdict"] for r in daemon.of("session")} - {"clean", "unknown"}
        assert not daemon.of("alert") and not bad, bad
        bearing = [r for r in found if "kernel_drops" in r["net"]]
        assert bearing and (SANITIZED or len(bearing) < len(found)), (len(bearing), len(found))
        return (f"{stats['capture']['dropped']} dropped of {stats['capture']['received']}, "
                f"{len(bearing)} of {len(found)} sessions bear them")


def test_slow_output():
    """An output that stands still costs records, which is told, and no packet"""
    if SANITIZED:
        return
    with tempfile.TemporaryDirectory() as folder, Pair() as pair:
        fifo = pathlib.Path(folder, "fifo")
        os.mkfifo(fifo, 0o666)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        with Daemon(pair.server, "-i", "eth0", outputs=("-o", f"json:{fifo}")) as daemon:
            blast(pair, "pcaps/clean-pipelined.pcap", 1, 200000)
            time.sleep(1)
            drain = threading.Thread(target=read_all, args=(reader,), daemon=True)
            drain.start()
            assert daemon.hears("records lost: ", 10), daemon.said
            daemon.send(signal.SIGUSR1)
            assert daemon.hears(" 0 dropped"), daemon.said
            assert daemon.stop() == 0, daemon.said


def read_all(fd):
    os.set_blocking(fd, True)
    while os.read(fd, 1 << 16):
        pass


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
