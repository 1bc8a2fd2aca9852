#!/usr/bin/env python3
"""Write captures of every format, and compare what the program makes of them
with what it makes of the same frames in classic pcap.
usage: formats_check.py SMTPWATCH FOLDER   (from the top of the tree)
"""
import gzip
import json
import pathlib
import struct
import subprocess
import sys

SECOND = 10**9
ETHERNET, NULL, RAW = 1, 0, 101
NAMES = ("221-for-message", "drop-after-dot", "clean-pipelined")
LINKS = (ETHERNET, RAW, NULL)
EVERYTHING = ("--min-severity", "info", "--severity", "clean=info", "-o", "json")
program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
checks = 0


def check(good, words):
    global checks
    checks += 1
    if not good:
        sys.exit(f"{words}")


def run(code, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    check(done.returncode == code,
          f"smtpwatch {' '.join(arguments)}: exit {done.returncode}, not {code}: {done.stderr}")
    return done


def frames(path):
    """Nanoseconds, length and bytes of each frame of a little-endian classic pcap; its link type.
    """
    data = path.read_bytes()
    magic, *_, link = struct.unpack_from("<IHHiIII", data)
    unit, at, found = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic], 24, []
    while at < len(data):
        sec, part, caplen, length = struct.unpack_from("<IIII", data, at)
        found.append((sec * SECOND + part * unit, length, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return found, link


def rewrap(found, link, order="<"):
    """The frames of Ethernet with another link type."""
    head = {ETHERNET: None, RAW: b"", NULL: struct.pack(order + "I", 2)}[link]
    return found if head is None else [
        (ns, length - 14 + len(head), head + data[14:]) for ns, length, data in found]


def pcap(found, link, order="<"):
    return struct.pack(order + "IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link) + b"".join(
        struct.pack(order + "IIII", ns // SECOND, ns % SECOND, len(data), length) + data
        for ns, length, data in found)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(captures, order="<", drops=0):
    """One section with an interface for each capture, and the frames in the order of their times.
    The units of time are micro- and nanoseconds, and the 2^-30th of a second.
    """
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    units = ((6, SECOND // 1000), (9, SECOND), (0x80 | 30, 2**30))
    for i, (_, link) in enumerate(captures):
        out += block(
            order, 1,
            struct.pack(order + "HHI", link, 0, 65535 + i) +
            option(order, 9, bytes((units[i % 3][0],))) + bytes(4))
        out += block(order, 0x0BAD, b"nobody knows this")
    merged = sorted((frame[0], i, frame) for i, (found, _) in enumerate(captures)
                    for frame in found)
    for ns, i, (_, length, data) in merged:
        per_second = (10**6, SECOND, 2**30)[i % 3]
        time = -(-ns * per_second // SECOND)
        out += block(
            order, 6,
            struct.pack(order + "IIIII", i, time >> 32, time & 0xFFFFFFFF, len(data), length) +
            data + bytes(-len(data) % 4) + option(order, 1, b"a comment") + bytes(4))
    return out + block(order, 5,
                       struct.pack(order + "III", 0, 0, 0) +
                       option(order, 5, struct.pack(order + "Q", drops)) + bytes(4))


def snoop(found):
    out = b"snoop\0\0\0" + struct.pack(">II", 2, 4)
    for ns, length, data in found:
        pad = bytes(-len(data) % 4)
        out += struct.pack(">IIIIII", length, len(data), 24 + len(data) + len(pad), 0,
                           ns // SECOND, ns % SECOND // 1000) + data + pad
    return out


def written(name, data):
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o644)
    return path


def records(path, *arguments):
    """The sessions of a capture, without the name of their input."""
    found = []
    for line in run(0, "-r", str(path), "-o", "json", *arguments).stdout.splitlines():
        record = json.loads(line)
        record.pop("input", None)
        if record["event_type"] == "session":
            found.append(record)
    return sorted(found, key=lambda record: record["session_id"])


def captures():
    """The captures of NAMES, all from the same time on, each with its link type."""
    first, made = None, []
    for name, link in zip(NAMES, LINKS):
        found, was = frames(pathlib.Path("pcaps", name + ".pcap"))
        assert was == ETHERNET
        first = first or found[0][0]
        later = first - found[0][0]
        made.append((rewrap([(ns + later, length, data) for ns, length, data in found], link),
                     link))
    return made


def mixed(made, alone):
    """Several link types in one file: each session is judged, filtered, drawn as alone."""
    for order in "<>":
        data = pcapng(made, order)
        path = written("mixed.pcapng", data)
        check(records(path) == alone, f"{path}: other sessions than alone")
        check(records(path, "-j", "3") == alone, f"{path}: other sessions with three workers")
        check(records(written("mixed.pcapng.gz", gzip.compress(data))) == alone,
              "compressed: other sessions")
        one = [record for record in alone if record["ending"]["verdict"] == "221-for-message"]
        check(len(one) == 1 and records(path, "host", one[0]["src_ip"]) == one,
              "a filter keeps something else")
        for record in alone:
            told = run(0, "-r", str(path), "--explain", record["session_id"]).stdout
            check("EHLO" in told, f"{record['session_id']} is not explained: {told}")
    two = written("sections.pcapng", pcapng(made[:2]) + pcapng(made[2:], ">"))
    check(records(two) == alone, f"{two}: other sessions than alone")
    check("does not compile" in run(2, "-r", str(two), "ether host 0:0:0:0:0:1").stderr,
          "a filter that does not fit is not refused")


def packets(made):
    """Each session's packets get a file of their link type, also where a session has two."""
    out = folder / "out"
    run(0, "-r", str(written("mixed.pcapng", pcapng(made))), "--write-pcap", str(out),
        *EVERYTHING)
    kept = {link: found for found, link in map(frames, out.iterdir())}
    check(sorted(kept) == sorted(LINKS), f"link types {sorted(kept)}")
    for found, link in made:
        check(kept[link] == found, f"other packets of link type {link}")
    ethernet = made[0][0]
    twice = written("twice.pcapng", pcapng([made[0], (rewrap(ethernet, RAW), RAW)]))
    said = run(0, "-r", str(twice), "--write-pcap", str(folder / "twice"), "-o", "json").stderr
    check(f"{len(ethernet)} packets were not written, because their session had begun on another "
          "link type" in said, f"two link types of one session: {said}")
    check([frames(path) for path in (folder / "twice").iterdir()] == [(ethernet, ETHERNET)],
          "other packets of the session that was seen twice")
    tight = 'trap "" XFSZ; ulimit -f 1; exec "$@"'
    limited = subprocess.run(["/bin/bash", "-c", tight, "-", program, "-r",
                              "pcaps/drop-in-body-rst.pcap", "--write-pcap", str(folder / "full"),
                              "-o", "json"], capture_output=True, text=True, check=False)
    check(limited.returncode == 3 and ": File too large\n" in limited.stderr,
          f"no room: {limited.returncode}, {limited.stderr}")


def others(made):
    """snoop, and DLT_NULL in the other byte order."""
    found = made[0][0]
    want = records(written("one.pcap", pcap(found, ETHERNET)))
    check(records(written("one.snoop", snoop(found))) == want, "snoop: another session")
    check(records(written("one.snoop.gz", gzip.compress(snoop(found)))) == want, "snoop, packed")
    for order in "<>":
        for family in "<>":
            path = written("null.pcap", pcap(rewrap(found, NULL, family), NULL, order))
            check(records(path, "tcp", "port", "25") == want,
                  f"DLT_NULL, file {order}, family {family}: another session")


def nothing(made):
    """What is said where no packet came, and what the statistics tell then."""
    def told(path, code, *filters):
        done = run(code, "-r", str(path), "-o", "text", *filters)
        stats = json.loads(run(code, "-r", str(path), "-o", "json", *filters).stdout)
        check(stats["event_type"] == "stats" and not stats["timestamp"].startswith("1970"),
              f"{path}: statistics of {stats['timestamp']}")
        return " ".join(done.stdout.split())

    n = len(made[0][0])
    one = written("one.pcapng", pcapng(made[:1]))
    said = told(one, 0, "udp")
    check(said == f"No packet in {one} passed the filter, which left out {n} packets.", said)
    said = told(written("none.pcapng", pcapng([([], ETHERNET)])), 0, "udp")
    check(said == f"No packet in {folder}/none.pcapng.", said)
    cut = written("cut.pcapng", one.read_bytes()[:200])
    said = told(cut, 3)
    check(said == f"No packet could be read from {cut}.", said)
    cut = written("cut.pcapng", one.read_bytes()[:-10])
    said = told(cut, 3, "udp")
    check(said == f"No packet that could be read from {cut} passed the filter, "
          f"which left out {n} packets.", said)
    lossy = written("lossy.pcapng", pcapng(made[:1], ">", 17))
    said = run(0, "-r", str(lossy), "-o", "text").stdout
    check("17 packets dropped by the interface" in said, f"no drops in {said}")


def main():
    made = captures()
    alone = []
    for found, link in made:
        alone += records(written("alone.pcap", pcap(found, link)))
    alone.sort(key=lambda record: record["session_id"])
    check(len(alone) == len(NAMES), f"{len(alone)} sessions")
    mixed(made, alone)
    packets(made)
    others(made)
    nothing(made)
    print(f"{checks} checks, 0 failed")


main()
