"""net.py - three network namespaces, client, path and server, with a bridge,
a router or a wire of our own in the middle.

Everything is named after this process and goes when the `with` ends.
Addresses are those that RFC 5737 and RFC 3849 keep for documents.
"""
import contextlib
import ctypes
import os
import pathlib
import socket
import subprocess
import threading

CLIENT, SERVER = "192.0.2.10", "198.51.100.{}"
CLIENT6, SERVER6 = "2001:db8:1::10", "2001:db8:2::{}"
# the client's other addresses: one that goes dead on demand, one that servers refuse
VANISH, BLOCKED = "192.0.2.66", "192.0.2.77"
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """The lab itself does not work; no case is to blame."""


def command(*argv, check=True, **more):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False,
                          **more)
    if check and done.returncode:
        raise LabError(f"{' '.join(map(str, argv))}: {done.stderr.strip() or done.stdout.strip()}")
    return done


class Space:
    """One network namespace."""

    def __init__(self, name):
        self.name = name
        command("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def argv(self, *argv):
        return ["ip", "netns", "exec", self.name, *map(str, argv)]

    def run(self, *argv, **more):
        return command(*self.argv(*argv), **more)

    def popen(self, *argv, **more):
        # A session of its own, so that it can be ended with
        # its children and gets no signal of the terminal.
        return subprocess.Popen(self.argv(*argv), start_new_session=True, **more)

    def ip(self, *argv, check=True):
        return command("ip", "-n", self.name, *argv, check=check)

    def sysctl(self, **values):
        for name, value in values.items():
            self.write(name.replace("__", "/"), value)

    def write(self, name, value):
        self.inside(
            lambda: pathlib.Path("/proc/sys/net", name).write_text(str(value), encoding="ascii"))

    def inside(self, do):
        """What do() returns when a thread calls it that has entered the namespace.
        A socket made there stays there.
        """
        box = {}

        def work():
            try:
                with open(f"/var/run/netns/{self.name}", encoding="ascii") as space:
                    if libc.setns(space.fileno(), CLONE_NEWNET):
                        raise LabError(f"setns {self.name}: {os.strerror(ctypes.get_errno())}")
                box["value"] = do()
            except Exception as trouble:  # handed to the caller, whatever it is
                box["trouble"] = trouble

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if "trouble" in box:
            raise box["trouble"]
        return box["value"]

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        return self.inside(lambda: socket.socket(family, kind, protocol))

    def delete(self):
        # What still runs there was started there: nobody else knows the name.
        for pid in command("ip", "netns", "pids", self.name, check=False).stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)
        command("ip", "netns", "delete", self.name, check=False)


class Net:
    """client -- (toclient) path (toserver) -- server. middle:
    bridge, router, or none, which leaves the two ends to a Wire.
    """

    count = 0

    def __init__(self, middle="bridge", hosts=range(11, 60), mtu=None, fragments=False):
        Net.count += 1
        self.middle, self.hosts = middle, hosts
        base = f"swlab{os.getpid()}-{Net.count}"
        self.spaces = []
        try:
            self.client, self.path, self.server = (self.space(f"{base}{end}") for end in "cps")
            self.link(self.client, "toclient")
            self.link(self.server, "toserver")
            self.addresses()
            getattr(self, "as_" + middle)()
            if mtu:
                self.path.ip("link", "set", "toserver", "mtu", mtu)
            if fragments:
                self.client.sysctl(ipv4__ip_no_pmtu_disc=1)
        except BaseException:
            self.close()
            raise

    def space(self, name):
        space = Space(name)
        self.spaces.append(space)
        return space

    def link(self, end, name):
        """A veth pair without offloads: what is captured is what a cable would carry."""
        self.path.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", end.name)
        for space, device in ((end, "eth0"), (self.path, name)):
            space.run("ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "gro",
                      "off", check=False)
            space.write(f"ipv6/conf/{device}/accept_dad", 0)
            space.ip("link", "set", device, "up")

    def offloads(self, on):
        for space, device in ((self.client, "eth0"), (self.server, "eth0")):
            space.run(
                "ethtool", "-K", device,
                *(word for name in ("tx", "tso", "gso", "gro")
                  for word in (name, "on" if on else "off")), check=False)

    def addresses(self):
        for address, bits in ((CLIENT, 24), (VANISH, 24), (BLOCKED, 24), (CLIENT6, 64)):
            self.client.ip("addr", "add", f"{address}/{bits}", "dev", "eth0")
        for host in self.hosts:
            self.server.ip("addr", "add", f"{SERVER.format(host)}/24", "dev", "eth0")
            self.server.ip("addr", "add", f"{SERVER6.format(host)}/64", "dev", "eth0")
        # Short tempers, so that a cut cable is noticed in seconds, and ports that no scenario uses.
        for space in (self.client, self.server):
            space.sysctl(ipv4__tcp_retries2=5, ipv4__tcp_orphan_retries=2, ipv4__tcp_syn_retries=2,
                         ipv4__tcp_fin_timeout=5, ipv4__ip_local_port_range="50000 60999")
            space.write("ipv6/conf/all/accept_dad", 0)

    def direct(self):
        """Both nets on one cable."""
        self.client.ip("route", "add", "198.51.100.0/24", "dev", "eth0")
        self.server.ip("route", "add", "192.0.2.0/24", "dev", "eth0")
        self.client.ip("-6", "route", "add", "2001:db8:2::/64", "dev", "eth0")
        self.server.ip("-6", "route", "add", "2001:db8:1::/64", "dev", "eth0")

    def as_bridge(self):
        self.direct()
        self.path.ip("link", "add", "middle", "type", "bridge", "mcast_snooping", 0)
        for port in ("toclient", "toserver"):
            self.path.ip("link", "set", port, "master", "middle")
        self.path.ip("link", "set", "middle", "up")

    def as_none(self):
        self.direct()

    def as_router(self):
        for port, address, address6 in (("toclient", "192.0.2.1/24", "2001:db8:1::1/64"),
                                        ("toserver", "198.51.100.1/24", "2001:db8:2::1/64")):
            self.path.ip("addr", "add", address, "dev", port)
            self.path.ip("addr", "add", address6, "dev", port)
        self.path.write("ipv4/ip_forward", 1)
        self.path.write("ipv6/conf/all/forwarding", 1)
        for space, side in ((self.client, ("192.0.2.1", "2001:db8:1::1")),
                            (self.server, ("198.51.100.1", "2001:db8:2::1"))):
            space.ip("route", "add", "default", "via", side[0])
            space.ip("-6", "route", "add", "default", "via", side[1])

    def cut(self):
        """The cable between the middle and the server is pulled."""
        self.path.ip("link", "set", "toserver", "nomaster")

    def mend(self):
        self.path.ip("link", "set", "toserver", "master", "middle")

    def firewall(self, space, *rules):
        """Rules of chains named input, output and forward of the namespace;
        they replace those that were there.
        """
        chains = "".join(
            f"chain {hook} {{ type filter hook {hook} priority 0; "
            f"{'; '.join(rule for where, rule in rules if where == hook)}; }}\n"
            for hook in ("input", "output", "forward"))
        space.run(
            "nft", "-f", "-",
            input=f"table inet lab {{}}\ndelete table inet lab\ntable inet lab {{\n{chains}}}\n")

    def forget(self):
        """What routers said of MTUs."""
        for version in ("-4", "-6"):
            self.client.ip(version, "route", "flush", "cache", check=False)

    def unfirewall(self):
        for space in self.spaces:
            space.run("nft", "delete", "table", "inet", "lab", check=False)

    def close(self):
        for space in self.spaces:
            space.delete()
        self.spaces = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
