#!/usr/bin/env python3
"""keep.py - captures of the lab for pcaps/: small ones, with rows in pcaps/LIST.

usage: keep.py [--add] FOLDER [NAME ...]

FOLDER is that of test_cases.py --keep, NAME a case; without names those of CHOSEN. They take the
place of all that were kept before, with --add only of their own. Each capture gets a quarter of an
hour of its own, like those that are made of scenarios, and hardware addresses that stand for the
two ends. What is in it stays as it was on the wire. Then `make golden`.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import box  # noqa: E402
from capture import small  # noqa: E402
from cases import CASES  # noqa: E402
from lab import SERVERS  # noqa: E402

LIST = pathlib.Path("pcaps/LIST")
FIRST, QUARTER = 1767607200, 15 * 60      # 2026-01-05 10:00:00 UTC, as of the scenarios
MOST = 16000                              # bytes of a capture
# Names of cases, as regular expressions; not LMTP, whose port is not watched unless one asks.
CHOSEN = r"""
(postfix|exim|opensmtpd|sendmail|smtp-server|aiosmtpd|dovecot)-plain
(postfix|exim)-(pipelined|bdat|bdat-empty-last|tls)
(postfix|exim|sendmail)-(rcpt-refused|message-rejected)
postfix-(deferred|empty-message|size-refused)  (postfix|exim)-to-\w+  postfix-(rejected|later)
exim-prdr-.*  (swaks|msmtp|curl)-.*
(postfix|exim|opensmtpd|sendmail)-kill-(connect|rcpt|dot|quit)
(exim|sendmail|dovecot|aiosmtpd)-kill-(body|idle)  postfix-kill-bdat
(postfix|exim|smtp-server|opensmtpd|aiosmtpd)-stop-(rcpt|idle)  (smtp-server|exim)-stop-body
(postfix-short|exim-short|sendmail)-idle-(rcpt|body|idle)
(postfix|exim)-errors.*  sendmail-errors-go-on  .*-limit  postfix-message-rate  exim-drop-at-rcpt
postscreen-.*  exim-550-at-connect  exim-pregreet
postfix-reset-(rcpt|body|idle)  exim-reset-dot  exim-forged-(mail|body)  probe  scan-.*  no-quit
half-close-after-quit  gave-up  vanished-in-body
(postfix|exim)-221-.*  (postfix|exim)-fin-for-dot  scripted-(221|fin)-(mail|dot|body)
scripted-half-.*  scripted-552-in-body
\w+-cut-\w+  wire-(loss-5|swapped|all-twice|250-lost)-toserver  wire-loss-221-for-dot
(vlan|qinq|vxlan)-221-for-dot  narrow-icmp  narrow-silent  fragments-221-for-dot
""".split()


def version(name):
    make = SERVERS[name][0]
    if getattr(make, "packages", ()):
        package = make.packages[0].split("-")[0].replace("python3", "aiosmtpd")
        return f"{package.rstrip('0123456789')}-{box.version(*make.packages)}"
    return "smtp-server-" + make(None, 0).version() if name == "smtp-server" else "scripted"


def described(case):
    done = f"{case.client} delivers" if case.client else case.does
    told = (f"; the server is told {case.script}"
            if case.script else f"; path: {case.wire or case.net}" if case.net != "bridge" else "")
    return f"{case.family}: {case.note or done}{told}"


def goes(line, names):
    """Whether a row of the list is the lab's, and of one of the names, if there are any."""
    found = re.match(r"lab-(\S+)\.pcap\s+lab\s", line)
    return bool(found) and (not names or found[1] in names)


def main():
    add = sys.argv[1] == "--add"
    folder, names = pathlib.Path(sys.argv[1 + add]), sys.argv[2 + add:]
    text = LIST.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not goes(line, names if add else ())]
    for old in {line.split()[0]
                for line in text.splitlines()
                if line} - {line.split()[0]
                            for line in kept
                            if line}:
        pathlib.Path("pcaps", old).unlink()
    row = sum(bool(line.strip()) and not line.startswith("#") for line in kept)
    for case in CASES:
        source = folder / f"{case.name}.pcap"
        wanted = (case.name in names
                  if names else any(re.fullmatch(part, case.name) for part in CHOSEN))
        if not wanted or not case.keep or not source.exists() or source.stat().st_size > MOST:
            continue
        small(source, pathlib.Path(f"pcaps/lab-{case.name}.pcap"), FIRST + row * QUARTER)
        kept.append(
            f"{'lab-' + case.name + '.pcap':<42} lab  {version(case.server):<18} {described(case)}")
        row += 1
    LIST.write_text("\n".join(kept) + "\n", encoding="utf-8")
    print(f"{row} captures in pcaps/LIST")


if __name__ == "__main__":
    main()
