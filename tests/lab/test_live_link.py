#!/usr/bin/env python3
"""test_live_link.py - interfaces that are not there, go down, go, and come back. Root.

usage: test_live_link.py [PART OF A TEST'S NAME ...]
"""
import pathlib
import signal
import sys
import time

from live_pair import SANITIZED, Client, Daemon, Pair, Server, run, session, status, until, verdict


def cpu(pid):
    """Seconds, so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_down_and_up():
    """An interface that goes down is told once and costs nothing; up again, it is watched again"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-j", "2") as daemon:
        server = Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        pair.server.ip("link", "set", "eth0", "down")
        assert daemon.hears("eth0 is down"), daemon.said
        before = cpu(daemon.pid)
        time.sleep(2)
        used = cpu(daemon.pid) - before
        assert used < 0.2, f"{used} s of CPU in 2 s"
        pair.server.ip("link", "set", "eth0", "up")
        assert daemon.hears("eth0 is up again"), daemon.said
        server.close()
        Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        assert len(daemon.says("is down")) == len(daemon.says("is up again")) == 1, daemon.said
        return f"{used:.2f} s of CPU in 2 s"


def made_anew(workers):
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-j", workers) as daemon:
        server = Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        for turn in range(1, 4):
            open_one = Client(pair)
            open_one.mail()
            pair.unlink()
            assert until(lambda turn=turn: len(daemon.says("has gone")) == turn), daemon.said
            server.close()
            before = cpu(daemon.pid)
            time.sleep(1)
            assert cpu(daemon.pid) - before < 0.2
            pair.link()
            began = time.monotonic()
            assert until(lambda turn=turn: len(daemon.says("is there, and watched")) == turn,
                         6), daemon.said
            waited = time.monotonic() - began
            server = Server(pair)
            ports = [session(pair) for _ in range(20)]
            found = daemon.sessions(ports)
            assert ([verdict(found[port]) for port in ports
                     ] == ["clean"] * 20), {verdict(r)
                                            for r in found.values()}
            assert all(found[port]["ending"]["seen"] == "full" for port in ports)
        facts = status(daemon.pid)
        assert (int(facts["CapPrm"], 16) == int(facts["CapEff"], 16) == 0
                and facts["Uid"].split()[0] != "0")
        assert not daemon.of("alert"), daemon.of("alert")[0]["ending"]
        assert daemon.stop() == 0
        # Those that were open when the cable went are told as unfinished, and nobody is accused.
        assert not daemon.of("alert")
        return f"{waited:.2f} s until it was watched again"


def test_made_anew():
    """An interface that is removed and made anew is watched again, three times,
    by a process that has no right to open one
    """
    return None if SANITIZED else made_anew("1")


def test_made_anew_for_two():
    """The same with two workers, of which each gets its own again"""
    return None if SANITIZED else made_anew("2")


def test_removed_with_frames_in_its_ring():
    """What stands in the ring of an interface when it is removed is judged, or its loss told"""
    sessions = 30
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-j", "1") as daemon:
        Server(pair, dot="")
        daemon.session(session_that_fails(pair))
        daemon.send(signal.SIGSTOP)
        ports = [session_that_fails(pair) for _ in range(sessions)]
        pair.unlink()
        daemon.send(signal.SIGCONT)
        assert daemon.hears("has gone"), daemon.said
        found = daemon.sessions(ports, 5)
        assert daemon.stop() == 0, daemon.said
        stats = daemon.of("stats")[-1]["capture"]
        missed = [port for port in ports if port not in found]
        assert not missed or stats["dropped"] > 0, (len(missed), stats)
        return f"{len(found)} of {sessions} sessions, {stats['dropped']} frames lost"


def test_not_there_yet():
    """An interface that is not there is told once; when it comes it is watched;
    another one is watched meanwhile
    """
    with Pair(link=False) as pair, Daemon(
            pair.server, "--wait-interface", "-i", "eth0", "-i", "lo") as daemon:
        assert len(daemon.says("there is no interface eth0")) == 1, daemon.said
        time.sleep(2.5)
        if SANITIZED:
            return None
        assert len(daemon.said) == 3, daemon.said
        pair.link()
        assert daemon.hears("eth0 is there, and watched", 6), daemon.said
        Server(pair, dot="")
        record = daemon.session(session_that_fails(pair))
        assert (verdict(record) == "drop-after-message"
                and record["input"] == "eth0"), record["ending"]
        return None


def session_that_fails(pair):
    client = Client(pair)
    client.mail()
    client.close()
    return client.port


def test_names_in_the_filter():
    """A filter with names, which libpcap looks up, is compiled before that is forbidden:
    for interfaces that come back, and that come late
    """
    for there in (True, False):
        words = ["not", "port", "submission", "and", "not", "host", "localhost"]
        with Pair(link=there) as pair, Daemon(pair.server, "--wait-interface", "-i", "eth0",
                                              *words) as daemon:
            if there:
                pair.unlink()
                assert daemon.hears("has gone"), daemon.said
            pair.link()
            assert daemon.hears("is there, and watched", 8), daemon.said
            Server(pair)
            assert verdict(daemon.session(session(pair))) == "clean"
            assert daemon.stop() == 0, daemon.said


def test_another_kind():
    """An interface that comes back as another kind of link is watched all the same"""
    if SANITIZED:
        return
    with Pair() as pair, Daemon(pair.server, "-i", "eth0") as daemon:
        pair.unlink()
        assert daemon.hears("has gone"), daemon.said
        # An interface without Ethernet: packets begin with IP.
        made = pair.server.ip("tuntap", "add", "dev", "eth0", "mode", "tun", check=False)
        if made.returncode:
            return "no tun in this kernel"
        pair.server.ip("link", "set", "eth0", "up")
        assert daemon.hears("eth0 is there, and watched", 6), daemon.said


def test_any_outlives():
    """-i any sees an interface that came later"""
    with Pair(link=False) as pair, Daemon(pair.server, "-i", "any", "-j", "2") as daemon:
        pair.link()
        Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        assert len(daemon.said) == 2, daemon.said


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
