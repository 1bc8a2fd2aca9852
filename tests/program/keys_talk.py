#!/usr/bin/env python3
"""keys_talk.py - TLS sessions within one process and one thread, for keys_check.py.

usage: keys_talk.py FOLDER together|in-turn SESSIONS VERSION

Writes FOLDER/PID.log: OpenSSL's own key log of both ends; FOLDER/PID.names: of each session the
hash of ClientHello to ServerHello, computed from the records, and the client's random. together:
the steps of all sessions are interleaved; in-turn: one session after the other.
"""
import hashlib
import os
import pathlib
import ssl
import sys

RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def messages(stream):
    """Handshake messages in clear: what stands in records of type 22 before any other."""
    text, at = b"", 0
    while at + 5 <= len(stream) and stream[at] in (20, 22):
        size = int.from_bytes(stream[at + 3:at + 5], "big")
        if stream[at] == 22:
            text += stream[at + 5:at + 5 + size]
        at += 5 + size
    while len(text) >= 4:
        size = 4 + int.from_bytes(text[1:4], "big")
        yield text[:size]
        text = text[size:]


def name_of(client, server):
    """The transcript hash and the random of a session, by the bytes of both sides (RFC 8446
    4.4.1)."""
    hellos = [m for m in messages(client) if m[0] == 1]
    answers = [m for m in messages(server) if m[0] == 2]
    suite = answers[0][39 + answers[0][38]:][:2]
    md = hashlib.sha384 if suite == b"\x13\x02" else hashlib.sha256
    text = hellos[0]
    if answers[0][6:38] == RETRY:
        first = md(hellos[0]).digest()
        text = b"\xfe\0\0" + bytes([len(first)]) + first + answers.pop(0) + hellos[1]
    return md(text + answers[0]).hexdigest(), hellos[0][6:38].hex()


class Session:
    def __init__(self, folder, version):
        log = str(folder / f"{os.getpid()}.log")
        server, client = (ssl.SSLContext(p) for p in (ssl.PROTOCOL_TLS_SERVER,
                                                      ssl.PROTOCOL_TLS_CLIENT))
        server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        for context in (client, server):
            context.maximum_version = context.minimum_version = version
            context.keylog_filename = log
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.sent = {self.to_server: b"", self.to_client: b""}
        self.wire = {self.to_server: ssl.MemoryBIO(), self.to_client: ssl.MemoryBIO()}
        self.client = client.wrap_bio(self.to_client, self.wire[self.to_server])
        self.server = server.wrap_bio(self.to_server, self.wire[self.to_client],
                                      server_side=True)
        self.todo = [self.client, self.server]

    def step(self, end):
        """One call of an end, if it is not done."""
        if end not in self.todo:
            return
        try:
            end.do_handshake()
            self.todo.remove(end)
        except ssl.SSLWantReadError:
            pass
        for to, wire in self.wire.items():
            data = wire.read()
            self.sent[to] += data
            to.write(data)

    def name(self):
        return name_of(self.sent[self.to_server], self.sent[self.to_client])


def main():
    folder, how = pathlib.Path(sys.argv[1]), sys.argv[2]
    version = getattr(ssl.TLSVersion, sys.argv[4])
    sessions = [Session(folder, version) for _ in range(int(sys.argv[3]))]
    for group in [sessions] if how == "together" else [[s] for s in sessions]:
        while any(s.todo for s in group):
            for end in ("client", "server"):
                for session in group:
                    session.step(getattr(session, end))
    with open(folder / f"{os.getpid()}.names", "w", encoding="ascii") as out:
        for session in sessions:
            print(*session.name(), file=out)


if __name__ == "__main__":
    main()
