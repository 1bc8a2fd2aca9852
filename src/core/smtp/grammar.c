/* grammar.c - command lines, reply lines and the keywords of EHLO, each read from the rows of
 * smtp.def. */
#include "smtpwatch/smtp.h"

#include <assert.h>
#include <endian.h>

#include "base/ascii.h"

const struct smtp_verb_row smtp_verbs[SMTP_VERBS] = {
#define VERB(id, as, stage, args, traits, name) [SMTP_##id] = {name, SMTP_##as, args, traits},
#include "smtpwatch/smtp.def"
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
	return smtp_verbs[verb].name;
}

/* The first four letters of a word as one number, in any case: 0xdf takes a letter to upper case,
 * and nothing else to a letter. A word of three ends with a 0. */
#define KEY(word)                                                                                  \
	(((uint32_t)(word)[0] & 0xdf) | ((uint32_t)(word)[1] & 0xdf) << 8 |                        \
	 ((uint32_t)(word)[2] & 0xdf) << 16 | ((uint32_t)(word)[3] & 0xdf) << 24)

/* KEY of the four bytes at p, in one load. */
static inline uint32_t key_of(const void *p)
{
	uint32_t four;
	memcpy(&four, p, sizeof four);
	return le32toh(four) & UINT32_C(0xdfdfdfdf);
}

/* The typed verb with this key; SMTP_UNKNOWN: none. The compiler makes a binary search of it. */
static enum smtp_verb verb_of_key(uint32_t key)
{
#define VERB(id, as, stage, args, traits, name)                                                    \
	if (SMTP_##id >= SMTP_EHLO && SMTP_##id <= SMTP_QUIT && key == KEY(name))                  \
		return SMTP_##id;
#include "smtpwatch/smtp.def"
	return SMTP_UNKNOWN;
}

/* The number of the bit with this key; SMTP_EXTENSIONS: none of those that matter. */
static unsigned extension_of_key(uint32_t key)
{
#define EXTENSION(id, name)                                                                        \
	if (key == KEY(name))                                                                      \
		return SMTP_EXT_BIT_##id;
#include "smtpwatch/smtp.def"
	return SMTP_EXTENSIONS;
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
	enum smtp_verb v = verb_of_key(key_of(text.p));
	if (v == SMTP_UNKNOWN)
		return v;
	*n = name_alike(text, smtp_verbs[v].name);
	bool ends = *n == text.n || ascii_blank(text.p[*n]);
	return smtp_verbs[v].name[*n] == '\0' && ends ? v : SMTP_UNKNOWN;
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

/* Each is longer than any keyword by at least one. */
static const char extensions[SMTP_EXTENSIONS][20] = {
#define EXTENSION(id, name) name,
#include "smtpwatch/smtp.def"
};

const char *smtp_extension_name(unsigned bit)
{
	assert(bit < SMTP_EXTENSIONS);
	return extensions[bit];
}

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
	uint8_t word[4] = {text.p[0], text.p[1], text.p[2], 0};
	unsigned i = extension_of_key(key_of(keyword_ends(text, 3) ? word : text.p));
	if (i == SMTP_EXTENSIONS)
		return i;
	size_t n = name_alike(text, extensions[i]);
	bool ends = i == SMTP_EXT_BIT_MASKED || keyword_ends(text, n);
	return extensions[i][n] == '\0' && ends ? i : SMTP_EXTENSIONS;
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
	unsigned bit = extension_find(text);
	uint32_t named = bit < SMTP_EXTENSIONS ? UINT32_C(1) << bit : 0;
	uint64_t size = named == SMTP_EXT_SIZE ? smtp_extension_size(text) : 0;
	if (size)
		offer->size = size;
	if (named == SMTP_EXT_MASKED && !(offer->extensions & SMTP_EXT_STARTTLS))
		offer->masked = true;
	offer->extensions |= named;
}

const char *flaw_name(unsigned bit)
{
	static const char *const names[] = {
#define FLAW(id, name) name,
#include "smtpwatch/smtp.def"
	};
	assert(bit < FLAWS);
	return names[bit];
}
