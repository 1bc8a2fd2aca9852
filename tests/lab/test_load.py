#!/usr/bin/env python3
"""test_load.py - mixed traffic at the highest rate that servers and generator reach,
with faults among it, watched live. Root.

usage: test_load.py [--seconds N] [--workers N] [--interval MS];
the program is $SMTPWATCH, or ./smtpwatch

Each of the faults must raise one alert, of its verdict, and nothing else may; every connection that
was made must have its record; the kernel may drop no packet, the ring no record; memory must be
flat. Faults of one kind are two seconds and more apart, so that none is grouped with another.
"""
import argparse
import collections
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import box  # noqa: E402
from case import Case, Deeds  # noqa: E402
from clients import Tools  # noqa: E402
from live_pair import Daemon  # noqa: E402
from misbehave import Misbehave  # noqa: E402
from net import Net  # noqa: E402
from servers import Exim, Postfix  # noqa: E402
from talk import Talk  # noqa: E402

WHOLE = "greet ehlo mail rcpt data message eof"
# What the server is told, what the client does, the verdict.
FAULTS = [
    ("dot=221,fin", WHOLE, "221-for-message"),
    ("body:100=221,fin", "greet ehlo mail rcpt data body:400 wait:.05 eof", "221-for-message"),
    ("rcpt=221,fin", "greet ehlo mail rcpt eof", "221-in-transaction"),
    ("connect=221,fin", "greet eof", "221-before-message"),
    ("noop=221,fin", "greet ehlo mail rcpt data message noop eof", "221-between-messages"),
    ("dot=fin", WHOLE, "drop-after-message"),
    ("dot=rst", WHOLE, "drop-after-message"),
    ("body:100=rst", "greet ehlo mail rcpt data body:400 wait:.05 eof", "drop-in-message"),
    ("data=fin", "greet ehlo mail rcpt data eof", "drop-in-transaction"),
    ("ehlo=fin", "greet ehlo eof", "drop-before-message"),
    ("noop=rst", "greet ehlo mail rcpt data message noop eof", "drop-between-messages"),
    ("quit=fin", "greet ehlo mail rcpt data message quit! eof", "drop-after-quit"),
    ("dot=421,fin", WHOLE, "421-in-message"),
]
# Sessions that look odd and are nobody's fault: below the threshold of an alert.
INNOCENT = [
    "greet close", "greet ehlo close", "greet ehlo mail rcpt data message close",
    "greet ehlo [mail rcpt data] [message quit!] half read read eof", "greet quit eof"
]
SINK, POSTFIX, EXIM, FIRST_FAULT = 11, 12, 13, 20


class Sink:
    """Postfix's smtp-sink: the fastest server here, takes everything."""

    def __init__(self, net):
        self.net, self.box = net, None

    def start(self):
        self.box = box.Box(self.net.server, ("postfix", ), {},
                           f"/usr/sbin/smtp-sink -u nobody 198.51.100.{SINK}:25 2000 &\n")

    def close(self):
        if self.box:
            self.box.close()


class Counting(Daemon):
    """Millions of sessions are counted, not kept; alerts and statistics are."""

    counted = 0

    def read_json(self):
        for line in self.process.stdout:
            if b'"event_type":"session"' in line[:80]:
                self.counted += 1
            else:
                self.records.append(json.loads(line))


class Injector(threading.Thread):
    """One fault or oddity after the other, in an order that repeats; expected:
    by server and client port, which come again, the verdicts that raise alerts; made: how many.
    """

    def __init__(self, net, interval):
        super().__init__(daemon=True)
        self.net, self.interval, self.stop = net, interval, threading.Event()
        self.expected, self.made, self.servers = collections.defaultdict(list), 0, []
        for number, (script, _, _) in enumerate(FAULTS):
            self.servers.append(Misbehave(net, FIRST_FAULT + number, script=script))
        self.servers.append(Misbehave(net, FIRST_FAULT + len(FAULTS)))
        for server in self.servers:
            server.start()

    def session(self, server, does, verdict):
        case = Case("load", "load", "", does, "")
        deeds = Deeds(self.net, server, case)
        talk = Talk(self.net.client, server.address6 if self.made % 3 == 0 else server.address, 25,
                    f"f{self.made}@out.example.org", deeds)
        with contextlib.suppress(OSError):
            talk.run(does)
        talk.end()
        self.made += 1
        for port in deeds.ports if verdict else ():
            self.expected[server.host, port].append(verdict)

    def run(self):
        turn = 0
        while not self.stop.wait(self.interval):
            if turn % 2:
                self.session(self.servers[-1], INNOCENT[turn // 2 % len(INNOCENT)], None)
            else:
                number = turn // 2 % len(FAULTS)
                self.session(self.servers[number], *FAULTS[number][1:])
            turn += 1

    def close(self):
        self.stop.set()
        self.join(60)
        for server in self.servers:
            server.close()


def connections(space):
    """TCP connections that the namespace has opened so far."""
    text = space.run("cat", "/proc/net/snmp").stdout
    names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("ActiveOpens")])


def resident(pid):
    told = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", told)[1])


def generators(tools, seconds):
    """Commands that make sessions until the time is over:
    bulk to the sink, and the two real servers.
    """
    source = "/usr/sbin/smtp-source -f a@example.org -t b@example.net -M out.example.org"
    loop = f"end=$(($(date +%s) + {seconds})); while [ $(date +%s) -lt $end ]; do {{}}; done"
    return [
        tools.box.popen("sh", "-c", loop.format(f"{source} {words}"), stdout=subprocess.DEVNULL)
        for words in (
            f"-s 10 -m 4000 -l 2000 198.51.100.{SINK}:25",  # many short sessions
            f"-d -s 4 -m 2000 -l 6000 198.51.100.{SINK}:25",  # long ones with many messages
            f"-s 2 -m 10 -l 400000 198.51.100.{SINK}:25; sleep 1",  # large messages
            f"-s 4 -m 50 -l 3000 198.51.100.{POSTFIX}:25; sleep 1",
            f"-s 4 -m 50 -l 3000 198.51.100.{EXIM}:25; sleep 1")
    ]


def place(record):
    """Host number of the server, written alike in both families' addresses, and the client's port.
    """
    return int(re.split("[.:]", record["dest_ip"])[-1]), record["src_port"]


def judged(daemon, injector, made):
    """What is wrong with the records."""
    alerts = daemon.of("alert")
    if daemon.counted != made:
        yield f"{made} connections were made, {daemon.counted} have records"
    seen = collections.defaultdict(list)
    for record in alerts:
        seen[place(record)].append(record["ending"]["verdict"])
    for key in sorted(seen.keys() | injector.expected.keys()):
        wanted, got = sorted(injector.expected.get(key, [])), sorted(seen.get(key, []))
        if wanted != got:
            yield f"alerts at {key}: {got}, expected {wanted}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--interval", type=float, default=200,
                           help="milliseconds between two injected sessions")
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(Net(hosts=range(SINK, FIRST_FAULT + len(FAULTS) + 1)))
        net.offloads(True)
        parts = [Sink(net), Postfix(net, POSTFIX), Exim(net, EXIM), Tools(net)]
        for part in parts:
            stack.callback(part.close)
            part.start()
        injector = Injector(net, options.interval / 1000)
        daemon = stack.enter_context(
            Counting(net.path, "-i", "toclient", "-j", options.workers, "--buffer", "64M",
                     "--repeat", "0"))
        before, start = connections(net.client), time.monotonic()
        injector.start()
        running = generators(parts[3], options.seconds)
        memory, opened = [], []
        while any(process.poll() is None for process in running):
            time.sleep(1)
            memory.append(resident(daemon.pid))
            opened.append(connections(net.client))
        injector.close()
        elapsed = time.monotonic() - start
        time.sleep(13)      # what is closed on one side only is waited for 10 s
        made = connections(net.client) - before
        code = daemon.stop()
        return report(options, daemon, injector, made, elapsed, memory, code)


def report(options, daemon, injector, made, elapsed, memory, code):
    wrong = list(judged(daemon, injector, made))
    stats = daemon.of("stats")[-1]
    packets = stats["capture"]["frames"]
    messages = sum(stats["fates"].values())
    if stats["capture"]["dropped"] or stats["capture"]["dropped_by_interface"]:
        wrong.append(
            f"dropped {stats['capture']['dropped']} and {stats['capture']['dropped_by_interface']} "
            "packets"
        )
    if stats["capture"]["records_lost"]:
        wrong.append(f"{stats['capture']['records_lost']} records lost")
    if code:
        wrong.append(f"the daemon's exit code is {code}: {daemon.said[-3:]}")
    third = max(1, len(memory) // 3)
    early, late = max(memory[third:2 * third] or memory), max(memory[2 * third:] or memory)
    if late > early * 1.05 + 512:
        wrong.append(f"memory grew from {early} to {late} KiB")
    faults = sum(map(len, injector.expected.values()))
    print(
        f"# {elapsed:.0f} s, {options.workers} workers: "
        f"{made} sessions ({made / elapsed:.0f} a second), {messages} messages, "
        f"{packets} packets ({packets / elapsed:.0f} a second, "
        f"{stats['capture']['bytes'] * 8 / elapsed / 1e6:.0f} Mbit/s); "
        f"{faults} faults, {len(daemon.of('alert'))} alerts; "
        f"resident {memory[0]} KiB at first, {early} then, {late} at last"
    )
    for line in wrong[:20]:
        print(f"# {line}")
    print(
        f"{'not ok' if wrong else 'ok'} 1 - load: every fault alerted once, nothing else, "
        "no drops, no losses, flat memory\n1..1"
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
