/* ending.h - the facts of how a session ended, without judgement, and the names of these facts. */
#ifndef SMTPWATCH_ENDING_H
#define SMTPWATCH_ENDING_H

#include "smtpwatch/smtp.h"
#include "smtpwatch/stream.h"

/* The stage of a session, named as in Postfix's log. */
enum stage {
#define STAGE(name, ...) STAGE_##name,
#include "smtpwatch/ending.def"
	STAGES
};

/* The fate of a message. */
enum fate {
#define FATE(name, ...) FATE_##name,
#include "smtpwatch/ending.def"
	FATES
};

/* The reply with which the server ended the session. */
enum farewell {
#define FAREWELL(name, ...) FAREWELL_##name,
#include "smtpwatch/ending.def"
	FAREWELLS
};

/* How much of the session was captured. */
enum seen {
#define SEEN(name, ...) SEEN_##name,
#include "smtpwatch/ending.def"
	SEENS
};

/* Return the names as they stand in JSON and in the documents. Examples: "END-OF-MESSAGE",
 * "falsely-accepted", "221-unasked", "no-handshake", "server", "capture-end". The texts are static.
 */
const char *stage_name(enum stage s);
const char *fate_name(enum fate f);
const char *farewell_name(enum farewell f);
const char *seen_name(enum seen s);
const char *closer_name(enum closer c);
const char *how_name(enum how h);

/* The place of an unasked 221 or of a 421: bits, because a session may have several. */
enum place {
	PLACE_MESSAGE = 1, /* inside content, or where the reply to the end of a message was due */
	PLACE_TRANSACTION = 2, /* in answer to MAIL, RCPT, DATA or a non-LAST BDAT, or while a
				  transaction was open */
	PLACE_BEFORE = 4,      /* no transaction open, nothing accepted yet */
	PLACE_BETWEEN = 8,     /* no transaction open, something accepted before */
	PLACE_NOT_SMTP = 16    /* in answer to something that is no SMTP */
};

/* Why the session could not be judged. UNSURE_NONE: it could. */
enum unsure {
	UNSURE_NONE,
	UNSURE_SERVER_GAP, /* server bytes are missing where a verdict needs them */
	UNSURE_CLIENT_GAP,
	UNSURE_MIDSTREAM, /* the capture began in the middle, and nothing was recognised since */
	UNSURE_ONE_WAY,
	UNSURE_CAPTURE_END, /* the capture ended before the session */
	UNSURE_IDLE,        /* no packet came for so long that the engine gave up the connection */
	UNSURE_EVICTED,     /* the engine evicted the connection for lack of room */
	UNSURE_TURNED,      /* the two sides exchanged their roles */
	UNSURE_NO_DIALOGUE, /* nothing in it was SMTP */
	/* The kernel dropped packets meanwhile, and the end was concluded from packets that did
	 * not come. */
	UNSURE_CAPTURE_LOSS,
	UNSURE_OVERFLOW, /* more commands were outstanding than are kept */
	/* A SYN was seen without the rest of the handshake, and nothing was recognised since. */
	UNSURE_HANDSHAKE,
	/* The server answered the SYN, and nothing acknowledged that answer before the server
	 * closed. */
	UNSURE_HALF_OPEN,
	UNSURE_RETRACTED, /* both sides went on behind the FIN or RST that seemed to end the session
			   */
	/* A side sent different bytes for the same sequence numbers. Which of them the other
	 * side took is not known. */
	UNSURE_DISPUTED,
	/* The client's RST answers a segment of the server that was not captured. */
	UNSURE_ANSWERED,
	UNSURE_NO_MEMORY, /* bytes came for which there was no memory */
	UNSURE_OPAQUE,    /* an unknown command went on in a way that cannot be read */
	UNSURES
};

/* What the client waited for under TLS when the server closed, concluded from record lengths and
 * changes of direction. */
enum tls_pending { TLS_PENDING_NOTHING, TLS_PENDING_COMMAND, TLS_PENDING_MESSAGE };

/* What TLS leaves visible of the ending of an encrypted dialogue (src/core/session/tls_infer.h).
 * server_history_habits (server_history.h) sets `notifies` and `usual` from other sessions of the
 * server.
 */
struct ending_tls {
	bool followed; /* every record was seen, and the suite is known */
	bool done;     /* the handshake was finished */
	uint8_t first; /* enum closer: whose close_notify, FIN or RST came first */
	/* enum closer: if the handshake was not finished, who sent the alert, or a refusal in
	 * clear, or closed. */
	uint8_t failed_by;
	/* The client sent SMTP in clear to a server that expects TLS, and the server answered none
	 * of it. */
	bool clear;
	bool notified;   /* the server's last record was its close_notify */
	uint8_t pending; /* enum tls_pending */
	/* The client's last message was one command of six bytes, as QUIT is, and one record
	 * answered it. */
	bool short_answered;
	/* The client's last message was mail content or several records, and was answered: a QUIT
	 * may be among them. */
	bool message_answered;
	/* After silence, with nothing pending, the server sent once more before it closed. */
	bool unasked;
	bool quiet; /* the close came after silence */
	/* With short_answered: bytes of that answer; 0: padding hides them. */
	uint16_t reply;
	bool notifies; /* this server was seen to send close_notify */
	/* Usual bytes of the server's last answer to six bytes before its close_notify: its 221. 0:
	 * not known. */
	uint16_t usual;
};

/* A client that waited for the greeting for this long is not a probe, because the server owes a
 * greeting (RFC 5321 3.1, 4.5.3.2.1). */
#define ENDING_PATIENCE (10 * FRAME_SECOND)

/* The messages whose sender takes a reply for an acceptance that was none. */
struct ending_premature {
	/* The server accepted none of these messages. All that the server said was captured, or the
	 * 221 was its answer. */
	bool lost;
	/* As lost, but the server's own answer may lie where nothing was captured. */
	bool maybe;
	bool taken; /* the server nevertheless accepted the message */
};

/* The facts of one ending. The session fills them in when its connection has closed. A verdict is a
 * function of these facts only. */
struct ending {
	enum closer closer; /* a half-close that waited for replies is no close */
	enum how how;
	enum farewell farewell;
	enum stage stage; /* at the farewell; without a farewell, at the close */
	enum seen seen;
	/* A fault may be hidden: a SYN was not captured, a 2yz did not acknowledge its message, or
	 * nothing acknowledged a late one. */
	bool may_hide;
	enum unsure unsure;    /* why no verdict can rest on the close */
	uint64_t unsure_bytes; /* with a gap: bytes missing; with UNSURE_CAPTURE_LOSS: packets */

	unsigned unasked_221; /* bits of enum place: all that came */
	enum stage stage_221; /* stage of the worst unasked 221 */
	unsigned final_421;   /* enum place of the 421 after which the server closed; 0: none */
	/* The dialogue went into TLS and was not read, or should have gone there (tls.clear). */
	bool encrypted;
	bool spoke;              /* the client sent at least one SMTP command */
	bool connected;          /* the handshake was answered, or data was seen */
	bool refused, no_answer; /* SYN met by RST; SYN met by silence */
	/* With no_answer: an RST of the server came after the wait was over. */
	bool late_rst;
	bool quit_sent, quit_answered; /* answered: by 221 */
	bool quit_in_transaction;      /* QUIT while a transaction was open */
	/* MAIL was accepted or is outstanding, the transaction is not finished, and no content is
	 * under way. */
	bool transaction_open;
	bool content_open; /* inside content */
	/* The end of a message was sent, and the client got no reply to it. */
	bool end_unanswered;
	/* The client closed after it had waited for the greeting for ENDING_PATIENCE. */
	bool ungreeted;
	/* What the client read as the answer to the end of a message, and was none. by_221: a 221.
	 * by_2yz: another 2yz that came too early. */
	struct ending_premature by_221, by_2yz;
	/* The server accepted a message, and the client did not get the answer. */
	bool taken_unanswered;
	/* The server accepted a message, and the client got a refusal. */
	bool taken_refused;
	bool vanished;          /* how is HOW_SILENCE on the server's side */
	uint32_t accepted;      /* messages accepted in this session */
	uint32_t finished;      /* transactions that ended with a reply, whatever it said */
	uint32_t unknown_fates; /* messages whose reply fell into a hole */
	/* When the first closing segment came; without one, when the observation ended.
	 * Nanoseconds. */
	int64_t closed;
	/* Nanoseconds from the end of the last unanswered message to the close; 0: none. With
	 * ungreeted: from the SYN. */
	int64_t waited;
	uint64_t content_bytes, content_acked; /* of the message that was under way */
	/* Nanoseconds from the client's last byte to the farewell; without a farewell, to the
	 * close. */
	int64_t client_silence;
	/* Nanoseconds from the server's last byte to the close. */
	int64_t server_silence;
	/* Nanoseconds of the longest wait for the reply to the end of a message, answered or not.
	 */
	int64_t slowest_reply;
	struct ending_tls tls; /* with encrypted */
	bool unprompted;       /* the farewell answered no command */
	/* The client's last segment before the server closed acknowledged all bytes that the server
	 * had sent. */
	bool knew_all;
	/* The last reply lacks its end: no CRLF, or only lines that announce another. */
	bool reply_cut;
};

#endif
