/* open_session.h - sessions that have not ended: where each stands, and what is awaited. */
#ifndef SMTPWATCH_OPEN_SESSION_H
#define SMTPWATCH_OPEN_SESSION_H

#include "smtpwatch/ending.h"
#include "smtpwatch/smtp.h"
#include "smtpwatch/stream.h"

enum awaited {
	AWAITED_HANDSHAKE, /* an answer to the SYN, or the last part of TCP's handshake */
	AWAITED_REPLY,     /* the server's reply to awaited_verb */
	AWAITED_COMMAND,   /* the client's next line */
	AWAITED_MESSAGE,   /* more of the message that the client sends */
	AWAITED_TLS,       /* the client's first bytes of TLS */
	AWAITED_EITHER,    /* which side is to speak is not known: TLS, or lost packets */
	AWAITED_CLIENT_FIN,
	AWAITED_SERVER_FIN,
	AWAITED_KINDS
};

/* A session that is open. Times are nanoseconds since the epoch. It has no text of either side. */
struct open_session {
	struct ip_addr addr[2]; /* by enum side */
	uint16_t port[2];
	uint8_t stage;        /* enum stage */
	uint8_t awaited;      /* enum awaited */
	uint8_t awaited_verb; /* enum smtp_verb, with AWAITED_REPLY; SMTP_CONNECT: the greeting */
	int64_t start;        /* of the connection */
	int64_t since;        /* it is awaited since */
	uint64_t bytes[2];    /* by enum side: sent so far, gaps included */
	uint64_t first;       /* conn->first, and its number in the engine: they identify it */
	uint32_t number;
};

/* OPEN_SESSIONS: the most that are listed. OPEN_LOOKS: connections that one call of monitor_open
 * looks at. */
enum { OPEN_SESSIONS = 200, OPEN_LOOKS = 4096 };

/* Those that wait longest, in no order. */
struct open_sessions {
	int64_t now;   /* the time of the call of monitor_open */
	uint64_t open; /* connections that are open, listed or not */
	bool told;     /* false: the engine does not tell its open connections */
	uint32_t at;   /* for monitor_open alone: where its next call goes on */
	uint32_t n;    /* of the members that follow */
	struct open_session all[OPEN_SESSIONS];
};

/* Returns a negative number, 0 or a positive number: a waits longer than b, as long, or shorter.
 * Those that wait for the handshake come behind all others, so that a flood of SYNs does not push
 * sessions out of the list. */
int open_session_compare(const struct open_session *a, const struct open_session *b);

/* Bytes of a list that are in use: a copy of so many is whole. */
static inline size_t open_sessions_size(const struct open_sessions *o)
{
	return offsetof(struct open_sessions, all) + o->n * sizeof o->all[0];
}

#endif
