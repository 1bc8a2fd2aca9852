/* ending.h - the facts of how a session ended, before any judgement; and the words for them. */
#ifndef SMTPWATCH_ENDING_H
#define SMTPWATCH_ENDING_H

#include "smtpwatch/smtp.h"
#include "smtpwatch/stream.h"

/* Where a session stands, in the words that Postfix writes in its log. */
enum stage {
	STAGE_CONNECT, /* up to the greeting, and after it until EHLO */
	STAGE_EHLO,
	STAGE_STARTTLS,
	STAGE_AUTH,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,           /* from the command to the last body byte */
	STAGE_BDAT,           /* the same for chunks */
	STAGE_END_OF_MESSAGE, /* the end was sent, its reply is outstanding */
	STAGE_IDLE,           /* between transactions */
	STAGE_QUIT,           /* sent, not answered */
	STAGE_DONE,           /* 221 after QUIT */
	STAGES
};

/* What became of a message (verdicts.md, fates). FATE_OPEN never leaves the core. */
enum fate {
	FATE_OPEN,
	FATE_ACCEPTED,
	FATE_FALSELY_ACCEPTED,
	FATE_UNANSWERED,
	FATE_CUT,
	FATE_DEFERRED,
	FATE_REJECTED,
	FATE_ABORTED,
	FATE_UNKNOWN,
	FATES
};

/* The server's last word. */
enum farewell {
	FAREWELL_NONE,
	FAREWELL_221_AFTER_QUIT,
	FAREWELL_221_UNASKED,
	FAREWELL_421,
	FAREWELL_REFUSAL, /* a 4yz or 5yz and then the close */
	FAREWELL_HIDDEN,  /* inside TLS without keys */
	FAREWELL_UNKNOWN, /* bytes missing where it would have been */
	FAREWELLS
};

/* How much of the session was seen. */
enum seen {
	SEEN_FULL,
	SEEN_NO_HANDSHAKE,
	SEEN_ONE_WAY,
	SEEN_GAPS,
	SEEN_TRUNCATED,
	SEEN_UNFINISHED,
	SEENS
};

/* The names as they stand in JSON and in the documents: "END-OF-MESSAGE", "falsely-accepted",
 * "221-unasked", "no-handshake", "server", "capture-end". */
const char *stage_name(enum stage s);
const char *fate_name(enum fate f);
const char *farewell_name(enum farewell f);
const char *seen_name(enum seen s);
const char *closer_name(enum closer c);
const char *how_name(enum how h);

/* Where an unasked 221 or a 421 came: a bit each, because a session may have several. */
enum place {
	PLACE_MESSAGE = 1, /* inside content, or where the reply to the end of a message was due */
	PLACE_TRANSACTION = 2, /* in answer to MAIL, RCPT, DATA or a non-LAST BDAT, or while a
				  transaction was open */
	PLACE_BEFORE = 4,      /* no transaction open, nothing accepted yet */
	PLACE_BETWEEN = 8,     /* no transaction open, something accepted before */
	PLACE_NOT_SMTP = 16    /* in answer to something that is no SMTP */
};

/* Why something could not be judged; UNSURE_NONE: it could. */
enum unsure {
	UNSURE_NONE,
	UNSURE_SERVER_GAP, /* server bytes are missing where they matter */
	UNSURE_CLIENT_GAP,
	UNSURE_MIDSTREAM, /* the capture began in the middle, and nothing was recognised since */
	UNSURE_ONE_WAY,
	UNSURE_CAPTURE_END, /* the capture ended first */
	UNSURE_IDLE,        /* the watch ended for lack of packets */
	UNSURE_EVICTED,     /* the watch ended for lack of memory */
	UNSURE_TURNED,      /* the two sides exchanged their roles */
	UNSURE_NO_DIALOGUE, /* nothing in it was SMTP */
	UNSURE_DROPS, /* the kernel dropped packets meanwhile, and the end is told by what did not
			 come */
	UNSURE_OVERFLOW,  /* more was outstanding than is kept */
	UNSURE_HANDSHAKE, /* a SYN was seen, and not what belongs to it; nothing was recognised
			     since */
	UNSURE_HALF_OPEN, /* the server answered the SYN, and nothing acknowledged that before it
			     closed */
	UNSURE_BELIED,    /* both sides went on behind the FIN or RST that seemed to end it */
	UNSURE_DISPUTED,  /* a side sent two texts for the same place, and which of both the other
			     took is not known */
	UNSURE_ANSWERED, /* the client's RST answers something of the server's that was not captured
			  */
	UNSURE_OPAQUE,   /* a command that nobody knows went on in a way that cannot be read */
	UNSURES
};

/* What the client waited for under TLS, when the server closed, as far as lengths and turns tell.
 */
enum tls_pending { TLS_PENDING_NOTHING, TLS_PENDING_COMMAND, TLS_PENDING_MESSAGE };

/* What TLS leaves visible of an ending whose dialogue could not be read (tls_infer.h). The last two
 * are learned from other sessions of the server, behind the monitors (correlate.h). */
struct ending_tls {
	bool followed;     /* every record was seen, and the suite is known */
	bool done;         /* the handshake was finished */
	uint8_t first;     /* enum closer: whose close_notify, FIN or RST came first */
	uint8_t failed_by; /* enum closer: with a handshake that was not finished, who sent the
			      alert, or a refusal in clear, or closed */
	bool clear; /* the client spoke SMTP in clear to a server that expects TLS, and it answered
		       nothing of that */
	bool notified;       /* the server's last record was its close_notify */
	uint8_t pending;     /* enum tls_pending */
	bool short_answered; /* the last that the client said was one command of six bytes, as QUIT
				is, and one record answered it */
	bool message_answered; /* ... was a message or several records, and was answered: a QUIT may
				  have been in it */
	bool unasked;   /* after silence, with nothing pending, the server spoke once more before it
			   closed */
	bool quiet;     /* the close came after silence */
	uint16_t reply; /* with short_answered: bytes of that answer; 0: padding hides them */
	bool notifies;  /* this server was seen to send close_notify */
	uint16_t usual; /* bytes of its answers to six bytes before its close_notify: its 221; 0:
			   not known */
};

/* A client that has waited for the greeting for so long is no probe: the server owes one (RFC
 * 5321 3.1, 4.5.3.2.1). */
#define ENDING_PATIENCE (10 * FRAME_SECOND)

/* What became of the messages whose sender believes that they were accepted, by a reply that was no
 * acceptance. */
struct ending_premature {
	bool lost; /* the server accepted none of its own accord, and all that it said was captured,
		      or the 221 was its answer */
	bool maybe; /* ... and its own answer may lie where nothing was captured */
	bool taken; /* it accepted the message all the same */
};

/*
 * The facts of one ending. Filled in by the session when its connection has closed; a verdict is a
 * function of this and nothing else.
 */
struct ending {
	enum closer closer; /* a half-close that waited for replies does not count */
	enum how how;
	enum farewell farewell;
	enum stage stage; /* at the farewell, or, without one, at the close */
	enum seen seen;
	bool may_hide; /* a fault may be hidden: a SYN was not captured, a 2yz did not acknowledge
			  its message, or nothing acknowledged a late one */
	enum unsure unsure;    /* why no verdict that rests on the close can be given */
	uint64_t unsure_bytes; /* with a gap: how many; with drops: packets */

	unsigned unasked_221; /* enum place, all that came */
	enum stage stage_221; /* where the worst of them came */
	unsigned final_421;   /* enum place of the 421 after which the server closed; 0: none */
	bool encrypted; /* the dialogue went into TLS and was not read, or should have gone there
			   (tls.clear) */
	bool spoke;     /* the client sent at least one SMTP command */
	bool connected; /* the handshake was answered, or data was seen */
	bool refused, no_answer; /* SYN met by RST; SYN met by silence */
	bool late_rst; /* with no_answer: an RST of the server came when it was no longer waited for
			*/
	bool quit_sent, quit_answered; /* answered: by 221 */
	bool quit_in_transaction;      /* QUIT while a transaction was open */
	bool transaction_open; /* accepted MAIL (or MAIL outstanding), not yet finished, no content
				  under way */
	bool content_open;     /* inside content */
	bool end_unanswered;   /* the end of a message was sent and has no reply that the client got
				*/
	bool ungreeted;        /* the client closed after it had waited for the greeting for long
				  (ENDING_PATIENCE) */
	struct ending_premature by_221,
		by_2yz; /* what the client read as the answer to the end of a message, and was none:
			   a 221; another 2yz that came too early */
	bool taken_unanswered; /* a message whose answer the client did not get, and that the server
				  took */
	bool taken_refused; /* a message that the client was refused, and that the server took all
			       the same */
	bool vanished;      /* how is HOW_SILENCE on the server's side */
	uint32_t accepted;  /* messages accepted in this session */
	uint32_t finished;  /* transactions that ended with a reply, whatever it said */
	uint32_t unknown_fates; /* messages whose reply fell into a hole */
	int64_t closed; /* when the first closing segment came; without one, when the watch ended */
	int64_t waited; /* nanoseconds from the end of the last unanswered message to the close; 0:
			   none. With ungreeted: from the SYN */
	uint64_t content_bytes, content_acked; /* of the message that was under way */
	int64_t client_silence; /* nanoseconds from the client's last byte to the farewell, or,
				   without one, to the close */
	int64_t server_silence; /* ... from the server's last byte to the close */
	int64_t slowest_reply;  /* the longest wait for the reply to the end of a message, answered
				   or not */
	struct ending_tls tls;  /* with encrypted */
	bool unprompted;        /* the farewell answered no command */
	bool knew_all;  /* what the client said last before the server closed acknowledged all that
			   the server had said */
	bool reply_cut; /* the last reply lacks its end: no CRLF, or only lines that go on */
};

#endif
