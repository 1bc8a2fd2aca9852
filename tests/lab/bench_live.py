#!/usr/bin/env python3
"""bench_live.py - CPU and drops at the highest rate of a sendmmsg sender,
against libpcap's bare live loop. Root.

usage: bench_live.py BUILD [--seconds N] [--set NAME]

Each program is measured alone, on a cable of two namespaces, with
a ring of 64 MiB. The sender needs a CPU of its own: with two CPUs,
two workers and the thread that writes have to share the other.
"""
import argparse
import os
import pathlib
import signal
import sys
import tempfile
import time

from live_pair import Pair, until
from net import command

PORTS = "tcp port 25 or tcp port 587"


def cpu(pid):
    """Seconds of all threads, so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(build, capture, seconds, argv):
    """Packets sent, packets a second, seconds of CPU, what it said on standard error."""
    with Pair() as pair, tempfile.TemporaryFile("w+") as errors:
        process = pair.server.popen(*argv, stdout=-3, stderr=errors)

        def said():
            errors.seek(0)
            return errors.read()
        if not until(lambda: "watching" in said()):
            sys.exit(f"{argv[0]} does not start: {said()}")
        before = cpu(process.pid)
        sent, _, took = pair.client.run(build / "tests/lab/blast", "eth0", capture,
                                        seconds).stdout.split()
        # What waits in the ring, and the second after which the last sessions are told.
        until(lambda: cpu_still(process.pid), 30, 1.0)
        used = cpu(process.pid) - before
        process.send_signal(signal.SIGUSR1 if "smtpwatch" in str(argv[0]) else signal.SIGTERM)
        time.sleep(1.5)
        text = said()
        if process.poll() is None:
            process.terminate()
        process.wait()
        return int(sent), int(sent) / float(took), used, text


STILL = {}


def cpu_still(pid):
    """Whether it has hardly worked since the last call."""
    now = cpu(pid)
    still = now - STILL.get(pid, -1) < 0.03
    STILL[pid] = now
    return still


def drops(text):
    """What smtpwatch says of them; the bare loop says it on standard output, which nobody reads."""
    words = text.split("so far ")[-1].split()
    return words[words.index("dropped,") - 1] if "dropped," in words else "-"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=pathlib.Path)
    arguments.add_argument("--seconds", type=float, default=30)
    arguments.add_argument("--set", default="typical",
                           help="of the generator (tests/bench/generate)")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder, "small.pcap")
        command(options.build / "tests/bench/generate", "-q", options.set, capture)
        program = [(options.build / "smtpwatch").resolve(), "-i", "eth0"]
        rows = [
            ("bare libpcap loop", [options.build / "tests/lab/bare_live", "eth0", 64 << 20, PORTS]),
            ("smtpwatch, text", [*program, "-o", "text:/dev/null", "--min-severity", "critical"]),
            ("smtpwatch, JSON of each session", [*program, "-o", "json:/dev/null"]),
            ("smtpwatch -j 2, text",
             [*program, "-o", "text:/dev/null", "--min-severity", "critical", "-j", "2"])
        ]
        print(
            f"| {options.seconds:.0f} s each | packets | kpps | dropped | CPU, ns a packet |\n"
            "|---|---|---|---|---|"
        )
        for name, argv in rows:
            sent, rate, used, text = measure(options.build, capture, options.seconds, argv)
            print(
                f"| {name} | {sent:,} | {rate / 1000:.0f} | {drops(text)} | "
                f"{used / sent * 1e9:.0f} |",
                flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
