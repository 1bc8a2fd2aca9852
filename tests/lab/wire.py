"""wire.py - a cable of our own between the two ends, for kernels without netem:
it loses, repeats and reorders what it is told, and mirrors.

Its orders are words. lose:s:2 takes the server's second segment with data away, dup:c:1 sends one
twice, swap:s:1 sends one behind the next frame of its side; loss:5, dup:5, swap:5 do so to that
many in a hundred, chosen by a seed. vlan:7, qinq:7 and vxlan:7 mirror both directions, tagged or
wrapped, to the interface `mirror`.
"""
import contextlib
import random
import select
import socket
import struct
import threading

from net import LabError

ETH_P_ALL, PACKET_IGNORE_OUTGOING, SOL_PACKET = 3, 23, 263
ETH_IP, ETH_IP6 = 0x0800, 0x86DD
PAUSE = 0.02    # a frame that is held back goes at the latest after so long


def payload(frame):
    """Bytes of TCP data of a frame; 0 where it is none."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == ETH_IP and frame[23] == 6:
        header, total = (frame[14] & 15) * 4, struct.unpack_from("!H", frame, 16)[0]
        return total - header - (frame[14 + header + 12] >> 4) * 4
    if kind == ETH_IP6 and frame[20] == 6:
        return struct.unpack_from("!H", frame, 18)[0] - (frame[54 + 12] >> 4) * 4
    return 0


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def vxlan(frame, number):
    """The frame in VXLAN (RFC 7348), from one documentation address to another."""
    inner = struct.pack("!BBHI", 8, 0, 0, number << 8) + frame
    udp = struct.pack("!HHHH", 49152, 4789, 8 + len(inner), 0) + inner
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0,
                         socket.inet_aton("203.0.113.1"), socket.inet_aton("203.0.113.2"))
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return bytes.fromhex("020000000009020000000008") + struct.pack("!H", ETH_IP) + header + udp


def wrapped(frame, order, number):
    if order == "vxlan":
        return vxlan(frame, number)
    tags = (struct.pack("!HH", 0x8100, number) if order == "vlan"
            else struct.pack("!HHHH", 0x88A8, number + 1, 0x8100, number))
    return frame[:12] + tags + frame[12:]


class Orders:
    """What is to happen to which frame."""

    def __init__(self, words):
        self.exact, self.rates, self.mirrors, self.seen = {}, {}, [], {"c": 0, "s": 0}
        self.chance = random.Random(5321)
        for word in words.split():
            name, *rest = word.split(":")
            if name in ("vlan", "qinq", "vxlan"):
                self.mirrors.append((name, int(rest[0])))
            elif len(rest) == 2:
                self.exact[rest[0], int(rest[1])] = name
            else:
                self.rates[name] = int(rest[0])

    def of(self, side, frame):
        if payload(frame) <= 0:
            return ""
        self.seen[side] += 1
        found = self.exact.get((side, self.seen[side]), "")
        if not found:
            found = next(
                (name for name, rate in self.rates.items() if self.chance.randrange(100) < rate),
                "")
        return found


class Wire:
    """Between toclient and toserver of a Net whose middle is none; orders change with each case."""

    def __init__(self, net):
        self.net, self.orders, self.stop = net, Orders(""), False
        net.path.ip("link", "add", "tomirror", "type", "veth", "peer", "name", "mirror")
        for name in ("tomirror", "mirror"):
            net.path.write(f"ipv6/conf/{name}/disable_ipv6", 1)
            net.path.ip("link", "set", name, "mtu", 9000, "up")
        self.ends = {"c": self.open("toclient"), "s": self.open("toserver")}
        self.mirror = self.open("tomirror")
        self.held, self.carried = {}, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def open(self, name):
        def make():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
            sock.bind((name, ETH_P_ALL))
            sock.setblocking(False)
            return sock
        return self.net.path.inside(make)

    def run(self):
        sides = {sock: side for side, sock in self.ends.items()}
        while not self.stop:
            ready, _, _ = select.select(list(sides), [], [], PAUSE if self.held else 0.5)
            if not ready:
                self.let_go()
            for sock in ready:
                with contextlib.suppress(BlockingIOError, OSError):
                    self.carry(sides[sock], sock.recv(65536))

    def carry(self, side, frame):
        order = self.orders.of(side, frame)
        if order in ("lose", "loss"):
            return
        if order == "swap" and side not in self.held:
            self.held[side] = frame
            return
        self.send(side, frame)
        if order == "dup":
            self.send(side, frame)
        if side in self.held:
            self.send(side, self.held.pop(side))

    def let_go(self):
        for side in list(self.held):
            self.send(side, self.held.pop(side))

    def send(self, side, frame):
        self.carried += 1
        with contextlib.suppress(OSError):
            self.ends["s" if side == "c" else "c"].send(frame)
        for name, number in self.orders.mirrors:
            with contextlib.suppress(OSError):
                self.mirror.send(wrapped(frame, name, number))

    @contextlib.contextmanager
    def told(self, words):
        self.orders = Orders(words)
        try:
            yield
        finally:
            self.orders = Orders("")

    def close(self):
        self.stop = True
        self.thread.join(2)
        if self.thread.is_alive():
            raise LabError("the wire does not end")
        for sock in (*self.ends.values(), self.mirror):
            sock.close()
