/* dialogue.h - from the bytes of both sides to SMTP events: lines, contents, and replies paired
 * with their commands. */
#ifndef SMTPWATCH_CORE_DIALOGUE_DIALOGUE_H
#define SMTPWATCH_CORE_DIALOGUE_DIALOGUE_H

#include "core/dialogue/secret_words.h"
#include "core/smtp/content.h"
#include "core/smtp/line.h"
#include "core/smtp/proxy.h"
#include "smtpwatch/smtp.h"
#include "smtpwatch/stream.h"

/*
 * A command waits here for its reply (RFC 5321 4.2: one reply each; RFC 2920 3.2: in order). The
 * connection, the end of a message and a line of an AUTH exchange count as commands.
 */
struct smtp_pending {
	struct smtp_pending *next;
	uint64_t end;  /* offset in the client's stream behind it: a reply of a server that had not
			  got so far is none to it */
	uint64_t knew; /* offset in the server's stream that the client had acknowledged when it
			  sent it */
	int64_t ts;
	struct transaction *transaction; /* the session's: which message it belongs to */
	uint32_t due;  /* replies still to come: 1, or one for each recipient in LMTP */
	uint16_t note; /* the session's: where its note is */
	uint16_t read; /* code of the reply that the client has read as its answer, while the server
			  may still send its own; 0: none */
	uint8_t verb;  /* enum smtp_verb: what it acts as */
	uint8_t said;  /* enum smtp_verb: how it was said */
	bool last : 1; /* BDAT LAST, or the end of DATA: its reply decides the message */
	bool unsure : 1;     /* sent after a hole: it may not be the oldest that is outstanding */
	bool inferred : 1;   /* it was not seen: only DATA has the answer that came */
	bool maybe_quit : 1; /* a line that answers a 334, and reads QUIT */
	bool blank : 1;      /* an empty line, which servers may pass over */
	bool analysed : 1;   /* the session's: 353 was the first answer, and more are due (PRDR) */
};

/* A command or a reply. */
struct smtp_event {
	int64_t ts;
	struct smtp_pending *pending;   /* of a command: the new one; of a reply: what it answers,
					   NULL if nothing was outstanding that it could answer */
	struct bytes text;              /* of a command: its arguments; of a reply: its text */
	const struct smtp_reply *reply; /* NULL: a command */
	bool lost;                      /* a reply: the pairing is not trusted */
	bool in_content; /* a reply with no pending: the client was inside a message ... */
	bool early; /* ... or at a command that the server may still answer: the client reads this
		       as the answer to it, and to the end of its message */
};

struct dialogue;
struct tls_opener;
struct watch;

/*
 * What a dialogue tells. None of it may call back into the dialogue; command and reply may fill in
 * the pending's transaction, note and due. Of content and TLS, len bytes come, of which text.n
 * (all, or none in a hole) are at hand.
 */
struct dialogue_listener {
	void (*command)(struct dialogue *d, const struct smtp_event *e);
	void (*reply_line)(struct dialogue *d, const struct smtp_pending *p,
			   const struct smtp_reply *line); /* a line of a reply that goes on */
	void (*uncoded)(struct dialogue *d,
			struct bytes text); /* a server's line that is no reply (RFC 5321 4.2) */
	void (*reply)(struct dialogue *d, const struct smtp_event *e);
	void (*content)(struct dialogue *d, struct bytes text, uint64_t len);
	void (*end)(struct dialogue *d, struct smtp_pending *p,
		    int64_t ts); /* the end of a message was sent; p: where its reply is waited for,
				    or NULL */
	void (*skipped)(struct dialogue *d,
			struct smtp_pending *p); /* the server has answered what came after it, and
						    will not answer it */
	void (*lost)(struct dialogue *d, enum side side,
		     uint64_t len); /* len bytes of `side` are missing, and what is outstanding is
				       no longer known */
	void (*proxy)(struct dialogue *d,
		      const struct proxy_header *header); /* it said who the client is */
	void (*tls)(struct dialogue *d);                  /* from here on both sides speak TLS */
	void (*tls_bytes)(struct dialogue *d, enum side side, struct bytes text,
			  uint64_t len); /* may come before tls, where it is not sure yet */
	void (*fin)(struct dialogue *d,
		    enum side side); /* `side` has ended its stream, and all before was handed on */
	void (*flaw)(struct dialogue *d, unsigned flaws);
};

/* What is common to all dialogues of a monitor. */
struct dialogue_env {
	struct pool *pool;
	const struct dialogue_listener *listener;
	const struct tls_opener *opener; /* NULL: no keys */
	const struct watch *watch;       /* NULL: nobody looks on; the listener tells it */
	uint64_t seed[2];                /* secret key of what is remembered as hashes */
};

/* At most so many commands are outstanding, and so many bytes wait for a reply that tells what they
 * are. */
enum { DIALOGUE_PENDING = 1000, DIALOGUE_HELD = 64 << 10 };

enum dialogue_mode {
	MODE_COMMAND, /* the client's next bytes are a command line */
	MODE_AUTH,    /* ... answer a 334 */
	MODE_WAIT, /* what they are depends on the reply to the last command (DATA, AUTH, STARTTLS):
		      they are held */
	MODE_CONTENT, /* ... are a message, up to the lone dot */
	MODE_SOFT,    /* a dot was seen that some servers take as the end: they are held until the
			 server shows whether it did */
	MODE_CHUNK,   /* ... are a chunk of BDAT */
	MODE_REFUSED, /* ... are the chunk of a BDAT that was refused before it came, or the command
			 of a client that does not send it any more: a line must tell */
	MODE_RAW,     /* ... are so many bytes that belong to a command (XEXCH50) */
	MODE_HOLD, /* ... answer the 3yz to a command that nobody knows: whatever they are, they are
		      no commands */
	MODE_TLS_DUE, /* STARTTLS was accepted: TLS, or plaintext all the same */
	MODE_TLS_MAY, /* a command that nobody knows was answered with 220, or STARTTLS with another
			 2yz (RFC 3207 4): the client's next bytes tell */
	MODE_FOREIGN, /* ... began as TLS where none was due: SMTP servers answer in plaintext,
			 others in TLS */
	MODE_TURNED,  /* TURN was accepted: the server is the client now, and nothing here fits any
			 more */
	MODE_TLS      /* both sides are opaque */
};

/* Bytes that wait for their meaning. */
struct held {
	uint32_t n, room; /* room: what the block was asked with, but for these two */
	uint8_t bytes[];
};

/* In the order of use: a segment in the middle of a message needs the first cache line alone. */
struct dialogue {
	const struct dialogue_env *env;
	uint64_t offset[2]; /* how far each stream was read */
	uint64_t acked[2];  /* how much of the other's stream each side had acknowledged with its
			       latest bytes */
	uint64_t chunk;     /* bytes still to come of the chunk, or of XEXCH50 */
	uint16_t pendings;
	uint16_t before_hole; /* of these, the oldest that were sent before the latest hole between
				 the client's commands */
	uint16_t code;        /* of the multi-line reply under way; 0: none */
	uint16_t early; /* of the first reply that came inside the message under way; 0: none */
	uint8_t mode;   /* enum dialogue_mode */
	uint8_t fitted; /* replies in a row that fitted since the pairing was lost */
	struct content content;
	struct content probe; /* MODE_SOFT: the same scan, gone on through what is held */
	bool skip[2];         /* a line began in a hole: the rest of it means nothing */
	bool lost : 1;        /* what is outstanding is not known */
	bool hole : 1;  /* bytes of the content under way are missing: its end may be among them */
	bool holed : 1; /* `lost` was set at some time */
	bool hard_only : 1; /* the server does not take soft ends in this message */
	bool fin_held : 1;  /* the client's FIN waits behind what is held */
	bool started : 1; /* what the client's first bytes are is known; until then they are held */
	bool opaque : 1;  /* a command that nobody knows went on in a way that cannot be read */
	bool maybe_message : 1; /* with lost: the client's next line may be a command, or one of a
				   message */
	bool answered : 1;  /* while what is held is read again: a reply has told that it is what it
			       looks like */
	bool said_lost : 1; /* there was no room to remember the words that no output may have */
	bool server_over : 1; /* the server has ended its stream: what the client says now is heard
				 by nobody */

	struct smtp_pending *head, *tail;
	struct line line[2];
	struct held *held; /* the client's bytes that wait; NULL: none do */
	struct said *said; /* words of the client's that no output may have; NULL: it said none, or
			      said_lost */
};

/* The server has said 220 to STARTTLS, and nothing of the client's has come since. */
static inline bool dialogue_tls_is_due(const struct dialogue *d)
{
	return d->mode == MODE_TLS_DUE;
}

/* sure: the server's SYN was seen, so that its first reply is the greeting; first: the client's
 * was, so that its first bytes are a command. */
void dialogue_init(struct dialogue *d, const struct dialogue_env *env, bool sure, bool first);

/* The next bytes of a side. acked: how much of the other side's stream the sender had acknowledged
 * with them. */
void dialogue_data(struct dialogue *d, enum side side, struct bytes data, uint64_t acked,
		   int64_t ts);
void dialogue_gap(struct dialogue *d, enum side side, uint64_t len, int64_t ts);
void dialogue_fin(struct dialogue *d, enum side side, uint64_t acked, int64_t ts);

/*
 * What is said inside TLS is handed on from here: whatever was said before counts no more (RFC
 * 3207 4.2). greeting: the server greets first, because TLS was there from the first byte. offset
 * is to be set before each call of dialogue_data to where in the stream of that side these bytes
 * begin.
 */
void dialogue_inside(struct dialogue *d, bool greeting);

/* The connection is over: an unended last reply is read as far as it can be. The oldest outstanding
 * commands stay at head until dialogue_free. */
void dialogue_close(struct dialogue *d, uint64_t acked, int64_t ts);
void dialogue_free(struct dialogue *d);

#endif
