#!/usr/bin/env python3
"""test_live_idle.py - how little a daemon costs that sees nothing, and how soon it tells. Root.

usage: test_live_idle.py [PART OF A TEST'S NAME ...]
"""
import pathlib
import sys
import time

from live_pair import SANITIZED, Daemon, Pair, Server, children, run, session, until

IDLE_SECONDS, IDLE_BOUND = 60, 0.002  # of a core
REPEATS, ALERT_BOUND = 20, 1.5  # seconds


def spent(pid):
    """Seconds on a CPU so far, to the nanosecond: of all threads of a process, and of all that it
    has started.
    """
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9 + sum(
        spent(child) for child in children(pid))


def test_idle():
    """on a cable without a packet, a daemon with its outputs takes less than 0.2 % of a core"""
    if SANITIZED:
        return None
    with Pair() as pair, Daemon(pair.server, "-i", "eth0",
                                outputs=("-o", "json", "-o", "prometheus", "-o",
                                         "exec:/bin/true")) as daemon:
        time.sleep(2)
        before = spent(daemon.pid)
        time.sleep(IDLE_SECONDS)
        part = (spent(daemon.pid) - before) / IDLE_SECONDS
        assert part < IDLE_BOUND, f"{100 * part:.3f} % of a core"
        return f"{100 * part:.3f} % of a core"


class TimedServer(Server):
    """Knows when it closed its latest connection."""

    closed = 0.0

    def serve(self, sock):
        super().serve(sock)
        self.closed = time.time()


def test_alert_is_soon():
    """an alert comes within 1.5 s of the packet that closes the session, after a pause as well"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--repeat", "0") as daemon:
        server, waits = TimedServer(pair, "221 2.0.0 closing"), []
        for turn in range(REPEATS):
            # Each at another moment of the daemon's periods; some behind a long silence.
            time.sleep(4.0 if turn % 5 == 0 else 0.13 * (turn % 5))
            port = session(pair)
            found = until(lambda port=port: daemon.of("alert", src_port=port), 10)
            assert found, daemon.said
            waits.append(found[0]["seen"] - server.closed)
        assert max(waits) < ALERT_BOUND, [f"{wait:.2f}" for wait in waits]
        return f"{max(waits):.2f} s at most, {sum(waits) / len(waits):.2f} s on average"


def test_stop_reads_all():
    """what was on the wire before SIGTERM is judged, though the kernel still fills its block"""
    with Pair() as pair:
        Server(pair, "221 2.0.0 closing")
        for _ in range(10):
            with Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s") as daemon:
                port = session(pair)
                assert daemon.stop() == 0, daemon.said
                assert daemon.of("alert", src_port=port), daemon.records


if __name__ == "__main__":
    sys.exit(run(sys.modules[__name__]))
