/* ladder_state.h - the insides of a ladder under way. For ladder*.c alone. */
#ifndef SMTPWATCH_TRACE_LADDER_STATE_H
#define SMTPWATCH_TRACE_LADDER_STATE_H

#include "trace/ladder.h"
#include "trace/recording.h"

/* SEGMENTS: so many of a side are remembered, to find the packet of what was said in it. TEXT:
 * bytes of one line. */
enum { LADDER_SEGMENTS = 1024, LADDER_TEXT = 400 };

struct ladder_segment {
	int64_t ts;
	uint64_t number;
	uint32_t seq, len; /* SYN and FIN count for one each */
};

/* The segments of a side that brought something new. */
struct ladder_side {
	struct ladder_segment ring[LADDER_SEGMENTS];
	uint64_t n;
	uint32_t base, end; /* of the stream's first byte; behind the highest seen */
	bool based, begun;
	char name[IP_ADDR_TEXT + 9];
};

struct ladder {
	struct ladder_line *lines;
	size_t capacity;
	uint64_t n; /* all that were added */
	ladder_cleaner *clean;
	void *arg;
	struct ip_addr addr[2];
	uint16_t port[2];
	int64_t start;
	struct ladder_side side[2];

	const struct packet *now; /* the segment under way */
	enum side from;
	bool again;
	enum stage stage;    /* of what came last */
	struct outbuf reply; /* the lines of a reply that goes on */
	uint32_t reply_lines;
	uint64_t content,
		message; /* bytes of a message that have no line yet; and all of it so far */
	uint64_t spoken; /* offset in the client's stream behind its last command */
	uint64_t content_first, content_last; /* packets */
	int64_t content_ts;
	enum stage content_stage;
	bool secret; /* AUTH or MAIL were said: a line that is no command may be a password or a
			body */
	struct outbuf scratch;
	struct recording *recording; /* NULL: none is made */
};

/* ladder_lines.c: a new line with all that is given; text is escaped here. The line, or NULL where
 * there is no memory. */
struct ladder_line *ladder_add(struct ladder *l, struct ladder_line line, struct bytes text);

/* The last line, or NULL. */
struct ladder_line *ladder_last(const struct ladder *l);

#endif
