/* ladder.h - one session as a ladder: client left, server right, one line for each command, reply
 * or event; and the formats of a ladder. */
#ifndef SMTPWATCH_TRACE_LADDER_H
#define SMTPWATCH_TRACE_LADDER_H

#include "base/error.h"
#include "core/session/trace.h"
#include "smtpwatch/monitor.h"
#include "smtpwatch/record.h"
#include "text/buffer.h"
#include "trace/ladder_format.h"

/* What a line is about. */
enum ladder_kind {
	LADDER_COMMAND, /* a line of the client */
	LADDER_REPLY,   /* a whole reply, all its lines in one */
	LADDER_MESSAGE, /* a message or a part of it: its size, never its text */
	LADDER_TCP,     /* SYN, FIN, RST, retransmissions, windows */
	LADDER_NOTE /* an event of neither side: a hole in the capture, TLS begins, the capture ends
		     */
};

/* Bits of ladder_line.flags. LADDER_FLAGS: their number. */
enum ladder_flag {
	LADDER_FAULT = 1, /* the line that the verdict is about */
	LADDER_GAP = 2,   /* bytes are missing from the capture */
	LADDER_AGAIN = 4, /* segments whose bytes had been sent before */
	LADDER_SYN = 8,
	LADDER_FIN = 16,
	LADDER_RST = 32,
	LADDER_TLS = 64,          /* TLS begins */
	LADDER_REFUSED = 128,     /* a reply 4yz or 5yz */
	LADDER_UNASKED = 256,     /* a 221 that answers no QUIT */
	LADDER_BEHIND_QUIT = 512, /* with LADDER_UNASKED: a QUIT was outstanding, but another
				     command was due for its answer */
	LADDER_EARLY = 1024, /* a reply inside a message, which the client takes for the answer to
				its end */
	LADDER_FLAGS = 11
};

/* One line. Texts are valid UTF-8 without control bytes, redacted, and never NULL. Borrowed from
 * the ladder. */
struct ladder_line {
	int64_t ts; /* nanoseconds since the epoch */
	/* Frame numbers in the capture, from 1. packet: 0: unknown. last: of the last of several
	 * packets; else 0. */
	uint64_t packet, last;
	uint64_t bytes; /* of a message, a gap, or retransmissions */
	int64_t waited; /* of a reply: nanoseconds since what it answers; 0: it answers nothing, or
			   the time is unknown */
	/* Of a reply: what it answers: "MAIL", "the end of the message"; a constant. NULL: nothing
	 * known, or no reply. */
	const char *answers;
	char *text;
	uint32_t count; /* segments that the line stands for */
	unsigned flags; /* enum ladder_flag */
	enum ladder_kind kind;
	enum side side;   /* the sender; undefined in a LADDER_NOTE */
	enum stage stage; /* of the session, at this line */
	uint16_t code;    /* of a reply */
	bool pipelined;   /* of a reply: other lines stand between it and what it answers */
};

/* Return the name of a kind ("command", "reply" ...), and of a flag by the number of its bit
 * ("fault", "gap" ...). The names live as long as the program. */
const char *ladder_kind_name(enum ladder_kind kind);
const char *ladder_flag_name(unsigned bit);

/* Redacts a text. Borrowed until the next call. */
typedef struct bytes ladder_cleaner(void *arg, struct bytes text);

/* The most lines of one ladder: the first half and the last half are kept, and lines between them
 * are only counted. */
enum { LADDER_LINES = 2000 };

/* If memory is exhausted, lines are left out. */
struct ladder;

/* Makes an empty ladder. Copies what it needs of conn. clean: redacts each text, and gets arg;
 * NULL: texts stay as they are. Both are used until ladder_free. Returns NULL if memory is
 * exhausted. */
struct ladder *ladder_new(const struct conn *conn, ladder_cleaner *clean, void *arg);

/* Frees the ladder and its recording. NULL is allowed. */
void ladder_free(struct ladder *l);

/*
 * Fill a ladder, which replay/ladder_pass.h does. For each segment of the session, in the order of
 * capture: call ladder_segment, pass the segment to the monitor, then call ladder_segment_done. The
 * monitor's trace observer calls ladder_event in between. *p is borrowed until ladder_segment_done.
 * ladder_icmp adds an ICMP error; packet: number of its frame. After the last segment ladder_judge
 * orders the lines, and marks the one that verdict v is about.
 */
void ladder_segment(struct ladder *l, const struct packet *p);
void ladder_event(struct ladder *l, const struct trace_event *e);
void ladder_segment_done(struct ladder *l);
void ladder_icmp(struct ladder *l, const struct packet_icmp *icmp, uint64_t packet);
void ladder_judge(struct ladder *l, const struct ending *ending, unsigned verdict);

/* Return the number of lines, and line i of them. ladder_omitted returns how many lines were left
 * out, before line *cut; 0: none. Lines are borrowed until the next call that adds a line. */
size_t ladder_count(const struct ladder *l);
const struct ladder_line *ladder_line(const struct ladder *l, size_t i);
uint64_t ladder_omitted(const struct ladder *l, size_t *cut);

/* Returns the line with LADDER_FAULT, or NULL. */
const struct ladder_line *ladder_fault(const struct ladder *l);

/* ladder_start returns the time that all others are relative to: the first frame's, nanoseconds
 * since the epoch. ladder_end returns a side's address and port: "192.0.2.10:40001", or
 * "[2001:db8::1]:25". Borrowed from the ladder. */
int64_t ladder_start(const struct ladder *l);
const char *ladder_end(const struct ladder *l, enum side side);

/*
 * Append a ladder in one format. Text: at most `columns` wide (0: 100), but at least 16 columns
 * behind the heads. From 96 columns on each side has its own column. colour: escape sequences of a
 * terminal. CSV: RFC 4180, a header and one line each. Mermaid: a sequence diagram for a page that
 * can draw one.
 */
void ladder_text(struct outbuf *b, const struct ladder *l, unsigned columns, bool colour);
void ladder_csv(struct outbuf *b, const struct ladder *l);
void ladder_mermaid(struct outbuf *b, const struct ladder *l);

/* The most sessions of a scenario. */
enum { LADDER_SCENES = 16 };

/* One session of a scenario. All pointers are borrowed for the call. */
struct ladder_scene {
	const struct ladder *ladder;
	const struct record *record; /* nothing of it is used that would need redaction */
	enum port_kind kind;         /* of the server's port */
};

/* Makes a ladder record its session for ladder_scenario. Call before the ladder is filled. Returns
 * false if memory is exhausted. */
bool ladder_record(struct ladder *l);

/* Appends n sessions, 1 to LADDER_SCENES, as a scenario of tests/scenarios (README.md there). The
 * scenario makes the same segments, and expects the same verdicts: for a bug report. Bodies,
 * secrets and IP addresses are replaced; a comment lists what. Returns false with a sentence in why
 * if the sessions cannot be a scenario. */
bool ladder_scenario(struct outbuf *b, const struct ladder_scene *scenes, size_t n,
		     struct error *why);

/* Append parts of a line, for views with columns of their own. Time: "+0.002345". Packets: "12",
 * "12-15", or nothing if unknown. */
void ladder_put_time(struct outbuf *b, const struct ladder *l, const struct ladder_line *line);
void ladder_put_packets(struct outbuf *b, const struct ladder_line *line);

/* Appends the text with remarks: "250 2.1.5 Ok [to RCPT] (after 2.5 s)". */
void ladder_put_words(struct outbuf *b, const struct ladder_line *line);

#endif
