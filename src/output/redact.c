/* redact.c - addresses taken out of a copy of the record. */
#include "output/redact.h"

#include "output/digest.h"
#include "output/outbuf.h"

#include <stdlib.h>
#include <strings.h>

/* HASH_BYTES: so many of the digest are shown, as hex. WORD_LEAST: a shorter local part is an ordinary word too often to be hunted for in replies. */
enum { REDACT_POOL = 4 << 20, HASH_BYTES = 6, WORD_LEAST = 3 };

static const char redact_mark[] = "***";

struct redactor {
	enum redact_mode mode;
	struct pool *pool; /* of the copied notes */
	struct digest *digest;
	struct outbuf scratch;
	struct record record;
	struct session_facts facts;
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

struct redactor *redactor_new(enum redact_mode mode)
{
	struct redactor *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->mode = mode;
	r->pool = mode != REDACT_NONE ? pool_new(REDACT_POOL) : NULL;
	r->digest = mode == REDACT_HASH ? digest_new() : NULL;
	if ((mode != REDACT_NONE && r->pool == NULL) || (mode == REDACT_HASH && r->digest == NULL)) {
		redactor_free(r);
		return NULL;
	}
	return r;
}

void redactor_free(struct redactor *r)
{
	if (r == NULL)
		return;
	if (r->pool != NULL)
		pool_free(r->pool);
	digest_free(r->digest);
	outbuf_free(&r->scratch);
	free(r);
}

/* How long the local part is: up to the last "@", or "%40" as it stands in the URLs of refusals; the whole of it where there is neither. */
static size_t local_part(struct bytes address)
{
	for (size_t i = address.n; i > 0; i--)
		if (address.p[i - 1] == '@' || (address.n - (i - 1) >= 3 && memcmp(address.p + i - 1, "%40", 3) == 0))
			return i - 1;
	return address.n;
}

static void put_hash(struct redactor *r, struct bytes address)
{
	uint8_t lower[NOTE_REPLY_MAX], sha256[DIGEST_SHA256];
	size_t n = address.n < sizeof(lower) ? address.n : sizeof(lower);
	char hex[2 * HASH_BYTES];

	for (size_t i = 0; i < n; i++)
		lower[i] = address.p[i] >= 'A' && address.p[i] <= 'Z' ? address.p[i] + ('a' - 'A') : address.p[i];
	digest_sha256(r->digest, bytes_of(lower, n), sha256);
	digest_hex(sha256, HASH_BYTES, hex);
	outbuf_bytes(&r->scratch, hex, sizeof(hex));
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
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.@", c) != NULL);
}

/* The word at the beginning of text, 0: none begins there. A quoted local part belongs to it with its blanks. */
static size_t word_length(struct bytes text)
{
	size_t n = 0;

	if (text.p[0] == '"') {
		const uint8_t *end = text.n > 1 ? memchr(text.p + 1, '"', text.n - 1) : NULL;

		n = end != NULL ? (size_t)(end - text.p) + 1 : 0;
		if (n == 0 || n == text.n || text.p[n] != '@')
			return 0;
	}
	while (n < text.n && address_byte(text.p[n]))
		n++;
	return n;
}

static bool same_word(struct bytes a, struct bytes b)
{
	return a.n == b.n && strncasecmp((const char *)a.p, (const char *)b.p, a.n) == 0;
}

/* Whether a word is the local part of a sender or recipient: "550 unknown user bob". */
static bool transaction_knows(const struct transaction *t, struct bytes word)
{
	struct note note;
	uint16_t pos = 0;

	while (notes_next(&t->notes, &pos, &note)) {
		struct bytes local = bytes_first(note.text, local_part(note.text));

		if ((note.tag == NOTE_FROM || note.tag == NOTE_RCPT) && same_word(local, word))
			return true;
	}
	return false;
}

static bool session_knows(const struct session_facts *facts, struct bytes word)
{
	if (word.n < WORD_LEAST)
		return false;
	for (const struct transaction *t = facts->first; t != NULL; t = t->next)
		if (transaction_knows(t, word))
			return true;
	return false;
}

static void put_word(struct redactor *r, const struct session_facts *facts, struct bytes word)
{
	struct outbuf *b = &r->scratch;
	size_t before = 0, after = word.n;

	/* Punctuation around an address is no part of it, though the grammar would allow an apostrophe. */
	while (after > 0 && strchr(".'`", word.p[after - 1]) != NULL)
		after--;
	while (before < after && strchr("'`", word.p[before]) != NULL)
		before++;
	outbuf_bytes(b, word.p, before);
	if (local_part(word) < word.n)
		put_address(r, bytes_of(word.p + before, after - before));
	else if (session_knows(facts, bytes_of(word.p + before, after - before)))
		outbuf_str(b, redact_mark);
	else
		outbuf_bytes(b, word.p + before, after - before);
	outbuf_bytes(b, word.p + after, word.n - after);
}

/* Into scratch. */
static void put_text(struct redactor *r, const struct session_facts *facts, struct bytes text)
{
	while (text.n > 0) {
		size_t n = word_length(text);

		if (n > 0)
			put_word(r, facts, bytes_first(text, n));
		else
			outbuf_bytes(&r->scratch, text.p, n = 1);
		text = bytes_from(text, n);
	}
}

static void copy_note(struct redactor *r, const struct session_facts *facts, struct notes *to, const struct note *note)
{
	bool address = note->tag == NOTE_FROM || note->tag == NOTE_RCPT || note->tag == NOTE_MESSAGE_ID;

	if (note->tag == NOTE_VOID || (address && r->mode == REDACT_ALL))
		return;
	r->scratch.n = 0;
	if (address)
		put_address(r, note->text);
	else
		put_text(r, facts, note->text);
	if (note->tag == NOTE_RCPT)
		notes_add(to, r->pool, note->tag, note->value, bytes_of(r->scratch.p, r->scratch.n));
	else
		notes_set(to, r->pool, note->tag, note->value, bytes_of(r->scratch.p, r->scratch.n));
}

/* `from` and `to` are the notes of one holder; `to` is the shallow copy, whose own block is made here. */
static void copy_notes(struct redactor *r, const struct session_facts *facts, const struct notes *from, struct notes *to)
{
	struct note note;
	uint16_t pos = 0;

	*to = (struct notes){.full = from->full};
	while (notes_next(from, &pos, &note))
		copy_note(r, facts, to, &note);
}

/*
 * Evidence is our own words, which may happen to be somebody's local part: only what looks like an address is taken out. What then grows beyond its room is cut, between two characters.
 */
static void copy_evidence(struct redactor *r, const char *from, char to[CAUSE_EVIDENCE_TEXT])
{
	static const struct session_facts nobody;
	size_t n;

	r->scratch.n = 0;
	put_text(r, &nobody, bytes_str(from));
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
	notes_free(&r->facts.notes, r->pool);
	for (; r->n > 0; r->n--)
		notes_free(&r->transactions[r->n - 1].notes, r->pool);
}

const struct record *redactor_record(struct redactor *r, const struct record *in)
{
	struct transaction **link = &r->facts.first;

	if (r->mode == REDACT_NONE)
		return in;
	forget_last(r);
	r->facts = *in->session;
	copy_notes(r, in->session, &in->session->notes, &r->facts.notes);
	for (const struct transaction *t = in->session->first; t != NULL && r->n < SESSION_TRANSACTIONS; t = t->next) {
		struct transaction *copy = &r->transactions[r->n++];

		*copy = *t;
		copy_notes(r, in->session, &t->notes, &copy->notes);
		*link = copy;
		link = &copy->next;
	}
	*link = NULL;
	r->record = *in;
	r->record.session = &r->facts;
	if (in->cause != NULL)
		copy_cause(r, in->cause);
	return &r->record;
}

struct bytes redactor_text(struct redactor *r, const struct session_facts *facts, struct bytes text)
{
	if (r->mode == REDACT_NONE)
		return text;
	r->scratch.n = 0;
	put_text(r, facts, text);
	return bytes_of(r->scratch.p, r->scratch.n);
}
