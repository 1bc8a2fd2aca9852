/* trace.h - what is said in a session, and what becomes of its streams, as it happens: for whoever
 * shows a session from within. */
#ifndef SMTPWATCH_CORE_SESSION_TRACE_H
#define SMTPWATCH_CORE_SESSION_TRACE_H

#include "core/dialogue/dialogue.h"
#include "smtpwatch/ending.h"

enum watch_kind {
	WATCH_DATA,       /* text comes, in order; offset is where it begins */
	WATCH_GAP,        /* bytes that the capture does not have */
	WATCH_COMMAND,    /* pending: it; text: its arguments, which may be a password (SMTP_AUTH,
			     SMTP_AUTH_LINE) */
	WATCH_REPLY_LINE, /* text: of a line of a reply that goes on */
	WATCH_REPLY,      /* reply, text; pending: what it answers, or NULL */
	WATCH_UNCODED,    /* text: of a server's line that is no reply */
	WATCH_CONTENT,    /* bytes of a message, without their text */
	WATCH_END,        /* the end of the message was sent */
	WATCH_LOST,       /* from here on it is not known what is outstanding */
	WATCH_TLS,        /* from here on both sides speak TLS */
	WATCH_CLOSE       /* end: how */
};

/* Borrowed for the length of the call. offset: in the stream of `side`, behind what is told (but of
 * WATCH_DATA). */
struct watch_event {
	enum watch_kind kind;
	enum side side;
	enum stage stage; /* that this belongs to */
	int64_t ts;       /* of WATCH_CONTENT and WATCH_LOST: 0, not known */
	uint64_t offset, bytes;
	uint64_t acked; /* of WATCH_DATA: how much of the other side's stream its sender had
			   acknowledged */
	struct bytes text;
	const struct smtp_pending *pending;
	const struct smtp_reply *reply;
	bool unasked;     /* a 221 that is no answer to QUIT ... */
	bool behind_quit; /* ... though QUIT had been said */
	bool early;       /* a reply inside a message */
	bool holed; /* something was missing before it, and lines may be taken for what they are not
		     */
	const struct conn_end *end;
};

/* Belongs to whoever watches; the monitor keeps conn up to date. event may not call back into the
 * monitor. */
struct watch {
	void (*event)(void *arg, const struct conn *conn, const struct watch_event *e);
	void *arg;
	const struct conn *conn;
};

static inline void watch_tell(const struct watch *w, const struct watch_event *e)
{
	w->event(w->arg, w->conn, e);
}

#endif
