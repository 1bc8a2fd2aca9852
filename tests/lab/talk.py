"""talk.py - a mail client that is told each step, on a raw socket.

A talk is words. A command word (ehlo helo lhlo mail rcpt data dot quit rset noop starttls ...)
sends it and reads the reply; with `!` behind it the reply is not read. [mail rcpt data] sends the
three in one segment and then reads three replies. Words that do something else are methods do_...;
what is no word of a Talk (kill, stop, cut ...) is asked of the case's Deeds. A word may bear a
value: rcpt:no, body:2000, wait:3.
"""
import contextlib
import socket
import ssl
import time

from misbehave import linger_reset
from net import CLIENT, CLIENT6

LINE = b"The quick brown fox jumps over the lazy dog, and no body sees this line again.\r\n"
PATIENCE = 25


def body_of(size):
    return (LINE * (size // len(LINE) + 1))[:size - 2] + b"\r\n" if size else b""


class Talk:
    """One session. What was read is kept in replies, the whole server side in heard."""

    def __init__(self, space, address, port, message_id, deeds, source=None, patience=PATIENCE):
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.target, self.source = (address,
                                    port), source or (CLIENT6 if ":" in address else CLIENT)
        self.space, self.message_id, self.deeds = space, message_id, deeds
        self.patience = patience
        self.sock, self.buffer, self.heard, self.replies, self.messages = None, b"", b"", [], 0
        self.group = None

    def command(self, word, value):
        domain = "example.org"
        lines = {
            "ehlo": "EHLO out.example.org",
            "helo": "HELO out.example.org",
            "lhlo": "LHLO out.example.org",
            "mail": f"MAIL FROM:<{value or 'a'}@{domain}>",
            "rcpt": f"RCPT TO:<{value or 'b'}@example.net>",
            "data": "DATA",
            "quit": "QUIT",
            "rset": "RSET",
            "noop": "NOOP",
            "vrfy": "VRFY b",
            "help": "HELP",
            "starttls": "STARTTLS",
            "bogus": "BOGUS",
            "etrn": "ETRN example.net",
            "auth": "AUTH PLAIN AGxhYgB3cm9uZw==",
            "auth-login": "AUTH LOGIN",
            "auth-good": "AUTH PLAIN AGxhYgBzZWNyZXQ=",
            "user": "bGFi",
            "password": "d3Jvbmc=",
            "star": "*",
            "get": "GET / HTTP/1.1",
            "host": "Host: mx.example.net",
            "empty": "",
        }
        return (lines[word] + "\r\n").encode() if word in lines else None

    def header(self):
        self.messages += 1
        number = f"{self.messages}." if self.messages > 1 else ""
        return (
            f"From: a@example.org\r\nTo: b@example.net\r\nSubject: {self.deeds.subject}\r\n"
            f"Message-ID: <{number}{self.message_id}>\r\n\r\n"
        ).encode()

    def run(self, talk):
        for word in talk.split():
            self.step(word)

    def step(self, word):
        if word.startswith("["):
            self.group, word = [], word[1:]
        last = word.endswith("]") and self.group is not None
        word = word[:-1] if last else word
        later, word = word.endswith("!"), word.rstrip("!")
        name, _, value = word.partition(":")
        line = self.command(name, value)
        method = getattr(self, "do_" + name.replace("-", "_"), None)
        data, reads = ((line, True) if line is not None else method(value) if method else
                       (self.deeds.do(name, value, self), False))
        if self.group is not None:
            self.group.append((data or b"", reads and not later))
            if not last:
                return
            data = b"".join(part for part, _ in self.group)
            reads = sum(wanted for _, wanted in self.group)
            self.group, later = None, False
        if data:
            self.send(data)
        for _ in range(int(reads) if not later else 0):
            self.reply()

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            self.sock.sendall(data)

    def recv(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, TimeoutError, OSError, ssl.SSLError):
            data = b""
        self.buffer += data
        self.heard += data
        return data

    def reply(self):
        """One reply, whole; what there is if the server closes before."""
        lines = []
        while True:
            while b"\n" not in self.buffer:
                if not self.recv():
                    self.replies.append(b"\n".join(lines + [self.buffer]).decode("latin-1"))
                    self.buffer = b""
                    return
            line, self.buffer = self.buffer.split(b"\n", 1)
            lines.append(line.rstrip(b"\r"))
            if line[3:4] != b"-":
                self.replies.append(b"\n".join(lines).decode("latin-1"))
                return

    # Words that are no commands: each returns the bytes to send, if any,
    # and how many replies to read.

    def do_connect(self, _):
        self.sock = self.space.socket(self.family)
        self.sock.settimeout(self.patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.bind((self.source, 0))
        self.deeds.ports.append(self.sock.getsockname()[1])
        with contextlib.suppress(OSError):
            self.sock.connect(self.target)
        return None, False

    def do_greet(self, value):
        """Connect, and read the greeting."""
        self.do_connect(value)
        return None, True

    @staticmethod
    def do_read(_):
        return None, True

    def do_eof(self, value):
        """Until the server closes, or so many seconds."""
        self.sock.settimeout(float(value or self.patience))
        while self.recv():
            pass
        self.sock.settimeout(self.patience)
        return None, False

    def do_body(self, value):
        """Header and so many bytes of text, without the end."""
        return self.header() + body_of(int(value or 200)), False

    def do_more(self, value):
        return body_of(int(value or 200)), False

    @staticmethod
    def do_dot(_):
        return b".\r\n", True

    @staticmethod
    def do_dots(value):
        """The dot of a message with so many recipients, by LMTP."""
        return b".\r\n", int(value)

    def do_message(self, value):
        """Header, text and dot."""
        return self.header() + body_of(int(value or 200)) + b".\r\n", True

    def do_bdat(self, value):
        text = ((self.header() if not value.startswith("+") else b"") +
                body_of(int(value.lstrip("+") or 200)))
        return b"BDAT %d\r\n" % len(text) + text, True

    def do_bdat_last(self, value):
        text = ((self.header() if not value.startswith("+") else b"") +
                body_of(int(value.lstrip("+") or 200)))
        return b"BDAT %d LAST\r\n" % len(text) + text, True

    @staticmethod
    def do_bdat_end(_):
        return b"BDAT 0 LAST\r\n", True

    @staticmethod
    def do_bdat_half(value):
        """A chunk of which only the first half comes."""
        return b"BDAT %d LAST\r\n" % (2 * int(value)) + body_of(int(value)), False

    @staticmethod
    def do_raw(value):
        return value.encode().decode("unicode_escape").encode("latin-1"), False

    def do_bytewise(self, value):
        """A line, byte by byte."""
        for byte in value.replace("_", " ").encode():
            self.send(bytes([byte]))
            time.sleep(0.002)
        return b"\r\n", True

    @staticmethod
    def do_wait(value):
        time.sleep(float(value))
        return None, False

    def do_tls(self, _):
        """STARTTLS and the handshake."""
        self.send(b"STARTTLS\r\n")
        self.reply()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with contextlib.suppress(OSError):
            self.sock = context.wrap_socket(self.sock)
        return None, False

    @staticmethod
    def do_hello_tls(_):
        """The first bytes of a TLS handshake where SMTP is due."""
        return bytes.fromhex("16030100c8010000c40303") + bytes(200), False

    def do_half(self, _):
        self.sock.shutdown(socket.SHUT_WR)
        return None, False

    def do_close(self, _):
        self.sock.close()
        return None, False

    def do_abort(self, _):
        linger_reset(self.sock)
        return None, False

    def end(self):
        if self.sock:
            self.sock.close()
