/* scenario.h - a dialogue and what happens to it on the wire, as a mail administrator wrote it,
 * read into steps (the language: tests/scenarios/README.md). */
#ifndef SMTPWATCH_TESTS_SCENARIO_H
#define SMTPWATCH_TESTS_SCENARIO_H

#include "smtpwatch/monitor.h"

/* DEPTH: so many parts may be open within each other; PARTS: so many are included in all. */
enum {
	SCENARIO_SCENES = 16,
	SCENARIO_BARRED = 8,
	SCENARIO_WHY = 512,
	SCENARIO_DEPTH = 4,
	SCENARIO_PARTS = 1000
};

/* What one line asks the builder to do. Which members of struct step mean something is told by the
 * table in scenario.c. */
enum step_kind {
	STEP_LINE,     /* text, with its CRLF */
	STEP_RAW,      /* bytes as they are */
	STEP_BULK,     /* number bytes of body lines */
	STEP_FLAGS,    /* a FIN or RST */
	STEP_CONNECT,  /* the handshake; choice: enum connect */
	STEP_LOSE,     /* the capture misses the side's next segments */
	STEP_GAP,      /* the capture misses bytes that the side sends now */
	STEP_DUP,      /* the next segment is captured twice */
	STEP_SWAP,     /* the next two segments are captured the other way round */
	STEP_LATE,     /* the last segment is captured behind the next one */
	STEP_OVERLAP,  /* the next segment repeats the side's last bytes */
	STEP_NO_ACK,   /* the next segment is captured, but never arrives */
	STEP_CROSSING, /* the next segment was sent before the other side's last one had arrived */
	STEP_RETRANSMIT,
	STEP_VANISH, /* the side receives and sends no more */
	STEP_KEEPALIVE,
	STEP_WINDOW,
	STEP_MTU,  /* the side's segments with more than number bytes do not arrive any more; 0: all
		      do */
	STEP_ICMP, /* a router quotes the side's last segment; choice: enum icmp - 1, number: the
		      MTU it tells */
	STEP_WAIT, /* number: nanoseconds */
	STEP_OPEN, /* the close is not completed */
	STEP_JOIN, /* nothing before this was captured */
	STEP_CUT,  /* nothing after this was captured */
	STEP_SNAP, /* frames are cut to number bytes from here on */
	STEP_SEGMENT, /* segments may be number bytes long: super-segments, or small ones */
	STEP_ONLY     /* from here on the capture sees only what this side sends */
};

/* How a connection begins. The WITHOUT ones are complete, but the capture misses a segment. */
enum connect {
	CONNECT_WHOLE,
	CONNECT_REFUSED,
	CONNECT_UNANSWERED,
	CONNECT_HALF,
	CONNECT_WITHOUT_SYN,
	CONNECT_WITHOUT_SYN_ACK,
	CONNECT_WITHOUT_ACK
};

/* An error that a router sends about a segment. NONE: it is a segment; ELSEWHERE: of another port.
 */
enum icmp { ICMP_NONE, ICMP_TOO_BIG, ICMP_UNREACHABLE, ICMP_ELSEWHERE };

/* What an RST has that its side's segments have not. All zero: it is the side's own. */
struct forgery {
	uint8_t ttl;   /* 0: as always */
	int32_t shift; /* added to the sequence number */
	bool has_ip_id, has_window, stamped, unstamped;
	bool without_ack; /* as a kernel answers what comes to a socket that is closed */
	uint16_t ip_id, window;
};

struct step {
	enum step_kind kind;
	unsigned line;  /* of the file */
	unsigned scene; /* index of the session */
	enum side side;
	bool joined; /* in the same segment as the step before */
	int64_t choice, number;
	uint8_t *data; /* owned by the scenario; NULL: none */
	size_t n;
	uint8_t flags; /* enum tcp_flag */
	struct forgery forgery;
};

/* What can be expected of a session; the names are those of the expect line. */
enum expect {
	EXPECT_VERDICT,
	EXPECT_STAGE,
	EXPECT_FATE,
	EXPECT_SEVERITY,
	EXPECT_SEEN,
	EXPECT_ALSO,
	EXPECT_CLOSER,
	EXPECT_HOW,
	EXPECT_FAREWELL,
	EXPECT_FLAWS,
	EXPECT_CAUSE,
	EXPECT_CONFIDENCE,
	EXPECT_TOGETHER,
	EXPECT_STARTTLS,
	EXPECT_PROXIED,
	EXPECT_LMTP,
	EXPECT_BYTES,
	EXPECT_ID,
	EXPECT_TAKEN,
	EXPECT_CERTAINTY,
	EXPECTS
};

const char *expect_name(enum expect e);

/* One session of the scenario: who speaks with whom, and what must be said of it. */
struct scene {
	unsigned number;    /* as written behind "session" */
	uint8_t addr[2][4]; /* by enum side */
	uint16_t port[2];
	enum port_kind kind;
	bool timestamps;     /* both sides' segments bear them (RFC 7323) */
	bool nothing;        /* no session may be reported */
	char *want[EXPECTS]; /* NULL: anything will do; lists are parted by commas, alternatives by
				a bar */
};

struct scenario {
	char *name; /* the file's, without folder and suffix */
	struct scene scene[SCENARIO_SCENES];
	unsigned scenes;
	struct step *steps;
	size_t n;
	bool fair_only;
	char *barred[SCENARIO_BARRED]; /* weathers it does not run in */
	unsigned barreds;
};

/* Reads a file; NULL with a sentence in why ("file:line: ...") if it is not a scenario. Who calls
 * read calls free. */
struct scenario *scenario_read(const char *path, char why[SCENARIO_WHY]);

/*
 * The same of a text; name stands in the sentences, and parts are looked for in its folder. The
 * text is changed.
 */
struct scenario *scenario_parse(const char *name, char *text, char why[SCENARIO_WHY]);

void scenario_free(struct scenario *s);

/* True if the scenario says "not <weather>:" of it. */
bool scenario_bars(const struct scenario *s, const char *weather);

#endif
