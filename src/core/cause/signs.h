/* signs.h - the rules of the table of causes, and what they share. For cause/table.c and cause_*.c
 * alone. */
#ifndef SMTPWATCH_CORE_CAUSE_SIGNS_H
#define SMTPWATCH_CORE_CAUSE_SIGNS_H

#include <stdio.h>

#include "smtpwatch/cause.h"

/*
 * A sign, with its sentence. What the strongest says alone is the confidence; each further one,
 * being another way of seeing the same thing, raises it by a step. A macro, because the compiler
 * then checks the sentence against its numbers. No sentence may hold bytes off the wire.
 */
#define CAUSE_SIGN(c, confidence, ...)                                                             \
	snprintf(cause_rules_sign(c, confidence), CAUSE_EVIDENCE_TEXT, __VA_ARGS__)

/* A sentence that goes with a sign and proves nothing. */
#define CAUSE_ASIDE(c, ...) snprintf(cause_rules_line(c), CAUSE_EVIDENCE_TEXT, __VA_ARGS__)

/* For sentences. */
#define CAUSE_SECONDS(ns) ((double)(ns) / (double)FRAME_SECOND)

/* Where the next sentence goes. A rule has at most CAUSE_EVIDENCE of them. */
char *cause_rules_line(struct cause *c);
char *cause_rules_sign(struct cause *c, enum confidence confidence);

/* Never surer than that: for causes that look like others. */
void cause_rules_limit(struct cause *c, enum confidence most);

/* The server ended it, with or without a word; the client closed without being asked to. Neither:
 * the watch ended, or the server vanished. */
bool cause_rules_by_server(const struct cause_facts *f);
bool cause_rules_by_client(const struct cause_facts *f);

/* The server closed or reset without a farewell that was seen. */
bool cause_rules_dropped(const struct cause_facts *f);

/* How long the client had been silent before the farewell, or without one before the close; one
 * that never spoke, from the beginning. */
int64_t cause_rules_silence(const struct cause_facts *f);

/* The client's last bytes came after the server's: it waited for an answer, or was still sending.
 * Means something only without a farewell. */
bool cause_rules_client_spoke_last(const struct cause_facts *f);

/* cause/words.c - the vocabulary of vocabulary.def, held against one text. */

/* What an entry of the vocabulary is worth. */
enum cause_weight {
	CAUSE_WEIGHT_SPECIFIC, /* names one cause */
	CAUSE_WEIGHT_WEAK,     /* no more than possible: any code or measured sign is better */
	CAUSE_WEIGHT_NOTHING,  /* politeness: gives no reason */
	CAUSE_WEIGHT_TROUBLE,  /* the server's own trouble, or the mailbox's: none of the causes */
	CAUSE_WEIGHT_DENIAL, /* in the table only: read as SPECIFIC; with 432, 534 and 535 the cause
				is auth-failures */
	CAUSE_WEIGHT_COUNT   /* in the table only: read as SPECIFIC; with a refusal the cause is
				policy */
};

/* The most words of a text that are read. */
enum { CAUSE_WORDS_MAX = 160 };

/* What stands in one text. */
struct cause_words {
	enum cause_id
		cause; /* of the first entry of the greatest weight; CAUSE_UNEXPLAINED: none */
	enum cause_weight weight; /* of that entry: specific or weak */
	const char *name;         /* of that entry: "session time limit" */
	bool trouble;             /* an entry of CAUSE_WEIGHT_TROUBLE stands there */
	bool denial;              /* that entry is of CAUSE_WEIGHT_DENIAL */
};

/*
 * Reads a reply's text, its lines joined by LF, in one walk. code: the reply's, 0 for a line
 * without one; the text of a 220, 221 or 421 begins with the server's name (RFC 5321 4.2.3), which
 * says nothing, and so does host, the first word of the greeting (empty: not known), wherever it
 * stands. A 5yz is never about the time.
 */
void cause_words_read(uint16_t code, struct bytes text, struct bytes host, struct cause_words *out);

/* For the tests of the table: how many words it has, and each in the order of the alphabet. */
unsigned cause_words_count(void);
const char *cause_words_stem(unsigned i);

/* The server's farewell, read once for all causes. code 0: it was no reply, or nothing was said. */
struct cause_said {
	struct cause_words words;
	struct bytes text; /* borrowed from the session's notes */
	struct smtp_enhanced enhanced;
	uint16_t code;
};

/* farewell.c - reads the farewell of f, of which said is not looked at. */
void cause_said_read(const struct cause_facts *f, struct cause_said *out);

/* What the farewell says in words or codes for c->id. Adds the signs, two at most. */
void cause_words_said(const struct cause_facts *f, struct cause *c);

/* It says nothing, neither a cause nor that the server is in trouble: then its place may be looked
 * at. */
bool cause_said_nothing(const struct cause_facts *f);

/* It speaks of a time-out. */
bool cause_said_time(const struct cause_facts *f);

/* cause/server.c - what the server did of its own will, or had to. */
bool cause_server_shutdown(const struct cause_facts *f, struct cause *c);
bool cause_server_session_limit(const struct cause_facts *f, struct cause *c);
bool cause_server_message_limit(const struct cause_facts *f, struct cause *c);
bool cause_server_too_many_errors(const struct cause_facts *f, struct cause *c);
bool cause_server_auth_failures(const struct cause_facts *f, struct cause *c);
bool cause_server_policy(const struct cause_facts *f, struct cause *c);
bool cause_server_size_limit(const struct cause_facts *f, struct cause *c);
bool cause_server_crash(const struct cause_facts *f, struct cause *c);

/* dialogue.c - what went wrong in the dialogue itself. */
bool cause_talk_not_smtp(const struct cause_facts *f, struct cause *c);
bool cause_talk_tls_failure(const struct cause_facts *f, struct cause *c);
bool cause_talk_reply_unfinished(const struct cause_facts *f, struct cause *c);
bool cause_talk_out_of_step(const struct cause_facts *f, struct cause *c);
bool cause_talk_middlebox_rewrite(const struct cause_facts *f, struct cause *c);

/* path.c - what the network did. */
bool cause_path_reply_lost(const struct cause_facts *f, struct cause *c);
bool cause_path_mtu(const struct cause_facts *f, struct cause *c);
bool cause_path_loss(const struct cause_facts *f, struct cause *c);
bool cause_path_receiver_stalled(const struct cause_facts *f, struct cause *c);

/* The client's largest segments did not get through: its silence is none of its own. */
bool cause_path_stuck(const struct cause_facts *f);

/* cause/reset.c - whether an RST is of the side whose address it bears. */
bool cause_reset_by_middlebox(const struct cause_facts *f, struct cause *c);

/* time.c - what the clock tells. */
bool cause_time_idle(const struct cause_facts *f, struct cause *c);
bool cause_time_slow_filter(const struct cause_facts *f, struct cause *c);
bool cause_time_client(const struct cause_facts *f, struct cause *c);

/* clock.c - which of n times, in seconds, it is within half a second or a hundredth; 0: none.
 */
unsigned cause_clock_near(int64_t ns, const uint16_t *times, size_t n);

/* It was the client's turn. Without a greeting it never is; after a message's end it is the
 * server's. */
bool cause_clock_clients_turn(const struct cause_facts *f);

/* The usual idle time-out that the client's silence before the end comes to, in seconds; 0: none.
 */
unsigned cause_time_idled(const struct cause_facts *f);

/* The session's age at its end, from the SYN, is one of the figures that people set as its limit,
 * and the client was not silent for most of it; 0: it is none. In seconds. */
unsigned cause_time_aged(const struct cause_facts *f);

/* One of the two explains the end. */
bool cause_time_measured(const struct cause_facts *f);

#endif
