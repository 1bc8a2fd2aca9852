"""clients.py - real clients: Postfix and Exim that deliver from their queues,
and the programs swaks, smtp-source, msmtp and curl.

Each has deliver(address, port, case): sends one message, or as many as the case says,
and returns what it has to say of it, a text.
"""
import re
import time

import box
from net import CLIENT, CLIENT6
from servers import Exim, Postfix
from servers_more import EximDebian


def message(case, number=1):
    return (
        f"From: a@example.org\nTo: {case.recipient}@example.net\nSubject: {case.subject}\n"
        f"Message-ID: <{number if number > 1 else ''}{case.message_id}>\n\n"
        + "The quick brown fox jumps over the lazy dog, and nobody reads it.\n" *
        max(1, case.size // 66))


class QueueClient:
    """What the two MTAs have in common as clients."""

    @property
    def space(self):
        return self.net.client

    named = ""      # regular expression of the line that ties the queue id to the Message-ID

    def word(self, mark, case, seconds=12):
        """The line of the log that tells what became of this case's message, found by its queue id.
        """
        queue_id = self.box.log.wait(
            lambda line:
            (m := re.search(self.named, line)) and m["mid"] == case.message_id and m["id"], mark,
            seconds)
        return (self.box.log.wait(lambda line: self.outcome(line, queue_id), mark, seconds)
                or f"no word of {queue_id}")


class PostfixClient(QueueClient, Postfix):
    """Listens on no network; its queue delivers to whatever the transport table says."""

    named = r"cleanup\[\d+\]: (?P<id>\w+): message-id=<(?P<mid>.*?)>"

    def files(self):
        self.settings["main"] = {
            "inet_interfaces": "127.0.0.1",
            "relay_transport": "smtp",
            "transport_maps": "texthash:/etc/postfix/transport",
            "inet_protocols": "all",
            "smtp_bind_address": CLIENT,
            "smtp_bind_address6": CLIENT6,
            "myhostname": "out.example.org",
            "smtp_address_preference": "ipv4",
            "header_checks": "",
            "smtp_connect_timeout": "3s",
            "smtp_data_done_timeout": "5s",
            "smtp_rcpt_timeout": "5s",
            "smtp_data_xfer_timeout": "5s",
            "smtp_host_lookup": "native",
            "smtp_line_length_limit": "0",
            "minimal_backoff_time": "3600s",
            "maximal_backoff_time": "3600s",
            "queue_run_delay": "3600s",
            "bounce_queue_lifetime": "0",
            **self.settings.get("more", {})
        }
        files = super().files()
        files["/etc/postfix/transport"] = ""
        files["/etc/postfix/master.cf"] = "2525 inet n - n - - smtpd\n" + self.services
        return files

    def main_cf(self):
        return "".join(f"{name} = {value}\n"
                       for name, value in dict(self.main, **self.settings["main"]).items())

    def wait(self):
        for _ in range(200):
            if self.box.root("/var/spool/postfix/public/pickup").exists():
                return
            time.sleep(0.025)

    def deliver(self, address, port, case):
        mark = len(self.box.log)
        self.box.root("/etc/postfix/transport").write_text(f"example.net smtp:[{address}]:{port}\n",
                                                           encoding="ascii")
        self.box.run("/usr/sbin/postfix", "reload", check=False)
        recipients = [f"{name}@example.net" for name in case.recipient.split(",")]
        for number in range(1, case.messages + 1):
            self.box.run("/usr/sbin/sendmail", "-f", case.sender, *recipients,
                         input=message(case, number))
        return self.word(mark, case)

    @staticmethod
    def outcome(line, queue_id):
        return (line.split("]: ", 1)[1] if "postfix/smtp[" in line and f" {queue_id}: " in line
                and "status=" in line else None)


class EximClient(QueueClient, Exim):
    named = r"(?P<id>\w{6}-\w{6,11}-\w{2,4}) <= .* id=(?P<mid>\S+)"

    def files(self):
        # Nothing listens: messages are handed over by the command and delivered in the foreground.
        self.settings.update(
            queue_only="false", route="* ${readfile{/etc/exim4/route}{}} byname",
            remote=f"interface = <; {CLIENT} ; {CLIENT6}\n"
            "  hosts_try_prdr =\n  hosts_try_dane =\n  hosts_avoid_tls = *\n  final_timeout = 5s\n"
            "  command_timeout = 5s\n"
            "  data_timeout = 5s\n  connect_timeout = 3s\n  connection_max_messages = 100")
        files = super().files()
        conf = files["/etc/exim4/exim4.conf"].replace("mx.example.net", "out.example.org")
        conf = conf.replace("begin acl", "trusted_users = root\nbegin acl", 1)
        conf = conf.replace("port = 25", "port = ${readfile{/etc/exim4/port}{}}")
        files["/etc/exim4/exim4.conf"] = conf
        files["/etc/exim4/route"] = files["/etc/exim4/port"] = ""
        return files

    def script(self):
        return super().script().replace("/usr/sbin/exim4 -bd\n", "touch /lab/there\n")

    def wait(self):
        for _ in range(200):
            if (self.box.shared / "there").exists():
                return
            time.sleep(0.025)

    def deliver(self, address, port, case):
        mark = len(self.box.log)
        self.box.root("/etc/exim4/route").write_text(
            address.replace(":", "::") if ":" in address else address, encoding="ascii")
        self.box.root("/etc/exim4/port").write_text(str(port), encoding="ascii")
        recipients = [f"{name}@example.net" for name in case.recipient.split(",")]
        for number in range(1, case.messages + 1):
            self.box.run("/usr/sbin/exim4", "-odf" if case.messages == 1 else "-odq", "-f",
                         case.sender, *recipients, input=message(case, number))
        if case.messages > 1:
            self.box.run("/usr/sbin/exim4", "-qq")
        return self.word(mark, case)

    @staticmethod
    def outcome(line, queue_id):
        found = re.search(rf"{queue_id} (=>|==|\*\*|->) .*@example\.net.*", line)
        return found[0] if found else None


class EximDebianClient(QueueClient, EximDebian):
    """Exim as Debian configures it for mail sent by smarthost;
    it speaks no TLS, so that what it says can be read. Its own host takes bounces.
    """

    named = EximClient.named
    people = ("a",)
    kind = {
        "dc_eximconfig_configtype": "smarthost",
        "dc_other_hostnames": "example.org",
        "dc_smarthost": "127.0.0.1"
    }
    macros = {
        "MAIN_HARDCODE_PRIMARY_HOSTNAME": "out.example.org",
        "REMOTE_SMTP_SMARTHOST_HOSTS_AVOID_TLS": "*",
        "DCsmarthost": "${readfile{/etc/exim4/route}{}}"
    }

    def __init__(self, net, host):
        super().__init__(net, host, main="")

    def interfaces(self):
        return "127.0.0.1"

    def script(self):
        return super().script().replace("/usr/sbin/exim4 -bd\n", "")

    def wait(self):
        self.configured()

    def deliver(self, address, _, case):
        mark = len(self.box.log)
        self.box.root("/etc/exim4/route").write_text(address.replace(":", "::"), encoding="ascii")
        self.box.run("/usr/sbin/exim4", "-odf", "-f", case.sender,
                     *(f"{name}@example.net" for name in case.recipient.split(",")),
                     input=message(case))
        return self.word(mark, case)

    def word(self, mark, case, seconds=12):
        """All that the log says of the recipients, in one line."""
        queue_id = self.box.log.wait(
            lambda line:
            (m := re.search(self.named, line)) and m["mid"] == case.message_id and m["id"], mark,
            seconds)
        self.box.log.wait(lambda line: f"{queue_id} Completed" in line or f"{queue_id} == " in line,
                          mark, seconds)
        return (", ".join(
            found for line in self.log_since(mark) if (found := EximClient.outcome(line, queue_id)))
                or f"no word of {queue_id}")


class Tools:
    """The programs without a queue, in one box."""

    PACKAGES = ("swaks", "msmtp", "curl", "postfix")

    def __init__(self, net, _host=0):
        self.net, self.box = net, None

    def start(self):
        if not self.box:
            self.box = box.Box(self.net.client, self.PACKAGES, {}, "true")

    def close(self):
        if self.box:
            self.box.close()
            self.box = None

    def say(self, *argv, text=None):
        done = self.box.run(*argv, check=False, input=text)
        lines = (done.stderr + done.stdout).strip().splitlines()
        return (f"exit {done.returncode}" +
                (f": {lines[-1].strip()}" if lines and done.returncode else ""))

    def swaks(self, address, port, case):
        text = message(case)
        return self.say("swaks", "-s", address, "-p", port, "--helo", "out.example.org", "-f",
                        case.sender, "-t", f"{case.recipient}@example.net", "--data", "-",
                        "--hide-all", "-li", CLIENT6 if ":" in address else CLIENT, *case.words,
                        text=text)

    def smtp_source(self, address, port, case):
        target = f"inet6:[{address}]:{port}" if ":" in address else f"inet:{address}:{port}"
        return self.say("/usr/sbin/smtp-source", "-f", case.sender, "-t",
                        f"{case.recipient}@example.net", "-M", "out.example.org", "-l", case.size,
                        "-m", case.messages, *case.words, target)

    def msmtp(self, address, port, case):
        return self.say("msmtp", f"--host={address}", f"--port={port}", f"--from={case.sender}",
                        "--domain=out.example.org", "--tls=off", "--auth=off", *case.words,
                        f"{case.recipient}@example.net", text=message(case))

    def curl(self, address, port, case):
        host = f"[{address}]" if ":" in address else address
        return self.say("curl", "-sS", "--max-time", "20", f"smtp://{host}:{port}/out.example.org",
                        "--mail-from", case.sender, "--mail-rcpt", f"{case.recipient}@example.net",
                        "-T", "-", *case.words, text=message(case))
