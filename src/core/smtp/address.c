/* address.c - the arguments of commands: addresses, ESMTP parameters, numbers, chunk sizes. */
#include "base/ascii.h"
#include "base/simd.h"
#include "smtpwatch/smtp.h"

/* Takes "FROM:" or "TO:" off. Without a colon a blank or a bracket has to follow, or
 * "from@example.org" would lose its name. */
static struct bytes path_without_keyword(struct bytes args)
{
	static const char *const keywords[] = {"FROM", "TO"};
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (!ascii_begins(args, keywords[i]))
			continue;
		struct bytes rest = bytes_from(args, strlen(keywords[i]));
		bool apart = rest.n == 0 || ascii_blank(rest.p[0]) || rest.p[0] == '<';
		struct bytes text = ascii_trim(rest);
		if (text.n > 0 && text.p[0] == ':')
			return ascii_trim(bytes_from(text, 1));
		if (apart)
			return text;
	}
	return args;
}

static inline uint32_t odd_in(const uint8_t *p)
{
	simd v = simd_load(p);
	return simd_mask((simd)((v <= ' ') | (v == '>') | (v == '"')));
}

static inline bool is_odd(uint8_t c)
{
	return c <= ' ' || c == '>' || c == '"';
}

/*
 * Where an address ends: at '>' or at a blank, not counting what is in quotes ("a>b"@example.org).
 * A quote that is never closed is not taken as one. b.n if there is no end.
 */
static size_t path_end(struct bytes b, bool bracketed)
{
	bool quoted = false;
	size_t first = b.n, plain = simd_find(b.p, b.n, odd_in, is_odd);
	for (size_t i = plain; i < b.n; i++) {
		uint8_t c = b.p[i];
		if (quoted && c == '\\') {
			i++;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (bracketed ? c == '>' : ascii_blank(c)) {
			if (!quoted)
				return i;
			if (first == b.n)
				first = i;
		}
	}
	return quoted ? first : b.n;
}

/* "@relay,@other:user@host" is read as "user@host", as RFC 5321 3.6.1 tells servers to. */
static struct bytes path_without_route(struct bytes address)
{
	if (address.n == 0 || address.p[0] != '@')
		return address;
	const uint8_t *colon = memchr(address.p, ':', address.n);
	return colon ? bytes_from(address, (size_t)(colon - address.p) + 1) : address;
}

/*
 * With an opening bracket only, the address ends at the next blank, like one without brackets: what
 * follows is more likely its parameters than a part of it.
 */
struct smtp_path smtp_path_read(struct bytes args)
{
	struct bytes text = path_without_keyword(ascii_trim(args));
	struct smtp_path path = {0};
	bool closed = false;
	size_t end = 0;
	if (text.n > 0 && text.p[0] == '<') {
		text = bytes_from(text, 1);
		end = path_end(text, true);
		closed = end < text.n;
	}
	if (!closed)
		end = path_end(text, false);
	path.address = path_without_route(ascii_trim(bytes_first(text, end)));
	path.params = ascii_trim(bytes_from(text, end + closed));
	path.ok = closed || path.address.n > 0;
	return path;
}

/* The first of several wins; servers refuse a second one. */
bool smtp_param(struct bytes params, const char *name, struct bytes *value)
{
	for (struct bytes word; (word = ascii_word(&params)).n > 0;) {
		const uint8_t *equals = memchr(word.p, '=', word.n);
		size_t n = equals ? (size_t)(equals - word.p) : word.n;
		if (!ascii_is(bytes_first(word, n), name))
			continue;
		*value = bytes_from(word, n + (equals != NULL));
		return true;
	}
	return false;
}

/* IANA's registry "Mail Parameters", without AUTH and MTRK. */
static bool is_plain_param(struct bytes name)
{
	static const char *const plain[] = {
		"SIZE",       "BODY", "SMTPUTF8", "RET",       "ENVID",       "NOTIFY",
		"ORCPT",      "BY",   "HOLDFOR",  "HOLDUNTIL", "CONPERM",     "CONNEG",
		"REQUIRETLS", "RRVS", "TRANSID",  "SOLICIT",   "MT-PRIORITY", "LIMITS",
	};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (ascii_is(name, plain[i]))
			return true;
	return false;
}

/* An esmtp-keyword (RFC 5321 4.1.2), or one that a client made up. */
static bool is_keyword(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alnum(name.p[i]) && !memchr("-_.", name.p[i], 3))
			return false;
	return name.n > 0;
}

bool smtp_param_secret(struct bytes *params, struct bytes *value)
{
	for (struct bytes word; (word = ascii_word(params)).n > 0;) {
		const uint8_t *equals = memchr(word.p, '=', word.n);
		size_t n = equals ? (size_t)(equals - word.p) : word.n;
		struct bytes name = bytes_first(word, n);
		*value = bytes_from(word, n + 1);
		if (value->n > 0 && is_keyword(name) && !is_plain_param(name))
			return true;
	}
	return false;
}

bool smtp_number(struct bytes b, uint64_t *value)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < b.n; i++) {
		unsigned digit = (unsigned)b.p[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return b.n > 0;
}

bool smtp_bdat_read(struct bytes args, uint64_t *size, bool *last)
{
	struct bytes number = ascii_word(&args), word = ascii_word(&args);
	*last = ascii_is(word, "LAST");
	return smtp_number(number, size) && (*last || word.n == 0) && ascii_trim(args).n == 0;
}
