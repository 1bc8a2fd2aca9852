#!/usr/bin/env python3
"""keys_check.py - every line of smtpwatch-keys against the key log that OpenSSL writes itself.

usage: keys_check.py SMTPWATCH-KEYS SMTPWATCH   (from the top of the tree). Speaks TAP.

Each test has a libcrypto of its own, a copy: other processes of the machine are not read. With
SMTPWATCH_KEYS_ROOT=FOLDER all but smtpwatch-keys is that of another Debian, in this folder.
"""
import collections
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types

import keys_talk

TALK = pathlib.Path(keys_talk.__file__)
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SANITIZED = PROGRAM.exists() and any(word in PROGRAM.read_bytes()
                                     for word in (b"__asan_init", b"__tsan_init"))
# Another system's OpenSSL: the folder of its root; "": this one's.
ROOT = os.environ.get("SMTPWATCH_KEYS_ROOT", "")
SUITES_13 = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256",
             "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
SUITES_12 = ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
             "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES256-GCM-SHA384", "AES256-SHA256",
             "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384"]
# What the program does not write: nobody decrypts records with the one, and CLIENT_RANDOM says as
# much as the other.
LEFT_OUT = ("EXPORTER_SECRET ", "RSA ")


class Skip(Exception):
    """This machine cannot do it."""


def said(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def within(folder, *command):
    """A command that works in folder, in the other system if there is one."""
    folder = str(folder)
    if not ROOT:
        return ["env", "-C", folder, *command]
    return ["chroot", ROOT, "env", "-C", folder.removeprefix(ROOT), *command]


def library(name):
    """Where the system has this library."""
    done = subprocess.run([*(["chroot", ROOT] if ROOT else []), "ldconfig", "-p"],
                          capture_output=True, text=True, check=True)
    path = next((line.split()[-1] for line in done.stdout.splitlines()
                 if line.split()[:1] == [name]), None)
    if not path:
        raise Skip(f"{name} is not here")
    return ROOT + path


def wait_for(what, seconds=20):
    """Until what() is true; returns it."""
    end = time.monotonic() + seconds
    while not (result := what()):
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)
    return result


class Keys:
    """smtpwatch-keys at work, in a folder with its own OpenSSL."""

    # How it ends, and whether it tells of losses.
    code, loses = 0, False

    def __init__(self, folder, *options, attaches="reads "):
        self.folder = folder
        self.log = folder / "keys.log"
        self.errors = folder / "keys.err"
        with open(self.errors, "w", encoding="utf-8") as err:
            # Mail servers of this machine are no part of the test, nor is what other tests do.
            self.process = subprocess.Popen(
                [PROGRAM, "-p", str(free_port()), "-o", self.log, *options], stderr=err)
        wait_for(lambda: attaches in said(self.errors) or self.process.poll() is not None)
        assert self.process.poll() is None, said(self.errors)

    def lines(self):
        """What was written, when nothing more comes."""
        before = None
        while before != (now := said(self.log)):
            before = now
            time.sleep(0.3)
        return now.splitlines()

    def __enter__(self):
        return self

    def reader(self):
        """The process without rights."""
        pid = self.process.pid
        children = said(pathlib.Path(f"/proc/{pid}/task/{pid}/children")).split()
        assert len(children) == 1, children
        return int(children[0])

    def __exit__(self, *error):
        self.process.terminate()
        code = self.process.wait(20)
        if not error[0]:
            assert code == self.code, (code, said(self.errors))
            assert ("lost" in said(self.errors)) == self.loses, said(self.errors)


class OpenSSL:
    """A copy of the libraries, and the command that uses it."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("libcrypto.so.3", "libssl.so.3"):
            shutil.copy(library(name), folder / name)
        self.crypto = folder / "libcrypto.so.3"
        self.env = {**os.environ, "LD_LIBRARY_PATH": str(folder).removeprefix(ROOT)}
        self.run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                 "cert.pem", "-days", "9", "-subj", "/CN=mx.example.net")
        for name in ("key.pem", "cert.pem"):
            os.chmod(folder / name, 0o644)

    def run(self, *words, **more):
        return subprocess.run(within(self.folder, "openssl", *words), env=self.env, check=True,
                              capture_output=True, **more)

    def session(self, server, client, say=b"", before=None):
        """One session. say: what the client is told by its user, a piece a step."""
        port = before.port if before else free_port()
        if not before:
            before = Server(self, port, server)
        command = within(self.folder, "openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                         "-keylogfile", "own.log", *client)
        with subprocess.Popen(command, env=self.env, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as it:
            text = b""
            # A ticket of TLS 1.3 comes behind the handshake.
            while b"Verify return code" not in text:
                piece = os.read(it.stdout.fileno(), 65536)
                assert piece, text
                text += piece
            for piece in say.splitlines(keepends=True):
                time.sleep(0.15)
                it.stdin.write(piece)
                it.stdin.flush()
            time.sleep(0.15)
            it.stdin.close()
            text += it.stdout.read()
        return before, text

    def own(self, pattern="own*.log"):
        """The lines of OpenSSL's own key logs, with those of both ends."""
        return [line for path in self.folder.glob(pattern) for line in said(path).splitlines()
                if line and line[0] != "#" and not line.startswith(LEFT_OUT)]


class Server:
    """openssl s_server."""

    def __init__(self, of, port, options):
        self.port = port
        self.process = subprocess.Popen(
            within(of.folder, "openssl", "s_server", "-accept", str(port), "-key", "key.pem",
                   "-cert", "cert.pem", "-keylogfile", f"own{port}.log", "-quiet", *options),
            env=of.env,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: listening(port))

    def end(self):
        self.process.kill()
        self.process.wait()


def listening(port):
    return any(f":{port:04X} " in row and row.split()[3] == "0A"
               for table in ("tcp", "tcp6") for row in
               said(pathlib.Path("/proc/net", table)).splitlines())


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def named(lines, folder):
    """Lines by the client's random, in place of those by a transcript hash."""
    names = dict(row.split() for path in folder.glob("*.names") for row in
                 said(path).splitlines())
    for line in lines:
        label, name, secret = line.split()
        if label.startswith("TRANSCRIPT_"):
            assert name in names, f"no session has this transcript: {line}"
            label, name = label.removeprefix("TRANSCRIPT_"), names[name]
        yield f"{label} {name} {secret}"


def same(got, want):
    """As multisets."""
    got, want = collections.Counter(got), collections.Counter(want)
    assert want, "nothing to compare"
    assert got == want, (f"{sum(want.values())} lines wanted, {sum(got.values())} written; "
                         f"missing: {list((want - got).elements())[:4]}; "
                         f"extra: {list((got - want).elements())[:4]}")


def each(folder, sessions):
    """Sessions of s_client and s_server, one after the other: all lines, by random."""
    ssl = OpenSSL(folder)
    with Keys(folder, "--library", ssl.crypto) as keys:
        sessions(ssl)
        same(keys.lines(), ssl.own())


def test_suites_13(folder):
    """TLS 1.3, five suites"""
    def sessions(ssl):
        # From OpenSSL 3.5 on, CCM with a short tag is of level 0.
        level = ["-cipher", "DEFAULT:@SECLEVEL=0"]
        server, _ = ssl.session([*level, "-ciphersuites", ":".join(SUITES_13)],
                                [*level, "-ciphersuites", SUITES_13[0]])
        for suite in SUITES_13[1:]:
            _, text = ssl.session([], [*level, "-ciphersuites", suite], before=server)
            assert suite.encode() in text, text
        server.end()
    each(folder, sessions)


def twelve(folder, conf):
    def sessions(ssl):
        (folder / "openssl.cnf").write_text(conf, encoding="ascii")
        ssl.env["OPENSSL_CONF"] = str(folder / "openssl.cnf").removeprefix(ROOT)
        always = ["-tls1_2", "-cipher", "ALL:@SECLEVEL=0"]
        server, _ = ssl.session(always, ["-tls1_2", "-cipher", SUITES_12[0] + ":@SECLEVEL=0"])
        for suite in SUITES_12[1:]:
            _, text = ssl.session([], ["-tls1_2", "-cipher", suite + ":@SECLEVEL=0"],
                                  before=server)
            assert suite.encode() in text, text
            assert (b"Extended master secret: yes" in text) != bool(conf.strip()), text
        server.end()
    each(folder, sessions)


def test_suites_12(folder):
    """TLS 1.2 with the extended master secret, seven suites"""
    twelve(folder, "\n")


def test_suites_12_old(folder):
    """TLS 1.2 without the extended master secret, seven suites"""
    twelve(folder, "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                   "Options = -ExtendedMasterSecret\n")


def test_retry(folder):
    """HelloRetryRequest"""
    def sessions(ssl):
        server, _ = ssl.session(["-groups", "P-384"], ["-groups", "X25519:P-384"])
        server.end()
        text = said(next(folder.glob("own[0-9]*.log")))
        assert "SERVER_HANDSHAKE" in text, text
    each(folder, sessions)


def test_resumption(folder):
    """Resumption, TLS 1.3 and 1.2"""
    def sessions(ssl):
        for version in ("-tls1_3", "-tls1_2"):
            server, _ = ssl.session([version], [version, "-sess_out", "session.pem"], b"hi\n")
            _, text = ssl.session([], [version, "-sess_in", "session.pem"], before=server)
            assert b"Reused, " in text, text
            server.end()
    each(folder, sessions)


def test_mutual(folder):
    """Both sides have certificates"""
    def sessions(ssl):
        for version in ("-tls1_3", "-tls1_2"):
            server, _ = ssl.session([version, "-Verify", "1", "-CAfile", "cert.pem"],
                                    [version, "-cert", "cert.pem", "-key", "key.pem"], b"hi\n")
            server.end()
    each(folder, sessions)


def test_key_update(folder):
    """Key updates of the client, asked for of the server too"""
    def sessions(ssl):
        server, text = ssl.session([], [], b"k\nhi\nK\nhi\n")
        assert b"KEYUPDATE" in text, text
        server.end()
    each(folder, sessions)


def test_early_data(folder):
    """Early data that the server refuses"""
    def sessions(ssl):
        (folder / "early").write_text("early\n", encoding="ascii")
        server, _ = ssl.session(["-early_data", "-no_anti_replay"],
                                ["-sess_out", "session.pem"], b"hi\n")
        server.end()
        server, text = ssl.session([], ["-sess_in", "session.pem", "-early_data", "early"])
        assert b"Early data was rejected" in text, text
        server.end()
    each(folder, sessions)
    assert "CLIENT_EARLY_TRAFFIC_SECRET" in said(folder / "keys.log")


def talks(folder, many, how, sessions, version):
    """Processes that speak with themselves; what they write themselves is the measure."""
    ssl = OpenSSL(folder)
    with Keys(folder, "--library", ssl.crypto) as keys:
        shutil.copy(TALK, folder / TALK.name)
        command = within(folder, "/usr/bin/python3", TALK.name, ".", how, str(sessions), version)
        running = [subprocess.Popen(command, env=ssl.env) for _ in range(many)]
        assert all([p.wait(200) == 0 for p in running])
        lines = keys.lines()
        same(named(lines, folder), ssl.own("[0-9]*.log"))
    return lines


def test_interleaved(folder):
    """Two connections whose steps are interleaved in one thread"""
    lines = talks(folder, 1, "together", 2, "TLSv1_3")
    assert any(line.startswith("TRANSCRIPT_") for line in lines), lines


def test_interleaved_12(folder):
    """Five connections of TLS 1.2, interleaved"""
    talks(folder, 1, "together", 5, "TLSv1_2")


def test_crowd(folder):
    """1,000 handshakes of 50 processes at once"""
    talks(folder, 50, "in-turn", 20, "TLSv1_3")


class Proxy:
    """Passes a connection on, and keeps what both sides said: the names of its session."""

    def __init__(self, folder, to):
        self.folder, self.to = folder, to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        for number in range(1000):
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.to))
            ends, said_by = {client: server, server: client}, {client: b"", server: b""}
            while ends:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    said_by[end] += data
                    try:
                        ends[end].sendall(data) if data else ends[end].shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    if not data:
                        del ends[end]
            if said_by[server]:
                (self.folder / f"{number}.names").write_text(
                    " ".join(keys_talk.name_of(said_by[client], said_by[server])) + "\n",
                    encoding="ascii")
            client.close(), server.close()


GNUTLS = {
    "TLS 1.3, AES-256": "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM",
    "TLS 1.3, AES-128": "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM",
    "TLS 1.3, ChaCha20": "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305",
    "TLS 1.2, AES-256": "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM",
    "TLS 1.2, AES-128-CBC": "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC",
    "TLS 1.2 without EMS": "NORMAL:-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH",
}


def test_gnutls(folder):
    """GnuTLS: 1.3 and 1.2, a second hello, resumption"""
    if not shutil.which("gnutls-serv"):
        raise Skip("gnutls-serv is not here (Debian: gnutls-bin)")
    OpenSSL(folder)
    for name in ("libgnutls.so.30", "libnettle.so.8"):
        shutil.copy(library(name), folder / name)
    env = {**os.environ, "LD_LIBRARY_PATH": str(folder).removeprefix(ROOT),
           "SSLKEYLOGFILE": "own.log"}
    port = free_port()
    with subprocess.Popen(
            within(folder, "gnutls-serv", "-q", "--echo", "-p", str(port), "--x509certfile",
                   "cert.pem", "--x509keyfile", "key.pem", "--priority",
                   "NORMAL:-GROUP-ALL:+GROUP-SECP384R1:+GROUP-SECP256R1"),
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: listening(port))
            proxy = Proxy(folder, port)
            with Keys(folder, "-p", str(port)) as keys:
                wait_for(lambda: said(keys.errors).count("reads ") == 2)
                for name, priority in GNUTLS.items():
                    for more in ([], ["--resume"]):
                        done = subprocess.run(
                            within(folder, "gnutls-cli", "--insecure", "--priority", priority,
                                   "-p", str(proxy.port), *more, "127.0.0.1"), env=env,
                            input=b"hello\n", capture_output=True, check=False, timeout=20)
                        assert b"Handshake was completed" in done.stdout, (name, done)
                got = list(named(keys.lines(), folder))
                # Secrets of early data are written by random alone, which GnuTLS does not show.
                want = [line for line in OpenSSL.own(types.SimpleNamespace(folder=folder))
                        if "EARLY" not in line]
                # It writes no line of a session of TLS 1.2 that is resumed.
                masters = {line.split()[2] for line in want if line.startswith("CLIENT_RANDOM ")}
                resumed = [line for line in got if line not in want
                           and line.split()[2] in masters]
                same(got, want + resumed)
                assert len(resumed) <= 2 * 2 * 3, resumed
        finally:
            server.kill()


def status(pid):
    rows = (row.split(":", 1) for row in said(pathlib.Path(f"/proc/{pid}/status")).splitlines())
    return {name: value.strip() for name, value in rows}


def test_rights(folder):
    """One process keeps five capabilities, the other none"""
    ssl = OpenSSL(folder)
    with Keys(folder, "--library", ssl.crypto) as keys:
        broker = status(keys.process.pid)
        reader = status(keys.reader())
    # CAP_DAC_READ_SEARCH 2, CAP_SYS_PTRACE 19, CAP_SYS_ADMIN 21, CAP_PERFMON 38, CAP_BPF 39
    assert int(broker["CapEff"], 16) == 1 << 2 | 1 << 19 | 1 << 21 | 1 << 38 | 1 << 39, broker
    for it in (reader, broker):
        assert "0" not in it["Uid"].split() and it["NoNewPrivs"] == "1", it
        assert int(it["CapInh"], 16) == int(it["CapAmb"], 16) == int(it["CapBnd"], 16) == 0, it
    for name in ("CapEff", "CapPrm"):
        assert int(reader[name], 16) == 0, reader
    # A sanitizer's runtime makes calls of its own: such builds have no filter.
    if not SANITIZED:
        assert reader["Seccomp"] == "2", reader


def test_finder(folder):
    """Libraries are found by ports, also of servers that come later, and let go when gone"""
    ssl = OpenSSL(folder)
    other = folder / "other"
    other.mkdir()
    later = OpenSSL(other)
    port, second = free_port(), free_port()
    server = Server(ssl, port, [])
    stranger = Server(later, second, [])
    with Keys(folder, "-p", f"{port},{second + 1 if second < 65535 else 1}") as keys:
        ssl.session([], [], before=server)
        assert str(other) not in said(keys.errors), said(keys.errors)
        stranger.end()
        stranger = Server(later, second + 1 if second < 65535 else 1, [])
        wait_for(lambda: str(later.crypto) in said(keys.errors), 6)
        later.session([], [], before=stranger)
        same(keys.lines(), ssl.own() + later.own())
        stranger.end()
        shutil.rmtree(other)
        wait_for(lambda: f"lets go of {later.crypto}" in said(keys.errors), 6)
        server.end()


def talk_each(folder, ssl, many, sessions):
    """So many processes, each with so many sessions of its own."""
    shutil.copy(TALK, folder / TALK.name)
    command = within(folder, "/usr/bin/python3", TALK.name, ".", "in-turn", str(sessions),
                     "TLSv1_3")
    running = [subprocess.Popen(command, env=ssl.env) for _ in range(many)]
    assert all([p.wait(200) == 0 for p in running])


def test_ring_full(folder):
    """A ring that overflows loses secrets, counts them, and goes on"""
    ssl = OpenSSL(folder)
    with Keys(folder, "--library", ssl.crypto) as keys:
        keys.loses = True
        os.kill(keys.reader(), signal.SIGSTOP)
        talk_each(folder, ssl, 4, 600)
        os.kill(keys.reader(), signal.SIGCONT)
        wait_for(lambda: "for want of room in the ring" in said(keys.errors), 80)
        before = len(keys.lines())
        assert 1000 < before < 2400 * 8, before
        server, _ = ssl.session([], [])
        server.end()
        assert len(keys.lines()) == before + 8, keys.lines()[before:]


def test_broken_off(folder):
    """Processes that are killed in mid-handshake: the next ones are read"""
    ssl = OpenSSL(folder)
    port = free_port()
    with Keys(folder, "--library", ssl.crypto) as keys, socket.create_server(
            ("127.0.0.1", port)) as mute:
        for _ in range(20):
            with subprocess.Popen(within(folder, "openssl", "s_client", "-connect",
                                         f"127.0.0.1:{port}"), env=ssl.env,
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as it:
                other, _ = mute.accept()
                assert other.recv(1)
                it.kill()
                other.close()
        server, _ = ssl.session([], [])
        server.end()
        same(keys.lines(), ssl.own())


def test_reader_dies(folder):
    """The process that reads is killed: the other one says so and ends"""
    ssl = OpenSSL(folder)
    with Keys(folder, "--library", ssl.crypto) as keys:
        keys.code = 3
        os.kill(keys.reader(), signal.SIGKILL)
        wait_for(lambda: "was ended by signal 9" in said(keys.errors))


def test_many_processes(folder):
    """A thousand processes beside the server: it is found within seconds"""
    ssl = OpenSSL(folder)
    port = free_port()
    crowd = [subprocess.Popen(["sleep", "60"]) for _ in range(1000)]
    try:
        with Keys(folder, "-p", str(port), attaches="") as keys:
            server = Server(ssl, port, [])
            wait_for(lambda: "reads " in said(keys.errors), 8)
            ssl.session([], [], before=server)
            same(keys.lines(), ssl.own())
            server.end()
    finally:
        for process in crowd:
            process.kill()
            process.wait()


def test_unreadable(folder):
    """A server that cannot be read is told by its name, and what helps"""
    port = free_port()
    code = ("import socket, time\n"
            f"s = socket.create_server(('127.0.0.1', {port}))\ntime.sleep(60)\n")
    with subprocess.Popen(["/usr/bin/python3", "-S", "-c", code]) as server:
        try:
            wait_for(lambda: listening(port))
            with Keys(folder, "-p", str(port), attaches="") as keys:
                wait_for(lambda: "reads " in said(keys.errors)
                         or "cannot be read" in said(keys.errors), 8)
                assert f"process {server.pid} (python3)" in said(keys.errors), said(keys.errors)
        finally:
            server.kill()


def test_sender(folder):
    """A process that only sends, and is connected no longer when it is looked at"""
    ssl = OpenSSL(folder)
    with socket.create_server(("127.0.0.1", 0)) as server, Keys(
            folder, "-p", str(server.getsockname()[1]), attaches="") as keys:
        time.sleep(2)
        code = ("import socket, ssl, time\n"
                f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]})).close()\n"
                "time.sleep(60)\n")
        with subprocess.Popen(within(folder, "/usr/bin/python3", "-c", code),
                              env=ssl.env) as sender:
            try:
                wait_for(lambda: f"reads {ssl.crypto}" in said(keys.errors), 6)
            finally:
                sender.kill()


def possible():
    """Why this machine cannot do it, or None."""
    if not PROGRAM.exists():
        return "smtpwatch-keys was not built: clang, bpftool, libbpf-dev or libelf-dev is missing"
    if os.geteuid() != 0:
        return "attaching to processes takes root"
    done = subprocess.run([PROGRAM, "--check=0"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def main():
    wanted = sys.argv[3:]
    tests = [f for name, f in sorted(globals().items()) if name.startswith("test_")
             and (not wanted or any(w in name for w in wanted))]
    why = possible()
    if why:
        print(f"# skipped: smtpwatch-keys: {why}\nok 1 - nothing of it\n1..1")
        return 0
    bad = 0
    for number, test in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(dir=ROOT + "/tmp") as name:
            os.chmod(name, 0o755)
            try:
                test(pathlib.Path(name))
                print(f"ok {number} - {test.__doc__}", flush=True)
            except Skip as why:
                print(f"# skipped: {test.__doc__}: {why}\nok {number} - {test.__doc__}")
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                bad += 1
                print(f"{error}\n{said(pathlib.Path(name) / 'keys.err')}")
                print(f"not ok {number} - {test.__doc__}", flush=True)
    print(f"1..{len(tests)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
