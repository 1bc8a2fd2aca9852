#!/usr/bin/env python3
"""tls_real.py - real mail servers under TLS, each session captured with its secrets:
judged with keys, which is the truth, and without. Root.

usage: tls_real.py SMTPWATCH tune|prove SEED [SERVER ...] [--keep FOLDER] [--again]

Sessions end in every way: in order, by the client, by SIGKILL, graceful stops, limits, time-outs
and firewalls. tune and prove have no suite in common; rules may be changed after a look at the
former alone. A process for each server. --again judges what --keep has from an earlier run.
"""
import argparse
import collections
import contextlib
import ctypes
import json
import os
import pathlib
import random
import shutil
import ssl
import subprocess
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import lab as labs  # noqa: E402
import servers  # noqa: E402
import servers_more  # noqa: E402
from capture import Capture, PORTS  # noqa: E402
from case import Deeds  # noqa: E402
from talk import Talk  # noqa: E402

NO_ETM = 1 << 19        # SSL_OP_NO_ENCRYPT_THEN_MAC
SUITES = {
    "tune": [
        "TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES256-SHA"
    ],
    "prove": [
        "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "AES256-CCM", "ECDHE-RSA-AES128-SHA", "AES256-SHA256 without encrypt-then-MAC"
    ],
}
PEM = servers.certificate
SENDMAIL = "".join(
    f"define(`{name}', `{value}')dnl\n" for name, value in {
        "confSERVER_CERT": PEM().with_suffix(".crt"),
        "confSERVER_KEY": PEM().with_suffix(".key"),
        "confCACERT": PEM().with_suffix(".crt"),
        "confCACERT_PATH": "/etc/mail",
        "confTLS_SRV_OPTIONS": "V",
        "confCIPHER_LIST": "ALL:!aNULL:@SECLEVEL=0"
    }.items())
POSTFIX = {
    "tls_medium_cipherlist": "ALL:!aNULL:@SECLEVEL=0",
    "tls_high_cipherlist": "ALL:!aNULL:@SECLEVEL=0"
}
SHORT = {
    "smtpd_timeout": "2s",
    "smtpd_hard_error_limit": "3",
    "smtpd_soft_error_limit": "2",
    "smtpd_error_sleep_time": "0s",
    "smtpd_junk_command_limit": "3"
}
GNUTLS = "tls_require_ciphers = NORMAL:+SHA256:+SHA384\n"
DOVECOT = (f"ssl = yes\nssl_cert = <{PEM()}\nssl_key = <{PEM()}\n"
           "ssl_cipher_list = ALL:!aNULL:@SECLEVEL=0\n")
SERVERS = {
    "postfix": (servers.Postfix, 11, {
        "main": POSTFIX
    }),
    "postfix-short": (servers.Postfix, 12, {
        "main": POSTFIX | SHORT
    }),
    "exim": (servers.Exim, 14, {
        "main": GNUTLS
    }),
    "exim-short": (servers.Exim, 15, {
        "main": GNUTLS +
        "smtp_receive_timeout = 2s\nsmtp_max_synprot_errors = 2\nsmtp_max_unknown_commands = 2"
    }),
    "sendmail": (servers.Sendmail, 17, {
        "define": SENDMAIL
    }),
    "sendmail-short": (servers.Sendmail, 18, {
        "define": SENDMAIL +
        "define(`confTO_COMMAND', `2s')dnl\ndefine(`confTO_DATABLOCK', `2s')dnl"
    }),
    "dovecot": (servers_more.Dovecot, 19, {
        "port": 587,
        "main": DOVECOT
    }),
    "smtp-server": (servers_more.SmtpServer, 21, {
        "pem": PEM()
    }),
    "haraka": (servers_more.Haraka, 23, {}),
    "haraka-short": (servers_more.Haraka, 24, {
        "timeout": 2
    }),
    "smtp-server-short": (servers_more.SmtpServer, 22, {
        "pem": PEM(),
        "timeout": 2000
    }),
}
MAIL = "mail rcpt data message:{size}"
BEGIN = {
    "ehlo": "",
    "mail": "mail",
    "rcpt": "mail rcpt",
    "data": "mail rcpt data",
    "body": "mail rcpt data body:2000 wait:.1",
    "idle": MAIL + " wait:.1"
}
NEXT = {
    "ehlo": "mail!",
    "mail": "rcpt!",
    "rcpt": "data!",
    "data": "body:500",
    "body": "more:500",
    "idle": "mail!"
}
CASES = ({
    "clean": MAIL + " quit eof",
    "clean-two": MAIL + " " + MAIL + " quit eof",
    "clean-none": "quit eof",
    "clean-pipelined": "[mail rcpt data] [message:{size} quit] eof",
    "clean-rset": "noop mail rset " + MAIL + " quit eof",
    "clean-refused": "mail rcpt:no rset quit eof",
    "clean-slow": MAIL + " wait:1.3 quit eof",
    "clean-leave": MAIL + " quit notify",
    "clean-group": "[mail rcpt data] message:{size} [mail rcpt data] message:{size} quit eof",
    "client-ehlo": "notify",
    "client-mail": "mail notify",
    "client-body": "mail rcpt data body:2000 notify",
    "client-dot": "mail rcpt data message:{size}! notify",
    "client-fin": "mail rcpt close",
    "client-rst": "mail rcpt abort",
    "client-no-quit": MAIL + " notify",
    "client-no-quit-fin": MAIL + " close",
    "client-quit-unawaited": MAIL + " quit! notify",
} | {f"kill-{stage}": talk + " kill eof"
     for stage, talk in BEGIN.items()} | {
         "kill-dot": "mail rcpt data freeze message:{size}! wait:.1 kill eof",
         "kill-quit": MAIL + " freeze quit! wait:.1 kill eof",
     } | {f"reset-{stage}": f"{talk} reset {NEXT[stage]} eof"
          for stage, talk in BEGIN.items()} | {
              f"stop-{stage}": f"{BEGIN[stage]} wait:.2 stop eof"
              for stage in ("ehlo", "rcpt", "body", "idle")
          })
LIMITS = ({f"idle-{stage}": f"{BEGIN[stage]} eof"
           for stage in ("ehlo", "rcpt", "body", "idle")} | {
               "errors": "bogus bogus bogus eof"
           })
CLASSES = {
    "clean": "clean",
    "quit-unawaited": "clean",
    "drop": "broken off",
    "server-vanished": "broken off",
    "421": "announced or refused",
    "refused-then-closed": "announced or refused",
    "221": "announced or refused",
    "client": "the client's doing",
    "quit-before-acceptance": "the client's doing"
}

SERVERS_DOING = {"broken off", "announced or refused"}
EXPECTED = {
    "clean": {"clean"},
    "client": {"the client's doing", "clean"},
    "kill": {"broken off"},
    "reset": {"broken off"},
    "stop": SERVERS_DOING,
    "idle": SERVERS_DOING,
    "errors": SERVERS_DOING
}


class TlsTalk(Talk):
    """context: of the client."""

    context = None

    def __init__(self, *words):
        super().__init__(*words, patience=8)

    def do_tls(self, _):
        self.send(b"STARTTLS\r\n")
        self.reply()
        self.sock = self.context.wrap_socket(self.sock, server_hostname="mx.example.net")
        return None, False

    def do_notify(self, _):
        """close_notify, and the close."""
        self.sock.settimeout(2)
        with contextlib.suppress(OSError, ValueError):
            self.sock.unwrap()
        self.sock.close()
        return None, False


def context(suite, keys):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode, made.keylog_filename = False, ssl.CERT_NONE, str(keys)
    name, _, without = suite.partition(" ")
    made.minimum_version = made.maximum_version = (ssl.TLSVersion.TLSv1_3 if name.startswith("TLS_")
                                                   else ssl.TLSVersion.TLSv1_2)
    if name.startswith("TLS_"):
        # Python has no call for the suites of TLS 1.3:
        # OpenSSL's own, of the context that stands behind the object's head.
        pointer = ctypes.cast(id(made) + object.__basicsize__, ctypes.POINTER(ctypes.c_void_p))[0]
        openssl = ctypes.CDLL("libssl.so.3")
        assert openssl.SSL_CTX_set_ciphersuites(ctypes.c_void_p(pointer), name.encode())
    else:
        made.set_ciphers(name + ":@SECLEVEL=0")
    made.options |= NO_ETM if without else 0
    return made


def plan(what, seed, server):
    rng = random.Random(f"{seed} {what} {server}")
    cases = LIMITS if server.endswith("-short") else CASES
    rows = [(case, talk, suite) for suite in SUITES[what] for case, talk in cases.items()
            for _ in range(1 if case not in ("clean", "clean-two") else 2)]
    rng.shuffle(rows)
    login = "auth-good " if server.startswith("dovecot") else ""
    return [(case,
             f"greet ehlo tls ehlo {login}{talk.format(size=rng.choice((300, 900, 5000, 40000)))}",
             suite) for case, talk, suite in rows]


def run(what, seed, name, folder):
    """All sessions of one server, one after the other, in one capture."""
    keys, truth = folder / f"{name}.keys", []
    labs.SERVERS = SERVERS
    with labs.Lab() as lab:
        net = lab.net("bridge")
        lab.server("bridge", name)
        made = {suite: context(suite, keys) for suite in SUITES[what]}
        with Capture(net.path, "toclient", folder / f"{name}.pcap", "tcp") as tap:
            for number, (case, does, suite) in enumerate(plan(what, seed, name)):
                server = lab.server("bridge", name)
                deeds = Deeds(net, server, types.SimpleNamespace(subject="hello", does=does))
                talk = TlsTalk(net.client, server.address, server.port, f"{number}@out.example.org",
                               deeds)
                talk.context = made[suite]
                try:
                    talk.run(does)
                except (OSError, ValueError) as trouble:
                    print(f"# {name} {case} {suite}: {trouble}", flush=True)
                talk.end()
                deeds.undo()
                if deeds.dirty:
                    tap.settle()
                    lab.renew(server)
                truth.append((case, suite, server.address, deeds.ports[0]))
            tap.settle(1.5)
    (folder / f"{name}.json").write_text(json.dumps(truth))


def sessions(program, *options):
    done = subprocess.run([program, *map(str, options), "-o", "json", "-p", PORTS, "-Z", "root"],
                          capture_output=True, check=True, text=True)
    return [
        r for r in map(json.loads, done.stdout.splitlines())
        if r["event_type"] in ("session", "alert")
    ]


def class_of(verdict):
    return next((CLASSES[word] for word in (verdict, verdict.partition("-")[0]) if word in CLASSES),
                verdict)


def judge(program, folder, name, count):
    """Truth and inference of each session of one server, met by its ends and its begin."""
    capture = folder / f"{name}.pcap"
    def place(r):
        return r["src_ip"], r["src_port"], r["dest_ip"], r["start"]
    cases = collections.defaultdict(list)
    for case, suite, address, port in json.loads((folder / f"{name}.json").read_text()):
        cases[address, port].append((case, suite))
    read = {
        place(r): r
        for r in sessions(program, "-r", capture, "--keylog", folder / f"{name}.keys")
        if r["event_type"] == "session"
    }
    inferred = sessions(program, "-r", capture)
    alarmed = {place(r) for r in inferred if r["event_type"] == "alert"}
    of_ends = collections.defaultdict(list)
    for r in sorted((r for r in inferred if r["event_type"] == "session"),
                    key=lambda r: r["start"]):
        if "tls" in r:
            of_ends[r["dest_ip"], r["src_port"]].append(r)
    for ends, records in of_ends.items():
        for (case, suite), r in zip(cases[ends], records):
            with_keys = read[place(r)]
            truth, said = with_keys["ending"]["verdict"], r["ending"]["verdict"]
            count["matrix"][class_of(truth), said] += 1
            count["suites"][r["tls"].get("cipher")] += 1
            count["opened"][with_keys["tls"]["decrypted"]] += 1
            if class_of(truth) not in EXPECTED[case.partition("-")[0]]:
                reason = with_keys["ending"].get("reason", "")
                count["odd"][f"{name} {case} {suite}: with keys {truth}: {reason}"] += 1
            innocent = class_of(truth) in ("clean", "the client's doing")
            alarm = place(r) in alarmed
            count["false alerts"] += innocent and alarm
            count["alerts"] += alarm
            if ((innocent and alarm) or
                (class_of(truth) == "broken off" and said != "tls-broken-off")
                    or not with_keys["tls"]["decrypted"]):
                inferred = f"inferred {said}{', ALERT' if alarm else ''}"
                reason = r["ending"].get("reason", "")
                count["odd"][f"{name} {case} {suite}: {truth}, {inferred}: {reason}"] += 1


def show(count):
    verdicts = sorted({v for _, v in count["matrix"]})
    print("| with keys | " + " | ".join(verdicts) + " |\n|---|" + "---|" * len(verdicts))
    for kind in sorted({k for k, _ in count["matrix"]}):
        print(f"| {kind} | " + " | ".join(str(count["matrix"][kind, v]) for v in verdicts) + " |")
    broken = sum(n for (k, _), n in count["matrix"].items() if k == "broken off")
    print(
        f"{sum(count['matrix'].values())} sessions, opened {count['opened'][True]}; "
        f"{count['matrix']['broken off', 'tls-broken-off']} of {broken} that the server broke off "
        "are tls-broken-off; "
        f"{count['false alerts']} alerts on clean sessions and on those that the client ended, "
        f"{count['alerts']} in all"
    )
    print(dict(count["suites"]))
    for text, n in count["odd"].most_common(100):
        print(f"  {n} x {text}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program", type=pathlib.Path)
    arguments.add_argument("what", choices=list(SUITES))
    arguments.add_argument("seed", type=int)
    arguments.add_argument("servers", nargs="*", default=list(SERVERS))
    arguments.add_argument("--keep", type=pathlib.Path)
    arguments.add_argument("--again", action="store_true")
    arguments.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    folder = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="swtls"))
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o755)
    if options.one:
        return run(options.what, options.seed, options.servers[0], folder)
    if not options.again:
        work = [
            subprocess.Popen([
                sys.executable, __file__, options.program, options.what,
                str(options.seed), name, "--keep", folder, "--one"
            ]) for name in options.servers
        ]
        for name, process in zip(options.servers, work):
            if process.wait():
                print(f"# {name} did not come to its end")
    count = collections.defaultdict(collections.Counter)
    count["false alerts"], count["alerts"] = 0, 0
    for name in options.servers:
        if (folder / f"{name}.json").exists():
            judge(options.program.resolve(), folder, name, count)
    show(count)
    if not options.keep:
        shutil.rmtree(folder)
    return count["false alerts"] > 0


if __name__ == "__main__":
    sys.exit(main())
