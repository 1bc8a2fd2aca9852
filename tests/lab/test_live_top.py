#!/usr/bin/env python3
"""test_live_top.py - the terminal view on a cable: sessions come in,
an alert has its dialogue and its packets, the terminal is given back. Root.

usage: test_live_top.py [PART OF A TEST'S NAME ...]
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from live_pair import PROGRAM, Pair, Server, run, session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "program"))
from terminal import Terminal  # noqa: E402


def view(pair, folder, *more):
    """Within the server's namespace, as the user that the folder belongs to."""
    os.chmod(folder, 0o777)
    t = Terminal(
        pair.server.argv(PROGRAM, "-i", "eth0", "--top", "-Z", "nobody", "--write-pcap", folder,
                         *more))
    assert t.sees(r"0 sessions .*eth0"), t.text()
    return t


def sees(t, pattern):
    assert t.sees(pattern), t.text()


def test_view():
    """An alert is seen as it comes, with its dialogue, and its packets can be saved"""
    with Pair() as pair, tempfile.TemporaryDirectory() as folder:
        t = view(pair, folder)
        Server(pair, dot="221 2.0.0 closing")
        session(pair)
        sees(t, r"1 session  1 alert: 1 critical")
        t.press("3")
        sees(t, r"^ +1 [0-9:]{8} critical 221-for-message")
        t.press("\r")
        sees(t, r"^Session 1 of eth0")
        t.press("\x1b[F")
        sees(t, r"^>>.* S: 221 2\.0\.0 closing")
        t.press("e")
        sees(t, r"Saved: ")
        for _ in range(3):
            session(pair)
        sees(t, r"4 sessions")
        t.resize(40, 120)
        sees(t, r"EHLO .*->")
        t.press("s")
        sees(t, r"Saved: ")
        t.press("q")
        assert t.ends() == 0 and t.restored(), t.text()
        t.close()
        packets = sorted(pathlib.Path(folder).glob("*.pcap"))
        assert (len(packets) == 4
                and len(list(pathlib.Path(folder).glob("*.txt"))) == 1), os.listdir(folder)
        said = subprocess.run([PROGRAM, "-r", packets[0], "-o", "json", "-Z", "root"],
                              capture_output=True, check=True).stdout
        assert json.loads(said.splitlines()[0])["ending"]["verdict"] == "221-for-message", said


def test_clean():
    """Of a session without fault no packets are kept, which is said"""
    with Pair() as pair, tempfile.TemporaryDirectory() as folder:
        t = view(pair, folder)
        Server(pair)
        session(pair)
        sees(t, r"1 session  0 alerts")
        t.press("3\r")
        sees(t, r"^Session 1 of eth0")
        t.press("\x1b[F")
        sees(t, r"packets are kept of sessions that are\s+alerts")
        t.press("\x03")
        assert t.ends() == 0 and t.restored(), t.text()
        t.close()


def test_signals():
    """SIGTERM, SIGHUP (which reloads), a crash: the terminal is as it was"""
    with Pair() as pair, tempfile.TemporaryDirectory() as folder:
        for number, code in ((signal.SIGTERM, 0), (signal.SIGSEGV, -signal.SIGSEGV)):
            t = view(pair, folder)
            t.child.send_signal(signal.SIGHUP)
            sees(t, "configuration read again")
            t.child.send_signal(number)
            assert t.ends() == code and t.restored(), (t.ends(), t.text())
            assert b"configuration read again" in t.raw[t.raw.rfind(b"\x1b[?1049l"):], t.raw[-300:]
            t.close()


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
