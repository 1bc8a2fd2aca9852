/* smtp.h - reads single SMTP lines: commands, replies, enhanced codes. Pure functions over bytes
 * (RFC 5321 4.1, 4.2; RFC 2034). */
#ifndef SMTPWATCH_SMTP_H
#define SMTPWATCH_SMTP_H

#include "smtpwatch/bytes.h"

/* Requests of a client that await a reply. The first three are not typed verbs, yet each has its
 * own reply in the order of RFC 2920: SMTP_CONNECT awaits the greeting, SMTP_END the reply to a
 * message, SMTP_AUTH_LINE the reply to a line of an AUTH exchange. SMTP_UNKNOWN is any other line.
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

/* Returns the name of a verb for display: "EHLO", "end of message", "AUTH answer" ... The text is
 * static. */
const char *smtp_verb_name(enum smtp_verb verb);

/* Returns the verb whose rules apply: AUTH for X-EXPS, STARTTLS for X-ANONYMOUSTLS, TURN for ATRN,
 * BDAT for BURL; else the verb itself. */
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

/* Returns true if the reply to this verb decides what the client's next bytes mean. */
static inline bool smtp_verb_awaits(enum smtp_verb verb)
{
	return verb == SMTP_DATA || verb == SMTP_AUTH || verb == SMTP_STARTTLS ||
	       verb == SMTP_XEXCH50;
}

/* Returns true if this verb must be the last of a group of pipelined commands (RFC 2920 3.1; RFC
 * 3207 4, RFC 4954 4). */
bool smtp_verb_ends_group(enum smtp_verb verb);

struct smtp_command {
	enum smtp_verb verb;
	/* What follows the verb, without blanks at both ends. Borrowed from the line. */
	struct bytes args;
};

/* Reads a command line, given without its line end. Verbs may be in any case; "MAIL FROM:" and
 * "RCPT TO:" may lack their colon. Never fails: for a line without a known verb the verb is
 * SMTP_UNKNOWN or SMTP_NOT_SMTP, and args is the whole line. */
struct smtp_command smtp_command_read(struct bytes line);

/* An enhanced status code (RFC 3463). class 0: there was none. */
struct smtp_enhanced {
	uint8_t class;
	uint16_t subject, detail;
};

struct smtp_reply {
	/* 0: the line is no reply. A reply begins with three digits, 2xx to 5xx, and then the
	 * line's end, a blank or '-'. */
	uint16_t code;
	/* "250-": further lines of the same reply follow. */
	bool more;
	struct smtp_enhanced enhanced;
	struct bytes text; /* what follows the code and the enhanced code; borrowed from the line */
};

/* Reads one line of a reply, given without its line end. Never fails: if the line is no reply, code
 * is 0 and text is the whole line. */
struct smtp_reply smtp_reply_read(struct bytes line);

/* Returns the enhanced code at the front of a text that has no reply code before it. class 0: none.
 */
struct smtp_enhanced smtp_enhanced_find(struct bytes text);

/* Returns true for 2yz except 221. 221 accepts nothing: the server announces its close (RFC
 * 5321 4.2.2). */
static inline bool smtp_code_accepts(uint16_t code)
{
	return code / 100 == 2 && code != 221;
}

/* Returns true for 221 and 421, after which the server closes (RFC 5321 3.8). */
static inline bool smtp_code_closes(uint16_t code)
{
	return code == 221 || code == 421;
}

/* Returns true if the text may begin with an enhanced code. A quick test for smtp_reply_read. */
static inline bool smtp_enhanced_begins(struct bytes text)
{
	return text.n >= 5 && (text.p[1] == '.' || (text.p[1] >= '0' && text.p[1] <= '9'));
}

/* What MAIL or RCPT names: "FROM:<address> params" or "TO:<address> params". */
struct smtp_path {
	/* True: an address could be read. The null path <> is an address with address.n = 0. */
	bool ok;
	/* The address without angle brackets and without a source route (RFC 5321 appendix C). */
	struct bytes address;
	struct bytes params;
};

/* Reads the args of MAIL or RCPT. A missing colon or bracket, and blanks around the address, are
 * tolerated, as servers do. Address and params are borrowed from args. */
struct smtp_path smtp_path_read(struct bytes args);

/* Finds an ESMTP parameter by its name ("SIZE", in any case). Returns true if params has the
 * parameter; the first of several counts. *value is borrowed from params, and empty for a parameter
 * without "=". */
bool smtp_param(struct bytes params, const char *name, struct bytes *value);

/* Finds the next ESMTP parameter whose value may be a secret: any that is not known to bear none.
 * AUTH names who has logged in (RFC 4954 5), MTRK holds the key to the message's way (RFC 3885).
 * Returns true with the value, at least one byte, and moves *params behind it. *value is borrowed
 * from *params. */
bool smtp_param_secret(struct bytes *params, struct bytes *value);

/* Reads a decimal number that fills b completely. Returns false for a sign, a blank, an overflow or
 * an empty b. */
bool smtp_number(struct bytes b, uint64_t *value);

/* Reads the args of BDAT: "size [LAST]" (RFC 3030). Returns false if no server can accept the args.
 */
bool smtp_bdat_read(struct bytes args, uint64_t *size, bool *last);

/* Service extensions that matter to smtpwatch, as bits of a mask. */
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

/* Returns the bits of the extensions that one line of an EHLO reply names; 0: none of these. text:
 * the line's text behind the code. */
uint32_t smtp_extension_read(struct bytes text);

/* Returns the number behind the keyword, as in "SIZE 1000"; 0: none. "SIZE=1000" has none, as for
 * clients. */
uint64_t smtp_extension_size(struct bytes text);

/* What lines of an EHLO reply offer together. Zero-filled before the first line. */
struct smtp_offer {
	uint32_t extensions; /* the bits that they name */
	bool masked;         /* of SMTP_EXT_STARTTLS and SMTP_EXT_MASKED, the latter came first */
	uint64_t size;       /* the last SIZE that has a number; 0: none */
};

/* Adds one line. text: as for smtp_extension_read. */
void smtp_offer_add(struct smtp_offer *offer, struct bytes text);

/* Returns the keyword of a bit of the mask. bit: 0 to SMTP_EXTENSIONS-1. The text is static. */
const char *smtp_extension_name(unsigned bit);

/* Protocol violations and oddities of a dialogue, as bits; flaw_name gives the names. */
enum flaw {
	FLAW_BARE_LF = 1 << 0, /* lines ended by LF alone */
	FLAW_LONE_CR = 1 << 1,
	FLAW_NUL = 1 << 2,
	FLAW_LONG_LINE = 1 << 3,
	/* The server closed in the middle of a reply. */
	FLAW_UNENDED_REPLY = 1 << 4,
	FLAW_BAD_REPLY =
		1 << 5, /* a server line without a code, or a multi-line reply whose code changes */
	/* One more reply than was asked for; 221 and 421 do not count. */
	FLAW_SURPLUS_REPLY = 1 << 6,
	FLAW_PREGREET = 1 << 7, /* the client spoke before the greeting */
	/* The client sent more at once behind a command that must be last in its group (RFC 2920
	 * 3.1). */
	FLAW_BAD_PIPELINING = 1 << 8,
	/* A message ended by a dot with a bare LF, and the server accepted that end. */
	FLAW_SOFT_END = 1 << 9,
	/* A dot with a bare LF inside a message that continued: one side may see two messages
	 * where the other sees one. */
	FLAW_SMUGGLING = 1 << 10,
	FLAW_STARTTLS_INJECTION = 1 << 11, /* bytes between STARTTLS and its reply */
	FLAW_STARTTLS_PLAINTEXT = 1 << 12, /* STARTTLS was accepted, and plaintext followed */
	FLAW_NOT_SMTP = 1 << 13,           /* another protocol's words where SMTP was due */
	FLAW_BAD_CHUNK = 1 << 14,          /* BDAT with arguments that no server can take */
	FLAW_MANY_PENDING = 1 << 15,       /* more commands outstanding than are kept */
	/* Bytes of the server in clear behind its 220 to STARTTLS, before TLS. */
	FLAW_STARTTLS_RESPONSE_INJECTION = 1 << 16
};
enum { FLAWS = 17 };

/* Returns the name of a flaw: "bare-lf" ... bit: 0 to FLAWS-1. The text is static. */
const char *flaw_name(unsigned bit);

#endif
