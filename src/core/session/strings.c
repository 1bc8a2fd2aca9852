/*
 * strings.c - strings lie one behind the other in a block, and never move within it.
 *
 * So a place that strings_add gave stays good whatever is added or set later. The price is that a
 * text that outgrows its place leaves a void behind. A new place has at least twice the room of the
 * old one, up to the bound of its tag: all the voids that one tag can leave are together hardly
 * larger than the place it has, and endless setting cannot eat the block.
 */
#include "smtpwatch/strings.h"

#include <assert.h>

struct entry {
	uint16_t tag, value;
	uint16_t length;   /* of the text, which follows */
	uint16_t capacity; /* for the text, even, so that the next entry is aligned */
};

/* The last KEPT bytes of the block are for strings_set alone: hundreds of recipients must not shut
 * out the queue id. */
enum { KEPT = 2048 };

size_t strings_text_max(enum string_tag tag)
{
	return tag == STRING_REPLY || tag == STRING_FAREWELL ? STRING_REPLY_MAX : STRING_TEXT_MAX;
}

static struct entry *entry_at(const struct strings *n, size_t where)
{
	return (struct entry *)(void *)(n->block + where);
}

static size_t entry_size(size_t capacity)
{
	return sizeof(struct entry) + capacity;
}

static uint8_t *entry_text(struct entry *e)
{
	return (uint8_t *)(e + 1);
}

/* A longer text is cut: better the beginning of what is true now than the whole of what was. */
static void entry_write(struct strings *n, uint16_t where, uint16_t value, struct bytes text)
{
	struct entry *e = entry_at(n, where);
	n->recent = where;
	n->cut |= text.n > e->capacity;
	text = bytes_first(text, e->capacity);
	if (text.n > 0)
		memcpy(entry_text(e), text.p, text.n);
	e->length = (uint16_t)text.n;
	e->value = value;
}

static size_t capacity_for(size_t n)
{
	return (n + 1) & ~(size_t)1;
}

static size_t bounded(size_t want, size_t min, size_t max)
{
	return want < min ? min : want > max ? max : want;
}

/*
 * Makes the block hold `need` bytes, if that is within the bound and the pool has them. Grows by an
 * eighth only: of a hundred thousand open sessions each has such a block.
 */
static bool strings_grow(struct strings *n, struct pool *pool, size_t need, size_t bound)
{
	size_t capacity = n->block ? pool_usable(n->capacity) : 0;
	if (need <= capacity && need <= bound)
		return true;
	size_t want = bounded(n->block ? capacity + capacity / 8 : n->capacity, need, STRINGS_MAX);
	uint8_t *larger = need <= bound ? pool_get(pool, want) : NULL;
	n->full |= !larger;
	if (!larger)
		return false;
	if (n->block)
		memcpy(larger, n->block, n->used);
	pool_put(pool, n->block, n->capacity);
	n->block = larger;
	n->capacity = (uint16_t)want;
	return true;
}

static uint16_t strings_append(struct strings *n, struct pool *pool, enum string_tag tag,
			       size_t capacity, size_t bound)
{
	if (!strings_grow(n, pool, n->used + entry_size(capacity), bound))
		return STRINGS_NONE;
	uint16_t where = n->used;
	*entry_at(n, where) = (struct entry){.tag = (uint16_t)tag, .capacity = (uint16_t)capacity};
	n->used = (uint16_t)(n->used + entry_size(capacity));
	return where;
}

uint16_t strings_add(struct strings *n, struct pool *pool, enum string_tag tag, uint16_t value,
		     struct bytes text)
{
	text = bytes_first(text, strings_text_max(tag));
	uint16_t where = strings_append(n, pool, tag, capacity_for(text.n), STRINGS_MAX - KEPT);
	if (where != STRINGS_NONE)
		entry_write(n, where, value, text);
	return where;
}

/* The last one with that tag. Walking is quick enough: a session has a handful, a message is asked
 * at its end; reply after reply is set in the same place. */
static uint16_t strings_where(const struct strings *n, enum string_tag tag)
{
	uint16_t found = STRINGS_NONE;
	if (n->used > 0 && entry_at(n, n->recent)->tag == tag)
		return n->recent;
	for (size_t at = 0; at < n->used; at += entry_size(entry_at(n, at)->capacity))
		if (entry_at(n, at)->tag == tag)
			found = (uint16_t)at;
	return found;
}

/*
 * Room for `need` bytes of text where the string is, if it is the last one, else in a new place; or
 * what room it has, if there is no more. Returns the place.
 */
static uint16_t strings_widen(struct strings *n, struct pool *pool, uint16_t where, size_t need)
{
	size_t capacity = entry_at(n, where)->capacity, wider = capacity_for(need),
	       end = where + entry_size(wider);
	if (where + entry_size(capacity) == n->used) {
		if (strings_grow(n, pool, end, STRINGS_MAX)) {
			entry_at(n, where)->capacity = (uint16_t)wider;
			n->used = (uint16_t)end;
		}
		return where;
	}
	enum string_tag tag = (enum string_tag)entry_at(n, where)->tag;
	uint16_t other = strings_append(
		n, pool, tag, bounded(2 * capacity, wider, strings_text_max(tag)), STRINGS_MAX);
	if (other == STRINGS_NONE)
		return where;
	entry_at(n, where)->tag = STRING_VOID;
	return other;
}

void strings_set(struct strings *n, struct pool *pool, enum string_tag tag, uint16_t value,
		 struct bytes text)
{
	text = bytes_first(text, strings_text_max(tag));
	uint16_t where = strings_where(n, tag);
	if (where == STRINGS_NONE)
		where = strings_append(n, pool, tag, capacity_for(text.n), STRINGS_MAX);
	else if (text.n > entry_at(n, where)->capacity)
		where = strings_widen(n, pool, where, text.n);
	if (where != STRINGS_NONE)
		entry_write(n, where, value, text);
}

void strings_value(struct strings *n, uint16_t where, uint16_t value)
{
	if (where == STRINGS_NONE)
		return;
	assert(where + sizeof(struct entry) <= n->used);
	entry_at(n, where)->value = value;
}

static struct string string_at(const struct strings *n, size_t where)
{
	struct entry *e = entry_at(n, where);
	return (struct string){(enum string_tag)e->tag, e->value,
			       bytes_of(entry_text(e), e->length)};
}

struct string strings_find(const struct strings *n, enum string_tag tag)
{
	uint16_t where = strings_where(n, tag);
	return where == STRINGS_NONE ? (struct string){0} : string_at(n, where);
}

bool strings_next(const struct strings *n, uint16_t *pos, struct string *out)
{
	while (*pos < n->used) {
		*out = string_at(n, *pos);
		*pos = (uint16_t)(*pos + entry_size(entry_at(n, *pos)->capacity));
		if (out->tag != STRING_VOID)
			return true;
	}
	return false;
}

void strings_free(struct strings *n, struct pool *pool)
{
	pool_put(pool, n->block, n->capacity);
	*n = (struct strings){0};
}
