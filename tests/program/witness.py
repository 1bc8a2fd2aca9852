#!/usr/bin/env python3
"""A third witness: what tshark says of the same captures, stream by stream.

usage: witness.py SMTPWATCH CAPTURE...

Compared for every TCP session that was captured whole (seen "full"): the bytes of each side, and
who sent the first FIN or RST. tshark reassembles with code that shares nothing with either engine.
Prints each disagreement; exit 1 if there is one, or if nothing could be compared.
"""
import collections
import json
import subprocess
import sys

FIELDS = [
    "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.len",
    "tcp.flags.syn", "tcp.flags.fin", "tcp.flags.reset"
]


class Stream:
    def __init__(self, opener):
        # (address, port) of the side that spoke first: with a whole handshake, the client
        self.opener = opener
        # by "is the client": [begin, end) of each segment's bytes
        self.spans = {True: [], False: []}
        # (order in its side's sequence is not needed: the first FIN or RST in the file)
        self.fins = []


def streams(path):
    """tshark's streams, by the client's address and port and the server's port,
    in order of their first packet.
    """
    command = [
        "tshark", "-r", path, "-o", "tcp.relative_sequence_numbers:TRUE", "-o",
        "tcp.desegment_tcp_streams:FALSE", "-T", "fields", "-E", "separator=\t"
    ]
    for field in FIELDS:
        command += ["-e", field]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = collections.OrderedDict()
    for line in out.splitlines():
        number, v4, v6, sport, dport, seq, length, syn, fin, rst = (
            line.split("\t") + [""] * len(FIELDS))[:len(FIELDS)]
        if not number or "," in number or not length:  # not TCP, or TCP quoted by ICMP
            continue
        source = (v4.split(",")[-1] or v6.split(",")[-1], sport)
        stream = found.setdefault(number, Stream((source, dport)))
        client = source == stream.opener[0]
        begin = int(seq) + (syn in ("1", "True"))
        if int(length):
            stream.spans[client].append((begin, begin + int(length)))
        if fin in ("1", "True") or rst in ("1", "True"):
            stream.fins.append("client" if client else "server")
    keyed = collections.defaultdict(list)
    for stream in found.values():
        keyed[stream.opener].append(stream)
    return keyed


def covered(spans):
    """Bytes in a union of spans."""
    total, upto = 0, None
    for begin, end in sorted(spans):
        if upto is None or begin > upto:
            total, upto = total + end - begin, end
        elif end > upto:
            total, upto = total + end - upto, end
    return total


def sessions(program, path):
    run = subprocess.run([program, "-r", path, "-o", "json", "-p", "25,465,587,2525"],
                         capture_output=True, text=True)
    return [r for r in map(json.loads, run.stdout.splitlines()) if r["event_type"] == "session"]


def compare(program, path):
    checked, wrong = 0, []
    keyed = streams(path)
    for record in sorted(sessions(program, path), key=lambda r: r["start"]):
        queue = keyed.get(((record["src_ip"], str(record["src_port"])), str(record["dest_port"])))
        stream = queue.pop(0) if queue else None
        if record["ending"]["seen"] != "full" or stream is None:
            continue
        checked += 1
        said = [
            record["net"]["client_bytes"], record["net"]["server_bytes"], record["ending"]["closer"]
        ]
        seen = [
            covered(stream.spans[True]),
            covered(stream.spans[False]), stream.fins[0] if stream.fins else "nobody"
        ]
        # Silence is a judgement, not a segment. A half-close behind QUIT (Exim's) is the client's
        # FIN, and yet the server is the closer if it then leaves a message unanswered.
        half_closed = ((said[2], seen[2]) == ("server", "client")
                       and record["smtp"].get("last_command") == "QUIT")
        unanswered = any(t["fate"] == "unanswered" for t in record.get("transactions", []))
        # A session that was read inside TLS is over with the first close_notify,
        # whoever then sends the first FIN.
        inside = (said[2] in record.get("tls", {}).get("close_notify", [])
                  and record["tls"]["decrypted"])
        if record["ending"]["how"] == "silence" or (half_closed and unanswered) or inside:
            said[2] = seen[2]
        if said != seen:
            wrong.append(
                f"{path}: {record['src_ip']}:{record['src_port']}: we say {said}, tshark {seen}")
    return checked, wrong


def main():
    program, checked, wrong = sys.argv[1], 0, []
    for path in sys.argv[2:]:
        n, bad = compare(program, path)
        checked += n
        wrong += bad
    print("\n".join(wrong) or "no disagreement")
    print(f"witness: {checked - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
