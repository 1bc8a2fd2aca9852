"""case.py - one case of the lab: what is done, what smtpwatch must say, and the hands that do it.
"""
import contextlib
import dataclasses
import re
import socket
import time

import capture
from net import CLIENT, CLIENT6, VANISH
from talk import Talk


@dataclasses.dataclass
class Case:
    """A row of program/cases.py. Expectations are words with `|` between what is equally right;
    an empty one asks nothing.
    """

    family: str
    name: str
    server: str
    does: str                  # the talk of a raw client; for a real client, its method
    verdict: str
    stage: str = ""
    fates: str = ""            # of each message, with commas; "-" for none
    cause: str = ""
    v6: bool = False
    # whether the server's log must show the message; None: as the fate says
    taken: bool | None = None
    log: str = ""              # regular expression that a line of the server's log must match
    sender: str = "a@example.org"
    word: str = ""             # regular expression for what a real client says
    client: str = ""           # empty: the raw client of talk.py
    script: str = ""           # of the misbehaving server
    net: str = "bridge"
    tap: str = "toclient"
    subject: str = "hello"
    recipient: str = "b"
    messages: int = 1
    size: int = 66
    words: tuple = ()
    source: str = ""
    wire: str = ""             # what the wire of our own does
    keep: bool = True          # small enough for pcaps/
    in_log: bool = True        # whether the server's log can name this message
    sessions: int = 1
    note: str = ""             # what the row of results.tsv says of it

    @property
    def message_id(self):
        return f"{self.name}@out.example.org"


class Deeds:
    """What is done to servers and network in the middle of a talk."""

    def __init__(self, net, server, case):
        self.net, self.server, self.case = net, server, case
        self.ports, self.dirty, self.subject = [], False, case.subject

    def do(self, name, value, talk):
        getattr(self, name.replace("-", "_"))(value, talk)
        return None

    def kill(self, *_):
        self.dirty = True
        self.server.kill()

    def freeze(self, *_):
        self.dirty = True
        self.server.freeze()

    def stop(self, *_):
        self.dirty = True
        self.server.graceful()

    def cut(self, *_):
        self.net.cut()

    def mend(self, *_):
        self.net.mend()

    def peer(self, talk):
        ip = "ip6" if talk.family == 10 else "ip"
        return f"{ip} saddr {talk.source}", f"{ip} daddr {talk.source}"

    def reset(self, _, talk):
        """The server's firewall answers the client's packets with RST."""
        self.net.firewall(self.net.server,
                          ("input", f"{self.peer(talk)[0]} meta l4proto tcp reject with tcp reset"))

    def reset_both(self, _, talk):
        """The same to both sides, from a router between them."""
        ours, theirs = self.peer(talk)
        self.net.firewall(self.net.path,
                          ("forward", f"{ours} meta l4proto tcp reject with tcp reset"),
                          ("forward", f"{theirs} meta l4proto tcp reject with tcp reset"))

    def forge(self, _, talk):
        """A router between them answers the client's packets with RST."""
        self.net.firewall(self.net.path,
                          ("forward",
                           f"{self.peer(talk)[0]} meta l4proto tcp reject with tcp reset"))

    def swallow(self, _, talk):
        """The server's packets vanish; the client's arrive."""
        self.net.firewall(self.net.server, ("output", f"{self.peer(talk)[1]} drop"))

    def deaf(self, _, talk):
        """The client's packets vanish."""
        self.net.firewall(self.net.server, ("input", f"{self.peer(talk)[0]} drop"))

    def vanish(self, _, talk):
        """The client is gone, as with its power: nothing comes from it, not even an answer."""
        ours, theirs = self.peer(talk)
        self.net.firewall(self.net.client, ("output", f"{ours} drop"), ("input", f"{theirs} drop"))

    def offloads(self, *_):
        self.net.offloads(True)

    def beat(self, _, talk):
        """A packet of something else, to all, so that a capture knows how late it is."""
        with talk.space.socket(kind=socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            other.sendto(b"late", ("192.0.2.255", 9))

    def mute(self, *_):
        """Routers' errors are dropped."""
        self.net.firewall(self.net.path, ("output", "meta l4proto { icmp, icmpv6 } drop"))

    def undo(self):
        self.net.unfirewall()
        self.net.forget()
        if "offloads" in self.case.does:
            self.net.offloads(False)
        if self.net.middle == "bridge":
            self.net.mend()


def said(record):
    """The facts of a record that a case expects."""
    fates = ",".join(t["fate"] for t in record["transactions"]) or "-"
    return {
        "verdict": record["ending"]["verdict"],
        "stage": record["ending"]["stage"],
        "fates": fates,
        "cause": record.get("cause", {}).get("id", "")
    }


@dataclasses.dataclass
class Result:
    case: Case
    seen: dict
    wrong: list
    log: str = ""
    word: str = ""
    record: dict | None = None
    seconds: float = 0.0


def compare(case, seen):
    for name in ("verdict", "stage", "fates", "cause"):
        wanted = getattr(case, name)
        if wanted and seen.get(name, "") not in wanted.split("|"):
            yield f"{name} {seen.get(name)!r}, expected {wanted!r}"


def check_taken(case, server, mark, record, words):
    """Accepted here means in the queue there, under the queue id that our record has;
    refused or cut here means not there. words: what the log says of each.
    """
    fates = [t["fate"] for t in record["transactions"]]
    for number, transaction in enumerate(record["transactions"], 1):
        fate = transaction["fate"]
        wanted = (case.taken if case.taken is not None else {
            "accepted": True,
            "cut": False,
            "rejected": False,
            "deferred": False,
            "aborted": False
        }.get(fate))
        if wanted is None or not case.in_log or not hasattr(server, "box"):
            continue
        message_id = (transaction.get("message_id") or
                      (case.message_id if len(fates) == 1 else f"{number}.{case.message_id}"))
        queue_id = server.taken(mark, message_id.strip("<>"), 2 if wanted else 0.2)
        words.append("taken" if queue_id else "not taken")
        if bool(queue_id) != wanted:
            yield (f"fate {fate}, but the server's log has "
                   f"{'no such message' if wanted else 'it as ' + queue_id}")
        elif (queue_id and fate == "accepted"
              and transaction.get("queue_id", queue_id).split(":R")[0] != queue_id):
            yield f"queue id {transaction['queue_id']} here, {queue_id} in the log"


class Bench:
    """Runs cases: the networks, the servers and the clients that they share."""

    def __init__(self, lab, smtpwatch, folder, watch=None):
        self.lab, self.smtpwatch, self.folder, self.watch = lab, smtpwatch, folder, watch

    def run(self, case):
        start = time.monotonic()
        net, server = self.lab.net(case.net), self.lab.server(case.net, case.server)
        client = self.lab.client(case.net, case.client) if case.client else None
        if hasattr(server, "script") and isinstance(server.script, str):
            server.script = case.script or server.default
        path = self.folder / f"{case.name}.pcap"
        deeds, mark = Deeds(net, server, case), server.log_mark()
        live = self.watch and self.watch.on(net, case.tap)
        with self.lab.wire(case), capture.Capture(net.path, case.tap, path) as tap:
            word = self.act(case, net, server, deeds, client)
            tap.settle()
            deeds.undo()
        if deeds.dirty:
            self.lab.renew(server)
        result = self.judge(case, path, server, mark)
        if live:
            self.watch.note(live, result)
        result.word, result.seconds = word, time.monotonic() - start
        if case.word and not re.search(case.word, word):
            result.wrong.append(f"the client says {word!r}, expected /{case.word}/")
        return result

    def act(self, case, net, server, deeds, client):
        address = server.address6 if case.v6 else server.address
        if client:
            return client(address, server.port, case)
        source = (case.source or
                  (VANISH if "vanish" in case.does else CLIENT6 if case.v6 else CLIENT))
        talk = Talk(net.client, address, server.port, case.message_id, deeds, source)
        with contextlib.closing(_Ends(talk)):
            talk.run(case.does)
        return ""

    def judge(self, case, path, server, mark):
        records, _ = capture.sessions(self.smtpwatch, path)
        if len(records) != case.sessions:
            return Result(case, {}, [f"{len(records)} sessions seen, expected {case.sessions}"])
        record = records[0]
        seen = said(record)
        result = Result(case, seen, list(compare(case, seen)), record=record)
        words = []
        result.wrong += check_taken(case, server, mark, record, words)
        result.log = ", ".join(words)
        lines = server.log_since(mark)
        named = [t["message_id"] for t in record["transactions"] if "message_id" in t]
        result.wrong += [
            f"a message is named {name}" for name in named
            if case.message_id not in name and not case.client.startswith("smtp_source")
        ]
        if case.log:
            if getattr(server, "box", None):
                found = server.box.log.wait(
                    lambda line: re.search(case.log, line) and line, mark, 3)
            else:
                found = next((line for line in lines if re.search(case.log, line)), None)
            result.log = found or ""
            if not found:
                result.wrong.append(
                    f"no line of the server's log is /{case.log}/; "
                    f"the last is {lines[-1] if lines else 'none'!r}"
                )
        return result


class _Ends:
    def __init__(self, talk):
        self.close = talk.end
