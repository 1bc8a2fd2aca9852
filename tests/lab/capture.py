"""capture.py - what passes on one interface of the lab, into a file; what smtpwatch says of a file;
and small files for pcaps/.
"""
import contextlib
import gzip
import json
import signal
import struct
import subprocess
import time

from net import LabError, command

PORTS = "25,587,24/lmtp,465/tls"


class Capture:
    """tcpdump in a namespace, from `with` to its end. `vlan` comes last in the expression,
    because it moves the offsets of what stands behind it.
    """

    def __init__(
        self, space, interface, path,
        expression="tcp or icmp or (icmp6 and ip6[40] < 128) or ip6 proto 44 or ip[6:2] & 0x1fff "
                   "!= 0 or udp port 4789 or udp port 9 or vlan"
    ):
        self.path = path
        self.process = space.popen("tcpdump", "-i", interface, "-s", "0", "--immediate-mode", "-U",
                                   "-Z", "root", "-B", "16384", "-w", path, expression,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise LabError(f"tcpdump does not start on {interface}")

    def size(self):
        with contextlib.suppress(OSError):
            return self.path.stat().st_size
        return 0

    def settle(self, quiet=0.15, most=5.0):
        """Until nothing more has come for a moment."""
        end, last, since = time.monotonic() + most, self.size(), time.monotonic()
        while time.monotonic() < min(end, since + quiet):
            time.sleep(0.03)
            if self.size() != last:
                last, since = self.size(), time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
            self.process.stderr.close()
            return
        self.process.kill()


def sessions(smtpwatch, path, *options):
    """The session records that smtpwatch writes of the file, and its alerts."""
    done = command(smtpwatch, "-r", path, "-o", "json", "-p", PORTS, "-Z", "root", "--min-severity",
                   "info", *options, check=False)
    if done.returncode not in (0, 1):
        raise LabError(f"smtpwatch -r {path}: {done.returncode} {done.stderr}")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [record for record in found if record["event_type"] == "session"
            ], [record for record in found if record["event_type"] == "alert"]


HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")


def frames(path):
    data = path.read_bytes()
    assert HEADER.unpack_from(data)[0] == 0xA1B2C3D4, "tcpdump writes microseconds"
    at, found = HEADER.size, []
    while at < len(data):
        seconds, micro, caplen, length = RECORD.unpack_from(data, at)
        at += RECORD.size
        found.append((seconds * 1000000 + micro, length, data[at:at + caplen]))
        at += caplen
    return HEADER.unpack_from(data)[6], found


def small(path, target, start):
    """The capture again, begun at start (seconds), with hardware addresses
    that stand for the two ends; packed if its name ends in .gz.
    """
    link, found = frames(path)
    macs, out = {}, HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    later = start * 1000000 - (found[0][0] if found else 0)
    for time_, length, data in found:
        if link == 1:
            data = (b"".join(
                macs.setdefault(mac, bytes([2, 0, 0, 0, 0, len(macs) + 1]))
                for mac in (data[:6], data[6:12])) + data[12:])
        time_ += later
        out += RECORD.pack(time_ // 1000000, time_ % 1000000, len(data), length) + data
    target.write_bytes(gzip.compress(out, mtime=0) if target.name.endswith(".gz") else out)
