/* smtp.h - reads single SMTP lines: commands, replies, enhanced codes. Pure functions over bytes
 * (RFC 5321 4.1, 4.2; RFC 2034). */
#ifndef SMTPWATCH_SMTP_H
#define SMTPWATCH_SMTP_H

#include "smtpwatch/bytes.h"

/* Requests of a client that await a reply: the rows of smtp.def. */
enum smtp_verb {
#define VERB(name, ...) SMTP_##name,
#include "smtpwatch/smtp.def"
	SMTP_VERBS
};

/* What the arguments of a verb are. Behind SMTP_ARGS_NONE: they may bear a secret. */
enum smtp_args {
	SMTP_ARGS_SHOWN,  /* no secret */
	SMTP_ARGS_NONE,   /* not needed; a line of a message may begin like the verb */
	SMTP_ARGS_SASL,   /* a mechanism, and then a secret */
	SMTP_ARGS_LINE,   /* the whole line is a secret */
	SMTP_ARGS_URL,    /* a URL that grants access to a message (RFC 4467), and LAST */
	SMTP_ARGS_PATH,   /* an address, and parameters (smtp_param_secret) */
	SMTP_ARGS_LOGIN,  /* Postfix's attributes, the login name among them */
	SMTP_ARGS_UNKNOWN /* the line is no command: perhaps an answer to AUTH, or of a message */
};

enum smtp_trait {
	SMTP_AWAITS = 1, /* the reply decides what the client's next bytes mean */
	/* Must be the last of a group of pipelined commands (RFC 2920 3.1; RFC 3207 4, RFC 4954 4).
	 */
	SMTP_ENDS_GROUP = 2
};

struct smtp_verb_row {
	char name[16];                 /* longer than any name by at least one */
	uint8_t acts_as, args, traits; /* enum smtp_verb, enum smtp_args, enum smtp_trait */
};
extern const struct smtp_verb_row smtp_verbs[SMTP_VERBS];

/* Returns the name of a verb for display: "EHLO", "end of message", "AUTH answer" ... The text is
 * static. */
const char *smtp_verb_name(enum smtp_verb verb);

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
 * Its name has letters, digits and "-", "_", "."; of other words "=" is no sign of a parameter.
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
enum smtp_extension_bit {
#define EXTENSION(name, ...) SMTP_EXT_BIT_##name,
#include "smtpwatch/smtp.def"
	SMTP_EXTENSIONS
};
enum smtp_extension {
#define EXTENSION(name, ...) SMTP_EXT_##name = 1 << SMTP_EXT_BIT_##name,
#include "smtpwatch/smtp.def"
};

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

/* Adds one line. text: of the line, as smtp_reply_read returns it, without blanks around it. */
void smtp_offer_add(struct smtp_offer *offer, struct bytes text);

/* Returns the keyword of a bit of the mask. bit: 0 to SMTP_EXTENSIONS-1. The text is static. */
const char *smtp_extension_name(unsigned bit);

/* Protocol violations and oddities of a dialogue, as bits; flaw_name gives the names. */
enum flaw_bit {
#define FLAW(name, ...) FLAW_BIT_##name,
#include "smtpwatch/smtp.def"
	FLAWS
};
enum flaw {
#define FLAW(name, ...) FLAW_##name = 1 << FLAW_BIT_##name,
#include "smtpwatch/smtp.def"
};

/* Returns the name of a flaw: "bare-lf" ... bit: 0 to FLAWS-1. The text is static. */
const char *flaw_name(unsigned bit);

#endif
