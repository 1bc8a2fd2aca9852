#!/usr/bin/env python3
"""Write the captures of pcaps/LIST. usage: make_pcaps.py SCENARIO_PCAP FOLDER

Each row gets a quarter of an hour, a client and a server name of its own,
so that all of them can be judged in one run as one capture.
"""
import gzip
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

QUARTER = 15 * 60
CLIENT_PORT = 40000
HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")


def rows(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split(None, 3)


def endpoints(row, session):
    return (f"client 192.0.2.{10 + row}:{CLIENT_PORT + 100 * row + session}\n"
            f"server 198.51.100.{25 + row % 3}:25\n")


def whole(path):
    """The scenario with the lines of its parts."""
    def part(found):
        return "".join(whole(path.with_name(name + ".part")) for name in found[1].split())

    return re.sub(r"^include (.+)\n", part, path.read_text(encoding="utf-8"), flags=re.M)


def scenario(text, row):
    """The scenario with addresses of its own; a session after the first gets them where it begins.
    """
    seen = {1}

    def begin(found):
        new = int(found[1]) not in seen
        seen.add(int(found[1]))
        return found[0] + "\n" + (endpoints(row, int(found[1])) if new else "")

    text = re.sub(r"^session (\d+)\n", begin, text, flags=re.M)
    return endpoints(row, 1) + text.replace("mx.example.net", f"mx{1 + row % 3}.example.net")


def frames(capture, later):
    """Link type, and seconds, nanoseconds, length and bytes
    of each frame of the file that scenario_pcap writes.
    """
    magic, *_, link = HEADER.unpack_from(capture)
    assert magic == 0xA1B23C4D
    found, at = [], HEADER.size
    while at < len(capture):
        seconds, nanoseconds, caplen, length = RECORD.unpack_from(capture, at)
        at += RECORD.size
        found.append((seconds + later, nanoseconds, length, capture[at:at + caplen]))
        at += caplen
    return link, found


def pcap(link, found, magic, unit):
    out = HEADER.pack(magic, 2, 4, 0, 0, 262144, link)
    return (out + b"".join(
        RECORD.pack(s, ns // unit, len(data), length) + data for s, ns, length, data in found))


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(link, found):
    """A section and an interface, whose times are microseconds,
    as they are where nothing else is said.
    """
    out = (block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) +
           block(1, struct.pack("<HHI", link, 0, 262144)))
    for s, ns, length, data in found:
        time = s * 1000000 + ns // 1000
        out += block(
            6,
            struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), length) + data)
    return out


def packed(name, link, found):
    if name.endswith(".pcapng"):
        return pcapng(link, found)
    if name.endswith(".ns.pcap"):
        return pcap(link, found, 0xA1B23C4D, 1)
    plain = pcap(link, found, 0xA1B2C3D4, 1000)
    return gzip.compress(plain, mtime=0) if name.endswith(".gz") else plain


def main():
    builder, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as tmp:
        text, capture = pathlib.Path(tmp, "scenario.smtp"), pathlib.Path(tmp, "out.pcap")
        for row, (name, of, weather, _) in enumerate(rows(pathlib.Path("pcaps/LIST"))):
            if of == "lab":     # of real servers: made by tests/lab, and kept
                continue
            text.write_text(
                scenario(whole(pathlib.Path(f"tests/scenarios/{of}.smtp")), row),
                encoding="utf-8")
            subprocess.run([builder, "-w", weather, text, capture], check=True)
            pathlib.Path(folder, name).write_bytes(
                packed(name, *frames(capture.read_bytes(), row * QUARTER)))


if __name__ == "__main__":
    main()
