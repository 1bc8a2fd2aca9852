/* ladder.h - one session as a ladder: client left, server right, a line for each thing that was
 * said or done; and the ways to draw it. */
#ifndef SMTPWATCH_TRACE_LADDER_H
#define SMTPWATCH_TRACE_LADDER_H

#include "core/session/trace.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/record.h"
#include "text/buffer.h"
#include "trace/ladder_format.h"

enum ladder_kind {
	LADDER_COMMAND, /* a line of the client */
	LADDER_REPLY,   /* a whole reply, all its lines in one */
	LADDER_MESSAGE, /* a message or a part of it: its size, never its text */
	LADDER_TCP,     /* SYN, FIN, RST, segments sent again, windows */
	LADDER_NOTE /* what neither side said: a hole in the capture, TLS begins, the capture ends
		     */
};

enum ladder_flag {
	LADDER_FAULT = 1, /* what the verdict is about */
	LADDER_GAP = 2,   /* bytes are missing from the capture */
	LADDER_AGAIN = 4, /* segments that had been sent before */
	LADDER_SYN = 8,
	LADDER_FIN = 16,
	LADDER_RST = 32,
	LADDER_TLS = 64,          /* TLS begins */
	LADDER_REFUSED = 128,     /* a reply 4yz or 5yz */
	LADDER_UNASKED = 256,     /* a 221 that answers no QUIT ... */
	LADDER_BEHIND_QUIT = 512, /* ... though the client had said QUIT, behind what it answers */
	LADDER_EARLY = 1024, /* a reply inside a message, which the client reads as the answer to
				its end */
	LADDER_FLAGS = 11
};

/* One rung. Text is valid UTF-8 without control bytes, redacted, never NULL. */
struct ladder_line {
	int64_t ts;            /* nanoseconds since the epoch */
	uint64_t packet, last; /* numbers of frames in the capture, the first is 1; last: of
				  several; 0: not known */
	uint64_t bytes;        /* of a message, a gap, segments sent again */
	int64_t waited; /* of a reply: nanoseconds since what it answers; 0: it answers nothing */
	const char *answers; /* of a reply: "MAIL", "end of message"; of a command NULL; static */
	char *text;
	uint32_t count; /* of segments that one line stands for */
	unsigned flags; /* enum ladder_flag */
	enum ladder_kind kind;
	enum side side; /* who did it; of a note: meaningless */
	enum stage stage;
	uint16_t code;  /* of a reply */
	bool pipelined; /* of a reply: other lines stand between it and what it answers */
};

/* "command", "reply" ...; "fault", "gap" ... of one bit, by its number. */
const char *ladder_kind_name(enum ladder_kind kind);
const char *ladder_flag_name(unsigned bit);

/* Takes out of a text what may not be shown; borrowed until its next call. */
typedef struct bytes ladder_cleaner(void *arg, struct bytes text);

/* At most so many lines are kept of one session: the first half and the last; those between are
 * counted. */
enum { LADDER_LINES = 2000 };

struct ladder;

/* conn: the session's; clean: NULL: texts are shown as they are. NULL where there is no memory. */
struct ladder *ladder_new(const struct conn *conn, ladder_cleaner *clean, void *arg);
void ladder_free(struct ladder *l);

/*
 * How it is filled: each segment of the session in the order of capture goes to ladder_segment,
 * then to the monitor, whose watch hands what comes of it to ladder_event, then to
 * ladder_segment_done (replay/ladder_pass.h does all that). ladder_judge, behind the last, marks
 * the fault.
 */
void ladder_segment(struct ladder *l, const struct packet *p);
void ladder_event(struct ladder *l, const struct trace_event *e);
void ladder_segment_done(struct ladder *l);
void ladder_icmp(struct ladder *l, const struct packet_icmp *icmp, uint64_t packet);
void ladder_judge(struct ladder *l, const struct ending *ending, enum verdict v);

/* What there is: lines 0 .. count-1; before line `cut`, `omitted` lines were left out (0: none). */
size_t ladder_count(const struct ladder *l);
const struct ladder_line *ladder_line(const struct ladder *l, size_t i);
uint64_t ladder_omitted(const struct ladder *l, size_t *cut);

/* The line that bears the fault; NULL: none does. */
const struct ladder_line *ladder_fault(const struct ladder *l);

/* The first time, from which the others are counted; "192.0.2.10:40001" of a side, with brackets
 * around IPv6. */
int64_t ladder_start(const struct ladder *l);
const char *ladder_end(const struct ladder *l, enum side side);

/*
 * The ways to draw it. Text: at most `columns` wide (0: 100), two columns where there is room, one
 * where there is not (below 96); with colour for a terminal. CSV: RFC 4180, a header and a line
 * each. Mermaid: a sequence diagram, for a page that can draw one.
 */
void ladder_text(struct outbuf *b, const struct ladder *l, unsigned columns, bool colour);
void ladder_csv(struct outbuf *b, const struct ladder *l);
void ladder_mermaid(struct outbuf *b, const struct ladder *l);

/*
 * As a scenario of the tests (tests/scenarios/README.md), which makes the same wire and expects
 * what was said of it: for a bug report. Bodies, secrets and IP addresses are replaced, and a
 * comment tells of what. Each ladder must have been told before it was filled: ladder_record
 * (false: no memory). False, with a sentence in why, where a session is no scenario.
 */
enum { LADDER_SCENES = 16, LADDER_WHY = 128 };

struct ladder_scene {
	const struct ladder *ladder;
	const struct record *record; /* of it nothing is told that would have to be redacted */
	enum port_kind kind;         /* of the server's port */
};

bool ladder_record(struct ladder *l);
bool ladder_scenario(struct outbuf *b, const struct ladder_scene *scenes, size_t n,
		     char why[LADDER_WHY]);

/* One line's head and text as the text ladder has them, for views that have columns of their own.
 * "+0.002345", "EHLO", "12" or "12-15". */
void ladder_put_time(struct outbuf *b, const struct ladder *l, const struct ladder_line *line);
void ladder_put_packets(struct outbuf *b, const struct ladder_line *line);

/* The text with what is known beside it: "250 2.1.5 Ok (to RCPT, after 0.2 ms)". */
void ladder_put_words(struct outbuf *b, const struct ladder_line *line);

#endif
