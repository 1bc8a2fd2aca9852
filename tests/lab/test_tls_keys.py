#!/usr/bin/env python3
"""test_tls_keys.py - how a gateway's owner comes by the secrets of its sessions:
from the servers themselves, and from a client. Root.

usage: test_tls_keys.py [PART OF A TEST'S NAME ...]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types

import lab as labs
import servers
import servers_more
import tls_real
from box import HERE
from capture import Capture
from case import Deeds
from live_pair import PROGRAM, run

SUITES = ("TLS_AES_256_GCM_SHA384", "ECDHE-RSA-AES128-GCM-SHA256")
KEYS, SPOOL = "/keys.log", "/var/spool/exim4/keys.log"


def told(command, **words):
    """The command of a server's script with words in its environment."""
    return "export " + " ".join(f"{name}={value}" for name, value in words.items()) + "\n" + command


class Exim(servers.Exim):
    """It writes them itself, into its spool directory only."""

    def script(self):
        return super().script().replace("/usr/sbin/exim4 -bd",
                                        told("/usr/sbin/exim4 -bd", SSLKEYLOGFILE=SPOOL))


class Dovecot(servers_more.Dovecot):
    def script(self):
        return super().script().replace(
            "/usr/sbin/dovecot",
            told("/usr/sbin/dovecot", SSLKEYLOGFILE=KEYS, LD_PRELOAD=self.settings["library"]))


class Haraka(servers_more.Haraka):
    def script(self):
        return super().script().replace("/node ", f"/node --tls-keylog={KEYS} ", 1)


class SmtpServer(servers_more.SmtpServer):
    def script(self):
        return super().script().replace("/node /lab", f"/node --tls-keylog={KEYS} /lab")


def read(folder, keys):
    """What is said of the capture with these keys."""
    (folder / "keys.log").write_text(keys, encoding="ascii")
    done = subprocess.run([
        PROGRAM, "-r", folder / "tap.pcap", "-o", "json", "-p", "25,587", "-Z", "root", "--keylog",
        folder / "keys.log"
    ], capture_output=True, check=True, text=True)
    return [
        r for r in map(json.loads, done.stdout.splitlines())
        if r["event_type"] == "session" and "tls" in r
    ]


def keys_of(make, settings, keys=KEYS, act=None):
    """The server's own key log opens what a client says that writes none. act:
    another client, which has.
    """
    with tempfile.TemporaryDirectory() as name, labs.Lab() as lab:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        library = folder / "tls-keylog.so"
        subprocess.run([
            "cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", library,
            HERE.parent.parent / "contrib/tls-keylog.c"
        ], check=True)
        labs.SERVERS = {"it": (make, 11, settings(library))}
        net, server = lab.net("bridge"), lab.server("bridge", "it")
        with Capture(net.path, "toclient", folder / "tap.pcap", "tcp") as tap:
            for suite in SUITES:
                talk = tls_real.TlsTalk(
                    net.client, server.address, server.port, "1@out.example.org",
                    Deeds(net, server, types.SimpleNamespace(subject="hello", does="")))
                talk.context = tls_real.context(suite, os.devnull)
                login = "auth-good " if server.port == 587 else ""
                if not act:
                    talk.run(f"greet ehlo tls ehlo {login}mail rcpt data message quit eof")
                    talk.end()
            secrets = (act(net, server, folder) if act
                       else server.box.root(keys).read_text(encoding="ascii"))
            tap.settle(0.5)
        found = read(folder, secrets)
        assert len(found) == (1 if act else len(SUITES)), found
        for record in found:
            assert (record["tls"]["decrypted"] and record["ending"]["verdict"] == "clean"
                    and record["transactions"][0]["fate"] == "accepted"), record


def curl(net, server, folder):
    (folder / "mail").write_text("Subject: hello\r\n\r\nhello\r\n", encoding="ascii")
    net.client.run("curl", "--silent", "--insecure", "--ssl-reqd", "--crlf",
                   f"smtp://{server.address}", "--mail-from", "a@example.org", "--mail-rcpt",
                   "b@example.net", "--upload-file", folder / "mail", env={
                       **os.environ, "SSLKEYLOGFILE": str(folder / "curl.log")
                   })
    return (folder / "curl.log").read_text(encoding="ascii")


def test_postfix():
    """Postfix: contrib/tls-keylog.c, by import_environment"""
    keys_of(
        servers.Postfix, lambda library: {
            "main": dict(
                tls_real.POSTFIX, import_environment=
                f"MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C SSLKEYLOGFILE={KEYS} "
                f"LD_PRELOAD={library}"
            )
        })


def test_exim():
    """Exim (GnuTLS): SSLKEYLOGFILE, by keep_environment"""
    keys_of(Exim, lambda _: {"main": "keep_environment = SSLKEYLOGFILE"}, SPOOL)


def test_dovecot():
    """Dovecot: contrib/tls-keylog.c, by import_environment"""
    keys_of(
        Dovecot, lambda library: {
            "port": 587,
            "library": library,
            "main": tls_real.DOVECOT +
            "import_environment = TZ CORE_OUTOFMEM CORE_ERROR SSLKEYLOGFILE LD_PRELOAD\n"
        })


def test_haraka():
    """Haraka: node --tls-keylog"""
    keys_of(Haraka, lambda _: {})


def test_smtp_server():
    """smtp-server: node --tls-keylog"""
    keys_of(SmtpServer, lambda _: {"pem": tls_real.PEM()})


def test_curl():
    """A client: curl with SSLKEYLOGFILE"""
    keys_of(servers.Postfix, lambda _: {"main": tls_real.POSTFIX}, act=curl)


if __name__ == "__main__":
    sys.exit(run(sys.modules["__main__"]))
