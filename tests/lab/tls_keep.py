#!/usr/bin/env python3
"""tls_keep.py - sessions under TLS of the lab for pcaps/, each with its own secrets in it,
and rows in pcaps/LIST.

usage: tls_keep.py FOLDER

FOLDER is that of tls_real.py --keep, of a run of `prove`. Each gets a quarter of an hour of its own
and hardware addresses that stand for the two ends, as those of keep.py do. Then `make golden`.
"""
import json
import pathlib
import re
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import tls_real  # noqa: E402
from capture import frames  # noqa: E402
from keep import FIRST, LIST, MOST, QUARTER  # noqa: E402

CHOSEN = [("postfix", "clean", "TLS_CHACHA20_POLY1305_SHA256"),
          ("postfix", "kill-body", "ECDHE-RSA-AES128-GCM-SHA256"),
          ("postfix", "client-mail", "AES256-CCM"),
          ("postfix", "clean-pipelined", "AES256-SHA256 without encrypt-then-MAC"),
          ("postfix-short", "idle-rcpt", "TLS_AES_128_GCM_SHA256"),
          ("exim", "clean", "ECDHE-RSA-AES128-SHA"),
          ("exim", "kill-rcpt", "TLS_AES_128_GCM_SHA256"),
          ("exim-short", "idle-body", "TLS_CHACHA20_POLY1305_SHA256"),
          ("sendmail", "clean", "TLS_AES_128_GCM_SHA256"),
          ("sendmail", "kill-quit", "ECDHE-RSA-AES128-GCM-SHA256"),
          ("dovecot", "kill-rcpt", "ECDHE-RSA-AES128-SHA"),
          ("dovecot", "client-no-quit", "TLS_AES_128_GCM_SHA256"),
          ("smtp-server", "stop-rcpt", "ECDHE-RSA-AES128-GCM-SHA256"),
          ("smtp-server", "client-dot", "AES256-CCM"),
          ("haraka", "clean", "TLS_CHACHA20_POLY1305_SHA256"),
          ("haraka", "reset-body", "ECDHE-RSA-AES128-GCM-SHA256"), ]


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def of_session(found, port):
    """Frames of Ethernet and IPv4 with that port."""
    for time_, length, data in found:
        at = 14 + 4 * (data[14] & 15)
        if (data[12:14] == b"\x08\x00" and data[23] == 6
                and port in struct.unpack_from(">HH", data, at)):
            yield time_, length, data


def secrets(text, packets):
    """The lines of the key log whose client random is in the packets."""
    whole = b"".join(data for _, _, data in packets)
    return "".join(line + "\n"
                   for line in text.splitlines()
                   if not line.startswith("#") and bytes.fromhex(line.split()[1]) in whole)


def write(target, packets, keys, start):
    macs, out = {}, block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += (block(10,
                  struct.pack("<II", 0x544C534B, len(keys)) + keys.encode()) +
            block(1, struct.pack("<HHI", 1, 0, 262144)))
    later = start * 1000000 - packets[0][0]
    for time_, length, data in packets:
        data = (b"".join(
            macs.setdefault(mac, bytes([2, 0, 0, 0, 0, len(macs) + 1]))
            for mac in (data[:6], data[6:12])) + data[12:])
        out += block(
            6,
            struct.pack("<IIIII", 0, (time_ + later) >> 32,
                        (time_ + later) & 0xFFFFFFFF, len(data), length) + data)
    target.write_bytes(out)


def main():
    folder = pathlib.Path(sys.argv[1])
    kept = [
        line for line in LIST.read_text(encoding="utf-8").splitlines()
        if not line.startswith("tls-")
    ]
    for old in pathlib.Path("pcaps").glob("tls-*"):
        old.unlink()
    row = sum(bool(line.strip()) and not line.startswith("#") for line in kept)
    for server, case, suite in CHOSEN:
        made = json.loads((folder / f"{server}.json").read_text(encoding="utf-8"))
        ports = [port for *_, port in made]
        found = frames(folder / f"{server}.pcap")[1]
        fits = [
            packets for name, of, _, port in made
            if (name, of) == (case, suite) and ports.count(port) == 1
            for packets in [list(of_session(found, port))]
            if sum(len(data) for _, _, data in packets) < MOST
        ]
        if not fits:
            print(f"{server} {case} {suite}: none is small enough")
            continue
        name = f"tls-{server.removesuffix('-short')}-{case}.pcapng"
        write(
            pathlib.Path("pcaps") / name, fits[0],
            secrets((folder / f"{server}.keys").read_text(encoding="ascii"), fits[0]),
            FIRST + row * QUARTER)
        does = (tls_real.CASES | tls_real.LIMITS)[case].replace(":{size}", "")
        make, host, settings = tls_real.SERVERS[server]
        version = make(None, host, **settings).version()
        kept.append(
            f"{name:<42} lab  {re.sub('-short', '', server) + '-' + version:<18} {suite}: "
            f"{does}, with its secrets"
        )
        row += 1
    LIST.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"{row} captures in pcaps/LIST")


if __name__ == "__main__":
    main()
