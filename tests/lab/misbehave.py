"""misbehave.py - a scripted mail server that does what no mail server should,
at the stage that it is told.

A script is words STAGE=ACTION,ACTION,... Stages: connect, ehlo, starttls, auth, mail, rcpt, data,
body:N (when N bytes of the body have come), dot, bdat, quit, rset, noop, other; a number before it
counts: 2dot is the second dot. Actions: a code (its usual reply is sent), half (a reply without its
end), part (the first line of several), fin, rst, silence (until the client closes), wait:S, lone
(no reply, no close). After the actions the server goes on unless it closed. What is not named is
answered as by any server.
"""
import contextlib
import re
import socket
import struct
import threading
import time

from net import SERVER, SERVER6

REPLIES = {
    220: "mx.example.net ESMTP",
    221: "2.0.0 closing",
    235: "2.7.0 ok",
    250: "2.0.0 Ok",
    354: "go ahead",
    421: "4.3.2 mx.example.net closing",
    450: "4.2.1 later",
    451: "4.3.0 trouble here",
    452: "4.3.1 full",
    454: "4.7.0 not now",
    500: "5.5.2 what?",
    501: "5.5.4 syntax",
    502: "5.5.1 no",
    503: "5.5.1 not now",
    521: "5.3.2 no mail here",
    535: "5.7.8 no",
    550: "5.7.1 no",
    552: "5.3.4 too big",
    554: "5.7.1 no",
}
EHLO = ("250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 20480000\r\n250-CHUNKING\r\n"
        "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n")


class Closed(Exception):
    """The session is over."""


def linger_reset(sock):
    """close() sends an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def parse(script):
    rows = {}
    for word in script.split():
        stage, actions = word.split("=", 1)
        rows[stage] = actions.split(",")
    return rows


class Session:
    """One connection, in a thread."""

    def __init__(self, server, sock, script):
        self.server, self.sock, self.script = server, sock, script
        self.counts, self.buffer, self.chunks = {}, b"", b""

    def run(self):
        with contextlib.suppress(Closed, OSError):
            self.answer("connect", "220")
            while True:
                self.command(self.line())
        self.sock.close()

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed
        self.buffer += data

    def say(self, code):
        text = REPLIES.get(int(code), "reply")
        if code == "354":
            text = "go ahead"
        self.server.log.append(f"{code} {text}")
        self.sock.sendall(f"{code} {text}\r\n".encode())

    def actions(self, stage):
        """What the script says of this stage, now; None: nothing."""
        self.counts[stage] = self.counts.get(stage, 0) + 1
        for name in (f"{self.counts[stage]}{stage}", stage):
            if name in self.script:
                return self.script[name]
        return None

    def answer(self, stage, code):
        """The reply that the script or custom wants; the code that was sent last."""
        said = None
        for action in self.actions(stage) or [code]:
            if action.isdigit():
                self.say(action)
                said = int(action)
            else:
                self.act(action)
        return said

    def act(self, action):
        name, _, value = action.partition(":")
        if name == "fin":
            # What the client still sends is read, so that the close is a FIN and stays one.
            self.sock.shutdown(socket.SHUT_WR)
            self.drain()
            raise Closed
        if name == "rst":
            linger_reset(self.sock)
            raise Closed
        if name == "silence":
            self.drain()
            raise Closed
        if name == "wait":
            time.sleep(float(value))
        elif name == "half":
            self.sock.sendall(b"250 2.0.0 O")
        elif name == "part":
            self.sock.sendall(b"250-2.0.0 first line\r\n")
        elif name != "lone":
            raise ValueError(action)

    def drain(self):
        self.sock.settimeout(20)
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass

    def command(self, line):
        word = line.split(" ")[0].lower()
        handler = getattr(self, "on_" + word, None)
        if handler:
            handler(line)
        else:
            self.answer(word if word in ("mail", "rcpt", "rset", "noop", "vrfy") else "other",
                        "250" if word in ("mail", "rcpt", "rset", "noop") else "500")

    def on_ehlo(self, _):
        if "ehlo" in self.script or "1ehlo" in self.script:
            self.answer("ehlo", "250")
        else:
            # What is to happen in DATA must not be evaded by BDAT.
            chunks = not any(re.match(r"\d?(data|body|dot)", stage) for stage in self.script)
            self.sock.sendall((EHLO if chunks else EHLO.replace("250-CHUNKING\r\n", "")).encode())

    on_lhlo = on_ehlo

    def on_quit(self, _):
        self.answer("quit", "221")
        raise Closed

    def on_data(self, _):
        if self.answer("data", "354") == 354:
            self.body()

    def body(self):
        """Up to the dot, or up to the byte at which the script interferes."""
        at = next(
            (int(name.split(":")[1]) for name in self.script if re.fullmatch(r"body:\d+", name)),
            None)
        seen, tail, begin = 0, b"\r\n", b""
        while True:
            if at is not None and seen + len(self.buffer) >= at:
                self.answer(f"body:{at}", "")
                at = None
            end = (tail + self.buffer).find(b"\r\n.\r\n")
            if end >= 0:
                whole = tail + self.buffer
                self.buffer = whole[end + 5:]
                self.finish("dot", begin + whole)
                return
            seen += len(self.buffer)
            begin = begin or self.buffer[:2000]
            tail, self.buffer = (tail + self.buffer)[-4:], b""
            self.more()

    def on_bdat(self, line):
        words = line.split(" ")
        left = int(words[1])
        while len(self.buffer) < left:
            self.more()
        self.chunks += self.buffer[:left][:2000]
        self.buffer = self.buffer[left:]
        if words[-1].upper() != "LAST":
            self.answer("bdat", "250")
            return
        self.finish("bdat-last", self.chunks)
        self.chunks = b""

    def finish(self, stage, begin):
        """The answer to the end of a message, which begins so."""
        named = re.search(rb"^Message-ID: <(.*?)>", begin, re.M | re.I)
        if self.answer(stage, "250") == 250 and named:
            self.server.messages.append(named[1].decode("latin-1"))


class Misbehave:
    """The server. script is looked at anew by each connection;
    log has every reply that was sent, messages the Message-IDs that were answered with 250.
    """

    port = 25

    def __init__(self, net, host, **settings):
        self.net, self.host = net, host
        self.address, self.address6 = SERVER.format(host), SERVER6.format(host)
        self.port = settings.get("port", 25)
        self.default = settings.get("script", "")
        self.script, self.log, self.messages, self.listeners = self.default, [], [], []

    @staticmethod
    def version():
        return ""

    def start(self):
        if self.listeners:
            return
        for family, address in ((socket.AF_INET, self.address), (socket.AF_INET6, self.address6)):
            listener = self.net.server.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, self.port))
            listener.listen(512)
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=Session(self, sock, parse(self.script)).run,
                                 daemon=True).start()

    def alive(self):
        return bool(self.listeners)

    def close(self):
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.listeners = []

    def log_mark(self):
        return len(self.log)

    def log_since(self, mark):
        return self.log[mark:]

    @staticmethod
    def taken(_mark, _message_id, _seconds=0):
        """It keeps no mail: its word is what it said."""
        return None
