/* state.h - the members of a session under way. Private to the files of core/session. */
#ifndef SMTPWATCH_CORE_SESSION_STATE_H
#define SMTPWATCH_CORE_SESSION_STATE_H

#include "core/dialogue/dialogue.h"
#include "core/session/session.h"
#include "core/session/tls_infer.h"
#include "core/session/transaction.h"
#include "core/tls/hello.h"
#include "core/tls/record.h"
#include "smtpwatch/decryptor.h"

#include <assert.h>
#include <stddef.h>

/* SESSION_OPEN: the dialogue goes on. SESSION_WAITING: the connection is closed, and a late reply
 * may still come. SESSION_CLOSED: the dialogue is freed, and the ending stands in its place. */
enum session_phase { SESSION_OPEN, SESSION_WAITING, SESSION_CLOSED };

/* The members stand in the order of use. The middle of a session needs the first four cache lines:
 * two of the dialogue, one of the session, the first of the facts. */
struct session {
	union {
		struct { /* SESSION_OPEN, SESSION_WAITING */
			struct dialogue dialogue;

			struct transaction *sending; /* the transaction that the client is at */
			struct message_header *
				header; /* borrowed from the pool while a message's header passes */
			int64_t last_byte[2]; /* the time of each side's last bytes */
			uint64_t farewell_at; /* offset in the server's stream behind the possible
						 farewell */
			int64_t farewell_ts;  /* the time of the possible farewell */
			uint8_t base : 4;     /* enum stage while no command is outstanding */
			uint8_t farewell : 4; /* enum farewell so far */
			uint8_t farewell_stage : 4, stage_221 : 4; /* enum stage */
			uint8_t unasked_221, final_421;            /* enum place */
			bool fin[2];
			uint8_t kept; /* transactions in info */
			bool encrypted : 1, spoke : 1, foreign : 1;
			bool decrypting : 1; /* a tls_stream exists */
			bool inside : 1;     /* its bytes are records that are being decrypted */
			bool quit_sent : 1, quit_answered : 1, quit_in_transaction : 1;

			int64_t fin_ts[2]; /* the time of each side's FIN; 0: none came */
			struct session_lines
				*lines;     /* borrowed from the pool during a multi-line reply */
			int64_t unasked_ts; /* of the worst unasked 221 */
			struct smtp_enhanced unasked_enhanced;
			uint16_t went_on; /* commands, QUIT not counted, that the client sent behind
					     the possible farewell; saturates */
			struct transaction *answered; /* the message whose end was answered last */
			uint64_t late_at;  /* offset in the server's stream behind that answer */
			uint64_t quit_end; /* offset in the client's stream behind its QUIT */
			int64_t closed_ts; /* SESSION_WAITING: the time of the close */
		};
		struct {                                /* SESSION_CLOSED */
			const struct dialogue_env *env; /* at the place of dialogue.env */
			struct session_end end;
		} closed;
	};

	struct session_info info;

	struct session_tls *tls; /* borrowed from the pool once TLS has begun */
	uint32_t slowest; /* milliseconds: the longest wait for the reply to the end of a message */
	uint32_t
		unasked_quiet; /* milliseconds: the client's silence before the worst unasked 221 */
	uint32_t lost_bytes;   /* of the last gap */
	uint8_t phase : 2;     /* enum session_phase */
	uint8_t closer : 2;    /* enum closer: the first side to close, by close_notify */
	uint8_t lost_side : 1;
	bool silent : 1;    /* no byte came and no FIN: there is no dialogue */
	bool injected : 1;  /* the server sent a farewell where TLS was due */
	bool uncounted : 1; /* LMTP: the number of replies that a message was to get is not known */
	bool sure : 1, tls_port : 1, overflow : 1;
	bool knew_all : 1; /* the client's last bytes before the server's FIN acknowledged all of
			       the server's bytes */
	bool unprompted : 1, unasked_unprompted : 1; /* the possible farewell answered no command;
							the same of the worst unasked 221 */
	bool greeted_late : 1; /* the greeting came after the client had closed */
	bool ended : 1;        /* at least one side has closed the decrypted stream */
	struct conn_end tcp;   /* SESSION_WAITING: the close */
};

/* The lines of a multi-line reply under way: their texts, separated by LF, their code, and the
 * most specific of their enhanced codes. */
struct session_lines {
	uint16_t n, code;
	struct smtp_enhanced enhanced;
	uint8_t text[STRING_REPLY_MAX];
};

/* The state of a TLS connection, with or without decryption. */
struct session_tls {
	struct tls_side side[2];
	struct tls_messages messages[2];
	bool reported[2]; /* the side's handshake in clear was reported, or cannot be read */
	struct tls_infer infer;
	uint64_t acked; /* bytes of the client's stream that the server has acknowledged */
	uint8_t *
		plain; /* borrowed from the pool once a reply in clear stands between the records */
	uint16_t plain_n;
	bool plain_whole;
	int64_t plain_ts;
	int64_t client_ts;         /* the time of the client's last bytes before its close_notify */
	struct tls_stream *stream; /* the decryption, if there are keys; NULL: none */
	uint64_t raw[2]; /* offset in each side's stream behind the records passed to the decryption
			  */
	uint64_t one_missing; /* offset behind the last gap of one byte in the client's stream; 0:
				 none */
};

static_assert(offsetof(struct session, closed.env) == offsetof(struct session, dialogue.env),
	      "the pool is found in each phase");

static_assert(sizeof(struct session) == 448, "whole cache lines, or each has a part in one more");

/* Each callback of the dialogue passes the dialogue, from which session_of finds the session. */
static_assert(offsetof(struct session, dialogue) == 0, "the session is found from its dialogue");

static inline struct session *session_of(struct dialogue *d)
{
	return (struct session *)(void *)d;
}

static inline struct pool *session_pool(const struct session *s)
{
	return s->dialogue.env->pool;
}

/* Records the time of a side's bytes. The time is always later than the other side's last bytes,
 * even if the capture has the two in the wrong order. */
static inline void session_byte_time(struct session *s, enum side side, int64_t ts)
{
	int64_t before = s->last_byte[side_other(side)];
	s->last_byte[side] = ts > before ? ts : before + 1;
}

/* events.c - the callbacks of the dialogue, which trace.c wraps if there is an observer. */
extern const struct dialogue_listener session_listener;

/* Discards a farewell that was injected between the 220 to STARTTLS and TLS: it ended nothing. */
void session_injected_forget(struct session *s);

/* Frees what only a session under way needs. */
void session_dialogue_free(struct session *s);

/* No more data will come: reads the records that waited for a key, as far as they can be decrypted.
 */
void session_settle(struct session *s);

/* unsure.c - returns whether the server's reply to a complete message may still come behind this
 * end. */
bool session_may_be_answered(const struct session *s, const struct conn_end *end);

/* Returns why nothing that rests on the close can be said. s may be NULL. end: with TLS
 * the end of what is inside. */
enum unsure session_unsure(const struct session *s, const struct conn *conn,
			   const struct conn_end *end);

/* messages.c - the transactions of a session. */

/* Begins a transaction. Returns NULL if there is no room. Bounded by SESSION_TRANSACTIONS: settled
 * transactions are dropped first, accepted before others. */
struct transaction *session_message_begin(struct session *s, struct bytes mail_args, int64_t ts);

/* Returns the latest transaction before t whose MAIL was accepted and which is still open. Call
 * after a MAIL that was refused as nested in it. NULL: none. */
struct transaction *session_message_before(const struct session *s, const struct transaction *t);

/* Counts the fate of t, once, if it is settled. */
void session_message_count(struct session *s, struct transaction *t);

/* The server has agreed to begin TLS: aborts the transaction under way (RFC 3207 4.2). */
void session_message_tls(struct session *s);

/* Removes the fate of t from the counts, because it is open again. */
void session_message_uncount(struct session *s, struct transaction *t);

/* Sets the fate of t, which was settled, to unknown. */
void session_message_downgrade(struct session *s, struct transaction *t);

/* The 2yz that was credited to the end of t was sent before that end. The client believes it, and
 * the server may not have accepted the message. */
void session_message_disprove(struct session *s, struct transaction *t);

/* Settles t with transaction_over and counts its fate. t may be NULL. */
void session_message_over(struct session *s, struct transaction *t, enum fate otherwise);

/* decrypted.c - the dialogue inside TLS. */

/* Takes the records of a side as they come. In a gap of len bytes text is empty. */
void session_inside_push(struct session *s, const struct tls_place *at, struct bytes text,
			 uint64_t len);

/* Reads all records that can be decrypted by now. Do not call from a callback of the dialogue.
 * last: no more data will come. */
void session_inside_run(struct session *s, bool last);

/* No more data will come: reads the last records, and stores the result in the facts. */
void session_inside_end(struct session *s);

/* stage.c - the stage of a session. */

/* Returns the stage of a pending command. */
enum stage session_stage_of(const struct session *s, const struct smtp_pending *p);

/* Returns the stage of the session. for_server: as the server sees it, counting only the commands
 * that it had received when it last spoke. Otherwise all commands count. */
enum stage session_stage_now(const struct session *s, bool for_server);

/* Whether MAIL was accepted, the transaction is open, and its end was not sent. t may be NULL. */
bool session_stage_open(const struct transaction *t);

/* Returns the place of a farewell that answers p, or no command if p is NULL. */
enum place session_stage_place(const struct session *s, const struct smtp_pending *p,
			       bool in_content);

/* tls.c - the records of a TLS connection, without keys. */

/* Takes the bytes of a side's records, in the order of cause and effect. In a gap of len bytes
 * text is empty. */
void session_tls_bytes(struct session *s, const struct tls_place *at, struct bytes text,
		       uint64_t len);

/* A side's FIN. acked: bytes of the client's stream that the server had acknowledged. */
void session_tls_close(struct session *s, enum side side, uint64_t acked, int64_t ts);

/* No more data will come. If the connection was not decrypted, reads the reply that the server
 * wrote in clear between the records. */
void session_tls_plain(struct session *s);

/*
 * Returns *end, or the end that TLS shows if TCP was closed. A close_notify that came first is the
 * end, whichever side then closes TCP: the other side must answer it with its own and close (RFC
 * 5246 7.2.1).
 * A reply in clear between the records is an end too: no client can continue behind it.
 */
struct conn_end session_tls_closed(const struct session *s, const struct conn_end *end);

/* Whether the client's stream ends in a gap of one byte and the server closed with a reply in
 * clear. No record is one byte long: the gap is the client's FIN, and the reply may answer it. */
bool session_tls_fin_missing(const struct session *s);

void session_tls_end(struct session *s, const struct conn_end *end, uint64_t acked,
		     struct ending *e, int64_t ts);
void session_tls_free(struct session *s);

/* Adds a string, or the fields of a certificate, to the session's facts. */
void session_tls_string(struct session *s, enum string_tag tag, struct bytes text);
void session_tls_certificate(struct session *s, const struct certificate *c);

/* reply.c - the server's replies. */

/* Counts one reply for which no command was outstanding. */
static inline void session_surplus(struct session *s)
{
	s->info.flaws |= FLAW_SURPLUS_REPLY;
	s->info.surplus += s->info.surplus < UINT16_MAX;
}

void session_reply_take(struct dialogue *d, const struct smtp_event *e);

/* reply_lines.c - multi-line replies, and lines that are no replies. */

/* Reads one line of the reply to EHLO. */
void session_extensions_read(struct session *s, struct bytes text);

/* Takes what lines of the reply to EHLO offer. */
void session_offer(struct dialogue *d, const struct smtp_offer *offer);

/* Takes one line of a multi-line reply, not the last. */
void session_reply_line(struct dialogue *d, const struct smtp_pending *p,
			const struct smtp_reply *line);

/* Takes a line of the server that is no reply. */
void session_uncoded(struct dialogue *d, struct bytes text);

/* The last line has come: sets the text of *r to all lines. Borrowed until session_lines_forget. */
void session_lines_join(struct session *s, struct smtp_reply *r);
void session_lines_forget(struct session *s);

/* No more data will come: the lines of a reply without its last line are the server's last words.
 */
void session_lines_end(struct session *s);

#endif
