/* smtp.h - one line of SMTP, read: verbs, replies, enhanced codes. Pure functions over bytes (RFC
 * 5321 4.1, 4.2; RFC 2034). */
#ifndef SMTPWATCH_SMTP_H
#define SMTPWATCH_SMTP_H

#include "smtpwatch/bytes.h"

/*
 * What a client can ask for. The first three are not verbs that are typed, yet each awaits a reply
 * of its own in the order of RFC 2920: the connection itself (the greeting), the end of a message,
 * and a line of an AUTH exchange. SMTP_UNKNOWN is any other line.
 */
enum smtp_verb {
	SMTP_CONNECT,
	SMTP_END,
	SMTP_AUTH_LINE,
	SMTP_EHLO,
	SMTP_HELO,
	SMTP_LHLO,
	SMTP_STARTTLS,
	SMTP_AUTH,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BDAT,
	SMTP_RSET,
	SMTP_NOOP,
	SMTP_VRFY,
	SMTP_EXPN,
	SMTP_HELP,
	SMTP_ETRN,
	SMTP_TURN,
	SMTP_ATRN,           /* RFC 2645 */
	SMTP_BURL,           /* RFC 4468 */
	SMTP_XCLIENT,        /* Postfix */
	SMTP_XFORWARD,       /* Postfix */
	SMTP_XEXCH50,        /* Exchange: "XEXCH50 n m", 354, n bytes */
	SMTP_X_ANONYMOUSTLS, /* Exchange: STARTTLS */
	SMTP_X_EXPS,         /* Exchange: AUTH */
	SMTP_QUIT,
	SMTP_NOT_SMTP, /* a verb or a header line of another protocol: GET, POST, CONNECT, "Host:"
			  ... */
	SMTP_UNKNOWN,
	SMTP_VERBS
};

/* The verb as it is shown: "EHLO", "end of message", "AUTH answer" ... */
const char *smtp_verb_name(enum smtp_verb verb);

/* The verb whose rules it follows: itself, or for another name of one (X-EXPS, X-ANONYMOUSTLS,
 * ATRN, BURL) that one. */
static inline enum smtp_verb smtp_verb_acts_as(enum smtp_verb verb)
{
	switch (verb) {
	case SMTP_ATRN:
		return SMTP_TURN;
	case SMTP_BURL:
		return SMTP_BDAT;
	case SMTP_X_ANONYMOUSTLS:
		return SMTP_STARTTLS;
	case SMTP_X_EXPS:
		return SMTP_AUTH;
	default:
		return verb;
	}
}

/* Do the client's bytes behind it mean what the reply makes of them? */
static inline bool smtp_verb_awaits(enum smtp_verb verb)
{
	return verb == SMTP_DATA || verb == SMTP_AUTH || verb == SMTP_STARTTLS ||
	       verb == SMTP_XEXCH50;
}

/* Must it be the last of a group of pipelined commands (RFC 2920 3.1; RFC 3207 4, RFC 4954 4)? */
bool smtp_verb_ends_group(enum smtp_verb verb);

struct smtp_command {
	enum smtp_verb verb;
	struct bytes
		args; /* after the verb, blanks at both ends taken off; borrowed from the line */
};

/*
 * Reads a command line (without its line end). Verbs in any case; "MAIL FROM:" and "RCPT TO:" need
 * not have their colon right. Never fails: what is no verb is SMTP_UNKNOWN or SMTP_NOT_SMTP, with
 * the whole line in args.
 */
struct smtp_command smtp_command_read(struct bytes line);

/* An enhanced status code (RFC 3463): class 0 means that there was none. */
struct smtp_enhanced {
	uint8_t class;
	uint16_t subject, detail;
};

struct smtp_reply {
	uint16_t code; /* 0: the line does not begin with three digits of 2xx .. 5xx followed by
			  end, blank or '-' */
	bool more;     /* "250-": other lines of the same reply follow */
	struct smtp_enhanced enhanced;
	struct bytes text; /* behind code and enhanced code; borrowed from the line */
};

struct smtp_reply smtp_reply_read(struct bytes line);

/* The enhanced code at the front of a text that has no code before it; class 0: there is none. */
struct smtp_enhanced smtp_enhanced_find(struct bytes text);

/* A 2yz other than 221, which accepts nothing: it says that the server closes (RFC 5321 4.2.2). */
static inline bool smtp_code_accepts(uint16_t code)
{
	return code / 100 == 2 && code != 221;
}

/* 221 and 421: behind them the server closes (RFC 5321 3.8). */
static inline bool smtp_code_closes(uint16_t code)
{
	return code == 221 || code == 421;
}

/* The text of a reply may begin with an enhanced code: smtp_reply_read has to look. */
static inline bool smtp_enhanced_begins(struct bytes text)
{
	return text.n >= 5 && (text.p[1] == '.' || (text.p[1] >= '0' && text.p[1] <= '9'));
}

/* MAIL FROM:<address> params, RCPT TO:<address> params. */
struct smtp_path {
	bool ok; /* there was something that can be read as an address; the null path <> is one,
		    with address.n = 0 */
	struct bytes address; /* without the angle brackets and without a source route (RFC 5321
				 appendix C) */
	struct bytes params;
};

/* Reads the args of MAIL or RCPT. A missing colon or bracket, and blanks around the address, are
 * tolerated, as servers tolerate them. */
struct smtp_path smtp_path_read(struct bytes args);

/* The value of an ESMTP parameter ("SIZE", in any case): true if it is there; *value is empty for
 * one without "=". */
bool smtp_param(struct bytes params, const char *name, struct bytes *value);

/* A decimal number that fills b wholly and fits; false otherwise (sign, blank, overflow, nothing).
 */
bool smtp_number(struct bytes b, uint64_t *value);

/* The args of BDAT (RFC 3030): "size [LAST]". False: not a chunk that any server can take. */
bool smtp_bdat_read(struct bytes args, uint64_t *size, bool *last);

/* Service extensions that matter here, as bits of a mask: which of them a line of an EHLO reply
 * names; 0: none of these. */
enum smtp_extension {
	SMTP_EXT_PIPELINING = 1 << 0,
	SMTP_EXT_SIZE = 1 << 1,
	SMTP_EXT_8BITMIME = 1 << 2,
	SMTP_EXT_STARTTLS = 1 << 3,
	SMTP_EXT_AUTH = 1 << 4,
	SMTP_EXT_CHUNKING = 1 << 5,
	SMTP_EXT_BINARYMIME = 1 << 6,
	SMTP_EXT_DSN = 1 << 7,
	SMTP_EXT_ENHANCEDSTATUSCODES = 1 << 8,
	SMTP_EXT_SMTPUTF8 = 1 << 9,
	SMTP_EXT_ETRN = 1 << 10,
	SMTP_EXT_VRFY = 1 << 11,
	SMTP_EXT_EXPN = 1 << 12,
	SMTP_EXT_HELP = 1 << 13,
	SMTP_EXT_XCLIENT = 1 << 14,
	SMTP_EXT_XFORWARD = 1 << 15,
	SMTP_EXT_DELIVERBY = 1 << 16,
	SMTP_EXT_REQUIRETLS = 1 << 17,
	SMTP_EXT_LIMITS = 1 << 18,
	SMTP_EXT_PRDR = 1 << 19,
	SMTP_EXT_BURL = 1 << 20,
	SMTP_EXT_MASKED =
		1 << 21 /* XXXX...: a middlebox has written over a keyword (Cisco fixup) */
};
enum { SMTP_EXTENSIONS = 22 };

/* text: the text of one line of the reply. */
uint32_t smtp_extension_read(struct bytes text);

/* The number behind the keyword, 0: none ("SIZE=1000" has none, as it has none for clients). */
uint64_t smtp_extension_size(struct bytes text);

/* The keyword of one bit of the mask, by its number 0 .. SMTP_EXTENSIONS-1. */
const char *smtp_extension_name(unsigned bit);

/* Oddities of a dialogue, a bit each; names by flaw_name. */
enum flaw {
	FLAW_BARE_LF = 1 << 0, /* lines ended by LF alone */
	FLAW_LONE_CR = 1 << 1,
	FLAW_NUL = 1 << 2,
	FLAW_LONG_LINE = 1 << 3,
	FLAW_UNENDED_REPLY = 1 << 4, /* the server closed in the middle of a reply */
	FLAW_BAD_REPLY =
		1 << 5, /* a server line without a code, or a multi-line reply whose code changes */
	FLAW_SURPLUS_REPLY = 1 << 6,  /* a reply more than was asked for (221 and 421 aside) */
	FLAW_PREGREET = 1 << 7,       /* the client spoke before the greeting */
	FLAW_BAD_PIPELINING = 1 << 8, /* something followed at once on a command that must be last
					 in its group (RFC 2920 3.1) */
	FLAW_SOFT_END =
		1 << 9, /* a message ended by a dot with a bare LF, and the server took it */
	FLAW_SMUGGLING = 1 << 10, /* such a dot inside a message that went on: one side may see two
				     messages where the other sees one */
	FLAW_STARTTLS_INJECTION = 1 << 11, /* bytes between STARTTLS and its reply */
	FLAW_STARTTLS_PLAINTEXT = 1 << 12, /* STARTTLS was accepted, and plaintext followed */
	FLAW_NOT_SMTP = 1 << 13,           /* another protocol's words where SMTP was due */
	FLAW_BAD_CHUNK = 1 << 14,          /* BDAT with arguments that no server can take */
	FLAW_MANY_PENDING = 1 << 15,       /* more commands outstanding than are kept */
	FLAW_STARTTLS_RESPONSE_INJECTION =
		1 << 16 /* the server's bytes in clear behind its 220 to STARTTLS, before TLS */
};
enum { FLAWS = 17 };

/* The name of a flaw by the number of its bit: "bare-lf" ... */
const char *flaw_name(unsigned bit);

#endif
