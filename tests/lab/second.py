"""second.py - the second judge: smtpwatch live on the same interfaces,
whose word must be that of smtpwatch on the captured file.
"""
import datetime
import time

from live_pair import Daemon

FACTS = ("verdict", "stage", "closer", "how", "farewell")


def moment(record):
    return datetime.datetime.fromisoformat(record["start"].rstrip("Z")).timestamp()


class Watch:
    """A daemon on each interface on which a case captures. compare() ends them."""

    def __init__(self, ports):
        self.ports, self.daemons, self.pairs = ports, {}, []

    def on(self, net, interface):
        key = net.path.name, interface
        if key not in self.daemons:
            self.daemons[key] = Daemon(net.path, "-i", interface, "-j", "2", "-p", self.ports,
                                       "--min-severity", "info", "--stats-interval", "0")
        return key

    def note(self, key, result):
        if result.record:
            self.pairs.append((self.daemons[key], result))

    def compare(self, wait=14.0):
        """Adds what differs to the results; how many were compared.
        A session that the file ended sooner than the network is not.
        """
        time.sleep(wait)
        lost = []
        for daemon in self.daemons.values():
            code = daemon.stop()
            capture = daemon.of("stats")[-1]["capture"]
            if code or capture["dropped"] or capture["records_lost"]:
                lost.append(
                    f"live: exit code {code}, {capture['dropped']} packets dropped, "
                    f"{capture['records_lost']} records lost"
                )
        compared = 0
        for daemon, result in self.pairs:
            compared += self.one(daemon, result)
        return compared, lost

    @staticmethod
    def one(daemon, result):
        record = result.record
        if record["ending"]["how"] == "capture-end":
            return 0
        found = [
            r for r in daemon.of("session", src_ip=record["src_ip"], src_port=record["src_port"],
                                 dest_ip=record["dest_ip"]) if abs(moment(r) - moment(record)) < 1
        ]
        if len(found) != 1:
            result.wrong.append(f"live: {len(found)} records of this session")
            return 1
        for fact in FACTS:
            if found[0]["ending"][fact] != record["ending"][fact]:
                result.wrong.append(
                    f"live: {fact} {found[0]['ending'][fact]!r}, of the file "
                    f"{record['ending'][fact]!r}"
                )
        fates = [[t["fate"] for t in r["transactions"]] for r in (found[0], record)]
        if fates[0] != fates[1]:
            result.wrong.append(f"live: fates {fates[0]}, of the file {fates[1]}")
        return 1

    def close(self):
        for daemon in self.daemons.values():
            daemon.__exit__()
