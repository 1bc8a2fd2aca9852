/* grammar.c - command lines, reply lines and the keywords of EHLO, each read from a table of words.
 */
#include "smtpwatch/smtp.h"

#include <assert.h>
#include <endian.h>

#include "base/ascii.h"

/* The only place that names the verbs. Those from EHLO to QUIT are typed; every one of them has at
 * least four letters. */
static const char verbs[SMTP_VERBS][16] = {
	/* clang-format off: a row a line */
	[SMTP_CONNECT] = "connect",
	[SMTP_END] = "end of message",
	[SMTP_AUTH_LINE] = "AUTH answer",
	[SMTP_EHLO] = "EHLO",
	[SMTP_HELO] = "HELO",
	[SMTP_LHLO] = "LHLO",
	[SMTP_STARTTLS] = "STARTTLS",
	[SMTP_AUTH] = "AUTH",
	[SMTP_MAIL] = "MAIL",
	[SMTP_RCPT] = "RCPT",
	[SMTP_DATA] = "DATA",
	[SMTP_BDAT] = "BDAT",
	[SMTP_RSET] = "RSET",
	[SMTP_NOOP] = "NOOP",
	[SMTP_VRFY] = "VRFY",
	[SMTP_EXPN] = "EXPN",
	[SMTP_HELP] = "HELP",
	[SMTP_ETRN] = "ETRN",
	[SMTP_TURN] = "TURN",
	[SMTP_ATRN] = "ATRN",
	[SMTP_BURL] = "BURL",
	[SMTP_XCLIENT] = "XCLIENT",
	[SMTP_XFORWARD] = "XFORWARD",
	[SMTP_XEXCH50] = "XEXCH50",
	[SMTP_X_ANONYMOUSTLS] = "X-ANONYMOUSTLS",
	[SMTP_X_EXPS] = "X-EXPS",
	[SMTP_QUIT] = "QUIT",
	[SMTP_NOT_SMTP] = "not SMTP",
	[SMTP_UNKNOWN] = "unknown",
	/* clang-format on */
};

/* How lines of other protocols begin: a whole word, or a prefix whatever follows. */
static const struct foreign {
	const char *text;
	bool word;
} foreign[] = {
	/* HTTP, WebDAV, RTSP and SIP requests */
	{"GET", true},
	{"POST", true},
	{"CONNECT", true},
	{"HEAD", true},
	{"PUT", true},
	{"OPTIONS", true},
	{"DELETE", true},
	{"TRACE", true},
	{"PATCH", true},
	{"PROPFIND", true},
	{"PRI", true}, /* the preface of HTTP/2 */
	{"DESCRIBE", true},
	{"SETUP", true},
	{"INVITE", true},
	{"REGISTER", true},
	{"SUBSCRIBE", true},
	/* and their answers, and the first words of others */
	{"HTTP/", false},
	{"RTSP/", false},
	{"SIP/", false},
	{"SSH-", false},
	{"PROXY", true},     /* HAProxy's header, version 1 */
	{"\x16\x03", false}, /* a TLS ClientHello */
};

const char *smtp_verb_name(enum smtp_verb verb)
{
	assert(verb < SMTP_VERBS);
	return verbs[verb];
}

/*
 * The first four letters of a word as one number, in any case: 0xdf takes a letter to upper case,
 * and nothing else to a letter. A word of three ends with a 0. KEY_PLACE spreads the keys of all
 * verbs and keywords over KEYS places: a new one that meets another is told by the compiler (a
 * place that is filled twice), and wants another factor.
 */
enum { KEYS = 64 };
#define KEY(a, b, c, d)                                                                            \
	(((uint32_t)(a)&0xdf) | ((uint32_t)(b)&0xdf) << 8 | ((uint32_t)(c)&0xdf) << 16 |           \
	 ((uint32_t)(d)&0xdf) << 24)
#define KEY_PLACE(key) ((key)*UINT32_C(0x19de2ded) >> 26)
#define AT(a, b, c, d) [KEY_PLACE(KEY(a, b, c, d))]

/* The place where each typed verb stands; 0, which is no typed verb, for none. */
static const uint8_t verb_at[KEYS] = {
	/* clang-format off: as above */
	AT('E', 'H', 'L', 'O') = SMTP_EHLO,    AT('H', 'E', 'L', 'O') = SMTP_HELO,
	AT('L', 'H', 'L', 'O') = SMTP_LHLO,    AT('S', 'T', 'A', 'R') = SMTP_STARTTLS,
	AT('A', 'U', 'T', 'H') = SMTP_AUTH,    AT('M', 'A', 'I', 'L') = SMTP_MAIL,
	AT('R', 'C', 'P', 'T') = SMTP_RCPT,    AT('D', 'A', 'T', 'A') = SMTP_DATA,
	AT('B', 'D', 'A', 'T') = SMTP_BDAT,    AT('R', 'S', 'E', 'T') = SMTP_RSET,
	AT('N', 'O', 'O', 'P') = SMTP_NOOP,    AT('V', 'R', 'F', 'Y') = SMTP_VRFY,
	AT('E', 'X', 'P', 'N') = SMTP_EXPN,    AT('H', 'E', 'L', 'P') = SMTP_HELP,
	AT('E', 'T', 'R', 'N') = SMTP_ETRN,    AT('T', 'U', 'R', 'N') = SMTP_TURN,
	AT('X', 'C', 'L', 'I') = SMTP_XCLIENT, AT('X', 'F', 'O', 'R') = SMTP_XFORWARD,
	AT('Q', 'U', 'I', 'T') = SMTP_QUIT,    AT('A', 'T', 'R', 'N') = SMTP_ATRN,
	AT('B', 'U', 'R', 'L') = SMTP_BURL,    AT('X', 'E', 'X', 'C') = SMTP_XEXCH50,
	AT('X', '-', 'E', 'X') = SMTP_X_EXPS,  AT('X', '-', 'A', 'N') = SMTP_X_ANONYMOUSTLS,
	/* clang-format on */
};

/* KEY of the four bytes at p, in one load. */
static inline uint32_t key_of(const void *p)
{
	uint32_t four;
	memcpy(&four, p, sizeof four);
	return le32toh(four) & KEY(0xff, 0xff, 0xff, 0xff);
}

static bool begins_with_word(struct bytes text, const char *word)
{
	size_t n = ascii_alike(text, word);
	return word[n] == '\0' && (text.n == n || ascii_blank(text.p[n]));
}

/* How much of a name out of the tables here the text begins with, in any case; by fours as long as
 * the case is the same. (The tables' rows are longer than any name by at least one.) */
static inline size_t name_alike(struct bytes text, const char *name)
{
	size_t i = 0;
	while (i + 4 <= text.n && name[i + 3] && memcmp(text.p + i, name + i, 4) == 0)
		i += 4;
	while (i < text.n && name[i] && ascii_same(text.p[i], (uint8_t)name[i]))
		i++;
	return i;
}

/* *n: the letters of the verb. */
static enum smtp_verb verb_find(struct bytes text, size_t *n)
{
	if (text.n < 4)
		return SMTP_UNKNOWN;
	enum smtp_verb v = verb_at[KEY_PLACE(key_of(text.p))];
	if (v < SMTP_EHLO)
		return SMTP_UNKNOWN;
	*n = name_alike(text, verbs[v]);
	return verbs[v][*n] == '\0' && (*n == text.n || ascii_blank(text.p[*n])) ? v : SMTP_UNKNOWN;
}

/* "Host: ..." (RFC 5322 2.2): what Postfix takes for a header line, and answers with "I can break
 * rules, too". */
static bool is_header_line(struct bytes line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] > ' ' && line.p[n] < 0x7f && line.p[n] != ':')
		n++;
	struct bytes rest = ascii_trim(bytes_from(line, n));
	return n > 0 && rest.n > 0 && rest.p[0] == ':';
}

static bool is_foreign(struct bytes line)
{
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		const struct foreign *f = &foreign[i];
		if (f->word ? begins_with_word(line, f->text) : ascii_begins(line, f->text))
			return true;
	}
	return is_header_line(line);
}

/* Blanks before the verb are passed over, as Postfix and Sendmail do; a header line has none before
 * its name. */
struct smtp_command smtp_command_read(struct bytes line)
{
	struct bytes text = ascii_trim(line);
	size_t n;
	enum smtp_verb verb = verb_find(text, &n);
	if (verb != SMTP_UNKNOWN)
		return (struct smtp_command){verb, ascii_trim(bytes_from(text, n))};
	return (struct smtp_command){is_foreign(line) ? SMTP_NOT_SMTP : SMTP_UNKNOWN, line};
}

/* One to three digits off the front of *b, and behind them a dot or, for the last part, a blank or
 * the end. */
static bool take_part(struct bytes *b, bool last, uint16_t *value)
{
	size_t n = 0;
	*value = 0;
	for (; n < b->n && n < 3 && ascii_digit(b->p[n]); n++)
		*value = (uint16_t)(*value * 10 + (b->p[n] - '0'));
	bool closed = n < b->n ? (last ? ascii_blank(b->p[n]) : b->p[n] == '.') : last;
	*b = bytes_from(*b, n + !last);
	return n > 0 && closed;
}

/* RFC 2034 4 wants the class of the reply's code. With 221 and 421, which end a session, servers
 * send that of another: "221 4.4.2", "421 2.0.0". */
static bool class_fits(uint16_t class, uint16_t code)
{
	return class == code / 100 ||
	       (smtp_code_closes(code) && (class == 2 || class == 4 || class == 5));
}

/* Takes "5.7.1 " off the front of the text if its class goes with the reply's code: anything else
 * is text. */
static __attribute__((noinline)) struct smtp_reply enhanced_take(uint16_t code, bool more,
								 struct bytes text)
{
	struct smtp_enhanced e;
	struct bytes b = text;
	uint16_t first;
	bool ok = take_part(&b, false, &first) && class_fits(first, code) &&
		  take_part(&b, false, &e.subject) && take_part(&b, true, &e.detail);
	e.class = (uint8_t)first;
	if (ok)
		return (struct smtp_reply){code, more, e, ascii_trim(b)};
	return (struct smtp_reply){code, more, {0}, text};
}

struct smtp_enhanced smtp_enhanced_find(struct bytes text)
{
	bool digit = text.n > 0 && (text.p[0] == '2' || text.p[0] == '4' || text.p[0] == '5');
	return digit ? enhanced_take((uint16_t)((text.p[0] - '0') * 100), false, text).enhanced
		     : (struct smtp_enhanced){0};
}

/*
 * The code is judged by its first digit alone: what servers make up (299, 571) is still a reply
 * (RFC 5321 4.3.2). Most lines are told from one with an enhanced code by their second byte: the
 * reading of one is a function apart, so that the others do without its stack.
 */
struct smtp_reply smtp_reply_read(struct bytes line)
{
	const uint8_t *p = line.p;
	if (line.n < 3 || p[0] < '2' || p[0] > '5' || !ascii_digit(p[1]) || !ascii_digit(p[2]))
		return (struct smtp_reply){.text = line};
	bool more = line.n > 3 && p[3] == '-';
	if (line.n > 3 && !more && !ascii_blank(p[3]))
		return (struct smtp_reply){.text = line};
	uint16_t code = (uint16_t)(p[0] * 100 + p[1] * 10 + p[2] - '0' * 111);
	struct bytes text = ascii_trim(bytes_from(line, 4));
	if (smtp_enhanced_begins(text) && p[0] != '3')
		return enhanced_take(code, more, text);
	return (struct smtp_reply){code, more, {0}, text};
}

#define BIT(extension) [__builtin_ctz(extension)]

/* By the number of the bit. */
static const char extensions[SMTP_EXTENSIONS][20] = {
	BIT(SMTP_EXT_PIPELINING) = "PIPELINING",
	BIT(SMTP_EXT_SIZE) = "SIZE",
	BIT(SMTP_EXT_8BITMIME) = "8BITMIME",
	BIT(SMTP_EXT_STARTTLS) = "STARTTLS",
	BIT(SMTP_EXT_AUTH) = "AUTH",
	BIT(SMTP_EXT_CHUNKING) = "CHUNKING",
	BIT(SMTP_EXT_BINARYMIME) = "BINARYMIME",
	BIT(SMTP_EXT_DSN) = "DSN",
	BIT(SMTP_EXT_ENHANCEDSTATUSCODES) = "ENHANCEDSTATUSCODES",
	BIT(SMTP_EXT_SMTPUTF8) = "SMTPUTF8",
	BIT(SMTP_EXT_ETRN) = "ETRN",
	BIT(SMTP_EXT_VRFY) = "VRFY",
	BIT(SMTP_EXT_EXPN) = "EXPN",
	BIT(SMTP_EXT_HELP) = "HELP",
	BIT(SMTP_EXT_XCLIENT) = "XCLIENT",
	BIT(SMTP_EXT_XFORWARD) = "XFORWARD",
	BIT(SMTP_EXT_DELIVERBY) = "DELIVERBY",
	BIT(SMTP_EXT_REQUIRETLS) = "REQUIRETLS",
	BIT(SMTP_EXT_LIMITS) = "LIMITS",
	BIT(SMTP_EXT_PRDR) = "PRDR",
	BIT(SMTP_EXT_BURL) = "BURL",
	BIT(SMTP_EXT_MASKED) = "XXXX", /* a prefix: the mask is as long as the keyword, or leaves
					  its last letter */
};

const char *smtp_extension_name(unsigned bit)
{
	assert(bit < SMTP_EXTENSIONS);
	return extensions[bit];
}

/* Where each of them stands, by the number of its bit and 1 more; 0: none. The last is the mask of
 * a middlebox. */
static const uint8_t extension_at[KEYS] = {
#define KEYWORD(a, b, c, d, extension) AT(a, b, c, d) = __builtin_ctz(extension) + 1
	/* clang-format off: two a line */
	KEYWORD('P', 'I', 'P', 'E', SMTP_EXT_PIPELINING),
	KEYWORD('S', 'I', 'Z', 'E', SMTP_EXT_SIZE),
	KEYWORD('8', 'B', 'I', 'T', SMTP_EXT_8BITMIME),
	KEYWORD('S', 'T', 'A', 'R', SMTP_EXT_STARTTLS),
	KEYWORD('A', 'U', 'T', 'H', SMTP_EXT_AUTH),
	KEYWORD('C', 'H', 'U', 'N', SMTP_EXT_CHUNKING),
	KEYWORD('B', 'I', 'N', 'A', SMTP_EXT_BINARYMIME),
	KEYWORD('D', 'S', 'N', 0, SMTP_EXT_DSN),
	KEYWORD('E', 'N', 'H', 'A', SMTP_EXT_ENHANCEDSTATUSCODES),
	KEYWORD('S', 'M', 'T', 'P', SMTP_EXT_SMTPUTF8),
	KEYWORD('E', 'T', 'R', 'N', SMTP_EXT_ETRN),
	KEYWORD('V', 'R', 'F', 'Y', SMTP_EXT_VRFY),
	KEYWORD('E', 'X', 'P', 'N', SMTP_EXT_EXPN),
	KEYWORD('H', 'E', 'L', 'P', SMTP_EXT_HELP),
	KEYWORD('X', 'C', 'L', 'I', SMTP_EXT_XCLIENT),
	KEYWORD('X', 'F', 'O', 'R', SMTP_EXT_XFORWARD),
	KEYWORD('D', 'E', 'L', 'I', SMTP_EXT_DELIVERBY),
	KEYWORD('R', 'E', 'Q', 'U', SMTP_EXT_REQUIRETLS),
	KEYWORD('L', 'I', 'M', 'I', SMTP_EXT_LIMITS),
	KEYWORD('P', 'R', 'D', 'R', SMTP_EXT_PRDR),
	KEYWORD('B', 'U', 'R', 'L', SMTP_EXT_BURL),
	KEYWORD('X', 'X', 'X', 'X', SMTP_EXT_MASKED),
	/* clang-format on */
};

/* A keyword has ended before text[n]. "AUTH=LOGIN" is how servers of before RFC 2554 wrote it. */
static inline bool keyword_ends(struct bytes text, size_t n)
{
	return n == text.n || text.p[n] == '=' || ascii_blank(text.p[n]);
}

/* The number of the bit; SMTP_EXTENSIONS: none of those that matter. */
static unsigned extension_find(struct bytes text)
{
	if (text.n < 3)
		return SMTP_EXTENSIONS;
	uint32_t key = text.n > 3 ? key_of(text.p) : KEY(text.p[0], text.p[1], text.p[2], 0);
	if (keyword_ends(text, 3))
		key &= KEY(0xff, 0xff, 0xff, 0);
	unsigned i = extension_at[KEY_PLACE(key)];
	if (i-- == 0)
		return SMTP_EXTENSIONS;
	size_t n = name_alike(text, extensions[i]);
	return extensions[i][n] == '\0' &&
			       (UINT32_C(1) << i == SMTP_EXT_MASKED || keyword_ends(text, n))
		       ? i
		       : SMTP_EXTENSIONS;
}

uint32_t smtp_extension_read(struct bytes text)
{
	unsigned i = extension_find(ascii_trim(text));
	return i < SMTP_EXTENSIONS ? UINT32_C(1) << i : 0;
}

uint64_t smtp_extension_size(struct bytes text)
{
	uint64_t size;
	ascii_word(&text);
	return smtp_number(ascii_word(&text), &size) ? size : 0;
}

void smtp_offer_add(struct smtp_offer *offer, struct bytes text)
{
	uint32_t named = smtp_extension_read(text);
	uint64_t size = named == SMTP_EXT_SIZE ? smtp_extension_size(text) : 0;
	if (size)
		offer->size = size;
	if (named == SMTP_EXT_MASKED && !(offer->extensions & SMTP_EXT_STARTTLS))
		offer->masked = true;
	offer->extensions |= named;
}

bool smtp_verb_ends_group(enum smtp_verb verb)
{
	static const bool last[SMTP_VERBS] = {
		[SMTP_EHLO] = true, [SMTP_DATA] = true, [SMTP_VRFY] = true,
		[SMTP_EXPN] = true, [SMTP_TURN] = true, [SMTP_QUIT] = true,
		[SMTP_NOOP] = true, [SMTP_AUTH] = true, [SMTP_STARTTLS] = true};
	return last[verb];
}

const char *flaw_name(unsigned bit)
{
	static const char *const names[FLAWS] = {
		/* clang-format off: a row a line */
		"bare-lf",
		"lone-cr",
		"nul",
		"long-line",
		"unended-reply",
		"bad-reply",
		"surplus-reply",
		"pregreet",
		"bad-pipelining",
		"soft-end",
		"smuggling",
		"starttls-injection",
		"starttls-plaintext",
		"not-smtp",
		"bad-chunk",
		"many-pending",
		"starttls-response-injection",
		/* clang-format on */
	};
	assert(bit < FLAWS);
	return names[bit];
}
