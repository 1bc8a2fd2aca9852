"""servers_more.py - the servers that are no classic MTA: Dovecot's submission and LMTP services,
npm's smtp-server, aiosmtpd; and Exim as Debian configures it.
"""
import hashlib
import re
import shutil
import time

import box
from box import HERE
from misbehave import Misbehave
from net import LabError
from servers import Exim, Server, certificate


class Dovecot(Server):
    """Submission (587), which relays each session to a scripted server of its own;
    or LMTP (24), which saves.
    """

    packages = ("dovecot-submissiond", "dovecot-lmtpd")
    users = ("dovecot:x:997:997::/usr/lib/dovecot:/usr/sbin/nologin",
             "dovenull:x:998:998::/nonexistent:/usr/sbin/nologin",
             "vmail:x:1999:1999::/var/vmail:/usr/sbin/nologin")
    groups = ("dovecot:x:997:", "dovenull:x:998:", "vmail:x:1999:")

    def __init__(self, net, host, **settings):
        super().__init__(net, host, **settings)
        self.port = settings["port"]
        self.relay = Misbehave(net, host, port=2525) if self.port == 587 else None

    def start(self):
        if self.relay:
            self.relay.start()
        super().start()

    def files(self):
        service, inside = ("submission-login", "submission") if self.relay else ("lmtp", "lmtp")
        users = ("uid=vmail gid=vmail home=/var/vmail/%u" if self.relay
                 else "username_format=%n /etc/dovecot/users")
        return {
            "/etc/dovecot/lab.conf": f"""
protocols = {inside}
base_dir = /run/dovecot
log_path = syslog
ssl = no
disable_plaintext_auth = no
hostname = mx.example.net
mail_location = maildir:/var/vmail/%u
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 100
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = {'static' if self.relay else 'passwd-file'}
  args = {users}
}}
submission_relay_host = {self.address}
submission_relay_port = 2525
submission_relay_trusted = no
{self.settings.get('main', '')}
service {service} {{
  inet_listener {inside} {{
    address = {self.address} {self.address6}
    port = {self.port}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
""",
            "/etc/dovecot/users": "b:::::/var/vmail/b\nc:::::/var/vmail/c\n"
        }

    def script(self):
        return """
mkdir -p /run/dovecot /var/vmail
chown vmail:vmail /var/vmail
/usr/sbin/dovecot -c /etc/dovecot/lab.conf
"""

    def close(self):
        super().close()
        if self.relay:
            self.relay.close()

    def taken_in(self, lines, message_id):
        """Submission: what the relay took. LMTP: what the log says was saved."""
        if self.relay:
            return "relay" if message_id in self.relay.messages else None
        saved = next((line for line in lines if f"msgid=<{message_id}>: saved mail" in line), None)
        # "lmtp(user)<pid><id:R2>: msgid=": the second recipient's.
        session = re.search(r"<([^<>:]+)(:R[0-9]+)?>: (sieve: )?msgid=", saved or "")
        return session[1] if session else saved and "saved"


class Plain(Server):
    """A server that writes `taken ID MESSAGE-ID` to its output."""

    queue_id = r"^taken (?P<id>\S+) (?P<mid>\S+)"

    def listeners(self):
        return f"{self.address},{self.address6}"


class SmtpServer(Plain):
    """npm's smtp-server, installed once, in the version that package-lock.json has."""

    @staticmethod
    def installed():
        lock = (HERE / "node/package-lock.json").read_bytes()
        folder = box.CACHE / ("node-" + hashlib.sha256(lock).hexdigest()[:12])
        if not (folder / "node_modules").exists():
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "node" / name, folder)
            box.command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=folder)
        return folder

    def version(self):
        return box.command(
            "node", "-p",
            f"require('{self.installed()}/node_modules/smtp-server/package.json').version"
        ).stdout.strip()

    def files(self):
        return {"/lab-node/server.js": (HERE / "node/server.js").read_text(encoding="utf-8")}

    def script(self):
        return (f"NODE_PATH={self.installed()}/node_modules {shutil.which('node')} "
                f"/lab-node/server.js {self.listeners()} {self.settings.get('timeout', 60000)} "
                f"{self.settings.get('pem', '')} &\n")


class Haraka(Plain):
    """npm's Haraka, with STARTTLS: what it needs is as npm has it on the day,
    for more than a hundred packages.
    """

    number = "3.3.4"
    plugin = """
exports.register = function () {
    this.register_hook('rcpt', 'rcpt');
    this.register_hook('queue', 'take');
};
exports.rcpt = (next, connection, params) =>
    params[0].user === 'no' ? next(DENY, 'no such user') : next(OK);
exports.take = (next, connection) => {
    const { uuid, header } = connection.transaction;
    console.log(`taken ${uuid} ${header.get('Message-ID').trim().replace(/[<>]/g, '')}`);
    next(OK, 'queued as ' + uuid);
};
"""

    def installed(self):
        folder = box.CACHE / f"haraka-{self.number}"
        if not (folder / "node_modules").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text("{}", encoding="ascii")
            box.command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                        f"Haraka@{self.number}", cwd=folder)
        return folder

    def version(self):
        return self.number

    def files(self):
        return {
            "/etc/haraka/config/smtp.ini":
                f"listen={self.address}:25,[{self.address6}]:25\nnodes=0\n"
                f"inactivity_timeout={self.settings.get('timeout', 60)}\n",
            "/etc/haraka/config/plugins": "tls\nlab\n",
            "/etc/haraka/config/connection.ini": (
                self.installed() /
                "node_modules/Haraka/config/connection.ini").read_text(encoding="utf-8"),
            "/etc/haraka/config/me": "mx.example.net\n",
            "/etc/haraka/config/loglevel": "NOTICE\n",
            "/etc/haraka/plugins/lab.js": self.plugin,
            "/etc/haraka/config/tls.ini": "key=tls_key.pem\ncert=tls_cert.pem\n"
                                          "ciphers=ALL:!aNULL:@SECLEVEL=0\n"
                                          "no_starttls_ports[]=465\n",
            "/etc/haraka/config/tls_key.pem": certificate().with_suffix(".key").read_text(
                encoding="ascii"),
            "/etc/haraka/config/tls_cert.pem": certificate().with_suffix(".crt").read_text(
                encoding="ascii")
        }

    def script(self):
        return (f"{shutil.which('node')} {self.installed()}/node_modules/Haraka/bin/haraka -c "
                "/etc/haraka &\n")


class Aiosmtpd(Plain):
    packages = ("python3-aiosmtpd",)

    def files(self):
        return {"/lab-aio.py": (HERE / "aio.py").read_text(encoding="utf-8")}

    def script(self):
        return (f"/usr/bin/python3 /lab-aio.py {self.listeners()} "
                f"{self.settings.get('timeout', 60)} &\n")


class EximDebian(Exim):
    """Exim with the configuration that Debian's own packages make of a few answers,
    so with PRDR and CHUNKING. Added is what a lab needs: a name, a log, no delivery.
    """

    packages = ("exim4-daemon-light",)
    # The last two are refused by the ACL for PRDR, for good and for now.
    people = ("b", "c", "picky", "busy")
    kind = {
        "dc_eximconfig_configtype": "internet",
        "dc_other_hostnames": "example.net",
        "dc_smarthost": ""
    }
    macros = {
        "MAIN_HARDCODE_PRIMARY_HOSTNAME": "mx.example.net",
        "MAIN_LOG_SELECTOR": "+smtp_no_mail +smtp_connection +incoming_port"
    }
    prdr_acl = """
lab_prdr:
  deny message = not for me
    local_parts = picky
  defer message = not now
    local_parts = busy
  accept
"""

    @property
    def users(self):
        return (Exim.users + tuple(
            f"{name}:x:{3000 + n}:100::/:/usr/sbin/nologin" for n, name in enumerate(self.people)))

    def interfaces(self):
        return f"{self.address} ; {self.address6}"

    def answers(self, **more):
        """update-exim4.conf.conf, as debconf writes it."""
        given = {
            "dc_relay_domains": "",
            "dc_relay_nets": "",
            "dc_minimaldns": "false",
            "dc_readhost": "",
            "dc_local_interfaces": self.interfaces(),
            "dc_hide_mailname": "",
            "CFILEMODE": "644",
            "dc_use_split_config": "true",
            "dc_mailname_in_oh": "true",
            "dc_localdelivery": "mail_spool",
            **self.kind,
            **more
        }
        return "".join(f"{name}='{value}'\n" for name, value in given.items())

    def files(self):
        main = ("log_file_path = syslog\nsyslog_duplication = false\n" +
                self.settings.get("main", "queue_only = true\n"))
        return {
            "/etc/exim4/update-exim4.conf.conf": self.answers(),
            "/etc/mailname": self.macros["MAIN_HARDCODE_PRIMARY_HOSTNAME"] + "\n",
            "/etc/aliases": "",
            "/etc/exim4/conf.d/main/000_localmacros": "".join(
                f"{name} = {value}\n" for name, value in self.macros.items()),
            "/etc/exim4/conf.d/main/90_lab": main,
            "/etc/exim4/conf.d/acl/90_lab": self.prdr_acl
        }

    def script(self):
        return super().script().replace(
            "chmod 640 /etc/exim4/mx.pem; chgrp Debian-exim /etc/exim4/mx.pem",
            "mkdir -p /var/lib/exim4; update-exim4.conf; touch /lab/there")

    def configured(self):
        """Until Debian's script has written the configuration:
        hundreds of processes, which a busy machine takes long for.
        """
        end = time.monotonic() + 60
        while not (self.box.shared / "there").exists():
            if time.monotonic() > end:
                raise LabError("update-exim4.conf does not end:\n" +
                               "\n".join(self.box.log.lines[-15:]))
            time.sleep(0.025)

    def wait(self):
        self.configured()
        super().wait()
