/*
 * scenario_text.h - a side's bytes with secrets masked, written in the scenario language
 * (tests/scenarios/README.md).
 */
#ifndef SMTPWATCH_TRACE_SCENARIO_TEXT_H
#define SMTPWATCH_TRACE_SCENARIO_TEXT_H

#include "trace/ladder.h"
#include "trace/recording.h"

/* What was replaced. */
enum scenario_change {
	CHANGE_SECRET = 1,   /* of AUTH, and of lines that may be a password */
	CHANGE_BODY = 2,     /* the text of messages */
	CHANGE_UNCLEAR = 4,  /* bytes whose meaning is not known */
	CHANGE_ENCRYPTED = 8 /* encrypted TLS records */
};

/* A side's stream with secrets masked. Zero-fill before first use. */
struct scenario_text {
	struct outbuf text, pieces;
	unsigned changes; /* enum scenario_change */
	size_t at;        /* index of the piece that was searched last */
};

/* Fills t from a recording. clean, arg: as for ladder_new, for the call only. Free with
 * scenario_text_free. */
void scenario_text_make(struct scenario_text *t, const struct recording *r, enum side side,
			ladder_cleaner *clean, void *arg);
void scenario_text_free(struct scenario_text *t);

/* Returns the masked text between two offsets of the stream. Borrowed from t. Fastest if offsets
 * rise from call to call. */
struct bytes scenario_text_of(struct scenario_text *t, uint64_t from, uint64_t to);

/* Returns true if all bytes between two offsets belong to a message. */
bool scenario_text_content(struct scenario_text *t, uint64_t from, uint64_t to);

/* Appends steps that send the bytes in one segment: `C: text`, `C+ text`, `raw C "..."`. */
void scenario_put_bytes(struct outbuf *b, enum side side, struct bytes text);

/*
 * Appends steps that send a part of a message. A long run of plain lines is written as "bulk C
 * 3000", the rest as scenario_put_bytes does. begins: text begins a line. Returns true if there is
 * a rest: its segment can be continued.
 */
bool scenario_put_body(struct outbuf *b, enum side side, struct bytes text, bool begins);

#endif
