"""lab.py - the networks, servers and clients of one run, each made when a case first asks for it,
all gone at the end.
"""
import contextlib

import clients
import misbehave
import servers
import servers_more
from net import Net
from wire import Wire

# name: class, host of its address, settings
SERVERS = {
    "postfix": (servers.Postfix, 11, {}),
    "postfix-short": (servers.Postfix, 12, {
        "main": {
            "smtpd_timeout": "2s",
            "smtpd_hard_error_limit": "3",
            "smtpd_soft_error_limit": "2",
            "smtpd_error_sleep_time": "0s",
            "smtpd_junk_command_limit": "3",
            "smtpd_client_message_rate_limit": "2",
            "anvil_rate_time_unit": "2s",
            "smtpd_client_event_limit_exceptions": "",
            "message_size_limit": "20000",
            "smtpd_client_restrictions": "check_client_access cidr:/etc/postfix/client.cidr",
            "smtpd_delay_reject": "no"
        }
    }),
    "postscreen": (servers.Postfix, 13, {
        "listener": "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"
                    "dnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n",
        "main": {
            "postscreen_greet_wait": "1s",
            "postscreen_greet_action": "drop",
            "postscreen_access_list": "cidr:/etc/postfix/client.cidr",
            "postscreen_denylist_action": "drop",
            "postscreen_cache_map": "",
            "postscreen_greet_banner": "mx.example.net ESMTP wait",
            "postscreen_upstream_proxy_protocol": ""
        }
    }),
    "exim": (servers.Exim, 14, {}),
    "exim-short": (servers.Exim, 15, {
        "main": "smtp_receive_timeout = 2s\nsmtp_accept_max_per_connection = 2\n"
                "smtp_max_synprot_errors = 2\nsmtp_max_unknown_commands = 2",
        "connect": "drop message = 5.7.1 blocked here\n    hosts = 192.0.2.77\n  accept"
    }),
    "exim-debian": (servers_more.EximDebian, 23, {}),
    "exim-debian-no-chunking": (servers_more.EximDebian, 24, {
        "main": "queue_only = true\nchunking_advertise_hosts =\nacl_smtp_data_prdr = lab_prdr\n"
    }),
    "exim-debian-choosy": (servers_more.EximDebian, 27, {
        "main": "queue_only = true\nacl_smtp_data_prdr = lab_prdr\n"
    }),
    "opensmtpd": (servers.OpenSmtpd, 16, {}),
    "sendmail": (servers.Sendmail, 17, {}),
    "sendmail-short": (servers.Sendmail, 18, {
        "define": "define(`confTO_COMMAND', `2s')dnl\ndefine(`confTO_DATABLOCK', `2s')dnl\n"
                  "define(`confBAD_RCPT_THROTTLE', `0')dnl",
        "access": "Connect:192.0.2.77\tERROR:5.7.1:550 blocked here\n"
    }),
    "dovecot": (servers_more.Dovecot, 19, {
        "port": 587
    }),
    "dovecot-lmtp": (servers_more.Dovecot, 20, {
        "port": 24
    }),
    "smtp-server": (servers_more.SmtpServer, 21, {}),
    "aiosmtpd": (servers_more.Aiosmtpd, 22, {}),
    "misbehave": (misbehave.Misbehave, 25, {}),
    "misbehave-lmtp": (misbehave.Misbehave, 26, {
        "port": 24
    }),
}
CLIENTS = ({
    "postfix": (clients.PostfixClient, "deliver"),
    "exim": (clients.EximClient, "deliver"),
    "exim-debian": (clients.EximDebianClient, "deliver")
} | {name: (clients.Tools, name)
     for name in ("swaks", "smtp_source", "msmtp", "curl")})
NETS = {
    "bridge": {},
    "router": {"middle": "router"},
    # the router's link to the server takes no more
    "narrow": {"middle": "router", "mtu": 1280},
    # and the client lets its packets be cut
    "fragments": {"middle": "router", "mtu": 600, "fragments": True},
    "wire": {"middle": "none"},
}


class Lab(contextlib.ExitStack):
    def __init__(self):
        super().__init__()
        self.nets, self.servers, self.clients, self.stale = {}, {}, {}, []
        self.cable = None

    def net(self, kind):
        if kind not in self.nets:
            hosts = sorted({host for _, host, _ in SERVERS.values()})
            self.nets[kind] = self.enter_context(Net(hosts=hosts, **NETS[kind]))
        return self.nets[kind]

    def server(self, kind, name):
        key = kind, name
        if key not in self.servers:
            make, host, settings = SERVERS[name]
            self.servers[key] = make(self.net(kind), host, **settings)
            self.callback(self.servers[key].close)
        server = self.servers[key]
        if server in self.stale:    # killed or stopped; its log was wanted until now
            self.stale.remove(server)
            server.close()
        server.start()
        return server

    def renew(self, server):
        self.stale.append(server)

    def client(self, kind, name):
        make, method = CLIENTS[name]
        key = kind, make
        if key not in self.clients:
            self.clients[key] = make(self.net(kind), 0)
            self.callback(self.clients[key].close)
        self.clients[key].start()
        return getattr(self.clients[key], method)

    def versions(self):
        """Of what took part, for the record."""
        names = {}
        for (_, name), server in self.servers.items():
            if server.version():
                names.setdefault(type(server).__name__, (server.version(), name))
        return ", ".join(f"{kind} {number}" for kind, (number, _) in sorted(names.items()))

    def wire(self, case):
        """A context in which the cable does what the case says."""
        if case.net != "wire":
            return contextlib.nullcontext()
        if not self.cable:
            self.cable = Wire(self.net("wire"))
            self.callback(self.cable.close)
        return self.cable.told(case.wire)
