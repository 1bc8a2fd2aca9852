/* state.h - the insides of a session under way. For events.c and the other files of core/session
 * alone. */
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

/* In the order of use, like its parts: the middle of a session needs the first four cache lines,
 * which are the dialogue's two, the session's own, and of the facts the first. */
struct session {
	union {
		struct {
			struct dialogue dialogue;

			struct transaction *sending; /* the one the client is at */
			struct message_header
				*header;      /* borrowed while a message's header passes by */
			int64_t last_byte[2]; /* when each side's last bytes came */
			uint64_t farewell_at; /* offset in the server's stream behind what may be
						 its farewell */
			int64_t farewell_ts;  /* when the server said what may be its farewell */
			uint8_t base; /* enum stage: where it stands when nothing is outstanding */
			uint8_t farewell; /* enum farewell, so far */
			uint8_t farewell_stage, stage_221;
			uint8_t unasked_221, final_421; /* enum place */
			bool encrypted, spoke, foreign;
			bool sealed; /* there is a stream */
			bool inside; /* its bytes are records that are opened */
			bool quit_sent, quit_answered, quit_in_transaction;
			bool fin[2];

			int64_t fin_ts[2]; /* when each side's FIN came; 0: it did not */
			struct session_lines
				*lines;     /* borrowed while a reply of several lines comes */
			int64_t unasked_ts; /* of the worst unasked 221 ... */
			struct smtp_enhanced unasked_enhanced;
			uint16_t went_on; /* commands that the client sent after what may be the
					     server's farewell, QUIT not counted. Saturates */
			struct transaction *answered; /* the message whose end was answered last */
			uint64_t late_at;  /* offset in the server's stream behind that answer */
			uint64_t quit_end; /* offset behind the client's QUIT */
		};
		struct {
			const struct dialogue_env *env;  /* where the dialogue has it */
			uint64_t room[SESSION_ROOM / 8]; /* of session_room */
		};
	};

	struct session_facts facts;

	struct session_tls *tls; /* borrowed once TLS has begun */
	uint32_t slowest; /* milliseconds: the longest wait for the reply to the end of a message */
	uint32_t unasked_quiet; /* milliseconds: how long the client had been silent before the
				   worst unasked 221 */
	uint32_t lost_bytes;    /* of the last hole */
	uint8_t lost_side : 1;
	uint8_t kept;
	bool sure : 1, tls_port : 1, overflow : 1;
	bool injected : 1;  /* the server said a farewell where TLS was due */
	bool knew_all : 1;  /* the client's last bytes before the server's FIN acknowledged all that
			       the server had said */
	bool uncounted : 1; /* LMTP: how many replies a message was to get is not known */
	bool unprompted : 1, unasked_unprompted : 1; /* what may be the farewell answered no
							command; the worst unasked 221 */
	bool greeted_late : 1; /* the greeting came when the client had closed */
	bool over : 1;         /* session_room was called */
	bool ended : 1;        /* one side at least has closed what was read inside TLS ... */
	uint8_t closer : 2;    /* ... enum closer: the first that did, by close_notify */
};

/* The lines of a reply that goes on: their texts, parted by LF, their code, and the most specific
 * of their enhanced codes. */
struct session_lines {
	uint16_t n, code;
	struct smtp_enhanced enhanced;
	uint8_t text[NOTE_REPLY_MAX];
};

/* What is watched of a TLS connection, whether somebody opens it or not. */
struct session_tls {
	struct tls_side side[2];
	struct tls_messages messages[2];
	bool told[2]; /* what the side's handshake tells in clear was told, or cannot be */
	struct tls_infer infer;
	uint64_t acked; /* how much of the client's stream the server has acknowledged */
	uint8_t *plain; /* borrowed once a reply in clear stands between the records */
	uint16_t plain_n;
	bool plain_whole;
	int64_t plain_ts;
	struct tls_stream *stream; /* where somebody has keys */
	uint64_t raw[2];           /* offsets in the streams behind the records that it got */
	uint64_t one_missing; /* offset behind the last hole of one byte in the client's stream; 0:
				 none */
};

static_assert(offsetof(struct session, room) == sizeof(struct dialogue_env *) &&
		      offsetof(struct session, facts) == 8 + SESSION_ROOM,
	      "the room is what lies between the dialogue's first member and the facts");

static_assert(sizeof(struct session) == 448, "whole cache lines, or each has a part in one more");

/* The dialogue hands itself back with each event: it is the session's first member. */
static_assert(offsetof(struct session, dialogue) == 0, "the session is found from its dialogue");

static inline struct session *session_of(struct dialogue *d)
{
	return (struct session *)(void *)d;
}

static inline struct pool *session_pool(const struct session *s)
{
	return s->dialogue.env->pool;
}

/* A side's bytes came: in the order of cause and effect, even where the capture has it otherwise.
 */
static inline void session_heard(struct session *s, enum side side, int64_t ts)
{
	int64_t before = s->last_byte[side_other(side)];
	s->last_byte[side] = ts > before ? ts : before + 1;
}

/* events.c - what a dialogue tells, and trace.c passes on where it is looked on. */
extern const struct dialogue_listener session_listener;

/* A farewell that was slipped in between the 220 to STARTTLS and TLS ended nothing. */
void session_injected_forget(struct session *s);

/* messages.c - the transactions of a session. */

/* A transaction begins; NULL where no room is. */
struct transaction *session_message_begin(struct session *s, struct bytes mail_args, int64_t ts);

/* The latest transaction before t that is still open: after a MAIL that was refused for being
 * nested in it. NULL: none. */
struct transaction *session_message_before(const struct session *s, const struct transaction *t);

/* Counts a fate that has just been settled. */
void session_message_count(struct session *s, struct transaction *t);

/* The server has agreed to begin TLS: the transaction under way is over. */
void session_message_tls(struct session *s);

/* Its fate was settled, and is open again. */
void session_message_uncount(struct session *s, struct transaction *t);

/* Its fate was settled, and is not known after all. */
void session_message_doubt(struct session *s, struct transaction *t);

/* The 2yz that was credited to the end of the message was said before that: the client believes in
 * it, and the server may not have taken the message. */
void session_message_disprove(struct session *s, struct transaction *t);

/* Settles a transaction that may be NULL: see transaction_over. */
void session_message_over(struct session *s, struct transaction *t, enum fate otherwise);

/* decrypted.c - what is said inside TLS. */

/* Records of a side, as they come; text is empty in a hole of len bytes. */
void session_inside_push(struct session *s, const struct tls_heard *at, struct bytes text,
			 uint64_t len);

/* Takes what can be read of them by now. Not from within the dialogue. last: nothing more will
 * come. */
void session_inside_run(struct session *s, bool last);

/* Nothing more will come: what was read goes into the facts. */
void session_inside_end(struct session *s);

/* stage.c - where a session stands. */

/* The stage of a command that waits for its reply. */
enum stage session_stage_of(const struct session *s, const struct smtp_pending *p);

/* Where the session stands: for the server, that is for what it had received when it last spoke; or
 * with all that the client has sent. */
enum stage session_stage_now(const struct session *s, bool for_server);

/* A transaction is open, and its end has not been sent. */
bool session_stage_open(const struct transaction *t);

/* Where a farewell stands that answers p, or nothing (NULL). */
enum place session_stage_place(const struct session *s, const struct smtp_pending *p,
			       bool in_content);

/* session/tls.c - the records of a TLS connection, as far as they can be seen. */

/* The same of all of them; in the order of cause and effect. */
void session_tls_bytes(struct session *s, const struct tls_heard *at, struct bytes text,
		       uint64_t len);

/* The side's FIN. acked: how much of the client's stream the server had acknowledged. */
void session_tls_close(struct session *s, enum side side, uint64_t acked, int64_t ts);

/* Nothing more will come: takes what a server wrote between the records, if the session was not
 * opened, where it would have been read. */
void session_tls_plain(struct session *s);

/*
 * A close_notify that came first is the end, whatever then closes TCP: the other side must answer
 * it with its own, and a close (RFC 5246 7.2.1). So is what a server writes between the records: no
 * client can go on.
 */
struct conn_end session_tls_closed(const struct session *s, const struct conn_end *end);

/*
 * The client's stream ends in a hole of one byte, and the server has closed by words in clear: no
 * record is so short, so that the hole is the client's FIN, and may be what the server spoke of.
 */
bool session_tls_fin_missing(const struct session *s);

void session_tls_end(struct session *s, const struct conn_end *end, uint64_t acked,
		     struct ending *e, int64_t ts);
void session_tls_free(struct session *s);

/* What is told of it. */
void session_tls_note(struct session *s, enum note_tag tag, struct bytes text);
void session_tls_certificate(struct session *s, const struct certificate *c);

/* reply.c - what the server says. */

/* One reply more than was asked for. */
static inline void session_surplus(struct session *s)
{
	s->facts.flaws |= FLAW_SURPLUS_REPLY;
	s->facts.surplus += s->facts.surplus < UINT16_MAX;
}

void session_reply_take(struct dialogue *d, const struct smtp_event *e);

/* reply_lines.c - replies of several lines, and lines that are no replies. */

/* A line of the reply to EHLO. */
void session_extensions_read(struct session *s, struct bytes text);

/* A line of a reply that goes on. */
void session_reply_line(struct dialogue *d, const struct smtp_pending *p,
			const struct smtp_reply *line);

/* A line of the server that is no reply. */
void session_uncoded(struct dialogue *d, struct bytes text);

/* The last line has come: *r gets the texts of all lines, which are borrowed until
 * session_lines_forget. */
void session_lines_join(struct session *s, struct smtp_reply *r);
void session_lines_forget(struct session *s);

/* Nothing more will come: the lines of a reply without its last one are the server's last words. */
void session_lines_end(struct session *s);

#endif
