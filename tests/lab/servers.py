"""servers.py - the mail servers of the lab: each writes its own small configuration,
runs as plain processes in a Box, and tells what its log says.

All take mail for example.net, from anyone, and keep or drop it. Recipients by name: no@ is refused
for good, later@ for now, slow@ makes the answer to the end of the message late where the server can
do that; a message whose Subject is "reject" is refused.
"""
import functools
import re
import signal
import time

import box
from net import SERVER, SERVER6, LabError


@functools.cache
def certificate():
    """Path of a key and a certificate in one file; made once, kept with the packages."""
    path = box.CACHE / "mx.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        box.command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
                    "-subj", "/CN=mx.example.net", "-keyout", path.with_suffix(".key"), "-out",
                    path.with_suffix(".crt"))
        path.write_bytes(
            path.with_suffix(".key").read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


class Server:
    """One server at one address. A row of kinds() makes it;
    start() may be called again after kill().
    """

    packages, port, users, groups = (), 25, (), ()
    # regular expression of the log's line of a message taken:
    # groups id, and mid where the line has the Message-ID
    queue_id = None

    def __init__(self, net, host, **settings):
        self.net, self.host, self.settings = net, host, settings
        self.box = None

    @property
    def space(self):
        return self.net.server

    @property
    def address(self):
        return SERVER.format(self.host)

    @property
    def address6(self):
        return SERVER6.format(self.host)

    def version(self):
        return box.version(*self.packages) if self.packages else ""

    def start(self):
        if self.box:
            return
        self.box = box.Box(self.space, self.packages, self.files(), self.script(), self.users,
                           self.groups)
        self.wait()

    def wait(self):
        """Until it takes connections."""
        for _ in range(400):
            with self.net.server.socket() as probe:
                if probe.connect_ex((self.address, self.port)) == 0:
                    return
            time.sleep(0.025)
        raise LabError(f"{type(self).__name__} does not listen:\n" +
                       "\n".join(self.box.log.lines[-15:]))

    def files(self):
        return {}

    def script(self):
        return ""

    def graceful(self):
        """What systemd does to end a service: SIGTERM to all that belongs to it."""
        self.box.signal(signal.SIGTERM)

    def freeze(self):
        self.box.signal(signal.SIGSTOP)

    def kill(self):
        if self.box:
            self.box.kill()

    def close(self):
        if self.box:
            self.box.close()
            self.box = None

    def alive(self):
        return self.box is not None and self.box.process.poll() is None

    def log_mark(self):
        return len(self.box.log) if self.box else 0

    def log_since(self, mark):
        return self.box.log.lines[mark:] if self.box else []

    def taken(self, mark, message_id, seconds=2):
        """The queue id under which the log says that the message was taken, or None."""
        end = time.monotonic() + seconds
        while True:
            found = self.taken_in(self.log_since(mark), message_id)
            if found or time.monotonic() >= end:
                return found
            time.sleep(0.05)

    def taken_in(self, lines, message_id):
        for line in lines:
            found = re.search(self.queue_id, line)
            if found and found["mid"].strip("<>") == message_id:
                return found["id"]
        return None


class Postfix(Server):
    packages = ("postfix",)
    users = ("postfix:x:990:990::/var/spool/postfix:/usr/sbin/nologin",)
    groups = ("postfix:x:990:", "postdrop:x:991:")
    services = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""
    main = {
        "compatibility_level": "3.6",
        "mydestination": "",
        "myorigin": "example.net",
        "relay_domains": "example.net",
        "mynetworks": "127.0.0.0/8",
        "myhostname": "mx.example.net",
        "alias_maps": "",
        "smtpd_peername_lookup": "no",
        "relay_transport": "discard:",
        "message_size_limit": "20480000",
        "smtp_dns_support_level": "disabled",
        "inet_protocols": "all",
        "notify_classes": "",
        "local_recipient_maps": "",
        "mailbox_size_limit": "0",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "header_checks": "regexp:/etc/postfix/header",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": "/etc/postfix/mx.pem",
        "smtp_tls_security_level": "none",
        "smtpd_forbid_bare_newline": "no",
        "smtpd_recipient_restrictions": "check_recipient_access inline:{{no@example.net = 550 "
                                        "5.1.1 no such user}, {later@example.net = 450 4.2.1 "
                                        "later}}",
        "smtpd_end_of_data_restrictions": "check_sender_access inline:{{slow@example.org = sleep "
                                          "30}}",
        "smtpd_delay_reject": "yes",
        "smtpd_discard_ehlo_keywords": "",
        "maillog_file": "",
    }

    def main_cf(self):
        values = dict(self.main, inet_interfaces=f"{self.address}, {self.address6}",
                      **self.settings.get("main", {}))
        return "".join(f"{name} = {value}\n" for name, value in values.items())

    def files(self):
        return {
            "/etc/postfix/main.cf": self.main_cf(),
            "/etc/postfix/master.cf": self.settings.get("listener", "smtp inet n - n - - smtpd\n") +
            self.services,
            "/etc/postfix/header": "/^Subject: reject/ REJECT not wanted\n",
            "/etc/postfix/mx.pem": certificate().read_text(encoding="ascii"),
            "/etc/postfix/client.cidr": "192.0.2.77 REJECT blocked here\n"
        }

    def script(self):
        return """
cd /var/spool/postfix 2>/dev/null || { mkdir -p /var/spool/postfix; cd /var/spool/postfix; }
for d in active bounce corrupt defer deferred flush hold incoming \
        private public maildrop pid saved trace; do
    mkdir -p $d; chown postfix $d; chmod 700 $d
done
mkdir -p /var/lib/postfix; chown postfix /var/lib/postfix
chown root pid; chmod 755 pid
chgrp postdrop maildrop public; chmod 730 maildrop; chmod 710 public
chgrp postdrop /usr/sbin/postdrop /usr/sbin/postqueue
chmod 2755 /usr/sbin/postdrop /usr/sbin/postqueue
/usr/lib/postfix/sbin/master -w
"""

    def taken_in(self, lines, message_id):
        """cleanup names the message, qmgr then has it in its queue."""
        for line in lines:
            named = re.search(r"cleanup\[\d+\]: (\w+): message-id=<(.*?)>", line)
            if (named and named[2] == message_id
                    and any(re.search(rf"qmgr\[\d+\]: {named[1]}: from=", other)
                            for other in lines)):
                return named[1]
        return None


class Exim(Server):
    packages = ("exim4-daemon-heavy",)
    users = ("Debian-exim:x:992:992::/var/spool/exim4:/usr/sbin/nologin",)
    groups = ("Debian-exim:x:992:",)
    queue_id = r"(?P<id>\w{6}-\w{6,11}-\w{2,4}) <= .* id=(?P<mid>\S+)"

    def files(self):
        conf = f"""
primary_hostname = mx.example.net
domainlist local_domains =
local_interfaces = <; {self.address} ; {self.address6}
daemon_smtp_ports = {self.port}
log_file_path = syslog
syslog_duplication = false
log_selector = +smtp_no_mail +smtp_connection +smtp_protocol_error +smtp_syntax_error \\
    +lost_incoming_connection +incoming_port
pipelining_connect_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 100
recipient_unqualified_hosts =
acl_smtp_connect = connect
acl_smtp_rcpt = rcpt
acl_smtp_data = data
tls_advertise_hosts = *
tls_certificate = /etc/exim4/mx.pem
chunking_advertise_hosts = *
message_size_limit = 20M
queue_only = {self.settings.get('queue_only', 'true')}
{self.settings.get('main', '')}
begin acl
connect:
  {self.settings.get('connect', 'accept')}
rcpt:
  deny message = no such user
    local_parts = no
  defer message = later
    local_parts = later
  drop message = and now go
    local_parts = drop
  accept domains = example.net
  deny message = relay not permitted
data:
  warn condition = ${{if eq{{$sender_address}}{{slow@example.org}}}}
    delay = 30s
  deny message = not wanted
    condition = ${{if match{{$h_subject:}}{{^reject}}}}
  accept
begin routers
all:
  driver = manualroute
  domains = example.net
  transport = {self.settings.get('transport', 'remote')}
  route_list = {self.settings.get('route', '* 127.0.0.1')}
  self = send
begin transports
remote:
  driver = smtp
  port = 25
  {self.settings.get('remote', '')}
begin retry
* * F,1h,10m
"""
        return {
            "/etc/exim4/exim4.conf": conf,
            "/etc/exim4/mx.pem": certificate().read_text(encoding="ascii")
        }

    def script(self):
        return """
mkdir -p /var/spool/exim4/input /var/spool/exim4/db /var/spool/exim4/msglog /run/exim4
chown -R Debian-exim:Debian-exim /var/spool/exim4 /run/exim4
chmod 4755 /usr/sbin/exim4
chmod 640 /etc/exim4/mx.pem; chgrp Debian-exim /etc/exim4/mx.pem
/usr/sbin/exim4 -bd
"""


class OpenSmtpd(Server):
    packages = ("opensmtpd",)
    users = ("opensmtpd:x:993:993::/run/opensmtpd:/usr/sbin/nologin",
             "opensmtpq:x:994:994::/run/opensmtpd:/usr/sbin/nologin")
    groups = ("opensmtpd:x:993:", "opensmtpq:x:994:")

    def files(self):
        listen = f"tls pki lab {self.settings.get('listen', '')}"
        return {
            "/etc/smtpd.conf": f"""
pki lab cert "/etc/mail/mx.crt"
pki lab key "/etc/mail/mx.key"
table all {{ "@" = "nobody" }}
listen on {self.address} port 25 hostname mx.example.net {listen}
listen on {self.address6} port 25 hostname mx.example.net {listen}
{self.settings.get('main', '')}
action "take" mda "/bin/cat >/dev/null" virtual <all>
match from any for rcpt-to "no@example.net" reject
match from any for domain "example.net" action "take"
""",
            "/etc/mail/mx.crt": certificate().with_suffix(".crt").read_text(encoding="ascii"),
            "/etc/mail/mx.key": certificate().with_suffix(".key").read_text(encoding="ascii"),
            "/etc/mailname": "mx.example.net\n"
        }

    def script(self):
        return """
mkdir -p /var/spool/smtpd /run/opensmtpd /var/lib/opensmtpd /var/lib/opensmtpd/empty
chown root:root /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd; chmod 755 /var/lib/opensmtpd/empty
chmod 600 /etc/mail/mx.key
chgrp opensmtpq /usr/sbin/smtpctl; chmod 2555 /usr/sbin/smtpctl
/usr/sbin/smtpd -d -v &
"""

    def taken_in(self, lines, message_id):
        """The log does not name Message-IDs; the lab numbers its messages,
        and the log has them in that order.
        """
        found = [m[1] for line in lines if (m := re.search(r"smtp message msgid=(\w+)", line))]
        number = int(message_id.split(".")[0]) if message_id.split(".")[0].isdigit() else 1
        return found[number - 1] if len(found) >= number else None


class Sendmail(Server):
    packages = ("sendmail-bin", "sendmail-cf", "m4")
    users = ("smmta:x:995:995::/var/lib/sendmail:/usr/sbin/nologin",
             "smmsp:x:996:996::/var/lib/sendmail:/usr/sbin/nologin")
    groups = ("smmta:x:995:", "smmsp:x:996:")

    def files(self):
        return {
            "/etc/mail/lab.mc": f"""divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.net')dnl
define(`confDEF_USER_ID', `65534:65534')dnl
define(`confTO_IDENT', `0s')dnl
define(`confDELIVERY_MODE', `queueonly')dnl
define(`confSMTP_LOGIN_MSG', `mx.example.net ESMTP Sendmail')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
{self.settings.get('define', '')}
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl
DAEMON_OPTIONS(`Name=v4, Family=inet, Addr={self.address}, Port=25')dnl
DAEMON_OPTIONS(`Name=v6, Family=inet6, Addr={self.address6}, Port=25, Modify=O')dnl
MAILER(`smtp')dnl
LOCAL_RULESETS
HSubject: $>CheckSubject
SCheckSubject
Rreject $*\t$#error $@ 5.7.1 $: "550 not wanted"
""",
            "/etc/mail/access": "To:no@example.net\tERROR:5.1.1:550 no such user\n"
                                "To:later@example.net\tERROR:4.2.1:450 later\n"
                                "To:example.net\tRELAY\n"
            + self.settings.get("access", ""),
            "/etc/mail/mailertable": "example.net\tsmtp:[127.0.0.1]\n",
            "/etc/mail/local-host-names": "",
            "/etc/mail/aliases": ""
        }

    def script(self):
        return """
mkdir -p /var/spool/mqueue /var/run/sendmail/mta
chown root /var/spool/mqueue; chmod 700 /var/spool/mqueue
cd /etc/mail
for d in /usr/lib/sm.bin /usr/libexec/sendmail; do
    [ ! -x $d/sendmail ] || sendmail=$d/sendmail
    [ ! -x $d/makemap ] || makemap=$d/makemap
done
m4 /usr/share/sendmail/cf/m4/cf.m4 lab.mc >/etc/mail/sendmail.cf
for t in access mailertable; do $makemap hash $t <$t; done
chmod -R go-w /etc/mail; chmod 755 / /etc /var /var/spool
$sendmail -bd -L sm-mta
"""

    def taken_in(self, lines, message_id):
        """Refused messages are logged too; one that is kept has a line for its recipient."""
        for line in lines:
            named = re.search(r"sm-mta\[\d+\]: (\w+): from=.*msgid=<(.*?)>", line)
            if (named and named[2] == message_id
                    and any(re.search(rf"{named[1]}: to=.*stat=queued", other) for other in lines)):
                return named[1]
        return None
