#!/usr/bin/python3
"""The terminal view (--top) driven by keys on a terminal of its own,
and looked at as one would see it.

usage: top_check.py SMTPWATCH SCENARIO_PCAP. Speaks TAP.
"""
import getpass
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time

from terminal import Terminal


# Of 221-for-message.pcap so many frames, a client's last octet, and how many seconds before the end
# of the capture they end.
HANGING = ((11, 20, 12), (14, 21, 700), (12, 22, 30), (4, 23, 0), (2, 25, 8))


def hanging(path):
    """A capture of sessions that have not ended."""
    whole = pathlib.Path("pcaps/221-for-message.pcap").read_bytes()
    at, frames = 24, []
    while at < len(whole):
        size = struct.unpack_from("<I", whole, at + 8)[0]
        frames.append(whole[at + 16:at + 16 + size])
        at += 16 + size
    out = []
    for n, client, before in HANGING:
        addr = bytes((192, 0, 2, client))
        out += [(1767607200 - before, 1000 * i, frame.replace(bytes((192, 0, 2, 10)), addr))
                for i, frame in enumerate(frames[:n])]
    path.write_bytes(whole[:24] + b"".join(
        struct.pack("<IIII", s, us, len(frame), len(frame)) + frame
        for s, us, frame in sorted(out)))


class Test:
    def __init__(self, program, builder, folder):
        self.program, self.builder, self.folder = program, builder, folder
        self.n = self.failed = 0

    def check(self, name, good, terminal=None):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        if not good and terminal:
            print("# " + terminal.text().replace("\n", "\n# "), flush=True)

    def top(self, captures, *more, **env):
        args = [part for c in captures for part in ("-r", c)]
        return Terminal([self.program, *args, "--top", "-Z", getpass.getuser(), *more], **env)

    def keys(self, terminal, *steps):
        """Keys, and what is seen after each."""
        for keys, pattern in steps:
            terminal.press(keys)
            self.check(f"{keys!r}: {pattern}", terminal.sees(pattern), terminal)

    def ended(self, name, terminal, code):
        got = terminal.ends()
        self.check(f"{name}: exit {code}", got == code, terminal)
        self.check(f"{name}: the terminal is as it was", terminal.restored(), terminal)
        terminal.close()

    def lists(self):
        t = self.top([
            "pcaps/three-at-once.pcap", "pcaps/lab-exim-errors.pcap", "pcaps/221-for-message.pcap"
        ])
        self.check("what was counted",
                   t.sees(r"5 sessions  3 alerts: 2 critical, 1 notice .* all read"), t)
        self.check(
            "servers first, the worst first",
            t.sees(r"^198\.51\.100\.25:25 +mx1\.example\.net +4 +3 .*\n198\.51\.100\.15:25 +mx"), t)
        self.keys(
            t, ("o", "most sessions first"), ("o", "slowest first"), ("o", "worst alerts first"),
            ("2", r"^192\.0\.2\.28 +out\.example\.org +3 +2 "),
            # The session of the capture that is named last is the earliest.
            ("3", r"^ +5 13:45:00 info +refused-then-closed .*\n +4 (.*\n)+"
             r" +1 10:00:00 critical 221-for-message +192\.0\.2\.10 > 198\.51\.100\.25:25\n"),
            ("o",
             r"worst first(.*\n)+ +2 .*critical.*\n +1 .*critical.*\n +4 .*notice.*\n +5 .*info.*\n"
             r" +3 .*none"
             ), ("o", "latest first"), ("a", r"alerts only(.*\n)+ +4 .*\n +2 .*\n +1 .*\n\n"),
            ("a", r"^ +3 .*clean"),
            ("fTOO MANY",
             r"Filter: TOO MANY_(.*\n)*|with \"TOO MANY\"(.*\n)+ +5 .*refused-then-closed.*\n\n"),
            ("\r", r"with \"TOO MANY\"(.*\n)+ +5 .*\n\n"), ("\x1b", r"^ +4 "),
            ("fnobody\r", "None fits"), ("\x1b", r"^ +4 "), ("/clean\r", r"^ +3 .*clean"),
            ("\r", r"^Session 3 of .*: clean, none"), ("\x1b", "latest first"),
            ("/nowhere\r", "not found: nowhere"),
            ("1\r", r"with \" 198\.51\.100\.25:25 \"(.*\n)+ +4 .*\n +3 .*\n +2 .*\n +1 .*\n\n"),
            ("\x1b", r"^ +5 "), ("?", r"^Keys"), ("?", "latest first"),
            ("\t", r"longest wait first(.*\n)+ None is open\."), ("\t", r"1 Servers(.*\n)+Server "),
        )
        t.press("q")
        self.ended("q", t, 0)

    def sizes(self):
        """Nothing is cut at usual sizes, and numbers are those of the text."""
        args = [self.program, "-Z", getpass.getuser()]
        for name in pathlib.Path("pcaps").glob("*.pcap"):
            if name.name.startswith(("221-", "421-", "lab-exim", "lab-postfix", "drop-")):
                args += ["-r", str(name)]
        text = subprocess.run([*args, "-o", "text"], capture_output=True, encoding="utf-8",
                              check=False).stdout
        counted = re.search(r"^([\d,]+ sessions), ([\d,]+ alerts): (.*)\.$", text, re.MULTILINE)
        for rows, columns in ((24, 80), (30, 100), (30, 101), (50, 200)):
            t = Terminal([*args, "--top"], rows=rows, columns=columns)
            size = f"{columns}x{rows}"
            severities = (r", \d+ critical " if columns == 80 else ": " + counted[3] + " ")
            self.check(f"{size}: numbers as in the text",
                       t.sees(rf"^ smtpwatch  {counted[1]}  {counted[2]}{severities}.* all read$"),
                       t)
            for key, head in (("1", "Server .*Answer$"), ("2", "Client .*Answer$"),
                              ("3", "Ended.*Client > server"
                               + (".*Sender +Recipient +Cause +Message-ID"
                                  if columns == 200 else "$"))):
                self.keys(t, (key, rf"^ *(# )?{head}"))
                while t.read(0.3):
                    pass
                lines = t.text().split("\n")
                cut = [
                    line for line in lines[3:-1]
                    if "~" in line and (columns >= 100 or "[2001:" not in line)
                    and not re.search(r"@[a-z.]*~$", line)
                ]
                waits = [line for line in lines[3:-1] if line.strip()]
                whole = key == "3" or all(re.search(r"( m?s| -)$", line) for line in waits)
                self.check(f"{size} {key}: nothing is cut", not cut and whole and waits, t)
            t.press("q")
            self.ended(size, t, 0)

    def waiting(self):
        """Sessions that are open, at usual sizes; what is awaited, how long, and what was sent."""
        capture = self.folder / "hanging.pcap"
        hanging(capture)
        for rows, columns in ((24, 80), (30, 100), (50, 200)):
            t = Terminal([self.program, "-r", str(capture), "--top", "--follow", "--redact", "all",
                          "-Z", getpass.getuser()], rows=rows, columns=columns)
            size, wide = f"{columns}x{rows}", columns >= 100
            self.keys(t, ("4", "longest wait first$"))
            for line in (
                    r"11 min reply to message +(END-OF-MESSAGE )?11 min +(148 B +175 B|323 B)",
                    r" +3\d s more of message +\(?DATA\)? +3\d s .* 192\.0\.2\.22 >",
                    r" +1\d s reply to DATA +(DATA +)?1\d s +(80 B +161 B|241 B) 192\.0\.2\.20 > ",
                    r" +\d s a command +\(?CONNECT\)? +\d s +(0 B +)?27 B 192\.0\.2\.23 > ",
                    r" +\d+ s the handshake +(CONNECT)? +\d+ s .* 192\.0\.2\.25 > "
                    r"198\.51\.100\.25:25$"):
                self.check(f"{size}: {line}", t.sees("^" + line), t)
            self.check(f"{size}: the stage", wide == ("END-OF-MESSAGE" in t.text()), t)
            self.check(f"{size}: the wait goes on", t.sees(r"^ +1[4-9] s reply to DATA"), t)
            lines = t.text().split("\n")[3:-1]
            self.check(f"{size}: nothing is cut", "~" not in "".join(lines), t)
            self.check(f"{size}: no address of mail", not re.search(r"@|example", "".join(lines)),
                       t)
            self.keys(t, ("/192.0.2.20\r", "longest wait first"), ("?", r"^Keys"),
                      ("4", "longest wait first"), ("\t", r"Server .*Answer"))
            t.press("q")
            self.ended(f"{size}: open sessions", t, 0)
        t = self.top([str(capture)])
        self.keys(t, ("", "all read"), ("4", r"^ None is open\."))
        t.press("q")
        self.ended("all read", t, 0)
        t = self.top([str(capture)], "--engine", "nids", "-j", "1")
        self.keys(t, ("4", r"^ The engine nids does not tell its open sessions"))
        t.press("q")
        self.ended("nids", t, 0)

    def session(self):
        t = self.top(["pcaps/221-for-message.pcap"])
        self.keys(t, ("3", r"^ +1 .*221-for-message"),
                  ("\r", r"^Session 1 of .*:\n  221-for-message, critical"),
                  ("\x1b[F", r"^>>\+0\.014000 +15 +END-OF-MESSAGE +S: 221 2\.0\.0 closing"),
                  ("/Too long\r", "not found"),
                  ("\x1b[H",
                   r"^What happened: The server said 221 \(closing\) where it should have said"),
                  ("s", r"Saved: \./20260105T100000Z-221-for-message-"), ("?", "^Keys"),
                  ("?", r"^Who: client out\.example"), ("e", r"Saved: \./2026"),
                  )
        saved = []
        # The name that is seen may still be the first one's.
        for _ in range(100):
            saved = sorted(self.folder.glob("*221-for-message*"))
            if len(saved) == 2 and saved[1].stat().st_size > 0:
                break
            time.sleep(0.1)
        packets, words = saved
        said = subprocess.run([self.program, "-r", packets, "-o", "json", "-Z",
                               getpass.getuser()], capture_output=True, check=True).stdout
        verdicts = [
            json.loads(line)["ending"]["verdict"]
            for line in said.splitlines()
            if b'"session"' in line
        ]
        self.check("the file of packets is that session", verdicts == ["221-for-message"])
        self.check(
            "the text has the dialogue", ">>+0.014000" in words.read_text(encoding="utf-8")
            and "What the sender will have done" in words.read_text(encoding="utf-8"))
        for rows, columns, pattern in ((30, 120,
                                        r"^ +\+0\.004000 +5 +EHLO +EHLO out\.example\.org +->"),
                                       (15, 40, r"^Session 1 of"), (24, 80, "^Session 1 of")):
            t.resize(rows, columns)
            self.check(f"{columns} columns, {rows} lines",
                       t.sees(pattern if columns != 120 else r"^Session 1 of"), t)
            if columns == 120:
                t.press("\x1b[F")
                self.check("two columns where there is room", t.sees(pattern), t)
                t.press("\x1b[H")
        for rows, columns in ((2, 10), (1, 1), (5, 20), (60, 300), (24, 80)):
            t.resize(rows, columns)
            t.press("\x1b3\r")
            while t.read(0.3):
                pass
        self.check("any size is survived", t.sees("^Session 1 of"), t)
        t.press("\x03")
        self.ended("^C", t, 0)

    def many(self):
        """More sessions than lines."""
        names = [
            f"pcaps/{line.split()[0]}"
            for line in pathlib.Path("pcaps/LIST").read_text(encoding="utf-8").splitlines()
            if line[:1] not in ("#", "")
        ]
        told = subprocess.run([
            self.program, *[x for name in names for x in ("-r", name)], "-o", "json"
        ], capture_output=True, check=False)
        n = told.stdout.count(b'"event_type":"session"')
        t = self.top(names)
        self.keys(t, ("3", rf"^ +{n} "), ("\x1b[F", r"^ +1 .*\n .*q quit"), ("\x1b[5~", r"^ +2\d "),
                  ("g", rf"^ +{n} "))
        self.keys(t, ("\x1b[6~", rf"^ +{n - 20} "), ("\x1bOB", rf"^ +{n - 21} "),
                  ("\x1b[A", rf"^ +{n - 20} "))
        t.press("q")
        self.ended("many", t, 0)

    def hostile(self):
        script = pathlib.Path("tests/program/test_html.sh").read_text(encoding="utf-8")
        (self.folder / "h.smtp").write_text(
            re.search(r"hostile\.smtp\" <<'END'\n(.*?)\nEND\n", script, re.DOTALL)[1] + "\n",
            encoding="utf-8")
        capture = str(self.folder / "h\x1b]0;evil\x07.pcap")
        subprocess.run([self.builder, self.folder / "h.smtp", capture], check=True,
                       stdout=subprocess.DEVNULL)
        t = self.top([capture])
        self.keys(t, ("3", "221-for-message"), ("\r", "^Session 1 of"),
                  ("/Ok\\u001b\r", r"Ok\\u001b"))
        self.check("what would turn the text round is seen", t.sees("u202e"), t)
        self.check("no byte of theirs acts", b"\x1b]" not in t.raw and b"\xe2\x80\xae" not in t.raw)
        t.press("q")
        self.ended("hostile", t, 0)
        t = self.top(["pcaps/221-for-message.pcap"], "--redact", "all")
        self.keys(t, ("", "all read"), ("3\r", "^Session 1 of"), ("\x1b[F", "MAIL FROM"),
                  ("s", "cannot be redacted"))
        self.check("redacted", not re.search(r"\b[ab]@example", t.text()), t)
        t.press("q")
        self.ended("redacted", t, 0)

    def lines(self):
        """A reply of several lines is one;
        and however long it is, the session is found by its mail.
        """
        said = "".join(f"221-line {i} {'x' * 60}\\r\\n" for i in range(30))
        (self.folder / "lines.smtp").write_text(f"""# lines
S: 220 mx
C: EHLO out
S: 250 mx
C: MAIL FROM:<sender@example.org>
S: 250 ok
C: RCPT TO:<b@example.net>
S: 250 ok
C: DATA
S: 354 go ahead
C: x
C: .
raw S "221-first reason\\r\\n221-see the list\\r\\n{said}221 end\\r\\n"
S! FIN
expect verdict 221-for-message
""", encoding="utf-8")
        capture = str(self.folder / "lines.pcap")
        subprocess.run([self.builder, self.folder / "lines.smtp", capture], check=True,
                       stdout=subprocess.DEVNULL)
        t = self.top([capture])
        self.keys(t, ("3", "221-for-message"),
                  ("fsender@example.org\r",
                   r"with \"sender@example\.org\"(.*\n)+ +1 .*221-for-message"), ("\x1b", r"^ +1 "),
                  ("freason / see the list\r",
                   r"with \"reason / see the list\"(.*\n)+ +1 .*221-for-message"),
                  ("\x1b", r"^ +1 "), ("\r", "^Session 1 of"),
                  ("\x1b[F", r"S: 221 first reason / see the list / line"),
                  )
        t.press("q")
        self.ended("lines", t, 0)

    def deaths(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            t = self.top(["pcaps/421-idle.pcap"])
            t.sees("all read")
            t.child.send_signal(number)
            self.ended(number.name, t, 0)
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGHUP, signal.SIGQUIT):
            t = self.top(["pcaps/421-idle.pcap"])
            t.sees("all read")
            t.child.send_signal(number)
            self.ended(number.name, t, -number)

    def gone(self):
        """The terminal is closed under it, and nobody sends SIGHUP."""
        t = self.top(["pcaps/421-idle.pcap"])
        t.sees("all read")
        self.check("ends with its terminal", t.hang_up())

    def said(self):
        """What is said on standard error is seen in the last line,
        and stands on the terminal in the end.
        """
        bad = self.folder / "bad.pcap"
        bad.write_bytes(pathlib.Path("pcaps/421-idle.pcap").read_bytes()[:-7])
        t = self.top([str(bad)])
        self.check("trouble in the last line", t.sees(r"smtpwatch: .*bad\.pcap"), t)
        t.sees("all read")
        t.press("q")
        self.check("trouble: exit 3", t.ends() == 3, t)
        self.check("and behind the view", b"bad.pcap" in t.raw[t.raw.rfind(b"\x1b[?1049l") :])
        t.close()
        t = Terminal([
            "/bin/sh", "-c", '"$0" -r - --top -Z "$1" <pcaps/421-idle.pcap', self.program,
            getpass.getuser()
        ])
        self.check("a terminal is needed for keys",
                   t.ends() == 2 and "wants a terminal" in t.text(), t)
        t.close()
        # Where there is no such terminal, ncurses itself does not free what it had begun with.
        t = Terminal([self.program, "-r", "pcaps/421-idle.pcap", "--top", "-Z",
                      getpass.getuser()], TERM="nonesuch", ASAN_OPTIONS="detect_leaks=0")
        self.check("an unknown terminal",
                   t.ends() == 2 and 'of the kind "nonesuch" is not known' in t.text(), t)
        t.close()
        t = self.top(["pcaps/421-idle.pcap"], "-o", "text")
        self.check("standard output is taken",
                   t.ends() == 2 and "standard output is the view of --top" in t.text(), t)
        t.close()
        t = self.top(["pcaps/421-idle.pcap"], "-o", f"json:{self.folder}/json")
        t.sees("all read")
        t.press("q")
        self.ended("with another output", t, 0)
        self.check("which has all",
                   (self.folder / "json").read_text(encoding="utf-8").count('"session"') == 1)

    def turkish(self):
        """Where i and I are different letters, names and searches are as everywhere."""
        made = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8",
                               self.folder / "tr_TR.UTF-8"], capture_output=True, check=False)
        if made.returncode != 0 or not (self.folder / "tr_TR.UTF-8/LC_CTYPE").exists():
            print("# without tr_TR.UTF-8, which localedef cannot make here", flush=True)
            return
        hook, told = self.folder / "hook", self.folder / "told"
        hook.write_text(f"#!/bin/sh\nenv >{told}.new && mv {told}.new {told}\n", encoding="utf-8")
        hook.chmod(0o755)
        # Of LOCPATH glibc's setlocale keeps a list for good.
        t = self.top(["pcaps/221-for-message.pcap"], "-o", f"exec:{hook}", LOCPATH=str(self.folder),
                     LC_ALL="tr_TR.UTF-8", ASAN_OPTIONS="detect_leaks=0")
        self.keys(t, ("", "all read"), ("3", r"^ +1 .*critical"),
                  ("fCRITICAL\r", r"with \"CRITICAL\"(.*\n)+ +1 .*critical"))
        t.press("q")
        self.ended("in Turkish", t, 0)
        names = {line.partition("=")[0] for line in told.read_text(encoding="utf-8").splitlines()}
        self.check("variables have their names",
                   {"SMTPWATCH_VERDICT", "SMTPWATCH_SIGNATURE", "SMTPWATCH_CLIENT"} <= names)

    def run(self):
        # What is saved goes into the folder that one is in.
        home, here = os.getcwd(), self.folder
        for folder in ("pcaps", "tests"):
            os.symlink(os.path.join(home, folder), here / folder)
        os.chdir(here)
        for part in (self.lists, self.sizes, self.waiting, self.session, self.many, self.hostile,
                     self.lines, self.deaths, self.gone, self.said, self.turkish):
            part()
        os.chdir(home)
        print(f"1..{self.n}")
        return self.failed > 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        return Test(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                    pathlib.Path(folder)).run()


sys.exit(main())
