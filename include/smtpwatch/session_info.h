/* session_info.h - the recorded facts of a session and of its messages: plain values that outputs
 * read. */
#ifndef SMTPWATCH_SESSION_INFO_H
#define SMTPWATCH_SESSION_INFO_H

#include "smtpwatch/ending.h"
#include "smtpwatch/smtp.h"
#include "smtpwatch/strings.h"

enum starttls { STARTTLS_NO, STARTTLS_OFFERED, STARTTLS_USED, STARTTLS_REFUSED, STARTTLS_STRIPPED };
const char *starttls_name(enum starttls s);

/* Whether the server accepted a message, apart from what the sender believes (the fate). A 2yz of
 * the server to the end of the message says so (RFC 5321 4.2.5). */
enum taken { TAKEN_UNKNOWN, TAKEN_NO, TAKEN_YES };

/* One message, from MAIL on. Times are nanoseconds since the epoch; 0: did not happen. The members
 * that content changes stand first. */
struct transaction {
	struct transaction *next; /* in the order of MAIL */
	struct strings strings;   /* STRING_FROM, STRING_RCPT, STRING_MESSAGE_ID, STRING_QUEUE_ID,
				     STRING_REPLY */
	/* Offset in the client's stream of the first byte of content; before the content, of the
	 * first byte behind MAIL. */
	uint64_t begin;
	/* Bytes of content sent, without the end of a DATA message. */
	uint64_t bytes;
	enum fate fate;
	bool mail_accepted; /* 2yz to MAIL */
	bool content_begun; /* 354 to DATA, or a chunk of BDAT */
	bool chunked;       /* BDAT */
	bool end_sent;      /* the lone dot, or all of the LAST chunk, was sent */
	/* The end of the message has its reply (in LMTP, all replies). */
	bool answered;
	/* MAIL, every RCPT, or DATA was refused. The transaction is over unless the client tries
	 * again. */
	bool refused;
	/* Bytes of the message, or replies to it, are missing from the capture. */
	bool hole;
	/* MAIL, RCPT or their replies may be missing from the capture: the number of recipients is
	 * not known. */
	bool rcpts_missing;
	bool counted;  /* its fate is counted in session_info.fates */
	uint8_t taken; /* enum taken */
	/* A reply came before the end, and it was not known which command the reply answers. The
	 * client may have read the reply as the answer to the end. */
	bool maybe_early;
	/* The reply to the end came after the client had closed. */
	bool late;
	/* Code of a reply that came before the end, and that the client read as the answer to the
	 * end; 0: none. */
	uint16_t early;
	uint16_t code; /* code of the reply that decided the fate */
	struct smtp_enhanced enhanced;
	uint32_t rcpt_count, rcpt_accepted, rcpt_deferred, rcpt_rejected;
	/* Replies after the end, one for each recipient (LMTP: RFC 2033 4.2; also with PRDR). */
	uint32_t lmtp_answered, lmtp_accepted;
	/* Offset of the message's end, if the 2yz to that end acknowledged only a part of the
	 * message: the server may have answered something else. Else 0. */
	uint64_t unproved;
	uint64_t size_declared;         /* MAIL's SIZE parameter */
	uint64_t bytes_acked;           /* of `bytes`: acknowledged by the server's TCP */
	int64_t ts_mail, ts_mail_reply; /* MAIL, and its answer */
	int64_t ts_rcpt, ts_rcpt_reply; /* the last RCPT, and its answer */
	int64_t ts_data;                /* 354, or the first BDAT */
	int64_t ts_end;                 /* the end was sent */
	int64_t ts_reply;               /* the reply that settled it */
};

/* The recorded facts of a session. Outputs read these; the files of src/core/session write them.
 * The members that every reply changes stand first. */
struct session_info {
	/* Commands; and finished replies: a multi-line reply counts once. */
	uint32_t commands, replies;
	uint32_t extensions; /* enum smtp_extension */
	uint32_t refusals;   /* replies 4yz and 5yz so far, the last one included */
	/* Replies among `refusals` to AUTH, such as 535 and 454. */
	uint32_t auth_failures;
	/* Messages whose end was sent. */
	uint32_t messages;
	uint32_t flaws;         /* enum flaw */
	uint16_t last_code;     /* of the last finished reply; 0: none */
	uint16_t farewell_code; /* of the reply that is the server's farewell; 0: none */
	struct smtp_enhanced last_enhanced, farewell_enhanced;
	uint8_t last_command; /* enum smtp_verb. SMTP_CONNECT: none yet */
	uint8_t starttls;     /* enum starttls */
	bool lmtp;
	bool uncoded : 1; /* the server's last words were no reply (STRING_UNCODED) */
	/* The farewell is not the last reply: STRING_FAREWELL has the text. */
	bool farewell_apart : 1;
	bool tls : 1; /* TLS was begun */
	/* The TLS handshake was finished, as far as its records show. */
	bool tls_done : 1;
	/* The whole dialogue inside TLS was decrypted, from the first word to the last. */
	bool tls_decrypted : 1;
	bool tls_alert : 1; /* an alert was sent in clear: see tls_alert_side */
	/* STRING_BANNER, STRING_HELO, STRING_AUTH, STRING_REPLY, STRING_NOT_SMTP, STRING_TLS_... */
	struct strings strings;
	struct transaction *first;        /* the transactions that are kept, in the order of MAIL */
	uint64_t size_limit;              /* SIZE of the EHLO reply */
	int64_t ts_banner;                /* when the greeting was complete */
	int64_t ts_hello, ts_hello_reply; /* the last EHLO or HELO, and when it was accepted */
	int64_t tls_expires; /* of the server's certificate; 0: not seen. The names are strings */
	/* Transactions that were not kept, because SESSION_TRANSACTIONS were or for lack of memory.
	 */
	uint32_t transactions_omitted;
	/* Surplus replies; and commands that were never answered though later ones were. Both
	 * saturate. */
	uint16_t surplus, skipped;
	uint16_t fates[FATES];           /* number of messages by fate */
	uint16_t proxied_port;           /* 0: no PROXY header named a client */
	struct ip_addr proxied;          /* with proxied_port: the client that it named */
	uint16_t tls_version, tls_suite; /* that the server chose; 0: not seen */
	bool tls_close_notify[2];        /* by enum side: read inside TLS */
	uint8_t tls_alert_side;          /* with tls_alert: its sender (enum side) */
	uint8_t tls_alert_description;   /* with tls_alert: its description (RFC 8446 6) */
};

/* Returns the text of the server's farewell; empty if it is not kept. Borrowed until the next
 * change of f->strings. */
struct bytes session_farewell_text(const struct session_info *f);

/* Transactions of one session that are kept in detail, at most. Further ones are only counted. */
enum { SESSION_TRANSACTIONS = 32 };

#endif
