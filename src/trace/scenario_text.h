/*
 * scenario_text.h - what a side said, as it may be shown, and in the words of the scenario language
 * (tests/scenarios/README.md).
 */
#ifndef SMTPWATCH_TRACE_SCENARIO_TEXT_H
#define SMTPWATCH_TRACE_SCENARIO_TEXT_H

#include "trace/ladder.h"
#include "trace/recording.h"

/* What was put in the place of something. */
enum scenario_change {
	CHANGE_SECRET = 1, /* of AUTH, and of lines that may be a password */
	CHANGE_BODY = 2,
	CHANGE_UNTOLD = 4,   /* bytes of which nobody knows what they are */
	CHANGE_ENCRYPTED = 8 /* of TLS: what is encrypted */
};

/* A side's stream, shown. Zero-filled before first use. */
struct scenario_text {
	struct outbuf text, pieces;
	unsigned changes; /* enum scenario_change */
	size_t at;        /* the piece that was asked for last */
};

/* clean: as of ladder_new. */
void scenario_text_make(struct scenario_text *t, const struct recording *r, enum side side,
			ladder_cleaner *clean, void *arg);
void scenario_text_free(struct scenario_text *t);

/* From one offset in the stream to another. Offsets that are asked for go up. */
struct bytes scenario_text_of(struct scenario_text *t, uint64_t from, uint64_t to);

/* All of it is a message's. */
bool scenario_text_content(struct scenario_text *t, uint64_t from, uint64_t to);

/* "C: text", "C+ text", 'raw C "..."': the bytes, in one segment. */
void scenario_put_bytes(struct outbuf *b, enum side side, struct bytes text);

/*
 * A part of a message: what is long, and nothing in it matters, is "bulk C 3000", the rest as
 * above. begins: with a line. True where there is a rest, so that its segment can be gone on with.
 */
bool scenario_put_body(struct outbuf *b, enum side side, struct bytes text, bool begins);

#endif
