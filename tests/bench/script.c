/* script.c - the tables of what sessions do. */
#include "bench/script.h"

#include "bench/wire.h"

#define SERVER_TEXT(text)                                                                          \
	{                                                                                          \
		STEP_TEXT, SERVER, 0, text, 0, ""                                                  \
	}
#define CLIENT_TEXT(text)                                                                          \
	{                                                                                          \
		STEP_TEXT, CLIENT, 0, text, 0, ""                                                  \
	}
#define FLAGS(party, flags)                                                                        \
	{                                                                                          \
		STEP_FLAGS, party, flags, "", 0, ""                                                \
	}
#define RECORD(party, n)                                                                           \
	{                                                                                          \
		STEP_RECORD, party, 0, "", n, ""                                                   \
	}
#define HANDSHAKE(party, n)                                                                        \
	{                                                                                          \
		STEP_HANDSHAKE, party, 0, "", n, ""                                                \
	}
#define WAIT(ms)                                                                                   \
	{                                                                                          \
		STEP_WAIT, CLIENT, 0, "", ms, ""                                                   \
	}
#define CONTENT(kind, before, after)                                                               \
	{                                                                                          \
		kind, CLIENT, 0, before, 0, after                                                  \
	}

const struct step steps[STEPS] = {
	[C_SYN] = FLAGS(CLIENT, WIRE_SYN),
	[C_SYN_AGAIN] = {STEP_FLAGS_AGAIN, CLIENT, WIRE_SYN, "", 0, ""},
	[S_SYN] = FLAGS(SERVER, WIRE_SYN | WIRE_ACK),
	[S_REFUSE] = FLAGS(SERVER, WIRE_RST | WIRE_ACK),
	[C_ACK] = FLAGS(CLIENT, WIRE_ACK),
	[S_ACK] = FLAGS(SERVER, WIRE_ACK),
	[C_FIN] = FLAGS(CLIENT, WIRE_FIN | WIRE_ACK),
	[S_FIN] = FLAGS(SERVER, WIRE_FIN | WIRE_ACK),
	[C_RESET] = FLAGS(CLIENT, WIRE_RST | WIRE_ACK),
	[S_RESET] = FLAGS(SERVER, WIRE_RST | WIRE_ACK),
	[S_CLOSED] = FLAGS(SERVER, WIRE_RST),
	[WAIT_1] = WAIT(1000),
	[WAIT_2] = WAIT(2000),
	[WAIT_4] = WAIT(4000),
	[WAIT_8] = WAIT(8000),
	[S_GREETING] = SERVER_TEXT("220 $S ESMTP Postfix\r\n"),
	[S_EHLO] = SERVER_TEXT("250-$S\r\n250-PIPELINING\r\n250-SIZE "
			       "52428800\r\n250-VRFY\r\n250-ETRN\r\n250-STARTTLS\r\n"
			       "250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-"
			       "SMTPUTF8\r\n250 CHUNKING\r\n"),
	[S_OK] = SERVER_TEXT("250 2.1.0 Ok\r\n"),
	[S_RCPT_OK] = SERVER_TEXT("250 2.1.5 Ok\r\n"),
	[S_GO_ON] = SERVER_TEXT("354 End data with <CR><LF>.<CR><LF>\r\n"),
	[S_GROUP_OK] = SERVER_TEXT(
		"250 2.1.0 Ok\r\n$(250 2.1.5 Ok\r\n$)354 End data with <CR><LF>.<CR><LF>\r\n"),
	[S_GROUP_CHUNK_OK] = SERVER_TEXT("250 2.1.0 Ok\r\n$(250 2.1.5 Ok\r\n$)"),
	[S_ACCEPTED] = SERVER_TEXT("250 2.0.0 Ok: queued as $N\r\n"),
	[S_ACCEPTED_BYE] = SERVER_TEXT("250 2.0.0 Ok: queued as $N\r\n221 2.0.0 Bye\r\n"),
	[S_BYE] = SERVER_TEXT("221 2.0.0 Bye\r\n"),
	[S_BYE_FIN] = {STEP_TEXT, SERVER, WIRE_FIN, "221 2.0.0 Bye\r\n", 0, ""},
	[S_221] = SERVER_TEXT("221 2.0.0 $S closing transmission channel\r\n"),
	[S_221_NOT_SMTP] = SERVER_TEXT("221 2.7.0 Error: I can break rules, too. Goodbye.\r\n"),
	[S_421] = SERVER_TEXT("421 4.3.2 $S service shutting down\r\n"),
	[S_554] = SERVER_TEXT("554 5.7.1 $S no service for $C\r\n"),
	[S_550] = SERVER_TEXT("550 5.1.1 no such user here\r\n"),
	[S_552] = SERVER_TEXT("552 5.3.4 message too large\r\n"),
	[S_TLS_READY] = SERVER_TEXT("220 2.0.0 Ready to start TLS\r\n"),
	[C_EHLO] = CLIENT_TEXT("EHLO $C\r\n"),
	[C_MAIL] = CLIENT_TEXT("MAIL FROM:<sender-$N@$C>\r\n"),
	[C_RCPT] = CLIENT_TEXT("RCPT TO:<user$I@example.net>\r\n"),
	[C_DATA] = CLIENT_TEXT("DATA\r\n"),
	[C_GROUP] = CLIENT_TEXT(
		"MAIL FROM:<sender-$N@$C>\r\n$(RCPT TO:<user$I@example.net>\r\n$)DATA\r\n"),
	[C_BODY] = CONTENT(STEP_BODY, "", ".\r\n"),
	[C_BODY_QUIT] = CONTENT(STEP_BODY, "", ".\r\nQUIT\r\n"),
	[C_GROUP_CHUNK] = CONTENT(
		STEP_CHUNK,
		"MAIL FROM:<sender-$N@$C>\r\n$(RCPT TO:<user$I@example.net>\r\n$)BDAT $B LAST\r\n",
		""),
	[C_CHUNK_1] = CONTENT(STEP_CHUNK_1, "BDAT $B\r\n", ""),
	[C_CHUNK_2] = CONTENT(STEP_CHUNK_2, "BDAT $B LAST\r\n", ""),
	[C_QUIT] = CLIENT_TEXT("QUIT\r\n"),
	[C_QUIT_FIN] = {STEP_TEXT, CLIENT, WIRE_FIN, "QUIT\r\n", 0, ""},
	[C_LINE] = CLIENT_TEXT(
		"one more line of the message, on its way when the other side had gone\r\n"),
	[C_LINE_AGAIN] =
		{STEP_TEXT_AGAIN, CLIENT, 0,
		 "one more line of the message, on its way when the other side had gone\r\n", 0,
		 ""},
	[C_STARTTLS] = CLIENT_TEXT("STARTTLS\r\n"),
	[C_GET] = CLIENT_TEXT("GET / HTTP/1.1\r\nHost: $S\r\nUser-Agent: curl/7.88.1\r\n\r\n"),
	[C_HELLO] = HANDSHAKE(CLIENT, 512),
	[S_HELLO] = HANDSHAKE(SERVER, 2900),
	[C_FINISHED] = RECORD(CLIENT, 36),
	[C_RECORD_EHLO] = RECORD(CLIENT, 24),
	[S_RECORD_EHLO] = RECORD(SERVER, 150),
	[C_RECORD_GROUP] = RECORD(CLIENT, 96),
	[S_RECORD_GROUP] = RECORD(SERVER, 65),
	[C_RECORDS] = {STEP_RECORDS, CLIENT, 0, "", 0, ""},
	[S_RECORD_ACCEPTED] = RECORD(SERVER, 37),
	[C_RECORD_QUIT] = RECORD(CLIENT, 6),
	[S_RECORD_BYE] = RECORD(SERVER, 15),
	[S_RECORD_CLOSE] = RECORD(SERVER, 2),
	[C_RECORD_CLOSE] = RECORD(CLIENT, 2),
};

#define OPENING                                                                                    \
	C_SYN, AT_SYN, S_SYN, C_ACK, AT_CONNECTED, S_GREETING, AT_GREETED, C_EHLO, AT_EHLO,        \
		S_EHLO, AT_READY
#define ENVELOPE                                                                                   \
	C_MAIL, AT_MAIL, S_OK, AT_MAIL_DONE, C_RCPT, AT_RCPT, S_RCPT_OK, NEXT_RCPT, AT_RCPT_DONE
#define SERVER_FIRST S_FIN, C_FIN, S_ACK
#define CLIENT_FIRST C_FIN, S_FIN, C_ACK

static const uint8_t plain[] = {OPENING,   ENVELOPE,   C_DATA,      AT_DATA,      S_GO_ON, C_BODY,
				AT_SENT,   S_ACCEPTED, AT_ACCEPTED, NEXT_MESSAGE, C_QUIT,  AT_QUIT,
				S_BYE_FIN, C_FIN,      S_ACK,       COURSE_END};

static const uint8_t group[] = {OPENING, C_GROUP,    AT_GROUP,     S_GROUP_OK,   C_BODY,
				AT_SENT, S_ACCEPTED, AT_ACCEPTED,  NEXT_MESSAGE, C_QUIT,
				AT_QUIT, S_BYE,      CLIENT_FIRST, COURSE_END};

/* Postfix: QUIT behind the dot. */
static const uint8_t group_quit[] = {OPENING, C_GROUP,        AT_GROUP,     S_GROUP_OK, C_BODY_QUIT,
				     AT_SENT, S_ACCEPTED_BYE, SERVER_FIRST, COURSE_END};

static const uint8_t bdat[] = {OPENING,    C_GROUP_CHUNK, S_GROUP_CHUNK_OK, AT_SENT,
			       S_ACCEPTED, AT_ACCEPTED,   NEXT_MESSAGE,     C_QUIT,
			       AT_QUIT,    S_BYE,         SERVER_FIRST,     COURSE_END};

static const uint8_t chunks[] = {OPENING,   ENVELOPE, C_CHUNK_1,  AT_CHUNK,     S_OK,
				 C_CHUNK_2, AT_SENT,  S_ACCEPTED, AT_ACCEPTED,  NEXT_MESSAGE,
				 C_QUIT,    AT_QUIT,  S_BYE,      SERVER_FIRST, COURSE_END};

static const uint8_t tls[] = {
	OPENING,       C_STARTTLS,    S_TLS_READY,    C_HELLO,        S_HELLO,   C_FINISHED,
	C_RECORD_EHLO, S_RECORD_EHLO, C_RECORD_GROUP, S_RECORD_GROUP, C_RECORDS, S_RECORD_ACCEPTED,
	AT_ACCEPTED,   C_RECORD_QUIT, S_RECORD_BYE,   S_RECORD_CLOSE, S_FIN,     C_RECORD_CLOSE,
	C_FIN,         S_CLOSED,      COURSE_END};

/* Ten packets: a client that looks whether the server is there. */
static const uint8_t brief[] = {OPENING, C_QUIT, AT_QUIT, S_BYE_FIN, C_FIN, S_ACK, COURSE_END};

static const uint8_t get[] = {C_SYN,      S_SYN,          C_ACK,        C_GET,
			      S_GREETING, S_221_NOT_SMTP, SERVER_FIRST, COURSE_END};

const uint8_t *const courses[COURSES] = {plain, group, group_quit, bdat, chunks, tls, brief, get};

#define PLAIN  (1 << COURSE_PLAIN)
#define GROUP  (1 << COURSE_GROUP)
#define JOINED (1 << COURSE_GROUP_QUIT)
#define BDAT   (1 << COURSE_BDAT)
#define CHUNKS (1 << COURSE_CHUNKS)
#define BRIEF  (1 << COURSE_SHORT)
#define GET    (1 << COURSE_GET)
#define MAIL   (PLAIN | GROUP | BDAT | CHUNKS)
#define ANY    (MAIL | BRIEF)
#define LETTER (PLAIN | GROUP)

/* The other side was still sending: its bytes meet a closed socket. */
#define MEETS_CLOSED C_LINE, S_CLOSED

const struct ending endings[] = {
	{"221 to the end", "221-for-message", 10, MAIL | JOINED, AT_SENT, {S_221, SERVER_FIRST}},
	{"221 in the body, FIN",
	 "221-for-message",
	 5,
	 LETTER,
	 AT_CONTENT,
	 {S_221, S_FIN, MEETS_CLOSED}},
	{"221 in the body, RST", "221-for-message", 3, LETTER, AT_CONTENT, {S_221, S_RESET}},
	{"221 to MAIL", "221-in-transaction", 2, PLAIN | CHUNKS, AT_MAIL, {S_221, SERVER_FIRST}},
	{"221 to RCPT", "221-in-transaction", 3, PLAIN | CHUNKS, AT_RCPT, {S_221, SERVER_FIRST}},
	{"221 after RCPT",
	 "221-in-transaction",
	 2,
	 PLAIN | CHUNKS,
	 AT_RCPT_DONE,
	 {WAIT_2, S_221, SERVER_FIRST}},
	{"221 to DATA", "221-in-transaction", 2, PLAIN, AT_DATA, {S_221, SERVER_FIRST}},
	{"221 to a group", "221-in-transaction", 3, GROUP, AT_GROUP, {S_OK, S_221, SERVER_FIRST}},
	{"221 to a chunk", "221-in-transaction", 2, CHUNKS, AT_CHUNK, {S_221, SERVER_FIRST}},
	{"221 to EHLO", "221-before-message", 2, ANY, AT_EHLO, {S_221, SERVER_FIRST}},
	{"221 after EHLO", "221-before-message", 2, ANY, AT_READY, {WAIT_2, S_221, SERVER_FIRST}},
	{"221 between messages",
	 "221-between-messages",
	 4,
	 MAIL,
	 AT_ACCEPTED,
	 {WAIT_4, S_221, SERVER_FIRST}},
	{"221 to GET", "221-to-non-smtp", 3, GET, 0, {0}},
	{"FIN after the end", "drop-after-message", 8, MAIL, AT_SENT, {SERVER_FIRST}},
	{"RST after the end", "drop-after-message", 6, MAIL | JOINED, AT_SENT, {S_RESET}},
	{"FIN in the body", "drop-in-message", 6, LETTER, AT_CONTENT, {S_FIN, MEETS_CLOSED}},
	{"RST in the body", "drop-in-message", 6, LETTER, AT_CONTENT, {S_RESET}},
	{"FIN after a chunk", "drop-in-message", 3, CHUNKS, AT_CHUNK, {SERVER_FIRST}},
	{"RST to MAIL", "drop-in-transaction", 2, PLAIN | CHUNKS, AT_MAIL, {S_RESET}},
	{"FIN after MAIL",
	 "drop-in-transaction",
	 2,
	 PLAIN | CHUNKS,
	 AT_MAIL_DONE,
	 {WAIT_1, SERVER_FIRST}},
	{"FIN to RCPT", "drop-in-transaction", 3, PLAIN | CHUNKS, AT_RCPT, {SERVER_FIRST}},
	{"RST after RCPT", "drop-in-transaction", 3, PLAIN | CHUNKS, AT_RCPT_DONE, {S_RESET}},
	{"FIN to DATA", "drop-in-transaction", 3, PLAIN, AT_DATA, {SERVER_FIRST}},
	{"FIN to a group", "drop-in-transaction", 3, GROUP, AT_GROUP, {S_OK, SERVER_FIRST}},
	{"FIN for a greeting", "drop-before-message", 3, ANY, AT_CONNECTED, {SERVER_FIRST}},
	{"RST to EHLO", "drop-before-message", 3, ANY, AT_EHLO, {S_RESET}},
	{"FIN after EHLO", "drop-before-message", 3, ANY, AT_READY, {WAIT_4, SERVER_FIRST}},
	{"FIN between messages",
	 "drop-between-messages",
	 6,
	 MAIL,
	 AT_ACCEPTED,
	 {WAIT_8, SERVER_FIRST}},
	{"FIN to QUIT", "drop-after-quit", 6, ANY, AT_QUIT, {SERVER_FIRST}},
	{"RST to QUIT", "drop-after-quit", 3, ANY, AT_QUIT, {S_RESET}},
	{"vanished in the body",
	 "server-vanished",
	 4,
	 LETTER,
	 AT_CONTENT,
	 {C_LINE, WAIT_1, C_LINE_AGAIN, WAIT_2, C_LINE_AGAIN, WAIT_4, C_LINE_AGAIN, WAIT_8,
	  C_RESET}},
	{"421 to the end", "421-in-message", 5, MAIL, AT_SENT, {S_421, SERVER_FIRST}},
	{"421 in the body", "421-in-message", 4, LETTER, AT_CONTENT, {S_421, S_FIN, MEETS_CLOSED}},
	{"421 to RCPT", "421-in-transaction", 4, PLAIN | CHUNKS, AT_RCPT, {S_421, SERVER_FIRST}},
	{"421 after RCPT",
	 "421-in-transaction",
	 3,
	 PLAIN | CHUNKS,
	 AT_RCPT_DONE,
	 {WAIT_8, S_421, SERVER_FIRST}},
	{"421 for a greeting", "421-idle", 4, ANY, AT_CONNECTED, {S_421, SERVER_FIRST}},
	{"421 after EHLO", "421-idle", 3, ANY, AT_READY, {WAIT_8, S_421, SERVER_FIRST}},
	{"421 between messages", "421-idle", 3, MAIL, AT_ACCEPTED, {WAIT_8, S_421, SERVER_FIRST}},
	{"554 for a greeting", "refused-then-closed", 4, ANY, AT_CONNECTED, {S_554, SERVER_FIRST}},
	{"550 to RCPT", "refused-then-closed", 5, PLAIN | CHUNKS, AT_RCPT, {S_550, SERVER_FIRST}},
	{"552 to the end",
	 "refused-then-closed",
	 3,
	 LETTER | CHUNKS,
	 AT_SENT,
	 {S_552, SERVER_FIRST}},
	{"client's FIN after the end",
	 "client-gave-up",
	 4,
	 MAIL,
	 AT_SENT,
	 {WAIT_8, C_FIN, S_ACK, S_FIN, C_ACK}},
	{"client's RST after the end", "client-gave-up", 3, MAIL, AT_SENT, {WAIT_8, C_RESET}},
	{"client's FIN in the body",
	 "client-drop-in-message",
	 5,
	 LETTER,
	 AT_CONTENT,
	 {CLIENT_FIRST}},
	{"client's RST in the body", "client-drop-in-message", 3, LETTER, AT_CONTENT, {C_RESET}},
	{"client's FIN after EHLO", "client-drop", 4, ANY, AT_READY, {CLIENT_FIRST}},
	{"client's RST after RCPT", "client-drop", 4, PLAIN | CHUNKS, AT_RCPT_DONE, {C_RESET}},
	{"client's FIN after 250", "client-no-quit", 8, MAIL, AT_ACCEPTED, {CLIENT_FIRST}},
	{"client's RST after 250", "client-no-quit", 4, MAIL, AT_ACCEPTED, {C_RESET}},
	{"QUIT after RCPT",
	 "quit-before-acceptance",
	 6,
	 PLAIN | CHUNKS,
	 AT_RCPT_DONE,
	 {C_QUIT, S_BYE, SERVER_FIRST}},
	{"QUIT and RST", "quit-unawaited", 4, MAIL, AT_ACCEPTED, {C_QUIT, C_RESET}},
	{"QUIT and FIN, 221 behind",
	 "clean",
	 4,
	 MAIL,
	 AT_ACCEPTED,
	 {C_QUIT_FIN, S_BYE, S_FIN, C_RESET}},
	{"nothing said", "probe", 5, ANY, AT_CONNECTED, {CLIENT_FIRST}},
	{"only greeted", "probe", 4, ANY, AT_GREETED, {C_RESET}},
	{"nobody listens", "connect-refused", 6, ANY, AT_SYN, {S_REFUSE}},
	{"nobody answers",
	 "connect-unanswered",
	 3,
	 ANY,
	 AT_SYN,
	 {WAIT_1, C_SYN_AGAIN, WAIT_2, C_SYN_AGAIN, WAIT_4, C_SYN_AGAIN}},
};

const unsigned endings_n = sizeof endings / sizeof *endings;
