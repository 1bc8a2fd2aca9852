/* tls_infer.c - turns, counted from the lengths of sealed records (RFC 8446 5.2, RFC 5246 6.2.3),
 * and frozen at the first thing that closes. */
#include "core/session/tls_infer.h"

#include "core/tls/record.h"
#include "smtpwatch/frame.h"

enum {
	SHORT = 6,         /* QUIT, DATA, RSET, NOOP, HELP with their CRLF */
	ALERT = 2,         /* level and description */
	FINISHED_HEAD = 4, /* of a handshake message */
	FINISHED_TRIES =
		4 /* of a client with a certificate, as many records at most until its Finished */
};

/* What a turn must have to be taken for a message: behind a DATA that was answered; behind a group
 * that may have had it; as the first turn, which may be a chunk, and a long token as well. */
enum {
	MESSAGE_BEHIND_DATA = 100,
	MESSAGE_BEHIND_GROUP = 400,
	MESSAGE_AT_ONCE = 4096,
	GROUP_TURNS = 2
};

/* A server that says something more, so long after its answer, was not asked; one that answers a
 * group or a message may think between two replies. And then it closes, or it did not say that. */
static const int64_t silence_short = FRAME_SECOND, silence_long = 10 * FRAME_SECOND,
		     close_soon = 2 * FRAME_SECOND;

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* How long no record of either side had come, of whatever type: a handshake record is a
 * renegotiation (RFC 5246 7.4.1.1), and who has just sent one was not silent. */
static int64_t silence_of(const struct tls_infer *i, int64_t ts)
{
	return ts - later(i->last_record[CLIENT], i->last_record[SERVER]);
}

/*
 * Of TLS 1.3 an alert is a record of its length, and of data only a line end on its own is as
 * short. In TLS 1.2 it has its type; which alert it is nobody can see, and a fatal one is rare once
 * mail flows.
 */
static bool is_notify(const struct tls_infer *i, uint8_t type, uint32_t length)
{
	if (tls_suite_13(i->suite))
		return type == TLS_APPLICATION && tls_suite_inside(i->suite, length) == ALERT;
	return type == TLS_ALERT;
}

/* TLS 1.3: the client's handshake ends with a record that is told by its length alone. */
static bool is_handshake(struct tls_infer *i, enum side side, uint32_t length)
{
	if (!tls_suite_13(i->suite) || side == SERVER || i->finished > FINISHED_TRIES)
		return false;
	bool last = tls_suite_inside(i->suite, length) ==
			    (uint32_t)tls_hash_size(i->suite->hash) + FINISHED_HEAD ||
		    i->finished == FINISHED_TRIES;
	i->finished = last ? FINISHED_TRIES + 1 : i->finished + 1;
	return true;
}

static bool is_message(const struct tls_infer *i)
{
	return i->asked > MESSAGE_AT_ONCE || (i->short_before && i->asked > MESSAGE_BEHIND_DATA) ||
	       (i->turns >= GROUP_TURNS && i->asked > MESSAGE_BEHIND_GROUP);
}

static void on_client(struct tls_infer *i, uint32_t length, uint64_t at)
{
	if (i->answer_n > 0) {
		i->turns += i->turns < UINT16_MAX;
		i->short_before = i->short_now;
		i->asked = i->answer = 0;
		i->asked_n = i->answer_n = 0;
		i->unasked = false;
	}
	if (i->asked_n == 0)
		i->asked_end = at;
	i->begun = true;
	i->short_now = i->asked_n == 0 &&
		       tls_suite_may_hold(i->suite, i->encrypt_then_mac, length, SHORT);
	i->asked += i->asked < UINT32_MAX / 2 ? tls_suite_inside(i->suite, length) : 0;
	i->asked_n += i->asked_n < UINT16_MAX;
}

/*
 * Before the client's first data nothing is counted: tickets, and the greeting of a port that is
 * TLS from the first byte. Nor is what the server sent before it had received the turn: tickets
 * cross the client's EHLO.
 */
static void on_server(struct tls_infer *i, uint32_t length, uint64_t acked, int64_t ts)
{
	if (!i->begun || acked < i->asked_end)
		return;
	/* Two of one length, first of all: tickets that came late (RFC 8446 4.6.1), and no answer.
	 */
	if (tls_suite_13(i->suite) && i->turns == 0 && i->answer_n == 1 &&
	    i->answer == tls_suite_inside(i->suite, length)) {
		i->answer = i->answer_n = 0;
		return;
	}
	bool one = i->asked_n == 1 && i->asked <= MESSAGE_BEHIND_DATA;
	if (i->answer_n > 0 && silence_of(i, ts) >= (one ? silence_short : silence_long))
		i->unasked = true;
	i->answer += i->answer < UINT32_MAX / 2 ? tls_suite_inside(i->suite, length) : 0;
	i->answer_n += i->answer_n < UINT16_MAX;
}

/* What the client sent and the server had not received when it closed, it did not close on. */
static void freeze(struct tls_infer *i, enum side side, uint64_t acked, int64_t ts)
{
	struct ending_tls *e = &i->end;
	bool reached = i->asked_n > 0 && acked >= i->asked_end;
	if (e->first != CLOSER_NOBODY)
		return;
	e->first = side == SERVER ? CLOSER_SERVER : CLOSER_CLIENT;
	e->pending = !reached || i->answer_n > 0 ? TLS_PENDING_NOTHING
		     : is_message(i)             ? TLS_PENDING_MESSAGE
						 : TLS_PENDING_COMMAND;
	e->short_answered = reached && i->short_now && i->answer_n == 1;
	e->message_answered = reached && i->answer_n > 0 && (is_message(i) || i->asked_n > 1);
	e->reply = e->short_answered && !tls_suite_padded(i->suite) && i->answer <= UINT16_MAX
			   ? (uint16_t)i->answer
			   : 0;
	e->quiet = later(i->spoke[CLIENT], i->spoke[SERVER]) > 0 &&
		   silence_of(i, ts) >= silence_short;
	e->unasked = reached && i->unasked && ts - i->spoke[SERVER] <= close_soon;
}

/* What was taken for the side's close_notify was none: more came. */
static void thaw(struct tls_infer *i, enum side side)
{
	enum closer closer = side == SERVER ? CLOSER_SERVER : CLOSER_CLIENT;
	i->notify[side] = false;
	if (i->end.first == closer)
		i->end = (struct ending_tls){0};
}

/* A record of data, or an alert. */
static void record_take(struct tls_infer *i, enum side side, uint8_t type, uint32_t length,
			uint64_t at, uint64_t acked, int64_t ts)
{
	if (i->notify[side])
		thaw(i, side);
	if (is_notify(i, type, length)) {
		i->notify[side] = true;
		freeze(i, side, acked, ts);
		return;
	}
	if (type == TLS_ALERT || is_handshake(i, side, length))
		return;
	if (side == CLIENT)
		on_client(i, length, at);
	else
		on_server(i, length, acked, ts);
	i->spoke[side] = ts;
}

void tls_infer_record(struct tls_infer *i, enum side side, uint8_t type, uint32_t length,
		      uint64_t at, uint64_t acked, int64_t ts)
{
	if (!i->suite)
		return;
	if ((type == TLS_APPLICATION || type == TLS_ALERT) && length > 0)
		record_take(i, side, type, length, at, acked, ts);
	i->last_record[side] = ts;
}

void tls_infer_close(struct tls_infer *i, enum side side, uint64_t acked, int64_t ts)
{
	if (i->suite)
		freeze(i, side, acked, ts);
}

struct ending_tls tls_infer_end(const struct tls_infer *i, bool whole, bool done)
{
	struct ending_tls e = i->end;
	e.followed = whole && i->suite;
	e.done = done;
	e.notified = i->notify[SERVER];
	return e;
}
