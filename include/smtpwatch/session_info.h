/* session_info.h - what is remembered of a session and of its messages: plain values that outputs
 * read. */
#ifndef SMTPWATCH_SESSION_INFO_H
#define SMTPWATCH_SESSION_INFO_H

#include "smtpwatch/ending.h"
#include "smtpwatch/smtp.h"
#include "smtpwatch/strings.h"

enum starttls { STARTTLS_NO, STARTTLS_OFFERED, STARTTLS_USED, STARTTLS_REFUSED, STARTTLS_STRIPPED };
const char *starttls_name(enum starttls s);

/* What the server did with a message, beside what the sender believes of it (the fate): a 2yz of
 * the server to the end says that it took it (RFC 5321 4.2.5). */
enum taken { TAKEN_UNKNOWN, TAKEN_NO, TAKEN_YES };

/* One message, from MAIL on. Times are nanoseconds since the epoch, 0: did not happen. What its
 * content needs comes first. */
struct transaction {
	struct transaction *next; /* in the order of MAIL */
	struct notes notes; /* NOTE_FROM, NOTE_RCPT, NOTE_MESSAGE_ID, NOTE_QUEUE_ID, NOTE_REPLY */
	uint64_t begin;     /* offset in the client's stream of its first byte; until then, of what
			       follows MAIL */
	uint64_t bytes;     /* of content sent, without the end of a DATA message */
	enum fate fate;
	bool mail_accepted; /* 2yz to MAIL */
	bool content_begun; /* 354 to DATA, or a chunk of BDAT */
	bool chunked;       /* BDAT */
	bool end_sent;      /* the lone dot, or the whole LAST chunk */
	bool answered;      /* the end has its reply (all of them, in LMTP) */
	bool refused; /* MAIL, every RCPT, or DATA was refused: over unless the client tries again
		       */
	bool hole;    /* bytes of it, or replies to it, are missing from the capture */
	bool rcpts_missing; /* MAIL, RCPT or replies to them may be among what is missing: how many
			       recipients there are is not known */
	bool counted;       /* its fate stands in session_facts.fates */
	uint8_t taken;      /* enum taken */
	bool maybe_early; /* a reply came before the end while it was not known what replies answer:
			     the client may have read that as the answer */
	bool late;        /* the reply to the end came when the client had closed */
	uint16_t early;   /* code of the reply that came before the end, and that the client read as
			     the answer to it; 0: none */
	uint16_t code;    /* of the reply that decided the fate */
	struct smtp_enhanced enhanced;
	uint32_t rcpt_count, rcpt_accepted, rcpt_deferred, rcpt_rejected;
	uint32_t lmtp_answered, lmtp_accepted; /* replies after the end, one for each recipient (RFC
						  2033 4.2; with PRDR too) */
	uint64_t unproved;      /* offset of its end, where the 2yz to that acknowledged part of the
				   message only: the server may have meant something else; else 0 */
	uint64_t size_declared; /* MAIL's SIZE parameter */
	uint64_t bytes_acked;   /* of bytes, acknowledged by the server's TCP */
	int64_t ts_mail, ts_mail_reply; /* MAIL, and its answer */
	int64_t ts_rcpt, ts_rcpt_reply; /* the last RCPT, and its answer */
	int64_t ts_data;                /* 354, or the first BDAT */
	int64_t ts_end;                 /* the end was sent */
	int64_t ts_reply;               /* the reply that settled it */
};

/* What is remembered of a session. Outputs read it; only events.c writes it. What every reply
 * changes comes first. */
struct session_facts {
	uint32_t commands, replies; /* replies: finished ones, multi-line ones counted once */
	uint32_t extensions;        /* enum smtp_extension */
	uint32_t refusals;          /* replies 4yz and 5yz so far, the last one included */
	uint32_t auth_failures;     /* of these, to AUTH: 535, 454 and the like */
	uint32_t messages;          /* ends of messages sent */
	uint32_t flaws;             /* enum flaw */
	uint16_t last_code;         /* of the last finished reply; 0: none */
	uint16_t farewell_code;     /* of the reply that is the server's farewell; 0: none */
	struct smtp_enhanced last_enhanced, farewell_enhanced;
	uint8_t last_command; /* enum smtp_verb. SMTP_CONNECT: none yet */
	uint8_t starttls;     /* enum starttls */
	bool lmtp;
	bool uncoded : 1;        /* the server's last words were no reply (NOTE_UNCODED) */
	bool farewell_apart : 1; /* its farewell is not its last reply: NOTE_FAREWELL has the text
				  */
	bool tls : 1;            /* TLS was begun */
	bool tls_done : 1;       /* its handshake was finished, as far as its records show */
	bool tls_opened : 1; /* what was said inside could be read, from the first word to the last
			      */
	bool tls_alert : 1;  /* an alert was sent in clear: see tls_alert_side */
	struct notes notes;  /* NOTE_BANNER, NOTE_HELO, NOTE_AUTH, NOTE_REPLY, NOTE_NOT_SMTP,
				NOTE_TLS_... */
	struct transaction *first;        /* the kept ones */
	uint64_t size_limit;              /* SIZE of the EHLO reply */
	int64_t ts_banner;                /* when the greeting was complete */
	int64_t ts_hello, ts_hello_reply; /* the last EHLO or HELO, and when it was accepted */
	int64_t tls_expires; /* of the server's certificate; 0: not seen. The names are notes */
	uint32_t transactions_omitted; /* that were not kept for lack of room */
	uint16_t surplus, skipped; /* replies more than were asked for, and commands that were never
				      answered though later ones were. Saturate */
	uint16_t fates[FATES];     /* how many messages came to each */
	uint16_t proxied_port;     /* 0: no PROXY header named a client */
	struct ip_addr proxied;    /* with proxied_port: the client that it named */
	uint16_t tls_version, tls_suite; /* that the server chose; 0: not seen */
	bool tls_close_notify[2];        /* by enum side: read inside TLS */
	uint8_t tls_alert_side;          /* with tls_alert: enum side ... */
	uint8_t tls_alert_description;   /* ... and what it says (RFC 8446 6) */
};

/* The text of the server's farewell; empty where it is not kept. */
struct bytes session_farewell_text(const struct session_facts *f);

/* How many transactions of one session are kept in detail; the rest is counted. */
enum { SESSION_TRANSACTIONS = 32 };

#endif
