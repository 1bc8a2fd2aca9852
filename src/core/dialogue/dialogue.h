/* dialogue.h - turns the bytes of both sides into SMTP events: lines, contents, and replies paired
 * with their commands. */
#ifndef SMTPWATCH_CORE_DIALOGUE_DIALOGUE_H
#define SMTPWATCH_CORE_DIALOGUE_DIALOGUE_H

#include "core/dialogue/secret_words.h"
#include "core/smtp/content.h"
#include "core/smtp/line.h"
#include "core/smtp/proxy.h"
#include "smtpwatch/smtp.h"
#include "smtpwatch/stream.h"

/* A command that waits for its reply (RFC 5321 4.2: one reply each; RFC 2920 3.2: in order). The
 * connection, the end of a message and a line of an AUTH exchange count as commands. */
struct smtp_pending {
	struct smtp_pending *next;
	uint64_t end;  /* offset in the client's stream behind the command: a reply sent before the
			  server had received up to there does not answer the command */
	uint64_t knew; /* offset in the server's stream that the client had acknowledged when it
			  sent the command */
	int64_t ts;
	struct transaction
		*transaction; /* set by the session: the message that the command belongs to */
	uint32_t due;         /* replies still to come: 1, or in LMTP one for each recipient */
	uint16_t string;      /* set by the session: the place of the command's string */
	uint16_t read; /* code of an earlier reply that the client took for the answer, while the
			  server may still send its own; 0: none */
	uint8_t verb;  /* enum smtp_verb as which the dialogue treats the command */
	uint8_t sent_verb;   /* enum smtp_verb as sent */
	bool last : 1;       /* BDAT LAST, or the end of DATA: the reply decides the message */
	bool unsure : 1;     /* sent after a gap: an older command may be outstanding */
	bool inferred : 1;   /* the command was not captured: the dialogue infers DATA from a 354 */
	bool maybe_quit : 1; /* a line that answers a 334 and reads QUIT */
	bool blank : 1;      /* an empty line, which servers may ignore */
	bool analysed : 1; /* set by the session: the first answer was 353, and more answers are due
			      (PRDR) */
};

/* A command or a reply. */
struct smtp_event {
	int64_t ts;
	struct smtp_pending
		*pending;  /* of a command: the new pending command; of a reply: the command that it
			      answers, or NULL if no outstanding command fits */
	struct bytes text; /* of a command: its arguments; of a reply: its text */
	const struct smtp_reply *reply; /* NULL: the event is a command */
	bool lost;                      /* of a reply: the pairing is not trusted */
	bool in_content; /* of a reply: the client was inside a message, up to and including a soft
			    end */
	bool early; /* of a reply: the client takes it for the answer to the message under way, or
		       to `pending`, and the server may still send its own */
};

struct dialogue;
struct ehlo_cache;
struct tls_decryptor;
struct trace_observer;

/* The callbacks of a dialogue. None may call back into the dialogue. command and reply may set the
 * transaction, string and due of the pending command.
 * content and tls_bytes get len bytes. text holds all of them, or none if the bytes are missing. */
struct dialogue_listener {
	void (*command)(struct dialogue *d, const struct smtp_event *e);
	void (*reply_line)(
		struct dialogue *d, const struct smtp_pending *p,
		const struct smtp_reply *line); /* a line of a multi-line reply, not the last */
	void (*offer)(
		struct dialogue *d,
		const struct smtp_offer *offer); /* in place of reply_line: lines that answer
						    EHLO or LHLO (struct dialogue_env, ehlo) */
	void (*uncoded)(struct dialogue *d,
			struct bytes text); /* a server's line that is no reply (RFC 5321 4.2) */
	void (*reply)(struct dialogue *d, const struct smtp_event *e);
	void (*content)(struct dialogue *d, struct bytes text, uint64_t len);
	void (*end)(struct dialogue *d, struct smtp_pending *p,
		    int64_t ts); /* the client sent the end of a message; p: the pending command
				    that awaits the reply, or NULL */
	void (*skipped)(struct dialogue *d,
			struct smtp_pending
				*p); /* the server answered a later command: p will get no answer */
	void (*lost)(struct dialogue *d, enum side side,
		     uint64_t len); /* len bytes of `side` are missing: the outstanding commands are
				       no longer known */
	void (*proxy)(struct dialogue *d,
		      const struct proxy_header *header); /* a PROXY header named the client */
	void (*tls)(struct dialogue *d);                  /* from here on both sides speak TLS */
	void (*tls_bytes)(struct dialogue *d, enum side side, struct bytes text,
			  uint64_t len); /* may come before tls, while TLS is not yet certain */
	void (*fin)(
		struct dialogue *d,
		enum side side); /* `side` has ended its stream; all bytes before were delivered */
	void (*flaw)(struct dialogue *d, unsigned flaws);
};

/* The settings that all dialogues of a monitor share. */
struct dialogue_env {
	struct pool *pool;
	const struct dialogue_listener *listener;
	const struct tls_decryptor *decryptor; /* NULL: no keys */
	const struct trace_observer *trace;    /* NULL: no observer; the listener calls it */
	struct ehlo_cache *ehlo; /* NULL: the listener gets each line of a reply to EHLO */
	uint64_t seed[2];        /* secret key of the hashes of secret_words.h */
};

/* DIALOGUE_PENDING: the most commands outstanding. DIALOGUE_UNDECIDED_MAX: the most bytes of
 * undecided input, which wait for a reply that tells their meaning. */
enum { DIALOGUE_PENDING = 1000, DIALOGUE_UNDECIDED_MAX = 64 << 10 };

enum dialogue_mode {
	MODE_COMMAND, /* the client's next bytes are a command line */
	MODE_AUTH,    /* the next bytes are an answer to a 334 */
	MODE_WAIT,    /* the reply to the last command (DATA, AUTH, STARTTLS) decides what the next
			 bytes are: they are held */
	MODE_CONTENT, /* the next bytes are a message, up to the lone dot */
	MODE_SOFT, /* a soft end was seen: the next bytes are held until the server shows whether it
		      accepted the end */
	MODE_CHUNK,   /* the next bytes are a chunk of BDAT */
	MODE_REFUSED, /* a BDAT was refused before its chunk came: the next bytes are the chunk, or
			 a command if the client omits the chunk; a line decides */
	MODE_RAW,     /* the next bytes belong to XEXCH50, which announced their number */
	MODE_ANSWER, /* the next bytes answer the 3yz to an unknown command: they are no commands */
	MODE_TLS_DUE, /* STARTTLS was accepted: TLS is due, though plaintext may come */
	MODE_TLS_MAY, /* an unknown command was answered with 220, or STARTTLS with another 2yz (RFC
			 3207 4): the client's next bytes decide */
	MODE_FOREIGN, /* the client began TLS where none was due: an SMTP server answers in
			 plaintext, another server in TLS */
	MODE_TURNED,  /* TURN was accepted: server and client have exchanged roles, and the dialogue
			 is no longer read */
	MODE_TLS      /* both sides are encrypted */
};

/* Undecided input: the client's bytes whose meaning is not known yet. */
struct undecided {
	uint32_t n, capacity; /* n: bytes kept; capacity: of bytes[] */
	uint8_t bytes[];
};

/* The members stand in the order of use: a segment in the middle of a message needs only the first
 * cache line. */
struct dialogue {
	const struct dialogue_env *env;
	uint64_t offset[2]; /* bytes of each side's stream read so far */
	uint64_t acked[2];  /* bytes of the other side's stream that each side had acknowledged with
			       its latest bytes */
	uint64_t chunk;     /* bytes still to come of a BDAT chunk, or of XEXCH50 */
	uint16_t pendings;
	uint16_t before_hole; /* of the pendings, the number sent before the latest gap between the
				 client's commands */
	uint16_t code;        /* of the multi-line reply under way; 0: none */
	uint16_t early; /* of the first reply that came inside the message under way; 0: none */
	uint8_t mode;   /* enum dialogue_mode */
	uint8_t fitted; /* consecutive replies that fitted since the pairing was lost */
	struct content content;
	struct content probe; /* MODE_SOFT: a copy of the scan, continued through the held bytes */
	bool skip[2];         /* a gap came within a line: the rest of that line is ignored */
	bool lost : 1;        /* the outstanding commands are not known */
	bool hole : 1;  /* bytes of the content under way are missing, and its end may be among them
			 */
	bool holed : 1; /* `lost` was set at some time */
	bool hard_only : 1; /* the server does not accept soft ends in this message */
	bool fin_waits : 1; /* the client's FIN waits behind the held bytes */
	bool started : 1; /* the kind of the client's first bytes is known; until then they are held
			   */
	bool opaque : 1;  /* an unknown command continued in a form that cannot be read */
	bool maybe_message : 1; /* if lost: the client's next line may be a command or a line of a
				   message */
	bool answered : 1;     /* a reply has shown that the held bytes are what they look like, and
				  they are being read again */
	bool secrets_lost : 1; /* the pool had no room for the set of secret words */
	bool server_over : 1; /* the server has ended its stream: nobody reads what the client sends
			       */

	struct smtp_pending *head, *tail;
	struct line line[2];
	struct undecided *undecided;  /* undecided input; NULL: none */
	struct secret_words *secrets; /* hashes of the client's words that no output may show; NULL:
			      the client said none, or secrets_lost */
};

/* Whether the server has answered STARTTLS with 220 and no byte of the client's has been read
 * since. */
static inline bool dialogue_tls_is_due(const struct dialogue *d)
{
	return d->mode == MODE_TLS_DUE;
}

/* sure: the server's SYN was seen, so that its first reply is the greeting. first: the client's
 * SYN was seen, so that its first bytes are a command. */
void dialogue_init(struct dialogue *d, const struct dialogue_env *env, bool sure, bool first);

/* Delivers the next bytes of a side, a gap of len bytes, or the side's FIN. acked: bytes of the
 * other side's stream that the sender had acknowledged with them. Times are nanoseconds since the
 * epoch. */
void dialogue_data(struct dialogue *d, enum side side, struct bytes data, uint64_t acked,
		   int64_t ts);
void dialogue_gap(struct dialogue *d, enum side side, uint64_t len, int64_t ts);
void dialogue_fin(struct dialogue *d, enum side side, uint64_t acked, int64_t ts);

/*
 * Switches to the decrypted bytes of a TLS connection: state from before TLS is discarded (RFC
 * 3207 4.2). greeting: the server greets first, because the connection began with TLS.
 * Before each later call of dialogue_data set offset to where those bytes begin in the stream of
 * that side.
 */
void dialogue_inside(struct dialogue *d, bool greeting);

/* The connection is over: reads an unended last reply as far as possible. The oldest outstanding
 * commands stay at head until dialogue_free. */
void dialogue_close(struct dialogue *d, uint64_t acked, int64_t ts);
void dialogue_free(struct dialogue *d);

#endif
