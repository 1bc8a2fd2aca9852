#!/usr/bin/env python3
"""test_chaos.py - at random, everything around a running daemon goes wrong: helpers are killed, the
daemon is stopped, receivers stop and go, a disk is full, an interface goes, files are moved. Root.

usage: test_chaos.py [PART OF A TEST'S NAME ...]
CHAOS_SECONDS: how long (600); CHAOS_SEED: of what goes wrong when; a run says its seed.
"""
import os
import random
import sys
import time

from chaos import Chaos
from live_pair import run

SECONDS = float(os.environ.get("CHAOS_SECONDS", "600"))
SEED = int(os.environ.get("CHAOS_SEED") or random.SystemRandom().randrange(1 << 32))

STALL_SECONDS = 36


def test_chaos():
    """whatever goes wrong: each record of an output is written or told as lost, none is torn, each
    fault on the wire is named, or the loss of it is told
    """
    print(f"# CHAOS_SEED={SEED} CHAOS_SECONDS={SECONDS:g}", flush=True)
    with Chaos(SEED) as chaos:
        chaos.disturb(SECONDS)
        code = chaos.stop()
        told = []
        for name in ("json", "unix", "exec", "tcp", "udp"):
            offered, written, lost = chaos.counts(name)
            arrived = chaos.arrived(name)
            told.append(f"{name} {offered} = {written} + {lost}, arrived {arrived}")
            print(f"# {told[-1]}", flush=True)
            assert offered == written + lost, told
            # What a helper had done and not reported when it was killed is told as lost. A datagram
            # that comes while its receiver closes is refused by nobody.
            less = chaos.done.get("restart", 0) if name == "udp" else 0
            more = lost if name in ("exec", "tcp", "udp") else 0
            assert written - less <= arrived <= written + more, told
        offered, written, lost = chaos.counts("text")
        assert offered == written + lost
        last = chaos.daemon.of("stats")[-1]
        capture = last["capture"]
        faults = chaos.missed()
        print(f"# {chaos.done}; sessions {len(chaos.traffic.told)}, broken {chaos.traffic.broken}; "
              f"kernel dropped {capture['dropped']}", flush=True)
        assert not faults, (len(faults), faults[:10])
        assert len(chaos.traffic.told) > SECONDS
        kept = len(list((chaos.folder / "pcap").glob("*.pcap*")))
        print(f"# packets of {kept} alerts kept, {last['pcap']}; {capture}", flush=True)
        # A file that is removed when there are too many of them was written too.
        assert kept == min(last["pcap"]["written"], 10000), (kept, last["pcap"])
        assert code == 0, (code, chaos.daemon.said[-20:])
        return f"{len(chaos.traffic.told)} sessions, {sum(chaos.done.values())} disturbances"


def test_log_host_stalls():
    """a log host that reads nothing for a while, and lives, gets every message by TCP"""
    with Chaos(SEED) as chaos:
        host = chaos.receivers["tcp"]
        time.sleep(2)
        host.paused = True
        for _ in range(STALL_SECONDS // 4):
            time.sleep(4)
            chaos.files["json"].rotate(chaos.daemon)  # its disk is small
        host.paused = False
        chaos.stop()
        offered, written, lost = chaos.counts("tcp")
        arrived = chaos.arrived("tcp")
        assert offered == written + lost and written == arrived, (offered, written, lost, arrived)
        return f"{arrived} messages"


if __name__ == "__main__":
    sys.exit(run(sys.modules[__name__]))
