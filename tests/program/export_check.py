#!/usr/bin/env python3
"""export_check.py - what --write-pcap has written,
held against what was said of the sessions and against the captures themselves.

usage: export_check.py SMTPWATCH [-j N] CAPTURE ... (judged together, as one stream)

Each session must have a file, unless the alert of another one counts
it; judged alone the file gives the same ending and the same messages,
and it holds, in their order, just the frames of that session.
"""
import gzip
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

# Everything is an alert.
EVERYTHING = [
    "--min-severity", "info", "--severity", "clean=info", "--severity", "unknown=info",
    "--severity", "encrypted=info", "--severity", "tls-orderly=info", "--severity", "probe=info"
]
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9-]+-[0-9a-f._]+-[0-9a-f._]+-[0-9a-f]{16}\.pcap")
SECOND = 10**9


def judge(program, *arguments):
    """The exit code, and the sessions."""
    done = subprocess.run([program, *arguments, "-o", "json"], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.returncode, [
        r for r in map(json.loads, done.stdout.splitlines()) if r["event_type"] == "session"
    ]


def frames_of(path):
    """Time in nanoseconds, length on the wire and bytes of each; None:
    not a classic capture, little-endian.
    """
    data = pathlib.Path(path).read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    unit = {b"\xd4\xc3\xb2\xa1": 1000, b"\x4d\x3c\xb2\xa1": 1}.get(data[:4])
    if not unit:
        return None
    found, at = [], 24
    while at < len(data):
        sec, part, caplen, length = struct.unpack_from("<IIII", data, at)
        found.append((sec * SECOND + part * unit, length, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return found


def nanoseconds(stamp):
    """Of a time in JSON, which has microseconds."""
    seconds, part = re.fullmatch(r"(.*)\.(\d{6})Z", stamp).groups()
    whole = subprocess.run(["date", "-u", "-d", seconds + "Z", "+%s"], capture_output=True,
                           text=True, check=True).stdout
    return int(whole) * SECOND + int(part) * 1000


def own(frame, record):
    """Whether a frame has both ports of the session behind each other, either way round:
    what else could, in these captures, belongs to it too.
    """
    src, dst = struct.pack("!H", record["src_port"]), struct.pack("!H", record["dest_port"])
    return src + dst in frame or dst + src in frame


# Who is where (ARP, neighbour discovery, whose hop limit is 255), and the lab's last frame,
# to the port of discard: nobody's session.
NOISE = (b"\x08\x06\x00\x01\x08\x00\x06\x04", b"\x3a\xff", b"\x00\x09\x00\x0c")


def noise(frame):
    return any(sign in frame for sign in NOISE)


def same(record, again):
    """What must be told of the session again. A watch that ended with the capture,
    or for want of packets behind it, may end otherwise.
    """
    if record["ending"]["how"] == "silence" and again["ending"]["verdict"] == "unknown":
        # who fell silent is told by how long the capture goes on,
        # and the file goes on with nobody else's packets
        return
    parts = [[
        r["ending"]["verdict"], r["ending"]["stage"], r["ending"]["also"],
        [(t["fate"], t.get("bytes")) for t in r["transactions"]], r["session_id"]
    ] for r in (record, again)]
    assert parts[0] == parts[1], f"{parts[0]} became {parts[1]}"


def check_frames(record, sessions, written, captured):
    """In order; all of them, up to a second behind the end,
    or to the next session of the same ports.
    """
    begins = [nanoseconds(r["start"]) for r in sessions if r["src_port"] == record["src_port"]]
    start, end = nanoseconds(record["start"]), nanoseconds(record["end"]) + SECOND + 1000
    end = min([end] + [begin for begin in begins if begin > start])
    alone, first = len(sessions) == 1, len(begins) == 1
    wanted = [
        f for f in captured if f[0] < end and (first or f[0] >= start) and (
            own(f[2], record) or (alone and not noise(f[2])))
    ]
    assert written == wanted, f"{len(written)} frames, not {len(wanted)} of {len(captured)}"


def check(program, options, captures):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        _, sessions = judge(program, *options,
                            *(word for path in captures for word in ("-r", path)), *EVERYTHING,
                            "--write-pcap", folder + "/new")
        assert (oct(os.stat(folder +
                            "/new").st_mode)[-4:] == "0700"), "the directory is for everybody"
        alerted = [
            r for r in sessions if not r.get("grouped") or r["ending"]["severity"] == "critical"
        ]
        names = [r["pcap"] for r in alerted]
        made = os.listdir(folder + "/new")
        assert sorted(names) == sorted(made), (names, made)
        captured = [frames_of(path) for path in captures]
        for record in alerted:
            path = f"{folder}/new/{record['pcap']}"
            assert NAME.fullmatch(record["pcap"]), record["pcap"]
            assert oct(os.stat(path).st_mode)[-4:] == "0600", "the file is for everybody"
            code, again = judge(program, "-r", path, *EVERYTHING)
            assert (code == 0
                    and len(again) == 1), f"{record['pcap']}: exit {code}, {len(again)} sessions"
            same(record, again[0])
            if None not in captured:
                check_frames(record, sessions, frames_of(path), sum(captured, []))
        return len(alerted)


def main():
    program, *words = sys.argv[1:]
    options = words[:2] if words[0] == "-j" else []
    try:
        print(check(program, options, words[len(options):]))
    except AssertionError as error:
        print(f"{' '.join(words)}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
