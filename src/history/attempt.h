/* attempt.h - one attempt to deliver a message to one recipient: the row of the history. */
#ifndef SMTPWATCH_HISTORY_ATTEMPT_H
#define SMTPWATCH_HISTORY_ATTEMPT_H

#include "history/keys.h"
#include "smtpwatch/record.h"

/* What became of an attempt. The numbers stand in files: none may change. */
enum attempt_fate {
	ATTEMPT_ACCEPTED = 1,
	ATTEMPT_FALSELY_ACCEPTED = 2,
	ATTEMPT_UNANSWERED = 3,
	ATTEMPT_CUT = 4,
	ATTEMPT_DEFERRED = 5,
	ATTEMPT_REJECTED = 6,
	ATTEMPT_ABORTED = 7, /* the client's own choice, such as a look-up of an address */
	ATTEMPT_UNKNOWN = 8, /* not enough of it was captured */
	ATTEMPT_FATES
};

/* The name, as that of the message's fate in JSON: "accepted". Static; "" for another number. */
const char *attempt_fate_name(unsigned fate);

/* Bits of attempt.flags. Their values stand in files. */
enum attempt_flag {
	ATTEMPT_NULL_SENDER = 1, /* MAIL FROM:<> */
	/* The end of the message was sent, and the server's TCP acknowledged all of it. */
	ATTEMPT_ACKED = 2,
	ATTEMPT_TAKEN = 4,    /* the server accepted it, whatever the sender read */
	ATTEMPT_DECRYPTED = 8 /* read inside TLS */
};

enum { ATTEMPT_QUEUE_MAX = 64, ATTEMPT_VERDICT_MAX = 40 };

/* Keys are those of keys.h; 0: none. */
struct attempt {
	int64_t at;      /* when it was settled, milliseconds since the epoch */
	uint64_t sender; /* 0: null sender, or not known */
	uint64_t rcpt, msgid;
	/* Whom the client meant: the domain of the banner with the port, else the address. Several
	 * MX of a domain are one, a filter behind the server is another. */
	uint64_t site;
	uint64_t domain; /* of the recipient */
	uint64_t size;   /* that MAIL declared; 0: none */
	uint64_t bytes;  /* of content sent */
	struct ip_addr client, server;
	uint16_t client_port, server_port;
	uint16_t code;                     /* of the reply that decided; 0: none */
	uint8_t fate, flags;               /* enum attempt_fate; enum attempt_flag */
	char queue[ATTEMPT_QUEUE_MAX];     /* that the server named; "": none */
	char verdict[ATTEMPT_VERDICT_MAX]; /* of the session; "" if the mail was accepted */
};

/* The texts behind the keys, not redacted; empty: none. Borrowed for the call. */
struct attempt_texts {
	struct bytes sender, rcpt, msgid, site, domain;
};

/* A session of which nobody could read everything: any message may have been in it. */
struct attempt_unread {
	int64_t at; /* its end, milliseconds since the epoch */
	uint64_t site;
	struct bytes site_text; /* borrowed for the call */
	struct ip_addr client;
};

/* Gets what a session was. */
struct attempt_taker {
	void (*attempt)(void *arg, const struct attempt *a, const struct attempt_texts *texts);
	void (*unread)(void *arg, const struct attempt_unread *u);
	void *arg;
};

/* Makes attempts of records, and remembers which server belongs to which site. */
struct attempts;

/* keys: borrowed until attempts_free. Returns NULL if memory is exhausted. */
struct attempts *attempts_new(struct history_keys *keys);
void attempts_free(struct attempts *m);

/*
 * Calls the taker for each recipient of each message of the session, in their order, and once for
 * the session if it was not wholly read. record: not redacted. Returns the recipients that the
 * record does not name, because it has more than are kept: they are missing from the history.
 */
uint64_t attempts_make(struct attempts *m, const struct record *record,
		       const struct attempt_taker *taker);

/* Writes the site's text of a banner and a port, such as "example.net:25", or of the server's
 * address if the banner names no host. Returns its length. */
enum { ATTEMPT_SITE_MAX = 272 };
size_t attempt_site(struct bytes banner, const struct ip_addr *server, uint16_t port,
		    char out[ATTEMPT_SITE_MAX]);

#endif
