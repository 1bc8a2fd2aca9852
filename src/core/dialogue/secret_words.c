/* secret_words.c - a set of hashes with open addressing: a word of a reply is looked up in a few
 * steps, however much the client has said. */
#include "core/dialogue/secret_words.h"

#include "base/ascii.h"
#include "core/dialogue/reply_words.h"
#include "core/smtp/line.h"

/* FIRST: places of a new set, enough for what AUTH says. At most half of them are taken. */
enum { FIRST = 16 };

struct secret_words {
	uint64_t upto;
	uint16_t n, capacity; /* words, and places: a power of two */
	bool over;            /* there are words that are not remembered */
	struct line unended;  /* of a message's text */
	uint32_t word[];      /* 0: a free place */
};

static size_t size_of(uint16_t capacity)
{
	return sizeof(struct secret_words) + capacity * sizeof(uint32_t);
}

static struct secret_words *set_new(struct pool *pool, uint16_t capacity)
{
	struct secret_words *s = pool_get(pool, size_of(capacity));
	if (!s)
		return NULL;
	memset(s, 0, size_of(capacity));
	s->capacity = capacity;
	return s;
}

struct secret_words *secret_words_new(struct pool *pool)
{
	return set_new(pool, FIRST);
}

void secret_words_free(struct secret_words *s, struct pool *pool)
{
	if (!s)
		return;
	line_reset(&s->unended, pool);
	pool_put(pool, s, size_of(s->capacity));
}

uint64_t secret_words_upto(const struct secret_words *s)
{
	return s->upto;
}

void secret_words_upto_set(struct secret_words *s, uint64_t upto)
{
	s->upto = upto;
}

/* Of an ordinary word that AUTH was given. */
enum { LOGIN = 2 };

/* In any case of letters; never 0, and without LOGIN. */
static uint32_t hash_of(const uint64_t seed[2], struct bytes word)
{
	uint64_t h = seed[0] + word.n;
	for (size_t i = 0; i < word.n; i++)
		h = (h ^ ascii_lower(word.p[i])) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 32 ^ seed[1]) * 0xbf58476d1ce4e5b9;
	return ((uint32_t)(h >> 32) | 1) & ~(uint32_t)LOGIN;
}

/* The place where it stands, or the free one where it would. */
static uint16_t place_of(const struct secret_words *s, uint32_t hash)
{
	uint16_t mask = (uint16_t)(s->capacity - 1), at = (uint16_t)(hash >> 1 & mask);
	while (s->word[at] != 0 && s->word[at] != hash)
		at = (at + 1) & mask;
	return at;
}

/* False: there is no room for more. */
static bool grow(struct secret_words **s, struct pool *pool)
{
	struct secret_words *old = *s;
	struct secret_words *larger =
		old->n < SECRET_WORDS_MAX ? set_new(pool, (uint16_t)(2 * old->capacity)) : NULL;
	if (!larger)
		return false;
	larger->upto = old->upto;
	larger->n = old->n;
	larger->unended = old->unended;
	old->unended = (struct line){0};
	for (uint16_t i = 0; i < old->capacity; i++)
		if (old->word[i] != 0)
			larger->word[place_of(larger, old->word[i])] = old->word[i];
	secret_words_free(old, pool);
	*s = larger;
	return true;
}

static void word_add(struct secret_words **s, struct pool *pool, const uint64_t seed[2],
		     struct bytes word, bool login)
{
	uint32_t hash = hash_of(seed, word) | (login && reply_word_is(word) ? LOGIN : 0);
	if ((*s)->over || (*s)->word[place_of(*s, hash)] == hash)
		return;
	if ((*s)->n >= (*s)->capacity / 2 && !grow(s, pool)) {
		(*s)->over = true;
		return;
	}
	(*s)->word[place_of(*s, hash)] = hash;
	(*s)->n++;
}

static bool is_letter(uint8_t c)
{
	return ascii_alnum(c) || c >= 0x80;
}

/* Takes what stands up to the next blank or control off the front of *text; empty: none is left. */
static struct bytes chunk_next(struct bytes *text)
{
	size_t from = 0, n = 0;
	while (from < text->n && text->p[from] <= ' ')
		from++;
	*text = bytes_from(*text, from);
	while (n < text->n && text->p[n] > ' ')
		n++;
	struct bytes chunk = bytes_first(*text, n);
	*text = bytes_from(*text, n);
	return chunk;
}

/* Takes the next run of letters off the front of *chunk. */
static struct bytes run_next(struct bytes *chunk)
{
	size_t from = 0, n = 0;
	while (from < chunk->n && !is_letter(chunk->p[from]))
		from++;
	*chunk = bytes_from(*chunk, from);
	while (n < chunk->n && is_letter(chunk->p[n]))
		n++;
	struct bytes run = bytes_first(*chunk, n);
	*chunk = bytes_from(*chunk, n);
	return run;
}

/* Without the quotation marks and the like around it. Empty where it is too short, a single run, or
 * a number with dots, which enhanced codes are. */
static struct bytes whole_of(struct bytes chunk)
{
	size_t runs = 0;
	bool number = true;
	while (chunk.n > 0 && !is_letter(chunk.p[0]))
		chunk = bytes_from(chunk, 1);
	while (chunk.n > 0 && !is_letter(chunk.p[chunk.n - 1]))
		chunk.n--;
	for (size_t i = 0; i < chunk.n; i++) {
		runs += !is_letter(chunk.p[i]);
		number &= ascii_digit(chunk.p[i]) || chunk.p[i] == '.';
	}
	return chunk.n >= SECRET_WORD_MIN && runs > 0 && !number ? chunk : bytes_of(NULL, 0);
}

void secret_words_add(struct secret_words **s, struct pool *pool, const uint64_t seed[2],
		      struct bytes text, bool login)
{
	for (struct bytes chunk; (chunk = chunk_next(&text)).n > 0;) {
		struct bytes whole = whole_of(chunk);
		if (whole.n > 0)
			word_add(s, pool, seed, whole, login);
		for (struct bytes run; (run = run_next(&chunk)).n > 0;) {
			if (run.n >= SECRET_WORD_MIN)
				word_add(s, pool, seed, run, login);
			if (run.n > SECRET_WORD_HEAD)
				word_add(s, pool, seed, bytes_first(run, SECRET_WORD_HEAD), false);
		}
	}
}

void secret_words_add_content(struct secret_words **s, struct pool *pool, const uint64_t seed[2],
			      struct bytes text)
{
	struct line line = (*s)->unended; /* apart: *s may be moved */
	(*s)->unended = (struct line){0};
	struct line_out out;
	while (line_next(&line, pool, &text, &out))
		secret_words_add(s, pool, seed, out.text, false);
	(*s)->over |= line.lost; /* without memory for a line its words are not known */
	(*s)->unended = line;
}

struct bytes secret_words_unended(const struct secret_words *s)
{
	const struct line *line = &s->unended;
	return line_idle(line) ? bytes_of(NULL, 0) : bytes_of(line->partial, line->n);
}

void secret_words_content_end(struct secret_words *s, struct pool *pool)
{
	if (s)
		line_reset(&s->unended, pool);
}

static bool has(const struct secret_words *s, uint32_t hash)
{
	return s && s->word[place_of(s, hash)] == hash;
}

static bool knows(const struct secret_words *s, const uint64_t seed[2], struct bytes word)
{
	return has(s, hash_of(seed, word));
}

/* What the words of a chunk are: each value outdoes those before it. */
enum finding {
	TOO_SHORT, /* it has no word */
	NEW,       /* the client did not say them */
	ORDINARY,  /* it said one that replies are made of (reply_words.h), and not to AUTH */
	SECRET,    /* it said another */
};

static enum finding run_find(const struct secret_words *s, const uint64_t seed[2], struct bytes run)
{
	if (run.n < SECRET_WORD_MIN)
		return TOO_SHORT;
	bool ordinary = reply_word_is(run);
	if (ordinary && has(s, hash_of(seed, run) | LOGIN))
		return SECRET;
	if (!knows(s, seed, run) &&
	    !(run.n > SECRET_WORD_HEAD && knows(s, seed, bytes_first(run, SECRET_WORD_HEAD))))
		return NEW;
	return ordinary ? ORDINARY : SECRET;
}

/* any: whatever is a word counts as secret. */
static enum finding chunk_find(const struct secret_words *s, const uint64_t seed[2],
			       struct bytes chunk, bool any)
{
	enum finding worst = TOO_SHORT;
	struct bytes whole = whole_of(chunk);
	if (whole.n > 0 && (any || knows(s, seed, whole)))
		return SECRET;
	for (struct bytes run; worst < SECRET && (run = run_next(&chunk)).n > 0;) {
		enum finding found = any && run.n >= SECRET_WORD_MIN ? SECRET
								     : run_find(s, seed, run);
		worst = found > worst ? found : worst;
	}
	return worst;
}

/* Whether a secret stands in the stretch that the text begins with: up to the first word that the
 * client did not say. */
static bool stretch_is_secret(const struct secret_words *s, const uint64_t seed[2],
			      struct bytes text, bool any)
{
	enum finding found = TOO_SHORT;
	for (struct bytes chunk;
	     found != NEW && found != SECRET && (chunk = chunk_next(&text)).n > 0;)
		found = chunk_find(s, seed, chunk, any);
	return found == SECRET;
}

/* What is being written. */
struct writing {
	uint8_t *to;
	size_t n, capacity;
};

static void put(struct writing *w, struct bytes b)
{
	b = bytes_first(b, w->capacity - w->n);
	if (b.n > 0)
		memcpy(w->to + w->n, b.p, b.n);
	w->n += b.n;
}

struct bytes secret_words_mask(const struct secret_words *s, const uint64_t seed[2],
			       struct bytes text, bool refusal, uint8_t to[MASKED_TEXT_MAX])
{
	struct writing w = {.to = to, .capacity = MASKED_TEXT_MAX};
	const uint8_t *kept = text.p;
	bool veiled = false, stretch = false, secret = false, any = (!s || s->over) && refusal;
	struct bytes rest = text;
	for (struct bytes chunk; (chunk = chunk_next(&rest)).n > 0;) {
		enum finding found = chunk_find(s, seed, chunk, any);
		if (found >= ORDINARY && !stretch)
			secret = stretch_is_secret(s, seed, bytes_of(chunk.p, chunk.n + rest.n),
						   any);
		stretch = found >= ORDINARY || (found == TOO_SHORT && stretch);
		if (found < ORDINARY || !secret)
			continue;
		veiled = true;
		put(&w, bytes_of(kept, (size_t)(chunk.p - kept)));
		put(&w, bytes_str("********"));
		kept = chunk.p + chunk.n;
	}
	if (!veiled)
		return text;
	put(&w, bytes_of(kept, (size_t)(text.p + text.n - kept)));
	return bytes_of(w.to, w.n);
}
