/* words.c - holds the vocabulary of vocabulary.def against a text: one walk over its
 * words, then the entries whose senses were all met. */
#include "core/cause/signs.h"

#include <assert.h>
#include <endian.h>

#include "base/ascii.h"

/*
 * STEM: letters of the longest stem. SENSES_EACH, PATTERN: the most senses of a word, of an entry.
 * PLACES: words that are held at once, a bit each; when they are full, the last OVERLAP are kept
 * for an entry that goes on. SENTENCE: the places that lie between two sentences, so that no entry
 * goes over the end of one. LETTERS: of a word that are looked at.
 */
enum {
	STEM = 15,
	SENSES_EACH = 5,
	PATTERN = 5,
	PLACES = 64,
	OVERLAP = 16,
	SENTENCE = 4,
	LETTERS = 24
};

enum sense {
	NO_SENSE,
#define SENSE(name) name,
#define WORD(...)
#define SAYS(...)
#define EITHER(...)
#define TOGETHER(...)
#include "core/cause/vocabulary.def"
#undef SENSE
#undef WORD
	SENSES
};

/* The stem ends with '*' where a word may go on behind it. */
static const struct word {
	char stem[STEM + 2];
	uint8_t sense[SENSES_EACH];
} words[] = {
#define SENSE(name)
#define WORD(stem, ...) {stem, {__VA_ARGS__}},
#include "core/cause/vocabulary.def"
#undef WORD
#undef SAYS
#undef EITHER
#undef TOGETHER
};

enum order { ORDER_GIVEN, ORDER_EITHER, ORDER_TOGETHER };

static const struct entry {
	const char *name;
	uint8_t cause, weight, order, gap, n, sense[PATTERN];
} entries[] = {
#define COUNT(...)    (sizeof(uint8_t[]){__VA_ARGS__})
#define CAUSE_NOTHING CAUSE_UNEXPLAINED
#define ENTRY(order, name, cause, weight, gap, source, ...)                                        \
	{name "",                                                                                  \
	 CAUSE_##cause,                                                                            \
	 CAUSE_WEIGHT_##weight,                                                                    \
	 order,                                                                                    \
	 (gap) + 0 * sizeof(source ""),                                                            \
	 COUNT(__VA_ARGS__),                                                                       \
	 {__VA_ARGS__}},
#define WORD(...)
#define SAYS(...)     ENTRY(ORDER_GIVEN, __VA_ARGS__)
#define EITHER(...)   ENTRY(ORDER_EITHER, __VA_ARGS__)
#define TOGETHER(...) ENTRY(ORDER_TOGETHER, __VA_ARGS__)
#include "core/cause/vocabulary.def"
};

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* An error in the table stops the compiler. The order of the alphabet is
 * tests/unit/core/cause/test_corpus.c's to check. */
#undef WORD
#undef SAYS
#undef EITHER
#undef TOGETHER
#define WORD(stem, ...)                                                                            \
	static_assert(sizeof(stem) <= STEM + 2, "stem too long: " stem);                           \
	static_assert(COUNT(__VA_ARGS__) <= SENSES_EACH, "too many senses: " stem);
#define CHECK(senses, name, cause, weight, gap, source, ...)                                       \
	static_assert((gap) <= SENTENCE, "the gap goes over the end of a sentence: " name);        \
	static_assert(COUNT(__VA_ARGS__) <= (senses), "too many senses: " name);
#define SAYS(...)     CHECK(PATTERN, __VA_ARGS__)
#define EITHER(...)   CHECK(2, __VA_ARGS__)
#define TOGETHER(...) CHECK(PATTERN, __VA_ARGS__)
#include "core/cause/vocabulary.def"
static_assert(SENSES < UINT8_MAX, "a sense is a byte");

/* at: where words of a sense stand, a bit for each place. taken: places whose words give no reason.
 */
struct walk {
	uint64_t at[SENSES], taken;
	uint16_t code;
	unsigned place, words;
	struct cause_words *out;
};

unsigned cause_words_count(void)
{
	return ROWS(words);
}

const char *cause_words_stem(unsigned i)
{
	assert(i < ROWS(words));
	return words[i].stem;
}

/* The places up to n behind those of the set, and up to n before them. */
static uint64_t behind(uint64_t set, unsigned n)
{
	uint64_t all = 0;
	for (unsigned i = 1; i <= n; i++)
		all |= set << i;
	return all;
}

static uint64_t before(uint64_t set, unsigned n)
{
	uint64_t all = 0;
	for (unsigned i = 1; i <= n; i++)
		all |= set >> i;
	return all;
}

/* The places of the words of senses in the order of the entry; 0: it does not stand there. */
static uint64_t given_places(const struct walk *w, const struct entry *e)
{
	uint64_t reached[PATTERN], set = reached[0] = w->at[e->sense[0]] & ~w->taken;
	for (unsigned i = 1; i < e->n; i++)
		set = reached[i] = behind(set, e->gap + 1) & w->at[e->sense[i]] & ~w->taken;
	uint64_t all = set;
	for (unsigned i = e->n - 1; i-- > 0;) {
		set = before(set, e->gap + 1) & reached[i];
		all |= set;
	}
	return all;
}

static uint64_t together_places(const struct walk *w, const struct entry *e)
{
	uint64_t first = w->at[e->sense[0]] & ~w->taken;
	for (unsigned i = 1; i < e->n; i++) {
		uint64_t other = w->at[e->sense[i]] & ~w->taken;
		first &= behind(other, e->gap + 1) | before(other, e->gap + 1);
	}
	uint64_t all = first;
	for (unsigned i = 1; first && i < e->n; i++)
		all |= (behind(first, e->gap + 1) | before(first, e->gap + 1)) &
		       w->at[e->sense[i]] & ~w->taken;
	return all;
}

/* Most entries are out at their first or second sense. */
static uint64_t entry_places(const struct walk *w, const struct entry *e)
{
	for (unsigned i = 0; i < e->n; i++)
		if (w->at[e->sense[i]] == 0)
			return 0;
	return e->order == ORDER_GIVEN ? given_places(w, e) : together_places(w, e);
}

/* With 5yz a server refuses for good: it does not end a session for its time. */
static bool about_time(enum cause_id id)
{
	return id == CAUSE_SHUTDOWN || id == CAUSE_IDLE_TIMEOUT || id == CAUSE_SESSION_LIMIT;
}

/*
 * No log-in failed. 45x to AUTH is a temporary failure of the server (RFC 4954 6), and so is what a
 * 421 with words of trouble tells, unless the words count the attempts. With 500 and 502 to 504 the
 * command is at fault (RFC 5321 4.2.2).
 */
static bool is_no_failure(const struct walk *w, enum cause_id id)
{
	bool temporary = w->code >= 400 && w->code < 500 && w->code != 421;
	bool command = w->code == 500 || (w->code >= 502 && w->code <= 504);
	bool counted = (w->at[W_MANY] | w->at[W_MUCH] | w->at[W_ATTEMPT]) != 0;
	bool troubled = w->code == 421 && w->out->trouble;
	return id == CAUSE_AUTH_FAILURES && (command || ((temporary || troubled) && !counted));
}

/*
 * What the entry says with this code. 432, 534 and 535 deny a log-in (RFC 4954 6). A number of
 * messages that names no session is its limit where the server closes, and with 452, the code of
 * counts (RFC 5321 4.5.3.1.10); with the other refusals it is a quota or a rate.
 */
static enum cause_id cause_with(const struct entry *e, uint16_t code)
{
	bool login = code == 432 || code == 534 || code == 535;
	bool session = code == 0 || smtp_code_closes(code) || code == 452;
	if (e->weight == CAUSE_WEIGHT_DENIAL && login)
		return CAUSE_AUTH_FAILURES;
	return e->weight == CAUSE_WEIGHT_COUNT && !session ? CAUSE_POLICY : (enum cause_id)e->cause;
}

/* What a server in trouble denies for now it denies for that, and the time-out of which its refusal
 * speaks is not the client's; with 500 and 502 it is the command that is denied. */
static bool is_of_trouble(const struct walk *w, const struct entry *e)
{
	bool now = w->code >= 400 && w->code < 500 && w->out->trouble;
	if (e->weight == CAUSE_WEIGHT_DENIAL)
		return now || w->code == 500 || w->code == 502;
	return e->cause == CAUSE_IDLE_TIMEOUT && now && w->code != 421;
}

/* What the entry says, if it is better than what was found before. */
static void entry_note(struct walk *w, const struct entry *e)
{
	struct cause_words *out = w->out;
	if (is_of_trouble(w, e))
		return;
	bool specific = e->weight == CAUSE_WEIGHT_DENIAL || e->weight == CAUSE_WEIGHT_COUNT;
	enum cause_weight weight = specific ? CAUSE_WEIGHT_SPECIFIC : (enum cause_weight)e->weight;
	if (weight < out->weight)
		*out = (struct cause_words){cause_with(e, w->code), weight, e->name, out->trouble,
					    e->weight == CAUSE_WEIGHT_DENIAL};
}

static void entries_mark(struct walk *w)
{
	w->taken = 0;
	for (size_t i = 0; i < ROWS(entries) && w->out->weight != CAUSE_WEIGHT_SPECIFIC; i++) {
		const struct entry *e = &entries[i];
		uint64_t places = entry_places(w, e);
		if (places == 0 || (w->code >= 500 && about_time((enum cause_id)e->cause)) ||
		    is_no_failure(w, (enum cause_id)e->cause))
			continue;
		if (e->weight == CAUSE_WEIGHT_NOTHING || e->weight == CAUSE_WEIGHT_TROUBLE) {
			w->taken |= places;
			w->out->trouble |= e->weight == CAUSE_WEIGHT_TROUBLE;
		} else {
			entry_note(w, e);
		}
	}
}

/* Goes on by n places; what stands in those that are left is marked first. */
static void walk_on(struct walk *w, unsigned n)
{
	w->place += n;
	if (w->place < PLACES)
		return;
	if (w->out->weight != CAUSE_WEIGHT_SPECIFIC)
		entries_mark(w);
	unsigned gone = w->place - OVERLAP;
	for (unsigned s = 0; s < SENSES; s++)
		w->at[s] = gone < PLACES ? w->at[s] >> gone : 0;
	w->place = OVERLAP;
}

/* The first four letters as a number that is in the order of the alphabet. */
static uint32_t key_of(const void *letters)
{
	uint32_t four;
	memcpy(&four, letters, sizeof four);
	return be32toh(four);
}

/* A stem with '*' has at least four letters before it, so that those of a word's own key are all
 * that can fit. */
static size_t first_of(uint32_t key)
{
	size_t low = 0, high = ROWS(words);
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (key_of(words[mid].stem) < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool stem_fits(const char *stem, const char *word)
{
	size_t i = 0;
	while (stem[i] && stem[i] == word[i])
		i++;
	return stem[i] == '*' || stem[i] == word[i];
}

/* word: filled up with NUL. only: a sense that alone counts; SENSES: each. */
static void word_mark(struct walk *w, const char *word, enum sense only)
{
	uint32_t key = key_of(word);
	for (size_t i = first_of(key); i < ROWS(words) && key_of(words[i].stem) == key; i++) {
		if (!stem_fits(words[i].stem, word))
			continue;
		for (unsigned s = 0; s < SENSES_EACH && words[i].sense[s]; s++)
			if (only == SENSES || words[i].sense[s] == only)
				w->at[words[i].sense[s]] |= UINT64_C(1) << w->place;
	}
}

/* U+00C0 to U+017F without their marks. */
static const char bases[] = "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
			    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
			    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(sizeof bases == 0x180 - 0xc0 + 1, "a letter each");

/* What follows the base letter where German is written without its umlauts. */
static char umlaut(unsigned c)
{
	if (c == 0xdf)
		return 's';
	c &= ~0x20U;
	return c == 0xc4 || c == 0xd6 || c == 0xdc ? 'e' : '\0';
}

/* Takes one letter or digit off the front of *b, in UTF-8 or Latin 1, as one or two letters of
 * ASCII. False: it is none, and one byte was taken. */
static bool letter_take(struct bytes *b, char letter[2])
{
	unsigned c = b->p[0];
	bool two = b->n > 1 && c >= 0xc3 && c <= 0xc5 && (b->p[1] & 0xc0) == 0x80;
	unsigned next = two ? b->p[1] : 0;
	*b = bytes_from(*b, two ? 2 : 1);
	letter[1] = '\0';
	if (c < 0x80) {
		letter[0] = (char)ascii_lower((uint8_t)c);
		return ascii_alnum((uint8_t)c);
	}
	if (two)
		c = (c & 0x1f) << 6 | (next & 0x3f);
	if (c < 0xc0)
		return false;
	letter[0] = bases[c - 0xc0];
	letter[1] = umlaut(c);
	return letter[0] != ' ';
}

/* Takes the next word off *b; false: there is none left. */
static bool word_take(struct bytes *b, char word[LETTERS])
{
	char letter[2];
	size_t n = 0;
	memset(word, 0, LETTERS);
	while (b->n > 0) {
		if (!letter_take(b, letter)) {
			if (n > 0)
				return true;
			continue;
		}
		for (unsigned i = 0; i < 2 && letter[i] && n < LETTERS - 1; i++)
			word[n++] = letter[i];
	}
	return n > 0;
}

static bool is_letter(uint8_t c)
{
	return ascii_alnum(c) || c >= 0x80;
}

/* Takes what stands between blanks off *b, without the marks around it. *ended: a full stop or the
 * like came behind it. */
static struct bytes chunk_take(struct bytes *b, bool *ended)
{
	while (b->n > 0 && b->p[0] <= ' ')
		*b = bytes_from(*b, 1);
	size_t n = 0;
	while (n < b->n && b->p[n] > ' ')
		n++;
	struct bytes chunk = bytes_first(*b, n);
	*b = bytes_from(*b, n);
	*ended = chunk.n > 0 && memchr(".;!?", chunk.p[chunk.n - 1], 4);
	while (chunk.n > 0 && !is_letter(chunk.p[0]))
		chunk = bytes_from(chunk, 1);
	while (chunk.n > 0 && !is_letter(chunk.p[chunk.n - 1]))
		chunk.n--;
	return chunk;
}

/* A name of a host, an address, a URL, a number with dots: its words are no words of a sentence. */
static bool is_name(struct bytes chunk)
{
	for (size_t i = 0; i < chunk.n; i++)
		if (chunk.p[i] == '@' || (chunk.p[i] == '.' && i > 0 && i + 1 < chunk.n &&
					  is_letter(chunk.p[i - 1]) && is_letter(chunk.p[i + 1])))
			return true;
	return false;
}

static bool same_name(struct bytes a, struct bytes b)
{
	size_t i = 0;
	while (i < a.n && i < b.n && ascii_same(a.p[i], b.p[i]))
		i++;
	return a.n > 0 && i == a.n && i == b.n;
}

/* "spamfilter Service closing transmission channel": RFC 5321 4.2.3 puts the name before its
 * phrases, and none of them goes on with "service". */
static bool is_domain(struct bytes chunk, struct bytes rest)
{
	bool apart = rest.n > 0 && chunk.n > 0 && rest.p == chunk.p + chunk.n;
	return is_name(chunk) || (apart && ascii_begins(ascii_trim(rest), "service "));
}

/* Of names only the operators of block lists say something. */
static void chunk_mark(struct walk *w, struct bytes chunk)
{
	char word[LETTERS];
	const uint8_t *code = memchr(chunk.p, '#', chunk.n);
	if (code)
		chunk.n = (size_t)(code - chunk.p);
	bool name = is_name(chunk);
	while (w->words < CAUSE_WORDS_MAX && word_take(&chunk, word)) {
		word_mark(w, word, name ? W_LISTER : SENSES);
		w->words++;
		if (!name)
			walk_on(w, 1);
	}
	if (name)
		walk_on(w, 1);
}

void cause_words_read(uint16_t code, struct bytes text, struct bytes host, struct cause_words *out)
{
	struct walk w = {.code = code, .out = out};
	bool named = code == 220 || smtp_code_closes(code), ended;
	*out = (struct cause_words){.cause = CAUSE_UNEXPLAINED, .weight = CAUSE_WEIGHT_NOTHING};
	for (bool first = true; text.n > 0 && w.words < CAUSE_WORDS_MAX; first = false) {
		struct bytes chunk = chunk_take(&text, &ended);
		bool passed = same_name(chunk, host) || (first && named && is_domain(chunk, text));
		if (!passed && chunk.n > 0)
			chunk_mark(&w, chunk);
		if (ended)
			walk_on(&w, SENTENCE);
	}
	if (out->weight != CAUSE_WEIGHT_SPECIFIC)
		entries_mark(&w);
}
