/* script.h - what is said and done in a session, as tables: the steps, the courses that sessions
 * usually take, and the ways in which they end otherwise. */
#ifndef SMTPWATCH_BENCH_SCRIPT_H
#define SMTPWATCH_BENCH_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

enum party { CLIENT, SERVER };

enum step_kind {
	STEP_FLAGS,       /* a segment without bytes */
	STEP_FLAGS_AGAIN, /* the SYN once more */
	STEP_TEXT,
	STEP_TEXT_AGAIN, /* the party's last text once more, a retransmission */
	STEP_BODY,       /* header and body of a message, and the text behind them */
	STEP_CHUNK,      /* BDAT LAST with the whole message */
	STEP_CHUNK_1,    /* BDAT with the first half, */
	STEP_CHUNK_2,    /* BDAT LAST with the second */
	STEP_HANDSHAKE,  /* a TLS handshake record of n bytes */
	STEP_RECORD,     /* a TLS record of n bytes of text */
	STEP_RECORDS,    /* a message in TLS records */
	STEP_WAIT        /* n milliseconds */
};

/*
 * In the texts $S is the server's name, $C the client's, $N an id of the session and message, $B
 * the size of the chunk, and $( ... $) stands once for each recipient, whose number is $I.
 */
struct step {
	enum step_kind kind;
	enum party party;
	uint8_t flags; /* on the (last) segment */
	const char *text;
	uint32_t n;
	const char *after; /* behind the content */
};

/* A course is a row of these; the end is 0. The first half are rows of `steps`. */
enum {
	COURSE_END,
	C_SYN,
	C_SYN_AGAIN,
	S_SYN,
	S_REFUSE,
	C_ACK,
	S_ACK,
	C_FIN,
	S_FIN,
	C_RESET,
	S_RESET,
	S_CLOSED,
	WAIT_1,
	WAIT_2,
	WAIT_4,
	WAIT_8,
	S_GREETING,
	S_EHLO,
	S_OK,
	S_RCPT_OK,
	S_GO_ON,
	S_GROUP_OK,
	S_GROUP_CHUNK_OK,
	S_ACCEPTED,
	S_ACCEPTED_BYE,
	S_BYE,
	S_BYE_FIN,
	S_221,
	S_221_NOT_SMTP,
	S_421,
	S_554,
	S_550,
	S_552,
	S_TLS_READY,
	C_EHLO,
	C_MAIL,
	C_RCPT,
	C_DATA,
	C_GROUP,
	C_BODY,
	C_BODY_QUIT,
	C_GROUP_CHUNK,
	C_CHUNK_1,
	C_CHUNK_2,
	C_QUIT,
	C_QUIT_FIN,
	C_LINE,
	C_LINE_AGAIN,
	C_STARTTLS,
	C_GET,
	C_HELLO,
	S_HELLO,
	C_FINISHED,
	C_RECORD_EHLO,
	S_RECORD_EHLO,
	C_RECORD_GROUP,
	S_RECORD_GROUP,
	C_RECORDS,
	S_RECORD_ACCEPTED,
	C_RECORD_QUIT,
	S_RECORD_BYE,
	S_RECORD_CLOSE,
	C_RECORD_CLOSE,
	STEPS,

	/* Back to behind AT_READY if another message is to be sent; back to behind AT_MAIL_DONE if
	   another recipient is. */
	NEXT_MESSAGE = 0x60,
	NEXT_RCPT,

	/* Where a session may end otherwise, or be held. */
	AT_SYN = 0x80,
	AT_CONNECTED,
	AT_GREETED,
	AT_EHLO,
	AT_READY,
	AT_MAIL,
	AT_MAIL_DONE,
	AT_RCPT,
	AT_RCPT_DONE,
	AT_DATA,
	AT_GROUP,
	AT_CONTENT, /* inside the message: half of it was sent */
	AT_CHUNK,   /* a chunk that is not the last was sent */
	AT_SENT,
	AT_ACCEPTED,
	AT_QUIT
};

extern const struct step steps[STEPS];

enum course_id {
	COURSE_PLAIN,
	COURSE_GROUP,
	COURSE_GROUP_QUIT,
	COURSE_BDAT,
	COURSE_CHUNKS,
	COURSE_TLS,
	COURSE_SHORT,
	COURSE_GET,
	COURSES
};

extern const uint8_t *const courses[COURSES];

/* At `at` the session goes on with `tail` instead, and gets this verdict. courses: of which
 * courses, a bit each. */
struct ending {
	const char *name;
	const char *verdict;
	uint16_t weight;
	uint16_t courses;
	uint8_t at;
	uint8_t tail[12];
};

extern const struct ending endings[];
extern const unsigned endings_n;

#endif
