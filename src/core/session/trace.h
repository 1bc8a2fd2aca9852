/* trace.h - the events of a session and of its streams as they happen, for an observer. */
#ifndef SMTPWATCH_CORE_SESSION_TRACE_H
#define SMTPWATCH_CORE_SESSION_TRACE_H

#include "core/dialogue/dialogue.h"
#include "smtpwatch/ending.h"

enum trace_kind {
	TRACE_DATA,       /* the next bytes of a stream, in order; offset is where they begin */
	TRACE_GAP,        /* bytes missing from the capture */
	TRACE_COMMAND,    /* pending: the command; text: its arguments, which may be a password
			     (SMTP_AUTH, SMTP_AUTH_LINE) */
	TRACE_REPLY_LINE, /* text: a line of a multi-line reply, not the last */
	TRACE_REPLY,      /* reply and text; pending: the command that it answers, or NULL */
	TRACE_UNCODED,    /* text: a server's line that is no reply */
	TRACE_CONTENT,    /* bytes of a message; text is empty */
	TRACE_END,        /* the client sent the end of the message */
	TRACE_LOST,       /* from here on the outstanding commands are not known */
	TRACE_TLS,        /* from here on both sides speak TLS */
	TRACE_CLOSE       /* end: how the connection ended */
};

/* An event. Borrowed until the callback returns. offset: in the stream of `side`, behind the
 * event's bytes; for TRACE_DATA, before them. */
struct trace_event {
	enum trace_kind kind;
	enum side side;
	enum stage stage; /* stage to which the event belongs */
	int64_t ts; /* nanoseconds since the epoch; 0, not known, for TRACE_CONTENT and TRACE_LOST
		     */
	uint64_t offset, bytes;
	uint64_t acked; /* TRACE_DATA: bytes of the other side's stream that the sender had
			   acknowledged */
	struct bytes text;
	const struct smtp_pending *pending;
	const struct smtp_reply *reply;
	bool unasked;     /* a 221 that does not answer QUIT */
	bool behind_quit; /* with unasked: the client had sent QUIT before */
	bool early;       /* a reply inside a message */
	bool holed;       /* bytes before the event are missing: lines may be misread */
	const struct conn_end *end;
};

/* An observer, owned by the caller. The monitor keeps conn up to date. event may not call back
 * into the monitor. */
struct trace_observer {
	void (*event)(void *arg, const struct conn *conn, const struct trace_event *e);
	void *arg;
	const struct conn *conn;
};

static inline void trace_emit(const struct trace_observer *w, const struct trace_event *e)
{
	w->event(w->arg, w->conn, e);
}

#endif
