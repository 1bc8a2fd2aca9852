/* line.h - splits a stream that is cut anywhere into lines; a line that arrives whole is not
 * copied. */
#ifndef SMTPWATCH_CORE_SMTP_LINE_H
#define SMTPWATCH_CORE_SMTP_LINE_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/* The longest line that is kept. A longer line is cut to its first LINE_MAX_KEPT bytes, with
 * LINE_LONG. RFC 5321 4.5.3.1 asks for 512; AUTH and extensions ask for up to 12,288. */
#define LINE_MAX_KEPT 4096

enum line_flaw {
	LINE_BARE_LF = 1, /* ended by LF without CR */
	LINE_LONE_CR = 2, /* a CR inside the line */
	LINE_NUL = 4,     /* a NUL inside the line */
	LINE_LONG = 8,    /* longer than LINE_MAX_KEPT: the rest is dropped */
	LINE_UNENDED =
		16 /* the stream ended, or a gap came, before the line's end (line_rest only) */
};

/* A line under assembly, 16 bytes. Zero-filled before first use. Memory is borrowed from the pool
 * only while a partial line waits. */
struct line {
	uint8_t *partial;
	uint16_t n;        /* bytes at partial */
	uint16_t capacity; /* the size that partial was requested with */
	uint8_t flaws;     /* enum line_flaw of the line under way, and line.c's own bits */
	bool lost; /* the pool had no room for the partial line: the bytes kept so far are returned
		      with LINE_LONG */
};

/* A finished line, without its line end. Borrowed until the next call for the same struct line, or
 * until the input is gone. */
struct line_out {
	struct bytes text;
	unsigned flaws; /* enum line_flaw */
};

/* Takes bytes from *in up to and including the next LF, and moves *in forward.
 * Returns true with a line in *out. Returns false when *in is used up; the partial line is kept.
 * The cuts of the input change no result. */
bool line_next(struct line *l, struct pool *pool, struct bytes *in, struct line_out *out);

/* Takes the next line from *in if it is ordinary: whole, ended by CR LF, at most LINE_MAX_KEPT
 * bytes long, without CR, LF and NUL inside. Else returns false and leaves *in as it is. */
bool line_ordinary(struct bytes *in, struct bytes *text);

/* Returns true with the partial line that waits, marked LINE_UNENDED, in *out; false if none
 * waits. Call it where the stream ends or a gap comes. The text is borrowed until the next call,
 * which starts a new line. */
bool line_rest(struct line *l, struct pool *pool, struct line_out *out);

/* Whether no partial line waits. */
bool line_idle(const struct line *l);

/* Discards the partial line and returns its memory to the pool. */
void line_give_back(struct line *l, struct pool *pool);

/* Does what line_give_back does, inlined for the usual case: there is nothing to discard. */
static inline void line_reset(struct line *l, struct pool *pool)
{
	if (l->partial || l->n > 0 || l->flaws != 0 || l->lost)
		line_give_back(l, pool);
}

#endif
