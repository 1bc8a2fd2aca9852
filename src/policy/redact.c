/* redact.c - addresses taken out of a copy of the record. */
#include "policy/redact.h"

#include "base/ascii.h"
#include "smtpwatch/cause.h"
#include "text/buffer.h"
#include "text/digest.h"

#include <stdlib.h>

/* HASH_BYTES: so many of the hash are shown, as hex. WORD_MIN: a shorter local part is an
 * ordinary word too often to be looked for in replies. */
enum { REDACT_POOL = 4 << 20, HASH_BYTES = 8, WORD_MIN = 3 };

static const char redact_mark[] = "***";

struct redactor {
	enum redact_mode mode;
	struct pool *pool; /* of the copied strings */
	struct keyed_digest *digest;
	struct outbuf scratch;
	struct record record;
	struct session_info info;
	struct cause cause;
	struct transaction transactions[SESSION_TRANSACTIONS];
	size_t n; /* transactions copied */
};

static const char *const redact_names[REDACT_MODES] = {"none", "local", "hash", "all"};

const char *redact_name(enum redact_mode mode)
{
	return redact_names[mode];
}

enum redact_mode redact_read(const char *name)
{
	unsigned m = 0;
	while (m < REDACT_MODES && strcmp(name, redact_names[m]) != 0)
		m++;
	return (enum redact_mode)m;
}

struct redactor *redactor_new(const struct redaction *how)
{
	enum redact_mode mode = how ? how->mode : REDACT_NONE;
	struct redactor *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->mode = mode;
	r->pool = mode != REDACT_NONE ? pool_new(REDACT_POOL) : NULL;
	r->digest = mode == REDACT_HASH ? keyed_digest_new(how->key) : NULL;
	if ((mode != REDACT_NONE && !r->pool) || (mode == REDACT_HASH && !r->digest)) {
		redactor_free(r);
		return NULL;
	}
	return r;
}

void redactor_free(struct redactor *r)
{
	if (!r)
		return;
	if (r->pool)
		pool_free(r->pool);
	keyed_digest_free(r->digest);
	outbuf_free(&r->scratch);
	free(r);
}

/* How long the local part is: up to the last "@", or "%40" as it stands in the URLs of refusals;
 * the whole of it where there is neither. */
static size_t local_part(struct bytes address)
{
	for (size_t i = address.n; i > 0; i--)
		if (address.p[i - 1] == '@' ||
		    (address.n - (i - 1) >= 3 && memcmp(address.p + i - 1, "%40", 3) == 0))
			return i - 1;
	return address.n;
}

static void put_hash(struct redactor *r, struct bytes address)
{
	uint8_t lower[STRING_REPLY_MAX], hash[DIGEST_SHA256];
	size_t n = address.n < sizeof lower ? address.n : sizeof lower;
	char hex[2 * HASH_BYTES];
	for (size_t i = 0; i < n; i++)
		lower[i] = address.p[i] >= 'A' && address.p[i] <= 'Z' ? address.p[i] + ('a' - 'A')
								      : address.p[i];
	keyed_digest_hash(r->digest, bytes_of(lower, n), hash);
	digest_hex(hash, HASH_BYTES, hex);
	outbuf_bytes(&r->scratch, hex, sizeof hex);
}

static void put_address(struct redactor *r, struct bytes address)
{
	struct bytes domain = bytes_from(address, local_part(address));
	/* The null sender is nobody's address, and says that the message is a bounce. */
	if (address.n == 0)
		return;
	if (r->mode == REDACT_HASH) {
		put_hash(r, address);
		return;
	}
	outbuf_str(&r->scratch, redact_mark);
	if (r->mode == REDACT_LOCAL)
		outbuf_bytes(&r->scratch, domain.p, domain.n);
}

/* What can stand in an address without quotation marks (RFC 5322 3.2.3, RFC 6531 3.3). */
static bool address_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c >= 0x80 || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.@", c));
}

/* What stands around an address as often as in it. */
static bool is_mark(uint8_t c)
{
	return c == '\'' || c == '`';
}

/* The word at the beginning of text, 0: none begins there. A quoted local part belongs to it with
 * its blanks. */
static size_t word_length(struct bytes text)
{
	size_t n = 0;
	if (text.p[0] == '"') {
		const uint8_t *end = text.n > 1 ? memchr(text.p + 1, '"', text.n - 1) : NULL;
		n = end ? (size_t)(end - text.p) + 1 : 0;
		if (n == 0 || n == text.n || text.p[n] != '@')
			return 0;
	}
	while (n < text.n && address_byte(text.p[n]))
		n++;
	return n;
}

/* A text under way to scratch. facts: of the session whose people are looked for. inside: within
 * other words too. */
struct reading {
	const struct session_info *info;
	struct bytes text;
	bool inside;
};

static bool is_alnum_at(struct bytes text, size_t at)
{
	return at < text.n && ascii_alnum(text.p[at]);
}

/* A name stands at this place, in any case, and no longer word of letters and digits goes on before
 * or behind it. */
static bool name_stands(const struct reading *r, size_t at, struct bytes name)
{
	struct bytes t = r->text;
	size_t end = at + name.n, behind = end;
	if (name.n < WORD_MIN || name.n > t.n - at ||
	    !ascii_equal(bytes_of(t.p + at, name.n), name))
		return false;
	while (behind < t.n && (t.p[behind] == '.' || is_mark(t.p[behind])))
		behind++;
	if (!r->inside)
		return (at == 0 || !address_byte(t.p[at - 1]) || is_mark(t.p[at - 1])) &&
		       (behind == t.n || !address_byte(t.p[behind]));
	return !(at > 0 && is_alnum_at(t, at - 1) && ascii_alnum(name.p[0])) &&
	       !(is_alnum_at(t, end) && ascii_alnum(name.p[name.n - 1]));
}

/* How much of the text at this place is the local part of an address, without its quotation marks,
 * or that without its tag (RFC 5233). */
static size_t local_stands(const struct reading *r, size_t at, struct bytes address)
{
	struct bytes local;
	const uint8_t *tag;
	/* Most are told apart by their first letter. */
	if (address.n == 0 || (address.p[0] != '"' && !ascii_same(address.p[0], r->text.p[at])))
		return 0;
	local = bytes_first(address, local_part(address));
	if (local.n > 2 && local.p[0] == '"' && local.p[local.n - 1] == '"')
		local = bytes_of(local.p + 1, local.n - 2);
	if (name_stands(r, at, local))
		return local.n;
	tag = local.n > 0 ? memchr(local.p, '+', local.n) : NULL;
	if (tag && name_stands(r, at, bytes_first(local, (size_t)(tag - local.p))))
		return (size_t)(tag - local.p);
	return 0;
}

/* The same of all senders and recipients of the session: the longest; 0: none. */
static size_t person_stands(const struct reading *r, size_t at)
{
	size_t longest = 0;
	for (const struct transaction *t = r->info->first; t; t = t->next) {
		struct string string;
		uint16_t pos = 0;
		while (strings_next(&t->strings, &pos, &string)) {
			bool person = string.tag == STRING_FROM || string.tag == STRING_RCPT;
			size_t n = person ? local_stands(r, at, string.text) : 0;
			longest = n > longest ? n : longest;
		}
	}
	return longest;
}

/* Of a word with an address in it what is one: punctuation around it is no part of it, though the
 * grammar would allow an apostrophe. */
static void put_word(struct redactor *r, struct bytes word)
{
	struct outbuf *b = &r->scratch;
	size_t before = 0, after = word.n;
	while (after > 0 && (word.p[after - 1] == '.' || is_mark(word.p[after - 1])))
		after--;
	while (before < after && is_mark(word.p[before]))
		before++;
	outbuf_bytes(b, word.p, before);
	put_address(r, bytes_of(word.p + before, after - before));
	outbuf_bytes(b, word.p + after, word.n - after);
}

/* A stretch without an address, by the person. */
static void put_plain(struct redactor *r, const struct reading *from)
{
	for (size_t at = 0, n; at<from->text.n; at += n> 0 ? n : 1) {
		bool may = at == 0 || !ascii_alnum(from->text.p[at - 1]) ||
			   !ascii_alnum(from->text.p[at]);
		n = may ? person_stands(from, at) : 0;
		if (n > 0)
			outbuf_str(&r->scratch, redact_mark);
		else
			outbuf_bytes(&r->scratch, from->text.p + at, 1);
	}
}

/* Into scratch. */
static void put_text(struct redactor *r, struct reading from)
{
	struct bytes text = from.text;
	size_t plain = 0;
	for (size_t at = 0, n; at<text.n; at += n> 0 ? n : 1) {
		struct bytes word = bytes_from(text, at);
		n = word_length(word);
		word = bytes_first(word, n);
		if (n == 0 || local_part(word) == n)
			continue;
		from.text = bytes_of(text.p + plain, at - plain);
		put_plain(r, &from);
		put_word(r, word);
		plain = at + n;
	}
	from.text = bytes_from(text, plain);
	put_plain(r, &from);
}

/* The last word of a text that was cut may be a part of an address. */
static struct bytes without_last_word(struct bytes text)
{
	while (text.n > 0 && text.p[text.n - 1] > ' ')
		text.n--;
	return text;
}

/* A string of what somebody said. */
static void put_string(struct redactor *r, const struct session_info *info,
		       const struct string *string, bool cut)
{
	bool reply = string->tag == STRING_REPLY || string->tag == STRING_FAREWELL ||
		     string->tag == STRING_UNCODED;
	cut = string->text.n >= strings_text_max(string->tag) || (reply && cut);
	put_text(r, (struct reading){info, cut ? without_last_word(string->text) : string->text,
				     reply});
}

static void copy_string(struct redactor *r, const struct session_info *info, struct strings *to,
			const struct string *string, bool cut)
{
	bool address = string->tag == STRING_FROM || string->tag == STRING_RCPT ||
		       string->tag == STRING_MESSAGE_ID;
	if (string->tag == STRING_VOID || (address && r->mode == REDACT_ALL))
		return;
	r->scratch.n = 0;
	if (address)
		put_address(r, string->text);
	else
		put_string(r, info, string, cut);
	if (string->tag == STRING_RCPT)
		strings_add(to, r->pool, string->tag, string->value,
			    bytes_of(r->scratch.p, r->scratch.n));
	else
		strings_set(to, r->pool, string->tag, string->value,
			    bytes_of(r->scratch.p, r->scratch.n));
}

/* `from` and `to` are the strings of one holder; `to` is the shallow copy, whose own block is made
 * here. */
static void copy_strings(struct redactor *r, const struct session_info *info,
			 const struct strings *from, struct strings *to)
{
	struct string string;
	uint16_t pos = 0;
	*to = (struct strings){.full = from->full};
	while (strings_next(from, &pos, &string))
		copy_string(r, info, to, &string, from->cut);
}

/*
 * Evidence is our own words, which may happen to be somebody's local part: only what looks like an
 * address is taken out. What then grows beyond its room is cut, between two characters.
 */
static void copy_evidence(struct redactor *r, const char *from, char to[CAUSE_EVIDENCE_TEXT])
{
	static const struct session_info nobody;
	size_t n;
	r->scratch.n = 0;
	put_text(r, (struct reading){&nobody, bytes_str(from), false});
	n = r->scratch.n < CAUSE_EVIDENCE_TEXT ? r->scratch.n : CAUSE_EVIDENCE_TEXT - 1;
	while (n < r->scratch.n && n > 0 && (r->scratch.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(to, r->scratch.p, n);
	to[n] = '\0';
}

static void copy_cause(struct redactor *r, const struct cause *from)
{
	r->cause = *from;
	for (unsigned i = 0; i < from->evidences; i++)
		copy_evidence(r, from->evidence[i], r->cause.evidence[i]);
	r->record.cause = &r->cause;
}

static void forget_last(struct redactor *r)
{
	strings_free(&r->info.strings, r->pool);
	for (; r->n > 0; r->n--)
		strings_free(&r->transactions[r->n - 1].strings, r->pool);
}

const struct record *redactor_record(struct redactor *r, const struct record *in)
{
	struct transaction **link = &r->info.first;
	if (r->mode == REDACT_NONE)
		return in;
	forget_last(r);
	r->info = *in->session;
	copy_strings(r, in->session, &in->session->strings, &r->info.strings);
	for (const struct transaction *t = in->session->first; t && r->n < SESSION_TRANSACTIONS;
	     t = t->next) {
		struct transaction *copy = &r->transactions[r->n++];
		*copy = *t;
		copy_strings(r, in->session, &t->strings, &copy->strings);
		*link = copy;
		link = &copy->next;
	}
	*link = NULL;
	r->record = *in;
	r->record.session = &r->info;
	if (in->cause)
		copy_cause(r, in->cause);
	return &r->record;
}

struct bytes redactor_text(struct redactor *r, const struct session_info *info, struct bytes text)
{
	if (r->mode == REDACT_NONE)
		return text;
	r->scratch.n = 0;
	put_text(r, (struct reading){info, text, true});
	return bytes_of(r->scratch.p, r->scratch.n);
}

struct bytes redactor_domain(struct redactor *r, struct bytes address)
{
	struct bytes domain = bytes_from(address, local_part(address));
	r->scratch.n = 0;
	/* Without its "@", or "%40". */
	domain = bytes_from(domain, domain.n > 0 && domain.p[0] == '@' ? 1 : 3);
	if (domain.n == 0 || r->mode == REDACT_ALL)
		return bytes_of(NULL, 0);
	if (r->mode == REDACT_HASH)
		put_hash(r, domain);
	for (size_t i = 0; i < domain.n && r->mode != REDACT_HASH; i++)
		outbuf_char(&r->scratch, (char)ascii_lower(domain.p[i]));
	return r->scratch.failed ? bytes_of(NULL, 0) : bytes_of(r->scratch.p, r->scratch.n);
}
