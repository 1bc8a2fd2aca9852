/* line.h - a stream cut anywhere, back to lines; a line that arrives whole is not copied. */
#ifndef SMTPWATCH_CORE_SMTP_LINE_H
#define SMTPWATCH_CORE_SMTP_LINE_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/* The longest line that is kept; of a longer one the first LINE_MAX_KEPT bytes are handed on, with
 * LINE_LONG. RFC 5321 4.5.3.1 asks for 512, AUTH and extensions for up to 12,288. */
#define LINE_MAX_KEPT 4096

enum line_flaw {
	LINE_BARE_LF = 1, /* ended by LF without CR */
	LINE_LONE_CR = 2, /* a CR inside */
	LINE_NUL = 4,     /* a NUL inside */
	LINE_LONG = 8,    /* over LINE_MAX_KEPT: the rest was passed over */
	LINE_UNENDED = 16 /* the stream ended, or a gap came, before its end (line_rest only) */
};

/* A line under assembly: zero-filled before first use. 16 bytes; memory is borrowed from the pool
 * only while half a line is waiting. */
struct line {
	uint8_t *half;
	uint16_t n;    /* bytes at half */
	uint16_t room; /* what half was asked with */
	uint8_t flaws; /* of the line under way */
	bool lost; /* no memory for the half line: it will be handed on as far as it was kept, with
		      LINE_LONG */
};

/* A finished line, without its line end. Borrowed until the next call for the same struct line, or
 * until the input goes. */
struct line_out {
	struct bytes text;
	unsigned flaws; /* enum line_flaw */
};

/*
 * Takes bytes from *in (which is moved forward) up to and including the next LF. True: *out is a
 * line. False: *in is used up, and the half line is kept. Splitting the input otherwise changes no
 * result.
 */
bool line_next(struct line *l, struct pool *pool, struct bytes *in, struct line_out *out);

/* Hands out the half line that is waiting (LINE_UNENDED), if any, and forgets it. The text is
 * borrowed until the next call. */
bool line_rest(struct line *l, struct pool *pool, struct line_out *out);

/* No half line is waiting. */
bool line_idle(const struct line *l);

/* Forgets the half line and gives the memory back. */
void line_give_back(struct line *l, struct pool *pool);

/* The same; nearly always there is nothing to give back. */
static inline void line_reset(struct line *l, struct pool *pool)
{
	if (l->half || l->n > 0 || l->flaws != 0 || l->lost)
		line_give_back(l, pool);
}

#endif
