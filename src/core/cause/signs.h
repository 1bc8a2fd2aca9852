/* signs.h - the rules of the table of causes, and the functions that they share. Private to the
 * files of core/cause. */
#ifndef SMTPWATCH_CORE_CAUSE_SIGNS_H
#define SMTPWATCH_CORE_CAUSE_SIGNS_H

#include <stdio.h>

#include "smtpwatch/cause.h"

/*
 * Adds a sign to c, with its sentence. The strongest sign sets the confidence; each further sign
 * raises it by a step, because it is independent evidence.
 * A macro, so that the compiler checks the format against its arguments. No sentence may hold
 * bytes from the wire.
 */
#define CAUSE_SIGN(c, confidence, ...)                                                             \
	snprintf(cause_rules_sign(c, confidence), CAUSE_EVIDENCE_TEXT, __VA_ARGS__)

/* Adds a sentence that accompanies a sign and raises no confidence. */
#define CAUSE_REMARK(c, ...) snprintf(cause_rules_line(c), CAUSE_EVIDENCE_TEXT, __VA_ARGS__)

/* Nanoseconds as seconds, for sentences. */
#define CAUSE_SECONDS(ns) ((double)(ns) / (double)FRAME_SECOND)

/* Returns the place of the next sentence, CAUSE_EVIDENCE_TEXT bytes in c. A rule has at most
 * CAUSE_EVIDENCE of them. */
char *cause_rules_line(struct cause *c);
char *cause_rules_sign(struct cause *c, enum confidence confidence);

/* Limits the confidence of c to `most`: for causes that resemble others. */
void cause_rules_limit(struct cause *c, enum confidence max);

/* Whether the server ended the session, with or without a farewell; whether the client closed
 * unasked. Neither holds if the capture ended or the server vanished. */
bool cause_rules_by_server(const struct cause_input *f);
bool cause_rules_by_client(const struct cause_input *f);

/* Whether the server closed or reset without a farewell that was seen. */
bool cause_rules_dropped(const struct cause_input *f);

/* Returns the client's silence in nanoseconds before the farewell, or, without one, before the
 * close. For a client that never spoke, the silence starts at the beginning. */
int64_t cause_rules_silence(const struct cause_input *f);

/* Whether the client's last bytes came after the server's: the client waited for an answer, or was
 * still sending. Valid only without a farewell. */
bool cause_rules_client_spoke_last(const struct cause_input *f);

/* words.c - compares one text with the vocabulary of vocabulary.def. */

/* The weight of an entry of the vocabulary. */
enum cause_weight {
	CAUSE_WEIGHT_SPECIFIC, /* names one cause */
	CAUSE_WEIGHT_WEAK,     /* a hint: any code or measured sign is better */
	CAUSE_WEIGHT_NOTHING,  /* a polite phrase: gives no reason */
	CAUSE_WEIGHT_TROUBLE,  /* the server's own trouble, or the mailbox's: none of the causes */
	CAUSE_WEIGHT_DENIAL, /* in the table only: read as SPECIFIC; with 432, 534 and 535 the cause
				is auth-failures */
	CAUSE_WEIGHT_COUNT   /* in the table only: read as SPECIFIC; with a refusal the cause is
				policy */
};

/* The most words of a text that are read. */
enum { CAUSE_WORDS_MAX = 160 };

/* The result for one text. */
struct cause_words {
	enum cause_id
		cause; /* of the first entry of the greatest weight; CAUSE_UNEXPLAINED: none */
	enum cause_weight weight; /* of that entry: specific or weak */
	const char *name;         /* of that entry, such as "session time limit" */
	bool trouble;             /* the text has an entry of CAUSE_WEIGHT_TROUBLE */
	bool denial;              /* that entry is of CAUSE_WEIGHT_DENIAL */
};

/*
 * Reads a reply's text, its lines joined by LF, in one pass, and sets *out. code: the reply's
 * code; 0 for a line without one.
 * The text of a 220, 221 or 421 begins with the server's name (RFC 5321 4.2.3), which is ignored.
 * So is host, the first word of the greeting, wherever it stands; host is empty if not known. A
 * 5yz never gets a cause of time.
 */
void cause_words_read(uint16_t code, struct bytes text, struct bytes host, struct cause_words *out);

/* For tests of the table: the number of its words, and the word at index i in alphabetical order.
 */
unsigned cause_words_count(void);
const char *cause_words_stem(unsigned i);

/* The server's farewell, read once for all causes. code is 0 if the farewell was no reply, or
 * there was none. */
struct cause_text {
	struct cause_words words;
	struct bytes text; /* borrowed from the session's strings */
	struct smtp_enhanced enhanced;
	uint16_t code;
};

/* farewell.c - reads the farewell of f. Does not read f->said. */
void cause_text_read(const struct cause_input *f, struct cause_text *out);

/* Adds the signs, at most two, that the words or codes of the farewell give for c->id. */
void cause_words_sign(const struct cause_input *f, struct cause *c);

/* Whether the farewell names neither a cause nor the server's trouble. Then its place in the
 * session may be judged. */
bool cause_text_says_nothing(const struct cause_input *f);

/* Whether the farewell speaks of a time-out. */
bool cause_text_names_time(const struct cause_input *f);

/* The rules, one for each cause, by subject: server.c, dialogue.c (the dialogue itself), path.c
 * (the network path), reset.c (whether a middlebox, and not the side whose address the RST bears,
 * sent the RST), time.c; cause_unexplained in table.c. Each returns whether it holds, and adds its
 * signs to c. */
#define CAUSE(name, rule, ...) bool rule(const struct cause_input *f, struct cause *c);
#include "smtpwatch/causes.def"

/* path.c - Whether the client's largest segments did not get through: then its silence is not its
 * own. */
bool cause_path_stuck(const struct cause_input *f);

/* clock.c - Returns which of the n times, in seconds, ns is within half a second or one percent
 * of; 0: none. */
unsigned cause_clock_near(int64_t ns, const uint16_t *times, size_t n);

/* Whether it was the client's turn: never without a greeting, nor after the end of a message. */
bool cause_clock_clients_turn(const struct cause_input *f);

/* Returns the usual idle time-out, in seconds, that the client's silence before the end equals; 0:
 * none. */
unsigned cause_time_idled(const struct cause_input *f);

/* Returns the usual session limit, in seconds, that the session's age at its end equals, counted
 * from the SYN. 0: none, or the client was silent for most of the session. */
unsigned cause_time_aged(const struct cause_input *f);

/* Whether cause_time_idled or cause_time_aged explains the end. */
bool cause_time_measured(const struct cause_input *f);

#endif
