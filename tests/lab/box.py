"""box.py - Debian packages that cannot be installed side by side, each in a root of its own.

Debian's mail servers conflict with each other, and their paths are compiled in. So each is
unpacked, not installed, and run in an overlay: its files and what it writes in a tmpfs above the
machine's own root. Mounts and processes live in namespaces that end with the box's first process;
what remains is the cache of packages.
"""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from net import LabError, command

CACHE = pathlib.Path(os.environ.get("SMTPWATCH_LAB_CACHE", "/var/cache/smtpwatch-lab"))
HERE = pathlib.Path(__file__).resolve().parent


def unpacked(*packages):
    """The folder with the packages and what they need that is not installed here."""
    folder = CACHE / "-".join(packages)
    if not (folder / "done").exists():
        (folder / "debs/partial").mkdir(parents=True, exist_ok=True)
        command("apt-get", "install", "-y", "--no-install-recommends", "--reinstall",
                "--download-only", "-o", f"Dir::Cache::archives={folder}/debs", *packages)
        for deb in sorted((folder / "debs").glob("*.deb")):
            command("dpkg", "-x", deb, folder / "tree")
        # symbolic links into /usr, which a folder of that name would hide
        for name in ("bin", "sbin", "lib"):
            if (folder / "tree" / name).is_dir():
                command("cp", "-a", folder / "tree" / name, folder / "tree/usr/")
                command("rm", "-r", folder / "tree" / name)
        versions = [
            command("dpkg-deb", "-W", deb).stdout.strip().replace("\t", " ")
            for deb in sorted((folder / "debs").glob("*.deb"))
        ]
        (folder / "done").write_text("\n".join(versions) + "\n", encoding="utf-8")
    return folder


def version(*packages):
    """Upstream version of the first package, for the tables."""
    for line in (unpacked(*packages) / "done").read_text(encoding="utf-8").splitlines():
        name, number = line.split()
        if name == packages[0]:
            return number.split(":")[-1].split("-")[0].split("+")[0]
    return "?"


class Log:
    """What a box says to syslog, line by line, and what it says to its standard output."""

    def __init__(self, path):
        self.lines, self.more = [], threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        with contextlib.suppress(OSError):
            while line := self.socket.recv(65536):
                self.add(line.decode("utf-8", "replace"))

    def follow_pipe(self, pipe):
        def work():
            for line in pipe:
                self.add(line.decode("utf-8", "replace"))
        threading.Thread(target=work, daemon=True).start()

    def add(self, line):
        with self.more:
            self.lines.append(line.rstrip("\n\0"))
            self.more.notify_all()

    def __len__(self):
        return len(self.lines)

    def wait(self, found, since=0, seconds=10):
        """The first value of found(line) that is true, of the lines from since on;
        None if none comes.
        """
        end = time.monotonic() + seconds
        at = since
        with self.more:
            while True:
                for line in self.lines[at:]:
                    value = found(line)
                    if value:
                        return value
                at = len(self.lines)
                left = end - time.monotonic()
                if left <= 0 or not self.more.wait(left):
                    return None

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Box:
    """Processes with a root made of packages, in a namespace of the lab. files:
    path -> text, written before `start` (sh) is run.
    """

    def __init__(self, space, packages, files, start, users=(), groups=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="swlab"))
        self.shared = self.folder / "shared"
        self.process = self.first = None
        self.shared.mkdir()
        for path, text in files.items():
            target = self.shared / "files" / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for name, more in (("passwd", users), ("group", groups)):
            (self.shared / name).write_text("".join(line + "\n" for line in more), encoding="utf-8")
        (self.shared / "start").write_text(start, encoding="utf-8")
        os.chmod(self.folder, 0o755)
        self.log = Log(self.shared / "log")
        tree = unpacked(*packages) / "tree" if packages else "/"
        self.process = space.popen("unshare", "--mount", "--pid", "--fork", "--kill-child",
                                   "--propagation", "private", "bash", HERE / "box.sh", self.folder,
                                   tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        self.log.follow_pipe(self.process.stdout)
        try:
            self.first = self.find_first()
        except BaseException:
            self.close()
            raise

    def find_first(self):
        """The box's process 1, as this namespace counts:
        the only child of unshare, which exec put in the place of ip.
        """
        for _ in range(500):
            with contextlib.suppress(OSError, IndexError, ValueError):
                pid = self.process.pid
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
                child = int(children.read_text(encoding="ascii").split()[0])
                if (self.shared / "ready").exists():
                    return child
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise LabError("a box did not start: " + "\n".join(self.log.lines[-5:]))

    def root(self, path):
        return pathlib.Path(f"/proc/{self.first}/root") / path.lstrip("/")

    def run(self, *argv, **more):
        """A command in the box."""
        return command("nsenter", "-t", self.first, "-m", "-p", "-n", "-r", "-w", *argv, **more)

    def popen(self, *argv, **more):
        return subprocess.Popen([
            "nsenter", "-t",
            str(self.first), "-m", "-p", "-n", "-r", "-w", *map(str, argv)
        ], start_new_session=True, **more)

    def members(self):
        """All processes of the box but its first."""
        def space(pid):
            return os.readlink(f"/proc/{pid}/ns/pid")
        with contextlib.suppress(OSError):
            mine = space(self.first)
            for entry in os.listdir("/proc"):
                with contextlib.suppress(OSError):
                    if entry.isdigit() and int(entry) != self.first and space(entry) == mine:
                        yield int(entry)

    def signal(self, number):
        for pid in list(self.members()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """SIGKILL to all at once: the kernel ends the
        whole process namespace with its first process.
        """
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError, AttributeError):
                os.kill(self.first, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)

    def close(self):
        self.kill()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        command("rm", "-rf", self.folder, check=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
