#!/usr/bin/env python3
"""test_live.py - what is seen on a cable, how soon, and by whom. Root.

usage: test_live.py [PART OF A TEST'S NAME ...]
"""
import json
import os
import pathlib
import signal
import socket
import struct
import sys
import tempfile
import time

from live_pair import (
    CLIENT6, PROGRAM, SANITIZED, SERVER, SERVER6, Client, Daemon, Pair, Server, children, filtered,
    run, session, status, until, verdict)
from net import command

ETH_P_ALL = 3


def test_alert():
    """A session that was made to fail is told within two seconds, with its message"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0") as daemon:
        Server(pair, dot="221 2.0.0 closing")
        port = session(pair)
        closed = time.time()
        alert = until(lambda: daemon.of("alert", src_port=port))
        assert alert, daemon.said
        assert alert[0]["alert"]["signature"] == "221-for-message", alert
        assert (alert[0]["input"] == "eth0"
                and alert[0]["transactions"][0]["fate"] == "falsely-accepted"), alert
        late = alert[0]["seen"] - closed
        assert late < 2.0, f"{late:.2f} s"
        return f"{late:.2f} s after the close, of which one is the wait for what belongs to it"


def test_clean():
    """Sessions without fault raise no alert, over IPv4 and IPv6"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0") as daemon:
        Server(pair)
        Server(pair, address=SERVER6)
        ports = ([session(pair) for _ in range(5)] +
                 [session(pair, address=SERVER6) for _ in range(5)])
        found = daemon.sessions(ports)
        assert [verdict(found[port]) for port in ports] == ["clean"] * 10, found
        assert {found[port]["src_ip"] for port in ports[5:]} == {CLIENT6}
        assert not daemon.of("alert")


def test_workers():
    """With two workers both have sessions, and both directions of each session meet the same one"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-j", "2") as daemon:
        Server(pair)
        Server(pair, address=SERVER6)
        ports = [session(pair, address=SERVER6 if i % 2 else SERVER) for i in range(200)]
        found = daemon.sessions(ports)
        assert set(found) == set(ports), f"{len(found)} of {len(ports)}"
        wrong = [(verdict(r), r["ending"]["seen"])
                 for r in found.values()
                 if verdict(r) != "clean" or r["ending"]["seen"] != "full"]
        assert not wrong, wrong
        assert len(daemon.of("session")) == len(ports)
        time.sleep(1.2)
        daemon.send(10)
        line = daemon.hears("packets by worker: ")
        assert line, daemon.said
        shares = [int(n) for n in line[0].split("packets by worker: ")[1].split(", ")]
        assert len(shares) == 2 and min(shares) > sum(shares) / 10, shares
        return f"packets {shares[0]} and {shares[1]}"


def test_any():
    """On -i any a session is told once, also one on loopback"""
    with Pair() as pair, Daemon(pair.server, "-i", "any") as daemon:
        Server(pair, dot="221 closing")
        Server(pair, dot="221 closing", address="127.0.0.1")
        port = session(pair)
        here = socket_session(pair)
        assert verdict(daemon.session(port)) == "221-for-message"
        assert verdict(daemon.session(here)) == "221-for-message"
        assert daemon.session(port)["input"] == "any"
        assert len(daemon.of("alert")) == 2


def socket_session(pair):
    """Within the server's namespace, over loopback."""
    class Inside:
        client = pair.server
    return session(Inside, address="127.0.0.1")


def test_several():
    """Two interfaces at once, each session with the name of its own"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-i", "lo", "-j", "2") as daemon:
        Server(pair)
        Server(pair, address="127.0.0.1")
        port, here = session(pair), socket_session(pair)
        assert daemon.session(port)["input"] == "eth0"
        assert daemon.session(here)["input"] == "lo"
        assert verdict(daemon.session(port)) == verdict(daemon.session(here)) == "clean"


def test_idle():
    """On a quiet link a session ages: it is told when its time is over, and no packet comes"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--idle-timeout", "2s") as daemon:
        Server(pair)
        client = Client(pair)
        client.say("EHLO out.example.org")
        start = time.time()
        record = daemon.session(client.port, 8)
        waited = record["seen"] - start
        assert record["ending"]["how"] == "idle", record["ending"]
        assert 2 < waited < 5, f"{waited:.1f} s"
        assert not daemon.of("alert")
        client.close()
        return f"told after {waited:.1f} s"


def test_other_ports():
    """What is not watched is not even brought: the kernel's filter keeps it out;
    the operator's narrows it
    """
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "--stats-interval", "1s", "not", "host",
                                "203.0.113.1", "and", "not", "port", "587") as daemon:
        for port in (80, 587, 25):
            Server(pair, port=port)
        session(pair, port=80)
        session(pair, port=587)
        assert verdict(daemon.session(session(pair))) == "clean"
        stats = until(lambda: [r for r in daemon.of("stats") if r["sessions"] == 1])
        assert stats, daemon.records
        kinds = stats[0]["packets"]
        assert kinds["unwatched"] == 0 and kinds["other"] == 0 and kinds["tcp"] > 10, kinds
        assert len(daemon.of("session")) == 1


def tagged(frame, tags):
    return frame[:12] + b"".join(struct.pack("!HH", kind, vid) for kind, vid in tags) + frame[12:]


def frames_of(path):
    """Of a classic capture, little-endian."""
    data, at = pathlib.Path(path).read_bytes(), 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def test_vlan():
    """Frames with one VLAN tag, which the kernel takes off, and with two are seen,
    and the tags told
    """
    with Pair() as pair, Daemon(pair.server, "-i", "eth0") as daemon:
        raw = pair.client.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        raw.bind(("eth0", 0))
        for tags, name in (([(0x8100, 42)], "221-for-message"),
                           ([(0x88A8, 7), (0x8100, 43)], "221-in-body")):
            for frame in frames_of(f"pcaps/{name}.pcap"):
                raw.send(tagged(frame, tags))
            found = until(lambda: daemon.of("session", vlan=[vid for _, vid in tags]))
            assert found, (tags, daemon.records)
            assert verdict(found[0]) == "221-for-message", found
        raw.close()


def test_privileges():
    """While it watches it is nobody: no root, no capability, no new privileges,
    a filter of system calls; so is its opener, but for one capability
    """
    with Pair() as pair, Daemon(pair.server, "-i", "eth0") as daemon:
        facts = status(daemon.pid)
        nobody = (command("id", "-u", "smtpwatch", check=False).stdout.strip()
                  or command("id", "-u", "nobody").stdout.strip())
        assert facts["Uid"].split() == [nobody] * 4, facts["Uid"]
        assert facts["Groups"] == "" and facts["NoNewPrivs"] == "1" and filtered(facts), facts
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(facts[name], 16) == 0, (name, facts[name])
        if SANITIZED:
            return
        opener = until(lambda: [
            pid for pid in children(daemon.pid) if status(pid)["Name"] == "smtpwatch-open"
        ])
        assert opener and len(opener) == 1, opener
        facts = status(opener[0])
        assert (facts["Uid"].split() == [nobody] * 4 and facts["NoNewPrivs"] == "1"
                and facts["Seccomp"] == "2"), facts
        assert (int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 1 << 13
                and int(facts["CapBnd"], 16) == 0), facts
        daemon.stop()
        assert until(lambda: gone(opener[0])), "the opener outlives the program"


def gone(pid):
    try:
        return status(pid)["State"].startswith("Z")
    except OSError:
        return True


def test_capability():
    """Started as an ordinary user with CAP_NET_RAW alone it watches, and keeps nothing"""
    raw = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--inh-caps",
           "+net_raw", "--ambient-caps", "+net_raw", "--bounding-set", "-all,+net_raw")
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", before=raw) as daemon:
        Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        facts = status(daemon.pid)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(facts[name], 16) == 0, (name, facts[name])
        assert facts["NoNewPrivs"] == "1" and filtered(facts), facts


def test_refused():
    """Without any right it says what it takes, and ends with 3;
    a filter that does not compile ends it with 2
    """
    plain = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")
    with Pair() as pair:
        with Daemon(pair.server, "-i", "eth0", before=plain, ready=False) as daemon:
            assert daemon.stop(0) == 3, daemon.said
            assert daemon.says("CAP_NET_RAW"), daemon.said
        with Daemon(pair.server, "-i", "eth0", "no", "such", "filter", ready=False) as daemon:
            assert daemon.stop(0) == 2, daemon.said
            assert daemon.says("does not compile"), daemon.said
        with Daemon(pair.server, "-i", "eth9", "no", "such", "filter", ready=False) as daemon:
            assert daemon.stop(0) == 2, daemon.said
        # before an output has a process or a file, which would be root's
        with tempfile.TemporaryDirectory() as name:
            with Daemon(pair.server, "-i", "eth0", "-Z", "no-such-user",
                        outputs=("-o", f"json:{name}/made"), ready=False) as daemon:
                assert daemon.stop(0) == 2, daemon.said
                assert len(daemon.said) == 1 and daemon.says("no user"), daemon.said
            assert not os.listdir(name)


def judged(path):
    """What the program says of a capture's only session."""
    lines = command(PROGRAM, "-r", path, "-o", "json").stdout.splitlines()
    sessions = [r for r in map(json.loads, lines) if r["event_type"] == "session"]
    assert len(sessions) == 1, sessions
    return sessions[0]


def long_session(pair, lines):
    """A message of so many lines; the client's port."""
    client = Client(pair)
    for line in ("EHLO out.example.org", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>",
                 "DATA"):
        client.say(line)
    client.sock.sendall(b"x" * 70 + b"\r\n")
    client.sock.sendall((b"x" * 70 + b"\r\n") * lines + b".\r\n")
    client.file.readline()
    client.close()
    return client.port


def test_packets():
    """The packets of an alert are in a file before it is told, for the service user alone;
    judged again they give the same verdict, those of a long session too
    """
    with tempfile.TemporaryDirectory() as folder, Pair() as pair:
        os.chmod(folder, 0o755)
        with Daemon(pair.server, "-i", "eth0", "-i", "lo", "-j", "2", "--repeat", "0",
                    "--write-pcap", folder + "/new") as daemon:
            Server(pair, dot="221 2.0.0 closing")
            Server(pair, port=587)
            Server(pair, dot="221 2.0.0 closing", address=SERVER6)
            clean = session(pair, port=587)
            ports = [session(pair), session(pair, address=SERVER6), long_session(pair, 60000)]
            for port in ports:
                record = daemon.session(port)
                path = pathlib.Path(folder, "new", record["pcap"])
                assert path.exists(), "told before it was there"
                facts = path.stat()
                uid = int(status(daemon.pid)["Uid"].split()[0])
                assert (facts.st_mode & 0o7777 == 0o600
                        and facts.st_uid == path.parent.stat().st_uid == uid), facts
                again = judged(path)
                assert ((verdict(again), again["src_port"],
                         again["session_id"]) == ("221-for-message", port,
                                                  record["session_id"])), again
                assert again["smtp"]["commands"] == record["smtp"]["commands"], again
            assert (0 < record["pcap_omitted"]
                    and facts.st_size < 300_000), (record["pcap_omitted"], facts.st_size)
            assert "pcap" not in daemon.session(clean)
            assert path.parent.stat().st_mode & 0o7777 == 0o700
            assert daemon.stop() == 0, daemon.said
            assert daemon.of("stats")[-1]["pcap"] == {"written": 3, "lost": 0}
            assert len(list(path.parent.iterdir())) == 3
        return f"of {60000 * 72 // 1000} kB of a message {facts.st_size // 1000} kB are kept"


def test_packets_folded():
    """Of an alert that is told in a sum there is no file, unless it is critical;
    what is an alert can change by a reload
    """
    with tempfile.TemporaryDirectory() as folder, Pair() as pair:
        os.chmod(folder, 0o755)
        conf = pathlib.Path(folder, "conf")
        conf.write_text(f"write-pcap = {folder}/new\nseverity = 421-in-message=error\n",
                        encoding="utf-8")
        conf.chmod(0o644)
        with Daemon(pair.server, "-i", "eth0", "-c", conf) as daemon:
            Server(pair, dot="421 4.3.0 closing")
            told = [daemon.session(session(pair)) for _ in range(3)]
            assert ["pcap" in r for r in told] == [True, False, False], told
            conf.write_text(f"write-pcap = {folder}/new\nseverity = 421-in-message=critical\n",
                            encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert daemon.hears("configuration read again"), daemon.said
            assert "pcap" in daemon.session(session(pair))
            conf.write_text(f"write-pcap = {folder}/new\nseverity = 421-in-message=none\n",
                            encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert until(lambda: len(daemon.says("configuration read again")) == 2), daemon.said
            time.sleep(0.5)
            assert "pcap" not in daemon.session(session(pair))
            assert len(list(pathlib.Path(folder, "new").iterdir())) == 2


def test_root_that_stays():
    """Told to stay root it does, and still has a filter of system calls"""
    with Pair() as pair, Daemon(pair.server, "-i", "eth0", "-Z", "root") as daemon:
        Server(pair)
        assert verdict(daemon.session(session(pair))) == "clean"
        facts = status(daemon.pid)
        assert facts["Uid"].split() == ["0"] * 4 and filtered(facts), facts


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
