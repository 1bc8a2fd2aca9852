/* explain_words.c - the tables of sentences. Each row of catalogue.c, alert_kind.c and
 * cause/table.c has a row here; tests/unit/format/test_explain.c checks that none is missing. */
#include "format/text/explain_words.h"

#include <stddef.h>
#include <string.h>

static const struct explain_words words[] = {
	{"221-for-message",
	 "A 221 is the answer to QUIT and to nothing else; a message is accepted with 250, and a "
	 "client may judge by the first "
	 "digit alone, so that "
	 "a 2yz here is read as an acceptance.",
	 "Postfix and Exim take the 2 of the 221 for an acceptance: they log the message as sent "
	 "and delete it, so that neither "
	 "side has it any "
	 "more; curl, msmtp and swaks report an error instead.",
	 "Search the receiving server's log for the client's address at this time; if no queue id "
	 "was given out, the message was "
	 "not kept, and has "
	 "to be sent again from the sender's side. Then find what says 221 there: the mail server "
	 "itself, or a filter or proxy "
	 "before it."},
	{"250-in-message",
	 "A message is accepted by the reply to its end; a client reads the replies in the order "
	 "of its commands, so that one "
	 "which "
	 "comes inside the message is to it the answer to the end.",
	 "Postfix and Exim go on to the end of the message, read the 250 that is there already, "
	 "log the message as sent and delete "
	 "it.",
	 "Search the receiving server's log for this message; if no queue id was given out for it, "
	 "it was not kept, and has to be "
	 "sent again. Then find what answers too early: a filter or proxy that says 250 to every "
	 "line, or a server that lost "
	 "count."},
	{"221-in-transaction",
	 "A server may end a session on its own only with 421; a 221 that nobody asked for, in the "
	 "middle of a transaction, breaks "
	 "the protocol.",
	 "Nothing was handed over. As an answer to RCPT the message stays in the sender's queue; "
	 "as an answer to DATA Postfix "
	 "reads a 2 where a 3 is "
	 "due, takes it for a protocol error, and bounces the message.",
	 "Look in the sender's queue and for a bounce with this recipient; in the receiving "
	 "server's log look for the rule or "
	 "limit that ended the "
	 "session at this command."},
	{"221-before-message",
	 "A server that does not want to talk says 554 or 421 in its greeting, or 421 later; a 221 "
	 "is only for QUIT.",
	 "The sender's server had handed over nothing; it keeps its mail and tries this or another "
	 "server again.",
	 "Check the receiving server's access lists, connection limits and greeting delay for this "
	 "client's address."},
	{"221-between-messages",
	 "Before it closes a session that has no transaction open, a server is to say 421; a 221 "
	 "without a QUIT is no such thing.",
	 "What had been accepted is delivered; the next message is sent over a new connection, "
	 "mostly at once.",
	 "Compare how many messages, or how much time, other sessions of this server had before "
	 "they ended: it is likely a limit "
	 "for each "
	 "connection, which the server's configuration names."},
	{"221-to-non-smtp",
	 "A server need not go on talking to something that does not speak SMTP, and may close.",
	 "There was no mail server on the other side: it was a browser, a scanner, or a header "
	 "line of a forged request.",
	 "If the client's address is one of yours, find the program that speaks HTTP or another "
	 "protocol to this port."},
	{"drop-after-message",
	 "Once a server has the end of a message it must answer, and may not close before it has; "
	 "who gets no answer has to assume "
	 "that the message "
	 "was not taken.",
	 "The sender's server keeps the message and sends it again after some minutes; if the "
	 "receiving server had taken it in "
	 "spite of the missing "
	 "answer, the recipient gets it twice.",
	 "Search the receiving server's log for the Message-ID: if it was queued or delivered "
	 "there, expect a second copy. Then "
	 "look for a crash, a "
	 "restart, or a filter that was ended at this second."},
	{"drop-in-message",
	 "A server may not close a session on its own without 421, and certainly not while it is "
	 "being sent a message.",
	 "The sender's server keeps the message in its queue, logs that the connection was lost "
	 "while it sent the message, and "
	 "tries again.",
	 "Compare at how many bytes it breaks each time: always the same points to a size limit, a "
	 "content filter or the path's "
	 "MTU; a different one "
	 "each time points to crashes or to a limit of time."},
	{"drop-in-transaction",
	 "A server may not close a session on its own without 421; here it did, between MAIL and "
	 "the message.",
	 "Nothing was handed over: the message stays in the sender's queue, and is tried again "
	 "later.",
	 "Look in the receiving server's log at this second for a process that died, a policy "
	 "service or address look-up that "
	 "failed, or a firewall "
	 "that cut the connection."},
	{"drop-before-message",
	 "A server that cannot serve says so with 421 or 554, in the greeting or later; a close "
	 "without a word is not foreseen.",
	 "The sender's server had handed over nothing; it tries the next mail server of the "
	 "domain, or this one later.",
	 "See whether it happens to every client or to this one: to every one, the server is ill "
	 "or overloaded; to one, an access "
	 "rule, a connection "
	 "limit or a firewall knows it."},
	{"drop-between-messages",
	 "A server that ends an idle session is to say 421 before it closes.",
	 "What had been accepted is delivered; the next message goes over a new connection.",
	 "Compare with the server's idle time-out and its limits for each connection; a firewall "
	 "between that forgets idle "
	 "connections looks the "
	 "same."},
	{"drop-after-quit", "QUIT has to be answered with 221 before the server closes.",
	 "It had its answers to all messages, and so it takes note of nothing, or logs a lost "
	 "connection while it sent QUIT.",
	 "Nothing has to be done for the mail; the software of the receiving server should be told "
	 "that it breaks the protocol."},
	{"server-vanished",
	 "A side that goes away closes its connection or resets it; one that stays silent leaves "
	 "the other to its time-outs.",
	 "The sender's server waited for its time-out, keeps what was not answered, and tries "
	 "again; a message whose end had been "
	 "sent may then arrive "
	 "twice.",
	 "Check whether the host, its network or a firewall's table of connections went away at "
	 "the time of the last packet from "
	 "the server; try with "
	 "small and with large packets whether the path's MTU is the reason."},
	{"421-in-message",
	 "A 421 announces that the server closes; it is allowed at any time, and the message that "
	 "was under way is not accepted.",
	 "The sender's server keeps the message and tries again later; the delay is the only harm, "
	 "unless it happens each time.",
	 "Read the text of the 421: it mostly names the reason, such as a time-out, a shutdown or "
	 "a limit, and the server's log "
	 "has the same line."},
	{"421-in-transaction",
	 "A 421 announces that the server closes; it is allowed at any time, and ends the "
	 "transaction.",
	 "Nothing was handed over: the message waits in the sender's queue for the next try.",
	 "Read the text of the 421, and see whether the same server says it to every client or "
	 "only to this one."},
	{"421-idle",
	 "A server may end a session that has been idle for too long, and is to say 421 first, as "
	 "it did.",
	 "No message was under way; a sender that kept the connection open for later simply opens "
	 "another.",
	 "Nothing has to be done, unless it is said to every session at once: then look for an "
	 "overload or a restart."},
	{"refused-then-closed",
	 "A server may refuse; after 554 or 521 in its greeting it may close once the client has "
	 "said QUIT, and many do not wait "
	 "for that.",
	 "What was refused with 4yz is tried again later; what was refused with 5yz is sent back "
	 "to its author.",
	 "Read the text of the refusal; it names the rule or the list that the client or the "
	 "address is on."},
	{"refused-yet-taken",
	 "A server that refuses a message must not deliver it; one message has one answer.",
	 "It believes the first answer: what was put off is sent again, so that the recipient has "
	 "it twice; what was refused is "
	 "returned to its author, though it was delivered.",
	 "Search the receiving server's log for the queue id or Message-ID, and find which part of "
	 "it answered first: a filter or "
	 "proxy before the mail server, most often."},
	{"client-gave-up",
	 "A client has to wait ten minutes for the answer to a message, and a server should answer "
	 "as soon as it has taken it, "
	 "because what happens "
	 "in between makes two copies.",
	 "It counts the message as not taken and sends it again; if the server finished after all, "
	 "the recipient gets it twice.",
	 "Look in the receiving server's log how long its content filter worked on the message, "
	 "and on the sender's side for a "
	 "time-out that is "
	 "shorter than ten minutes."},
	{"client-drop-in-message",
	 "A client is not to close before it has said QUIT; a message without its end must not be "
	 "delivered.",
	 "It is the sender that broke off: its server tries again, or a user has cancelled.",
	 "Look in the sending server's log at this second for a time-out, a crash or a message "
	 "that could not be read from its "
	 "queue."},
	{"client-drop",
	 "A client is not to close before it has said QUIT; without a message under way, nothing "
	 "depends on it.",
	 "It sent no message in this session, and whether it means to is not known.",
	 "If the client is one of yours, look in its log for the reason; else it was a scanner or "
	 "a check whether an address "
	 "exists."},
	{"client-no-quit",
	 "A client is to end with QUIT and to wait for its answer; many just close once their "
	 "messages are answered.",
	 "It has an answer to each of its messages, and goes by these.",
	 "Nothing has to be done: no message depends on the missing QUIT."},
	{"quit-before-acceptance",
	 "A client may say QUIT at any time; a transaction that is open then is void.",
	 "It chose not to send: most often it only asked whether the server takes an address.",
	 "Nothing has to be done; if it comes often from the same address, somebody is collecting "
	 "addresses."},
	{"quit-unawaited", "A client is to wait for the answer to QUIT; not waiting hurts nobody.",
	 "It has an answer to each of its messages and left, as Postfix does when it reuses no "
	 "connection.",
	 "Nothing has to be done here."},
	{"probe", "A connection that is opened and closed again breaks no rule.",
	 "There was no sender: it was a monitor, a load balancer's health check, or a scanner.",
	 "Nothing has to be done, unless the address is unknown and comes too often."},
	{"connect-refused", "A host where nothing listens on a port answers with a reset.",
	 "The sender's server tries the next mail server of the domain, or this one later, for "
	 "some days.",
	 "Check whether a mail server should be listening at this address and port, and whether "
	 "its process is running."},
	{"connect-unanswered",
	 "A connection that is not answered at all is repeated by the client's TCP until it gives "
	 "up.",
	 "The sender's server waited for its connect time-out, half a minute or more, and goes on "
	 "to the next server, or tries "
	 "later.",
	 "Check whether the host is up, and whether a firewall drops packets to this port instead "
	 "of refusing them."},
	{"clean", "QUIT was answered with 221 and then the connection was closed, as it should be.",
	 "It acted on the answers that it was given to each message.",
	 "Nothing has to be done; look at the replies in the ladder if a message was refused."},
	{"encrypted",
	 "After STARTTLS everything is for the two sides alone, and without their keys nothing can "
	 "be said of it.",
	 "What it did is not known from this capture.",
	 "Look in the logs of both servers, or capture again with the secrets of the session and "
	 "--keylog."},
	{"unknown",
	 "No rule is held against anybody where bytes are missing that could have followed it.",
	 "What it did is not known from this capture.",
	 "Capture again without losses: with a larger buffer, whole packets, both directions, and "
	 "from before the session begins."},
	{"slow-acceptance",
	 "A server should answer a message as soon as it has taken it over, and do slow work "
	 "afterwards.",
	 "It waited; a sender with a shorter time-out than this gives up, and sends the message a "
	 "second time.",
	 "Measure what the receiving server does between the end of a message and its answer: its "
	 "content filter, look-ups of "
	 "names and lists, and "
	 "the disk of its queue."},
	{"tls-broken-off",
	 "Each side is to close TLS before it closes the connection, and a server is to say 421 or "
	 "221 inside it.",
	 "What was not answered is kept and tried again; if a whole message had been sent, it may "
	 "arrive twice.",
	 "Look in the receiving server's log at this second for a crash, a restart or a limit; the "
	 "session itself cannot be read "
	 "without keys."},
	{"tls-closed-unasked",
	 "A server that ends a session on its own is to say 421; what was said here cannot be "
	 "read.",
	 "Nothing was pending, so that it just opens another connection for the next message.",
	 "Look in the receiving server's log for its idle time-out or a limit for each "
	 "connection."},
	{"tls-handshake-failed",
	 "After STARTTLS was accepted both sides negotiate; who cannot agree sends an alert and "
	 "closes.",
	 "Depending on its policy it tries again later, sends without TLS, or bounces the message.",
	 "Compare certificates, names, protocol versions and ciphers of both sides, with openssl "
	 "s_client for instance."},
	{"tls-client-left", "A client is to end with QUIT inside TLS and to wait for its answer.",
	 "It left on its own; whether a message was still to come cannot be seen.",
	 "If the client is one of yours, look in its log; else there is nothing to be done."},
	{"tls-orderly",
	 "QUIT, its answer and the close of TLS come last, and what was seen has their shape.",
	 "It most likely has an answer to each of its messages.",
	 "Nothing has to be done for an ending of this shape."},
};

static const struct explain_cause causes[] = {
	{"shutdown",
	 "A server that is stopped or restarted ends all its sessions at once, and mostly says so.",
	 "On the server, compare with the times at which it was stopped, by hand, by an update, or "
	 "by a supervisor: \"postfix "
	 "stop\" "
	 "or \"reload\", a SIGTERM to Exim, sendmail's ControlSocketName (\"shutdown\", "
	 "\"restart\"), smtpctl \"pause smtp\" of "
	 "OpenSMTPD, Set-ServerComponentState of Exchange. The sender tries again by itself."},
	{"idle-timeout",
	 "A session in which the client says nothing is ended after a fixed time, which is a round "
	 "number of seconds.",
	 "On the sender, find out why it was silent for so long. On the server, compare the time "
	 "of silence with its time-out, and "
	 "raise "
	 "it if it is below five minutes: smtpd_timeout of Postfix (10 s under stress), "
	 "smtp_receive_timeout of Exim, "
	 "Timeout.command "
	 "and Timeout.datablock of sendmail, ConnectionInactivityTimeout of Exchange's Receive "
	 "connector; OpenSMTPD has no option "
	 "for "
	 "it."},
	{"session-limit",
	 "Some servers end each session after the same life time, whatever is under way.",
	 "On the server, raise the limit: ConnectionTimeout of Exchange's Receive connector ends a "
	 "session though it is busy; "
	 "Postfix, "
	 "Exim, sendmail and OpenSMTPD have no limit for a whole session (Postfix's "
	 "smtpd_per_request_deadline is for one "
	 "command), so "
	 "that there a firewall or balancer sets it. On the sender, use a connection for a shorter "
	 "time: "
	 "smtp_connection_reuse_time_limit of Postfix, connection_max_messages of Exim's smtp "
	 "transport."},
	{"message-limit", "Some servers take only so many messages over one connection.",
	 "Look for a maximum of messages for each connection on the server, and lower the sender's "
	 "own limit below it."},
	{"too-many-errors",
	 "After several refused commands a server hangs up, against those that guess addresses.",
	 "Read the refusals above the end in the ladder: what is refused there is the thing to "
	 "mend."},
	{"auth-failures", "A server hangs up on a client that gave wrong passwords.",
	 "On the client, look for a changed password in a program that goes on trying. On the "
	 "server, see in its log which account "
	 "it "
	 "was, and whether somebody guesses; how many failures it allows is smtpd_hard_error_limit "
	 "and "
	 "smtpd_client_auth_rate_limit of "
	 "Postfix, acl_smtp_auth of Exim, MaxLogonFailures of Exchange's Receive connector; who "
	 "may log in is set by sendmail's "
	 "AuthMechanisms and by \"auth\" of OpenSMTPD's listen."},
	{"policy",
	 "The server did not want this client: its address, its name, its manners or a list "
	 "decided that.",
	 "On the sender, look its address up in the lists that the reply names, and see whether it "
	 "opens more connections, or "
	 "sends "
	 "more, than the server allows. On the server, look at its rules: "
	 "smtpd_client_restrictions, postscreen_dnsbl_sites and "
	 "smtpd_client_connection_count_limit of Postfix, acl_smtp_connect, acl_smtp_rcpt and "
	 "smtp_accept_max_per_host of Exim, "
	 "the "
	 "access map, FEATURE(`conncontrol') and FEATURE(`ratecontrol') of sendmail, \"filter\" "
	 "and \"match\" of OpenSMTPD, "
	 "MaxInboundConnectionPerSource and MessageRateLimit of Exchange's Receive connector."},
	{"size-limit", "The message was larger than the server takes.",
	 "Compare the size with the limit that the server named in its answer to EHLO; raise that, "
	 "or send less."},
	{"not-smtp", "What came from the client was another protocol.",
	 "Find the program on the client's side that talks to the wrong port, or the proxy that is "
	 "set to the wrong protocol."},
	{"tls-failure",
	 "The two sides could not agree on TLS, or one of them refused what the other showed.",
	 "Test the handshake by itself, and compare certificates and protocol versions."},
	{"server-crash",
	 "A process that dies leaves its connections to the system, which resets them with bytes "
	 "still unread.",
	 "Look for a core dump, an out-of-memory kill or a supervisor's restart at this second."},
	{"reply-lost", "The server did answer, but its answer never reached the client.",
	 "Trust the server's log and not the sender's here; then look for loss on the way from "
	 "server to client."},
	{"reply-unfinished",
	 "The server's last reply lacks its end, so that the client waited for the rest of it.",
	 "Look at the program that writes the replies: a line without CRLF, or a multi-line reply "
	 "without its last line."},
	{"middlebox-reset",
	 "The reset does not look like the other packets of the side that it names: something "
	 "between the two sent it.",
	 "Capture on both sides and compare: what neither host sent comes from a firewall, a load "
	 "balancer or an intrusion "
	 "prevention system."},
	{"middlebox-rewrite",
	 "Something between the two hosts reads along and writes over what it does not like.",
	 "Turn off the inspection of SMTP in the firewall before the server; Cisco calls it fixup "
	 "or inspect."},
	{"path-mtu",
	 "Full packets do not get through while small ones do, and nobody tells the sender to make "
	 "them smaller.",
	 "Let ICMP \"fragmentation needed\" through, or lower the MSS on the tunnel or router that "
	 "the path goes over."},
	{"path-loss",
	 "Packets were sent again and again without progress: the network between the two lost "
	 "them.",
	 "Measure loss between the two hosts with ping or mtr in both directions, and look at the "
	 "error counters of the "
	 "interfaces."},
	{"receiver-stalled",
	 "The receiving side's window was closed: its program did not read what had arrived.",
	 "Look at the load of the receiving server, and at what its process was waiting for: a "
	 "filter, a full disk, a lock."},
	{"slow-filter",
	 "The server's system had received everything, and its program took long to answer: "
	 "something looked at the message.",
	 "Measure the content filter or milter, and let it work after the acceptance, or make it "
	 "faster than the senders' "
	 "time-outs."},
	{"client-timeout", "The client waited for just as long as a usual time-out, and left then.",
	 "Raise the time-out of the client to what RFC 5321 asks for, and find out why the server "
	 "took so long."},
	{"out-of-step",
	 "The server gave an answer too many or too few, so that the client took the answers that "
	 "followed for those to other "
	 "commands.",
	 "Find what answers twice or not at all: the mail server, or a filter or proxy before it; "
	 "the ladder shows where."},
	{"unexplained", "Nothing that was seen on the wire tells why.",
	 "The logs of both servers at this second are what is left to look at."},
};

const struct explain_words *explain_words_of(const char *id)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].id, id) == 0)
			return &words[i];
	return NULL;
}

const struct explain_cause *explain_cause_of(const char *id)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i].id, id) == 0)
			return &causes[i];
	return NULL;
}
