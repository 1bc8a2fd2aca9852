"""cases.py - the table of cases. A row: family, name, server, what is done,
and what must be said of it: verdict, stage, fates, cause.

What is done is a talk (talk.py); `|` stands between what is equally right. Where the moment of a
packet decides between FIN and RST, or a server may be told apart only by luck, the row says so;
nothing else is left open.
"""
from case import Case

# A process that is killed leaves an RST where it had bytes to read,
# else a plain FIN, which tells nothing.
CRASH = "server-crash|unexplained"

# Up to each stage, for what then befalls the server or the path.
# name: talk, verdict of a drop, verdict of a 421, stage, fates
STAGES = {
    "greeted": ("greet wait:.1", "drop-before-message", "421-idle", "CONNECT", "-"),
    "ehlo": ("greet ehlo", "drop-before-message", "421-idle", "EHLO", "-"),
    "mail": ("greet ehlo mail", "drop-in-transaction", "421-in-transaction", "MAIL", "cut"),
    "rcpt": ("greet ehlo mail rcpt", "drop-in-transaction", "421-in-transaction", "RCPT", "cut"),
    "data": ("greet ehlo mail rcpt data", "drop-in-message", "421-in-message", "DATA", "cut"),
    "body": ("greet ehlo mail rcpt data body:2000 wait:.1",
             "drop-in-message", "421-in-message", "DATA", "cut"),
    "idle": ("greet ehlo mail rcpt data message wait:.2",
             "drop-between-messages", "421-idle", "IDLE", "accepted"),
}
# The server is stopped as a whole before the last step,
# so that this one is received and never answered.
FROZEN = {
    "connect": ("freeze connect wait:.1", "drop-before-message", "CONNECT", "-"),
    "dot": ("greet ehlo mail rcpt data freeze message! wait:.1",
            "drop-after-message", "END-OF-MESSAGE", "unanswered"),
    "quit": ("greet ehlo freeze quit! wait:.1", "drop-after-quit", "QUIT", "-"),
    "second": ("greet ehlo mail rcpt data message mail rcpt data freeze message! wait:.1",
               "drop-after-message", "END-OF-MESSAGE", "accepted,unanswered"),
}
CASES = []


def row(family, name, server, does, verdict, stage="", fates="", cause="", **more):
    if server == "dovecot" and "ehlo!" not in does:     # no submission without AUTH
        does, stage = does.replace(" ehlo", " ehlo auth-good"), stage.replace("EHLO", "AUTH")
    CASES.append(Case(family, name, server, does, verdict, stage, fates, cause, **more))


def each(names):
    return [(name, *STAGES[name]) for name in (names.split() if isinstance(names, str) else names)]


def clean():
    family = "clean"
    for server in ("postfix", "exim", "opensmtpd", "sendmail",
                   "dovecot", "smtp-server", "aiosmtpd"):
        row(family, f"{server}-plain", server, "greet ehlo mail rcpt data message quit eof",
            "clean", "DONE", "accepted")
        row(family, f"{server}-three", server,
            "greet ehlo" + " mail rcpt data message" * 3 + " quit eof",
            "clean", "DONE", "accepted,accepted,accepted", v6=True)
    for server in ("postfix", "exim", "sendmail"):
        row(family, f"{server}-pipelined", server, "greet ehlo [mail rcpt data] [message quit] eof",
            "clean", "DONE", "accepted")
        row(family, f"{server}-rcpt-refused", server,
            "greet ehlo mail rcpt:no rcpt:later rcpt data message quit eof",
            "clean", "DONE", "accepted")
        row(family, f"{server}-no-rcpt-left", server, "greet ehlo mail rcpt:no rset quit eof",
            "clean", "DONE", "rejected")
        row(family, f"{server}-message-rejected", server,
            "greet ehlo mail rcpt data message quit eof",
            "clean", "DONE", "rejected", subject="reject")
    for server in ("postfix", "exim"):
        row(family, f"{server}-bdat", server,
            "greet ehlo mail rcpt bdat:900 bdat:+700 bdat-last:+300 quit eof",
            "clean", "DONE", "accepted")
        row(family, f"{server}-bdat-empty-last", server,
            "greet ehlo mail rcpt bdat:900 bdat-end quit eof", "clean", "DONE", "accepted", v6=True)
        row(family, f"{server}-10mb", server, "greet ehlo mail rcpt data message:10000000 quit eof",
            "clean", "DONE", "accepted", keep=False)
        row(family, f"{server}-tls", server, "greet ehlo tls ehlo mail rcpt data message quit eof",
            "encrypted|tls-orderly", "", "", taken=True)
    row(family, "postfix-helo-rset-noop-vrfy", "postfix",
        "greet helo noop vrfy mail rset mail rcpt data message quit eof",
        "clean", "DONE", "aborted,accepted")
    row(family, "postfix-deferred", "postfix", "greet ehlo mail rcpt:later rset quit eof",
        "clean", "DONE", "deferred")
    row(family, "postfix-bytewise", "postfix",
        "greet bytewise:EHLO_out.example.org mail rcpt data message quit eof",
        "clean", "DONE", "accepted")
    row(family, "postfix-empty-message", "postfix", "greet ehlo mail rcpt data dot quit eof",
        "clean", "DONE", "accepted", in_log=False)
    row(family, "postfix-size-refused", "postfix-short",
        "greet ehlo mail rcpt data message:30000 quit eof", "clean", "DONE", "rejected")
    row(family, "dovecot-lmtp-two", "dovecot-lmtp",
        "greet lhlo mail rcpt rcpt:c data body:200 dots:2 quit eof", "clean", "DONE", "accepted")
    row(family, "dovecot-lmtp-one-of-two", "dovecot-lmtp",
        "greet lhlo mail rcpt rcpt:no data message quit eof", "clean", "DONE", "accepted")
    row(family, "opensmtpd-quit-at-once", "opensmtpd", "greet quit eof", "clean", "DONE", "-")
    row(family, "aiosmtpd-helo", "aiosmtpd", "greet helo mail rcpt data message quit eof",
        "clean", "DONE", "accepted", v6=True)


def real_clients():
    family = "real clients"
    for client, server in (("postfix", "exim"), ("exim", "postfix"), ("postfix", "opensmtpd"),
                           ("exim", "sendmail"), ("postfix", "smtp-server")):
        row(family, f"{client}-to-{server}", server, "deliver",
            "clean|quit-unawaited", "", "accepted", client=client, word="status=sent|=>")
    row(family, "postfix-to-postfix-v6", "postfix", "deliver",
        "clean|quit-unawaited", "", "accepted", client="postfix", v6=True, word="status=sent")
    row(family, "exim-to-exim-v6", "exim", "deliver",
        "clean", "", "accepted", client="exim", v6=True, word="=>")
    row(family, "postfix-rejected", "exim", "deliver",
        "clean|quit-unawaited", "", "rejected",
        client="postfix", subject="reject", word="status=bounced")
    row(family, "exim-rejected", "postfix", "deliver",
        "clean|quit-unawaited", "", "rejected", client="exim", subject="reject", word=r"\*\*")
    row(family, "postfix-later", "postfix", "deliver",
        "clean|quit-unawaited", "", "deferred",
        client="postfix", recipient="later", word="status=deferred")
    row(family, "swaks-to-postfix", "postfix", "swaks",
        "clean", "DONE", "accepted", client="swaks", word="exit 0")
    row(family, "swaks-pipelined", "exim", "swaks",
        "clean", "DONE", "accepted", client="swaks", words=("--pipeline",), word="exit 0")
    row(family, "swaks-quit-after-rcpt", "sendmail", "swaks",
        "quit-before-acceptance", "DONE", "aborted",
        client="swaks", words=("--quit-after", "RCPT"), word="exit 0")
    row(family, "msmtp-to-opensmtpd", "opensmtpd", "msmtp",
        "clean", "DONE", "accepted", client="msmtp", word="exit 0")
    row(family, "curl-to-sendmail", "sendmail", "curl",
        "clean", "DONE", "accepted", client="curl", words=("--crlf",), word="exit 0")
    row(family, "curl-bare-lf-to-sendmail", "sendmail", "curl",
        "421-in-message", "END-OF-MESSAGE|DATA", "deferred|unanswered", "",
        client="curl", word="exit 8", log="[Bb]are linefeed",
        note="curl sends lines that end in LF; "
             "Sendmail ends the session, and its 421 may cross the dot")
    row(family, "smtp-source-to-postfix", "postfix", "smtp_source",
        "clean", "DONE", "accepted,accepted,accepted,accepted,accepted",
        client="smtp_source", messages=5, words=("-d",), word="exit 0")


def per_recipient():
    """Exim to Exim, as Debian configures both: PRDR for two recipients and more,
    BDAT where the server offers CHUNKING. Where all goes well, QUIT and FIN stand behind the
    message.
    """
    family = "a reply for each recipient"

    def prdr(name, server, recipient, word, note,
             verdict="clean", stage="DONE", fates="accepted", **more):
        row(family, f"exim-prdr-{name}", server, "deliver",
            verdict, stage, fates,
            client="exim-debian", recipient=recipient, word=word, note=note, **more)

    both = r"=> b@.* PRDR .*-> c@"
    prdr("bdat", "exim-debian", "b,c", both, "Exim to Exim for two recipients, by BDAT")
    prdr("bdat-v6", "exim-debian", "b,c",
         both, "Exim to Exim for two recipients, by BDAT, over IPv6", v6=True)
    prdr("one-recipient", "exim-debian", "b", "=> b@", "one recipient: PRDR is not asked for")
    prdr("data", "exim-debian-no-chunking", "b,c", both, "Exim to Exim for two recipients, by DATA")
    for server, end, way in (("exim-debian-choosy", "", "by BDAT"),
                             ("exim-debian-no-chunking", "-data", "by DATA")):
        prdr("one-refused" + end, server, "b,picky",
             r"\*\* picky@.*PRDR error", f"one of two is refused when the message is there, {way}")
        prdr("one-deferred" + end, server, "b,busy",
             r"== busy@.*PRDR error", f"one of two is deferred when the message is there, {way}")
        prdr("all-refused" + end, server, "picky,no,busy",
             r"\*\* picky@.*PRDR error",
             f"one is refused and one deferred, {way}: the last reply is a 250 all the same, "
             "but the server keeps nothing; the client leaves without QUIT",
             "client-no-quit|client-drop", "IDLE", "rejected|deferred")


def killed():
    family = "SIGKILL"
    for server in ("postfix", "exim", "opensmtpd", "sendmail"):
        for name, talk, verdict, _, stage, fates in each(STAGES):
            row(family, f"{server}-kill-{name}", server, f"{talk} kill eof",
                verdict, stage, fates, CRASH)
        for name, (talk, verdict, stage, fates) in FROZEN.items():
            row(family, f"{server}-kill-{name}", server, f"{talk} kill eof",
                verdict, stage, fates, CRASH,
                taken=False if name == "dot" else None, v6=name == "dot")
    for server in ("dovecot", "smtp-server", "aiosmtpd"):
        for name, talk, verdict, _, stage, fates in each("ehlo rcpt body idle"):
            row(family, f"{server}-kill-{name}", server, f"{talk} kill eof",
                verdict, stage, fates, CRASH)
        talk, verdict, stage, fates = FROZEN["dot"]
        row(family, f"{server}-kill-dot", server, f"{talk} kill eof", verdict, stage, fates, CRASH)
    for server in ("postfix", "exim"):
        row(family, f"{server}-kill-tls-body", server,
            "greet ehlo tls ehlo mail rcpt data body:2000 wait:.1 kill eof",
            "encrypted|tls-broken-off", "", "", "", taken=False)
    row(family, "postfix-kill-bdat", "postfix",
        "greet ehlo mail rcpt bdat-half:2000 wait:.1 kill eof",
        "drop-in-message", "BDAT", "cut", CRASH)
    row(family, "postfix-kill-slow-filter", "postfix",
        "greet ehlo mail:slow rcpt data message! wait:.5 kill eof",
        "drop-after-message", "END-OF-MESSAGE", "unanswered", CRASH)
    row(family, "exim-kill-slow-filter", "exim",
        "greet ehlo mail:slow rcpt data message! wait:.5 kill eof",
        "drop-after-message", "END-OF-MESSAGE", "unanswered", CRASH, v6=True)


def stopped():
    family = "graceful stop"
    stop = "shutdown|unexplained|server-crash"
    for server in ("postfix", "opensmtpd", "sendmail", "aiosmtpd"):
        for name, talk, verdict, _, stage, fates in each("ehlo rcpt body idle"):
            row(family, f"{server}-stop-{name}", server, f"{talk} wait:.2 stop eof",
                verdict, stage, fates, stop)
    for server in ("exim", "smtp-server"):
        stages = "ehlo rcpt idle" if server == "exim" else "ehlo rcpt body idle"
        for name, talk, _, verdict, stage, fates in each(stages):
            row(family, f"{server}-stop-{name}", server, f"{talk} wait:.2 stop eof",
                verdict, stage, fates, stop)
    row(family, "exim-stop-body", "exim", f"{STAGES['body'][0]} stop wait:.2 more:500 dot quit eof",
        "clean", "DONE", "accepted", note="it takes the message first")
    row(family, "exim-stop-body-kill", "exim", f"{STAGES['body'][0]} stop wait:.2 kill eof",
        "drop-in-message", "DATA", "cut", stop,
        note="what systemd does when the stop takes too long")
    row(family, "postfix-stop-slow-filter", "postfix",
        "greet ehlo mail:slow rcpt data message! wait:.5 stop eof",
        "drop-after-message", "END-OF-MESSAGE", "unanswered", stop)


def limits():
    idle = "idle time-outs"
    for server in ("postfix-short", "exim-short"):
        for name, talk, _, verdict, stage, fates in each("ehlo rcpt body idle"):
            row(idle, f"{server}-idle-{name}", server, f"{talk} eof",
                verdict, stage, fates, "idle-timeout",
                log="timeout after|timed out|timeout|incomplete transaction")
    for name, talk, drop, verdict, stage, fates in each("ehlo rcpt body idle"):
        row(idle, f"sendmail-idle-{name}", "sendmail-short", f"{talk} eof",
            verdict if name == "body" else drop, stage, fates, "idle-timeout|unexplained")
    family = "errors and limits"
    row(family, "postfix-errors", "postfix-short", "greet ehlo bogus bogus bogus eof",
        "421-idle", "", "-", "too-many-errors", log="too many errors")
    row(family, "postfix-errors-in-rcpt", "postfix-short",
        "greet ehlo mail rcpt:no rcpt:no rcpt:no eof",
        "421-idle", "RCPT", "rejected", "too-many-errors",
        log="too many errors", note="every recipient had been refused: nothing was open any more")
    row(family, "exim-errors", "exim-short", "greet ehlo bogus bogus bogus eof",
        "refused-then-closed|421-idle", "", "-", "too-many-errors|",
        log="unrecognized commands|syntax or protocol")
    row(family, "sendmail-errors-go-on", "sendmail", "greet ehlo bogus bogus bogus quit eof",
        "clean", "DONE", "-")
    row(family, "exim-message-limit", "exim-short",
        "greet ehlo" + " mail rcpt data message" * 2 + " mail quit eof",
        "clean", "DONE", "accepted,accepted,deferred")
    row(family, "postfix-message-rate", "postfix-short",
        "greet ehlo" + " mail rcpt data message" * 2 + " mail quit eof",
        "clean", "DONE", "accepted,accepted,deferred", log="rate limit exceeded|rate")
    row(family, "exim-drop-at-rcpt", "exim", "greet ehlo mail rcpt:drop eof",
        "refused-then-closed", "RCPT", "rejected", "policy|unexplained|", log="and now go")
    row(family, "dovecot-auth-failures", "dovecot", "greet ehlo! read auth auth quit eof",
        "clean", "DONE", "-", log="auth failed|Aborted login|tried to use")
    family = "refused at connect"
    blocked = "192.0.2.77"
    row(family, "postfix-554-waits", "postfix-short", "greet quit eof",
        "clean", "DONE", "-", source=blocked, log="blocked here")
    row(family, "postfix-554-client-leaves", "postfix-short", "greet close wait:.2",
        "probe|client-drop|refused-then-closed", "", "-", source=blocked)
    row(family, "postscreen-denied", "postscreen", "greet eof",
        "refused-then-closed", "CONNECT", "-", "policy",
        source=blocked, log="NOQUEUE|CONNECT|DENYLISTED|BLACKLISTED")
    row(family, "postscreen-pregreet", "postscreen", "connect ehlo! wait:1.5 eof",
        "refused-then-closed", "", "-", "policy", log="PREGREET")
    row(family, "postscreen-passes", "postscreen",
        "greet read ehlo mail rcpt data message quit eof",
        "clean", "DONE", "accepted", log="PASS NEW|PASS OLD")
    row(family, "exim-550-at-connect", "exim-short", "greet eof",
        "refused-then-closed", "CONNECT", "-", "policy", source=blocked, log="blocked here")
    row(family, "sendmail-550-at-mail", "sendmail-short", "greet ehlo mail quit eof",
        "clean", "DONE", "rejected", source=blocked, log="blocked here")
    row(family, "exim-pregreet", "exim", "connect ehlo! wait:.5 eof",
        "refused-then-closed", "", "-", "policy", log="synchronization|input sent without waiting")



def resets():
    family = "firewall resets"
    causes = "middlebox-reset|server-crash|unexplained|reply-lost"
    # What provokes the RST is the next command, and the RST acknowledges it: that is the stage.
    # name: the command, the stage, the fates
    following = {
        "ehlo": ("mail!", "MAIL", "cut|-"),
        "mail": ("rcpt!", "RCPT", "cut"),
        "rcpt": ("data!", "DATA", "cut"),
        "data": ("body:500", "DATA", "cut"),
        "body": ("more:500", "DATA", "cut"),
        "idle": ("mail!", "MAIL", "accepted,cut|accepted"),
    }
    for name, talk, verdict, *_ in each("ehlo mail rcpt data body idle"):
        last, stage, fates = following[name]
        row(family, f"postfix-reset-{name}", "postfix", f"{talk} reset {last} eof",
            verdict, stage, fates, causes, v6=name in ("rcpt", "body"))
    row(family, "exim-reset-dot", "exim",
        "greet ehlo mail rcpt data body:500 wait:.1 reset dot! eof",
        "drop-after-message", "END-OF-MESSAGE", "unanswered", causes)
    row(family, "opensmtpd-reset-quit", "opensmtpd", "greet ehlo reset quit! eof",
        "drop-after-quit", "QUIT|EHLO", "-", causes)
    for name, talk, verdict, *_ in each("mail body idle"):
        last, stage, fates = following[name]
        row(family, f"exim-forged-{name}", "exim", f"{talk} forge {last} eof wait:.3",
            verdict, stage, fates, causes, net="router")


def client_side():
    family = "the client's doing"
    row(family, "probe", "postfix", "greet close wait:.1",
        "probe", "CONNECT", "-", log="lost connection after CONNECT")
    row(family, "probe-syn-and-rst", "exim", "connect abort wait:.1", "probe", "CONNECT", "-")
    row(family, "probe-quit", "sendmail", "greet quit eof",
        "clean", "DONE", "-", note="a health check with manners")
    row(family, "health-check-ehlo", "postfix", "greet ehlo close wait:.1",
        "client-drop", "EHLO", "-", log="lost connection after EHLO")
    row(family, "scan-http", "postfix", "greet get eof",
        "221-to-non-smtp", "", "-", "not-smtp", log="non-SMTP command")
    row(family, "scan-tls", "exim", "greet hello-tls wait:.2 close wait:.1",
        "client-drop|probe|refused-then-closed|drop-before-message", "", "-", "not-smtp|")
    row(family, "scan-http-opensmtpd", "opensmtpd", "greet get host close wait:.1",
        "client-drop|probe", "", "-")
    row(family, "relay-attempt", "postfix", "greet ehlo mail rcpt:b%example.com quit eof",
        "clean|quit-before-acceptance", "DONE", "")
    row(family, "no-quit", "postfix", "greet ehlo mail rcpt data message close wait:.2",
        "client-no-quit", "IDLE", "accepted", log="disconnect from")
    row(family, "no-quit-rst", "exim", "greet ehlo mail rcpt data message abort wait:.2",
        "client-no-quit", "IDLE", "accepted")
    row(family, "quit-unawaited", "postfix",
        "greet ehlo mail rcpt data message quit! abort wait:.2",
        "quit-unawaited|clean", "", "accepted")
    row(family, "half-close-after-quit", "exim",
        "greet ehlo [mail rcpt data] [message quit!] half read read eof",
        "clean", "DONE", "accepted")
    row(family, "half-close-before-dot-answer", "postfix",
        "greet ehlo mail rcpt data message! half read eof", "", "", "")
    row(family, "vanished-in-body", "postfix-short",
        "greet ehlo mail rcpt data body:900 wait:.1 vanish wait:5",
        "421-in-message|unknown|server-vanished|client-drop-in-message", "", "cut|unknown",
        log="timeout after DATA")
    row(family, "gave-up", "exim", "greet ehlo mail:slow rcpt data message! wait:1 close wait:.3",
        "client-gave-up", "END-OF-MESSAGE", "unanswered")
    row(family, "left-in-body", "sendmail", "greet ehlo mail rcpt data body:1500 close wait:.3",
        "client-drop-in-message", "DATA", "cut")
    row(family, "left-after-rcpt", "opensmtpd", "greet ehlo mail rcpt close wait:.3",
        "client-drop", "RCPT", "cut|aborted")
    row(family, "quit-in-transaction", "postfix", "greet ehlo mail rcpt quit eof",
        "quit-before-acceptance", "DONE", "aborted")


def silent_loss():
    family = "silent loss"
    for client, sent in (("postfix", "status=sent"), ("exim", "=>")):
        row(family, f"{client}-221-for-dot", "misbehave", "deliver",
            "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
            client=client, script="dot=221,fin", word=sent,
            note="the sender's log says sent; nobody has the mail")
        row(family, f"{client}-221-in-body", "misbehave", "deliver",
            "221-for-message", "DATA|END-OF-MESSAGE", "falsely-accepted", "",
            client=client, script="body:10=221,fin", word=sent, v6=True)
        row(family, f"{client}-fin-for-dot", "misbehave", "deliver",
            "drop-after-message", "END-OF-MESSAGE", "unanswered", "",
            client=client, script="dot=fin", word="deferred|==")
        row(family, f"{client}-221-for-data", "misbehave", "deliver",
            "221-in-transaction", "", "", "", client=client, script="data=221,fin")
        row(family, f"{client}-221-for-rcpt", "misbehave", "deliver",
            "221-in-transaction", "", "", "", client=client, script="rcpt=221,fin")
    row(family, "exim-221-for-last-chunk", "misbehave", "deliver",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        client="exim", script="bdat-last=221,fin", word="=>",
        note="the same by BDAT, which Exim prefers")
    row(family, "postfix-221-in-body-rst", "misbehave", "deliver",
        "221-for-message", "DATA|END-OF-MESSAGE", "falsely-accepted", "",
        client="postfix", script="body:60000=221,rst", size=3000000, keep=False)
    row(family, "msmtp-221-for-dot", "misbehave", "msmtp",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        client="msmtp", script="dot=221,fin", word="exit [^0]")
    row(family, "swaks-221-for-dot", "misbehave", "swaks",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        client="swaks", script="dot=221,fin", word="exit")


def scripted():
    """The misbehaving server, at each stage in each way."""
    family = "scripted"
    # What is done, the stage, what was under way, and the fates
    talks = {
        "connect": ("connect read eof", "CONNECT", "before", "-"),
        "ehlo": ("greet ehlo eof", "EHLO", "before", "-"),
        "mail": ("greet ehlo mail eof", "MAIL", "transaction", ""),
        "rcpt": ("greet ehlo mail rcpt eof", "RCPT", "transaction", ""),
        "data": ("greet ehlo mail rcpt data eof", "DATA", "transaction", ""),
        "body:1000": ("greet ehlo mail rcpt data body:2000 wait:.1 eof", "DATA", "message", ""),
        "dot": ("greet ehlo mail rcpt data message eof", "END-OF-MESSAGE", "message", ""),
        "noop": ("greet ehlo mail rcpt data message noop eof", "IDLE", "between", "accepted"),
    }
    of_221 = {
        "before": "221-before-message",
        "transaction": "221-in-transaction",
        "message": "221-for-message",
        "between": "221-between-messages",
    }
    drops = {
        "connect": "drop-before-message",
        "ehlo": "drop-before-message",
        "mail": "drop-before-message|drop-in-transaction",
        "rcpt": "drop-in-transaction",
        "data": "drop-in-transaction|drop-in-message",
        "body:1000": "drop-in-message",
        "dot": "drop-after-message",
        "noop": "drop-between-messages",
    }
    for stage, (talk, where, place, fates) in talks.items():
        short = stage.split(":")[0]
        row(family, f"scripted-221-{short}", "misbehave", talk,
            of_221[place], where, fates or ("falsely-accepted" if place == "message" else ""), "",
            script=f"{stage}=221,fin", v6=short in ("rcpt", "dot"))
        row(family, f"scripted-fin-{short}", "misbehave", talk,
            drops[stage], where, fates, "unexplained", script=f"{stage}=fin")
        row(family, f"scripted-rst-{short}", "misbehave", talk,
            drops[stage], where, fates, CRASH, script=f"{stage}=rst")
    row(family, "scripted-half-reply-dot", "misbehave", talks["dot"][0],
        "drop-after-message", "END-OF-MESSAGE", "unanswered", "reply-unfinished",
        script="dot=half,fin")
    row(family, "scripted-half-reply-rcpt", "misbehave", talks["rcpt"][0],
        "drop-in-transaction", "RCPT", "", "reply-unfinished", script="rcpt=half,fin")
    row(family, "scripted-part-reply-ehlo", "misbehave", talks["ehlo"][0],
        "drop-before-message", "EHLO", "-", "reply-unfinished", script="ehlo=part,rst")
    row(family, "scripted-421-go-on", "misbehave",
        "greet ehlo mail rcpt:c rcpt data message quit eof",
        "clean", "DONE", "accepted", script="1rcpt=421")
    row(family, "scripted-421-dot", "misbehave", talks["dot"][0],
        "421-in-message", "END-OF-MESSAGE", "deferred", "unexplained", script="dot=421,fin",
        note="a full server says 421 4.3.2 to a command as well")
    row(family, "scripted-221-quit-late-250", "misbehave",
        "greet ehlo mail rcpt data [message quit] eof",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        script="dot=221,fin", note="one 221 behind a dot with a pipelined QUIT answers the dot")
    row(family, "scripted-quit-unanswered", "misbehave",
        "greet ehlo mail rcpt data message quit! eof",
        "drop-after-quit", "QUIT", "accepted", "", script="quit=fin")
    row(family, "scripted-silence-dot", "misbehave",
        "greet ehlo mail rcpt data message! wait:1 close wait:.2",
        "client-gave-up", "END-OF-MESSAGE", "unanswered", "", script="dot=silence")
    row(family, "scripted-554-connect", "misbehave", "greet eof",
        "refused-then-closed", "CONNECT", "-", "policy", script="connect=554,fin")
    row(family, "scripted-552-in-body", "misbehave", talks["body:1000"][0],
        "refused-then-closed", "DATA", "rejected|cut", "size-limit", script="body:1000=552,fin")
    row(family, "scripted-lmtp-221", "misbehave-lmtp", "greet lhlo mail rcpt data message eof",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "", script="dot=221,fin")
    row(family, "scripted-bdat-221", "misbehave", "greet ehlo mail rcpt bdat-last:500 eof",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "", script="bdat-last=221,fin")
    row(family, "scripted-bdat-fin", "misbehave",
        "greet ehlo mail rcpt bdat:500 bdat-last:+100! eof",
        "drop-after-message", "END-OF-MESSAGE", "unanswered", "", script="bdat-last=fin")


def cut_cable():
    family = "cut cable"
    for server, name, talk, last, stage, fates in (
            ("postfix", "mail", "greet ehlo mail", "rcpt!", "RCPT|MAIL", "cut"),
            ("exim", "body", "greet ehlo mail rcpt data body:900 wait:.1",
             "more:900", "DATA", "cut"),
            ("sendmail", "dot", "greet ehlo mail rcpt data body:900 wait:.1",
             "dot!", "END-OF-MESSAGE", "unanswered"),
            ("opensmtpd", "idle", "greet ehlo mail rcpt data message", "mail!", "MAIL|IDLE", "")):
        row(family, f"{server}-cut-{name}", server, f"{talk} cut {last} wait:18 beat",
            "server-vanished", stage, fates, "path-loss|unexplained|", v6=name == "dot")
    row(family, "cut-and-mended", "postfix",
        "greet ehlo mail cut rcpt! wait:.4 mend read data message quit eof",
        "clean", "DONE", "accepted")
    row(family, "connect-unanswered", "postfix", "cut connect wait:8 beat",
        "connect-unanswered", "", "-")


def paths():
    """Paths that lose, repeat and reorder: what arrives in the end is what counts."""
    family = "bad paths"
    whole = "greet ehlo mail rcpt data message:6000 quit eof"
    for name, orders in (("banner-lost", "lose:s:1"), ("354-lost", "lose:s:5"),
                         ("250-lost", "lose:s:6"), ("221-lost", "lose:s:7"),
                         ("mail-lost", "lose:c:2"), ("body-lost", "lose:c:5"),
                         ("dot-lost", "lose:c:9"), ("quit-lost", "lose:c:10"),
                         ("all-twice", "dup:100"), ("body-swapped", "swap:c:6"),
                         ("swapped", "swap:20"), ("loss-5", "loss:5"), ("loss-15", "loss:15"),
                         ("all-of-it", "loss:4 dup:10 swap:10")):
        for side in ("toclient", "toserver"):
            row(family, f"wire-{name}-{side[2:]}", "postfix", whole,
                "clean", "DONE", "accepted",
                net="wire", wire=orders, tap=side, v6=side == "toserver")
    row(family, "wire-loss-drop", "exim", "greet ehlo mail rcpt data body:3000 wait:1 kill eof",
        "drop-in-message", "DATA", "cut", CRASH, net="wire", wire="loss:10")
    row(family, "wire-loss-221-for-dot", "misbehave", "greet ehlo mail rcpt data message:3000 eof",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        net="wire", wire="loss:10", script="dot=221,fin")
    row(family, "wire-swap-221-in-body", "misbehave",
        "greet ehlo mail rcpt data body:3000 wait:.5 dot! eof",
        "221-for-message", "DATA|END-OF-MESSAGE", "falsely-accepted", "",
        net="wire", wire="swap:30", script="body:1000=221,fin")
    family = "mirrors"
    for order in ("vlan", "qinq", "vxlan"):
        row(family, f"{order}-clean", "postfix", whole,
            "clean", "DONE", "accepted",
            net="wire", wire=f"{order}:7", tap="mirror", v6=order == "qinq")
        row(family, f"{order}-221-for-dot", "misbehave", "greet ehlo mail rcpt data message eof",
            "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
            net="wire", wire=f"{order}:7", tap="mirror", script="dot=221,fin", v6=order == "vxlan")
    row(family, "vlan-kill-body", "exim", "greet ehlo mail rcpt data body:2000 wait:.2 kill eof",
        "drop-in-message", "DATA", "cut", CRASH, net="wire", wire="vlan:7", tap="mirror")
    family = "small MTU"
    for six in (False, True):
        end = "-v6" if six else ""
        row(family, f"narrow-icmp{end}", "postfix", whole,
            "clean", "DONE", "accepted", net="narrow", v6=six, note="the router says what fits")
        row(family, f"narrow-silent{end}", "postfix",
            "greet ehlo mail rcpt data mute message:6000! wait:7 abort wait:.2",
            "client-gave-up|server-vanished", "END-OF-MESSAGE", "unanswered", "path-mtu",
            net="narrow", v6=six,
            note="the router's errors are dropped: large segments never arrive")
    row(family, "narrow-silent-timeout", "postfix-short",
        "greet ehlo mail rcpt data mute message:6000! eof:10",
        "421-in-message", "", "", "path-mtu",
        net="narrow", note="the server waits in vain, and says 421")
    for side in ("toclient", "toserver"):
        row(family, f"fragments-{side[2:]}", "postfix", whole,
            "clean", "DONE", "accepted", net="fragments", tap=side)
    row(family, "fragments-221-for-dot", "misbehave", "greet ehlo mail rcpt data message:3000 eof",
        "221-for-message", "END-OF-MESSAGE", "falsely-accepted", "",
        net="fragments", tap="toserver", script="dot=221,fin")
    row(family, "offloads-300k", "postfix",
        "offloads greet ehlo mail rcpt data message:300000 quit eof",
        "clean", "DONE", "accepted", keep=False, note="super-segments and unfinished checksums")


for fill in (clean, real_clients, per_recipient, killed, stopped, limits, resets, client_side,
             silent_loss, scripted, cut_cable, paths):
    fill()
assert len({case.name for case in CASES}) == len(CASES), "names of cases are unique"
