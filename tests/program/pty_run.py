#!/usr/bin/env python3
"""Runs a command on a terminal of its own, and writes what it said there:
pty_run.py [--columns N] [--int-after SECONDS] [--stdout FILE] COMMAND...

With --stdout only standard error is the terminal's. Exits with the command's code.
"""
import argparse
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--int-after", type=float)
    parser.add_argument("--stdout")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, args.columns, 0, 0))
    env = dict(os.environ, TERM=os.environ.get("TERM_HERE", "xterm"))
    out = open(args.stdout, "wb") if args.stdout else theirs
    child = subprocess.Popen(args.command, stdout=out, stderr=theirs, env=env)
    os.close(theirs)
    if args.int_after:
        threading.Timer(args.int_after, child.send_signal, [signal.SIGINT]).start()
    while True:
        try:
            said = os.read(ours, 65536)
        except OSError:  # EIO: the last one has closed it
            break
        if not said:
            break
        sys.stdout.buffer.write(said)
        sys.stdout.buffer.flush()
    return child.wait()


sys.exit(main())
