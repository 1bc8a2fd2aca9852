"""terminal.py - a program on a terminal of its own, its keys, and what is seen there; by pyte."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

NOT_THERE = 10  # seconds until what should be seen is given up


class Screen(pyte.Screen):
    """With what pyte leaves out of xterm: the margins' lines move, the last character is repeated.
    """

    def scroll_up(self, n=1):
        row = self.cursor.y
        self.cursor.y = self.margins.bottom if self.margins else self.lines - 1
        for _ in range(n or 1):
            self.index()
        self.cursor.y = row

    def scroll_down(self, n=1):
        row = self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        for _ in range(n or 1):
            self.reverse_index()
        self.cursor.y = row

    def repeat(self, n=1):
        self.draw(self.last * (n or 1))

    def draw(self, data):
        self.last = data[-1:]
        super().draw(data)


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down", b="repeat")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "repeat"}


class Terminal:
    """A program on a terminal, and what stands on it."""

    def __init__(self, args, rows=24, columns=80, **env):
        self.ours, self.theirs = pty.openpty()
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.raw = b""
        self.resize(rows, columns, False)
        self.before = termios.tcgetattr(self.theirs)
        # A sanitizer would take the signals that are sent here for its own.
        env = {
            "ASAN_OPTIONS": "handle_segv=0",
            "TSAN_OPTIONS": "handle_segv=0",
            **os.environ, "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            **env
        }
        env.pop("NO_COLOR", None)
        self.child = subprocess.Popen(args, stdin=self.theirs, stdout=self.theirs,
                                      stderr=self.theirs, env=env, start_new_session=True)

    def resize(self, rows, columns, tell=True):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)
        if tell:
            self.child.send_signal(signal.SIGWINCH)

    def read(self, seconds):
        """What comes now; False: nothing did."""
        if not select.select([self.ours], [], [], seconds)[0]:
            return False
        said = os.read(self.ours, 65536)
        self.raw += said
        self.stream.feed(said)
        return True

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def sees(self, pattern):
        """Whether it is seen before long."""
        end = time.monotonic() + NOT_THERE
        while not re.search(pattern, self.text(), re.MULTILINE):
            if not self.read(0.1) and (time.monotonic() > end or self.child.poll() is not None):
                return False
        return True

    def press(self, keys):
        os.write(self.ours, keys.encode())

    def ends(self):
        """The exit code; what was written until then is read."""
        end = time.monotonic() + NOT_THERE
        while self.child.poll() is None and time.monotonic() < end:
            self.read(0.1)
        while self.read(0.1):
            pass
        return self.child.poll()

    def restored(self):
        """The terminal's mode, its other page, its cursor."""
        left = self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h") >= 0
        return (termios.tcgetattr(self.theirs) == self.before and left
                and self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l"))

    def hang_up(self):
        """Whether it ends when its terminal is gone."""
        os.close(self.ours)
        os.close(self.theirs)
        try:
            self.child.wait(NOT_THERE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            return False
        return True

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        os.close(self.ours)
        os.close(self.theirs)
