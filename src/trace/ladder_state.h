/* ladder_state.h - the state of a ladder. Private to ladder*.c. */
#ifndef SMTPWATCH_TRACE_LADDER_STATE_H
#define SMTPWATCH_TRACE_LADDER_STATE_H

#include "trace/ladder.h"
#include "trace/recording.h"

/* SEGMENTS: of each side so many segments are remembered, to find the packet of a byte. TEXT: bytes
 * of one line. */
enum { LADDER_SEGMENTS = 1024, LADDER_TEXT = 400 };

/* A segment, without its bytes. */
struct ladder_segment {
	int64_t ts;
	uint64_t number;
	uint32_t seq, len; /* SYN and FIN count as one byte each */
};

/* The segments of a side that brought new bytes. */
struct ladder_side {
	struct ladder_segment ring[LADDER_SEGMENTS];
	uint64_t n;
	uint32_t base; /* sequence number of stream offset 0; valid if based */
	uint32_t end;  /* sequence number behind the highest seen; valid if begun */
	bool based, begun;
	char name[IP_ADDR_TEXT + 9];
};

struct ladder {
	struct ladder_line *lines;
	size_t capacity;
	uint64_t n; /* all lines that were added */
	ladder_cleaner *clean;
	void *arg;
	struct ip_addr addr[2];
	uint16_t port[2];
	int64_t start;
	struct ladder_side side[2];

	const struct packet *now; /* the current segment; NULL: none */
	enum side from;           /* of the current segment */
	bool again;
	enum stage stage;    /* of the latest line */
	struct outbuf reply; /* the lines of an unfinished reply */
	uint32_t reply_lines;
	uint64_t content;      /* bytes of a message that have no line yet */
	uint64_t message;      /* all bytes of the message so far */
	uint64_t commands_end; /* offset in the client's stream behind its last command */
	uint64_t content_first, content_last; /* frame numbers of these bytes */
	int64_t content_ts;
	enum stage content_stage;
	/* AUTH or MAIL was sent: a line that is no command may be a password or a body. */
	bool secret;
	struct outbuf scratch;
	struct recording *recording; /* NULL: ladder_record was not called */
};

/* ladder_lines.c: adds a copy of line with this text, which is redacted and escaped here. Returns
 * the new line, or NULL if memory is exhausted. */
struct ladder_line *ladder_add(struct ladder *l, struct ladder_line line, struct bytes text);

/* Returns the last line, or NULL. */
struct ladder_line *ladder_last(const struct ladder *l);

#endif
