/* rows.c - writes the rows of fields.def as JSON, by code that the compiler makes of them. One
 * record must cost less than a microsecond, so that no library with a tree is used, and no row is
 * looked up while it is written. */
#include "format/getters.h"
#include "format/json/json.h"

/* The rows write through a place, at, which each function takes and returns; b->n is set when
 * others write. A table begins where JSON_ROOM bytes are free, and a value without a bound ends
 * there too: so all keys, braces and bounded values have room, and nobody asks. */
enum { VALUE_MOST = 64, BRACES_MOST = 256 };
static_assert(VALUE_MOST > IP_ADDR_TEXT && VALUE_MOST > 2 * OUTBUF_DIGITS + 3,
	      "addresses and pairs of numbers");
#define FIELDS(table)                                                                              \
	static_assert(JSON_ROOM >= BRACES_MOST
#define FIELD(in, title, ...) +sizeof ",\"" #title "\":" + VALUE_MOST
#define FIELDS_END , "a table without texts");
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

/* Without memory all is written over itself: the line is lost, and b->failed tells. */
static char *place_take(struct json *j)
{
	char *at = j->b->failed ? NULL : outbuf_reserve(j->b, JSON_ROOM);
	if (!at) {
		j->spare[0] = '{';
		j->limit = j->spare;
		return j->spare + 1;
	}
	j->limit = j->b->p + j->b->capacity;
	return at;
}

/* Bytes of the line so far, and of those before it. */
static inline size_t written(const struct json *j, const char *at)
{
	return j->b->failed ? j->b->n : (size_t)(at - j->b->p);
}

static inline void place_give(struct json *j, const char *at)
{
	j->b->n = written(j, at);
}

/* Call behind what has no bound, and where a table begins. */
static inline char *room_keep(struct json *j, char *at)
{
	if (j->limit - at >= JSON_ROOM)
		return at;
	place_give(j, at);
	return place_take(j);
}

/* Whether n bytes have room before the JSON_ROOM bytes of what follows. */
static inline bool fits(const struct json *j, const char *at, size_t n)
{
	return j->limit - at >= (ptrdiff_t)(n + JSON_ROOM);
}

static inline bool is_first(const char *at)
{
	return at[-1] == '{' || at[-1] == '[';
}

static inline char *put_key(char *at, const char *key, size_t n)
{
	bool first = is_first(at);
	memcpy(at, key + first, n);
	return at + n - first;
}

struct group_open {
	uint8_t parent;
	char text[22];
	uint8_t n;
};

/* How each object begins. */
static const struct group_open opens[FIELD_GROUPS] = {
#define GROUP(id, in, key, ...)                                                                    \
	[FIELD_##id] = {                                                                           \
		.parent = FIELD_##in, .text = ",\"" key "\":{", .n = sizeof ",\"" key "\":{" - 1},
#define FIELDS(table)
#define FIELDS_END
#define FIELD(...)
#include "format/fields.def"
#undef GROUP
#undef FIELDS
#undef FIELDS_END
#undef FIELD
};

static bool group_within(enum field_group inner, enum field_group outer)
{
	while (inner != outer && inner != opens[inner].parent)
		inner = opens[inner].parent;
	return inner == outer;
}

/* Closes and opens objects, from the innermost open one, `from`, until it is `to`. FIELD_GROUPS:
 * the outermost, in which there is nothing yet. */
static __attribute__((noinline)) char *group_change(char *at, enum field_group from,
						    enum field_group to)
{
	if (from == FIELD_GROUPS)
		for (from = to; from != opens[from].parent;)
			from = opens[from].parent;
	while (!group_within(to, from)) {
		*at++ = '}';
		from = opens[from].parent;
	}
	while (from != to) {
		enum field_group next = to;
		while (opens[next].parent != from)
			next = opens[next].parent;
		bool first = is_first(at);
		memcpy(at, opens[next].text + first, sizeof opens[next].text - 1);
		at += opens[next].n - first;
		from = next;
	}
	return at;
}

/* Closes all objects but the outermost. */
static inline char *group_close(char *at, enum field_group open)
{
	for (; open != FIELD_GROUPS && open != opens[open].parent; open = opens[open].parent)
		*at++ = '}';
	return at;
}

static char *put_WORD(struct json *j, char *at, const struct value *value)
{
	size_t n = strlen(value->word);
	if (!fits(j, at, n + 2)) {
		place_give(j, at);
		json_word(j, value->word);
		return place_take(j);
	}
	*at = '"';
	memcpy(at + 1, value->word, n);
	at[n + 1] = '"';
	return at + n + 2;
}

static char *put_text(struct json *j, char *at, struct bytes text)
{
	size_t n = fits(j, at, text.n + ESCAPE_SLACK) ? escape_copy(at + 1, text) : 0;
	if (n < text.n) {
		place_give(j, at);
		json_string(j, text);
		return place_take(j);
	}
	*at = '"';
	at[n + 1] = '"';
	return at + n + 2;
}

static inline char *put_TEXT(struct json *j, char *at, const struct value *value)
{
	return put_text(j, at, value->text);
}

static inline char *put_NUMBER(struct json *j, char *at, const struct value *value)
{
	(void)j;
	return outbuf_digits(at, value->number);
}

static inline char *put_literal(char *at, const char *word)
{
	size_t n = strlen(word);
	memcpy(at, word, n);
	return at + n;
}

static inline char *put_BOOL(struct json *j, char *at, const struct value *value)
{
	(void)j;
	return value->number != 0 ? put_literal(at, "true") : put_literal(at, "false");
}

static inline char *put_TAKEN(struct json *j, char *at, const struct value *value)
{
	(void)j;
	return put_literal(at, value->number == TAKEN_UNKNOWN ? "null"
			       : value->number == TAKEN_YES   ? "true"
							      : "false");
}

static char *put_PAIR(struct json *j, char *at, const struct value *value)
{
	(void)j;
	*at++ = '[';
	at = outbuf_digits(at, value->pair[CLIENT]);
	*at++ = ',';
	at = outbuf_digits(at, value->pair[SERVER]);
	*at++ = ']';
	return at;
}

static char *put_TIME(struct json *j, char *at, const struct value *value)
{
	*at = '"';
	stamp_iso_put(&j->stamp, at + 1, value->ns);
	at[STAMP_ISO + 1] = '"';
	return at + STAMP_ISO + 2;
}

static char *put_SECONDS(struct json *j, char *at, const struct value *value)
{
	(void)j;
	return outbuf_seconds_put(at, value->ns);
}

static char *put_ADDR(struct json *j, char *at, const struct value *value)
{
	(void)j;
	*at++ = '"';
	at = ip_addr_write(value->addr, at);
	*at++ = '"';
	return at;
}

static char *put_ENHANCED(struct json *j, char *at, const struct value *value)
{
	(void)j;
	*at++ = '"';
	at = outbuf_digits(at, value->enhanced.class);
	*at++ = '.';
	at = outbuf_digits(at, value->enhanced.subject);
	*at++ = '.';
	at = outbuf_digits(at, value->enhanced.detail);
	*at++ = '"';
	return at;
}

/* Writes the names of bits. Lists are written even if they are empty, so that a reader can loop
 * over them without a test. */
static void bits_write(struct json *j, uint64_t mask, const char *(*name)(unsigned bit))
{
	size_t from = j->b->n, n;
	outbuf_char(j->b, '[');
	for (uint64_t left = mask; left != 0; left &= left - 1) {
		json_comma(j);
		json_word(j, name((unsigned)__builtin_ctzll(left)));
	}
	outbuf_char(j->b, ']');
	n = j->b->n - from;
	if (j->b->failed || n > sizeof j->bits_text)
		return;
	memcpy(j->bits_text, j->b->p + from, n);
	j->bits_n = n;
	j->bits = mask;
	j->bits_name = name;
}

static char *put_bits(struct json *j, char *at, uint64_t mask, const char *(*name)(unsigned bit))
{
	if (mask == j->bits && name == j->bits_name && j->bits_n > 0 && fits(j, at, j->bits_n)) {
		memcpy(at, j->bits_text, j->bits_n);
		return at + j->bits_n;
	}
	place_give(j, at);
	bits_write(j, mask, name);
	return place_take(j);
}

static inline char *put_BITS(struct json *j, char *at, const struct value *value)
{
	return value->bits.mask == 0 ? put_literal(at, "[]")
				     : put_bits(j, at, value->bits.mask, value->bits.name);
}

static char *put_NUMBERS(struct json *j, char *at, const struct value *value)
{
	(void)j;
	*at++ = '[';
	for (unsigned i = 0; i < value->numbers.n; i++) {
		if (i > 0)
			*at++ = ',';
		at = outbuf_digits(at, value->numbers.at[i]);
	}
	*at++ = ']';
	return at;
}

static char *put_SENTENCES(struct json *j, char *at, const struct value *value)
{
	const struct cause *c = value->cause;
	*at++ = '[';
	for (unsigned i = 0; i < c->evidences; i++) {
		if (i > 0)
			*at++ = ',';
		at = put_text(j, at, bytes_str(c->evidence[i]));
	}
	*at++ = ']';
	return at;
}

/* A function for each table of fields.def: at, or the end of what it wrote. */
#define FIELDS(table)                                                                              \
	static inline char *members_##table(struct json *j, char *at, struct field_view *v);
#define FIELDS_END
#define FIELD(...)
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

/* Writes an object of its own as an element of a list. */
#define PUT_OBJECT(j, at, table, v)                                                                \
	do {                                                                                       \
		if (!is_first(at))                                                                 \
			*at++ = ',';                                                               \
		*at++ = '{';                                                                       \
		at = members_##table(j, at, v);                                                    \
		*at++ = '}';                                                                       \
	} while (0)

/* Writes the recipients that were kept, up to JSON_RCPT_MAX bytes, and counts the others in
 * v->rcpt_omitted. */
static char *put_recipients(struct json *j, char *at, const struct strings *strings,
			    struct field_view *v)
{
	size_t begin = written(j, at);
	uint16_t pos = 0;
	v->rcpt_omitted = 0;
	*at++ = '[';
	while (strings_next(strings, &pos, &v->recipient)) {
		size_t n = written(j, at);
		if (v->recipient.tag != STRING_RCPT)
			continue;
		if (v->rcpt_omitted == 0)
			PUT_OBJECT(j, at, recipient, v);
		if (written(j, at) == n || written(j, at) - begin >= JSON_RCPT_MAX) {
			v->rcpt_omitted++;
			at = j->b->failed ? at : j->b->p + n;
		}
	}
	*at++ = ']';
	return room_keep(j, at);
}

static char *put_resets(struct json *j, char *at, const struct conn_side *sides,
			struct field_view *v)
{
	*at++ = '[';
	for (v->side = CLIENT; v->side <= SERVER; v->side++)
		if (sides[v->side].reset.seen)
			PUT_OBJECT(j, at, reset, v);
	*at++ = ']';
	return room_keep(j, at);
}

static char *put_messages(struct json *j, char *at, const struct transaction *first,
			  struct field_view *v)
{
	*at++ = '[';
	for (v->message = first; v->message; v->message = v->message->next) {
		v->rcpt_omitted = 0;
		PUT_OBJECT(j, at, message, v);
	}
	*at++ = ']';
	return room_keep(j, at);
}

#define put_LINES                    put_TEXT
#define put_CODE                     put_NUMBER
#define put_PORT                     put_NUMBER
#define put_RECIPIENTS(j, at, value) put_recipients(j, at, (value)->strings, v)
#define put_RESETS(j, at, value)     put_resets(j, at, (value)->side, v)
#define put_MESSAGES(j, at, value)   put_messages(j, at, (value)->message, v)
#define put_WORDS                    put_WORD
#define put_EPOCH                    put_SECONDS

#define FIELDS(table)                                                                              \
	static inline char *members_##table(struct json *j, char *at, struct field_view *v)        \
	{                                                                                          \
		enum field_group open = FIELD_GROUPS;                                              \
		at = room_keep(j, at);
#define FIELD(in, title, type, known, what, ...)                                                   \
	{                                                                                          \
		struct value value;                                                                \
		if (get_##in##_##title(&value, v)) {                                               \
			at = open == FIELD_##in                                                    \
				     ? put_literal(at, ",\"" #title "\":")                         \
				     : put_key(group_change(at, open, FIELD_##in),                 \
					       ",\"" #title "\":", sizeof ",\"" #title "\":" - 1); \
			open = FIELD_##in;                                                         \
			at = put_##type(j, at, &value);                                            \
		}                                                                                  \
	}
#define FIELDS_END                                                                                 \
	return group_close(at, open);                                                              \
	}
#include "format/fields.def"

void json_session(struct json *j, struct field_view *v)
{
	char *at = place_take(j);
	at = members_session(j, at, v);
	if (v->report->record.session->tls)
		at = members_tls(j, at, v);
	at = members_net(j, at, v);
	place_give(j, at);
}
