/*
 * strings.c - notes lie one behind the other in a block, and never move within it.
 *
 * So a place that notes_add gave stays good whatever is added or set later. The price is that a
 * text that outgrows its place leaves a void behind. A new place has at least twice the room of the
 * old one, up to the bound of its tag: all the voids that one tag can leave are together hardly
 * larger than the place it has, and endless setting cannot eat the block.
 */
#include "smtpwatch/strings.h"

#include <assert.h>

struct entry {
	uint16_t tag, value;
	uint16_t length; /* of the text, which follows */
	uint16_t room;   /* for the text, even, so that the next entry is aligned */
};

/* The last KEPT bytes of the block are for notes_set alone: hundreds of recipients must not shut
 * out the queue id. */
enum { KEPT = 2048 };

size_t notes_text_max(enum note_tag tag)
{
	return tag == NOTE_REPLY || tag == NOTE_FAREWELL ? NOTE_REPLY_MAX : NOTE_TEXT_MAX;
}

static struct entry *entry_at(const struct notes *n, size_t where)
{
	return (struct entry *)(void *)(n->block + where);
}

static size_t entry_size(size_t room)
{
	return sizeof(struct entry) + room;
}

static uint8_t *entry_text(struct entry *e)
{
	return (uint8_t *)(e + 1);
}

/* A longer text is cut: better the beginning of what is true now than the whole of what was. */
static void entry_write(struct notes *n, uint16_t where, uint16_t value, struct bytes text)
{
	struct entry *e = entry_at(n, where);
	n->recent = where;
	n->cut |= text.n > e->room;
	text = bytes_first(text, e->room);
	if (text.n > 0)
		memcpy(entry_text(e), text.p, text.n);
	e->length = (uint16_t)text.n;
	e->value = value;
}

static size_t room_for(size_t n)
{
	return (n + 1) & ~(size_t)1;
}

static size_t bounded(size_t want, size_t least, size_t most)
{
	return want < least ? least : want > most ? most : want;
}

/*
 * Makes the block hold `need` bytes, if that is within the bound and the pool has them. Grows by an
 * eighth only: of a hundred thousand open sessions each has such a block.
 */
static bool notes_grow(struct notes *n, struct pool *pool, size_t need, size_t bound)
{
	size_t room = n->block ? pool_room(n->room) : 0;
	if (need <= room && need <= bound)
		return true;
	size_t want = bounded(n->block ? room + room / 8 : n->room, need, NOTES_MAX);
	uint8_t *larger = need <= bound ? pool_get(pool, want) : NULL;
	n->full |= !larger;
	if (!larger)
		return false;
	if (n->block)
		memcpy(larger, n->block, n->used);
	pool_put(pool, n->block, n->room);
	n->block = larger;
	n->room = (uint16_t)want;
	return true;
}

static uint16_t notes_append(struct notes *n, struct pool *pool, enum note_tag tag, size_t room,
			     size_t bound)
{
	if (!notes_grow(n, pool, n->used + entry_size(room), bound))
		return NOTES_NONE;
	uint16_t where = n->used;
	*entry_at(n, where) = (struct entry){.tag = (uint16_t)tag, .room = (uint16_t)room};
	n->used = (uint16_t)(n->used + entry_size(room));
	return where;
}

uint16_t notes_add(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
		   struct bytes text)
{
	text = bytes_first(text, notes_text_max(tag));
	uint16_t where = notes_append(n, pool, tag, room_for(text.n), NOTES_MAX - KEPT);
	if (where != NOTES_NONE)
		entry_write(n, where, value, text);
	return where;
}

/* The last one with that tag. Walking is quick enough: a session has a handful, a message is asked
 * at its end; reply after reply is set in the same place. */
static uint16_t notes_where(const struct notes *n, enum note_tag tag)
{
	uint16_t found = NOTES_NONE;
	if (n->used > 0 && entry_at(n, n->recent)->tag == tag)
		return n->recent;
	for (size_t at = 0; at < n->used; at += entry_size(entry_at(n, at)->room))
		if (entry_at(n, at)->tag == tag)
			found = (uint16_t)at;
	return found;
}

/*
 * Room for `need` bytes of text where the note is, if it is the last one, else in a new place; or
 * what room it has, if there is no more. Returns the place.
 */
static uint16_t notes_widen(struct notes *n, struct pool *pool, uint16_t where, size_t need)
{
	size_t room = entry_at(n, where)->room, wider = room_for(need),
	       end = where + entry_size(wider);
	if (where + entry_size(room) == n->used) {
		if (notes_grow(n, pool, end, NOTES_MAX)) {
			entry_at(n, where)->room = (uint16_t)wider;
			n->used = (uint16_t)end;
		}
		return where;
	}
	enum note_tag tag = (enum note_tag)entry_at(n, where)->tag;
	uint16_t other = notes_append(n, pool, tag, bounded(2 * room, wider, notes_text_max(tag)),
				      NOTES_MAX);
	if (other == NOTES_NONE)
		return where;
	entry_at(n, where)->tag = NOTE_VOID;
	return other;
}

void notes_set(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
	       struct bytes text)
{
	text = bytes_first(text, notes_text_max(tag));
	uint16_t where = notes_where(n, tag);
	if (where == NOTES_NONE)
		where = notes_append(n, pool, tag, room_for(text.n), NOTES_MAX);
	else if (text.n > entry_at(n, where)->room)
		where = notes_widen(n, pool, where, text.n);
	if (where != NOTES_NONE)
		entry_write(n, where, value, text);
}

void notes_value(struct notes *n, uint16_t where, uint16_t value)
{
	if (where == NOTES_NONE)
		return;
	assert(where + sizeof(struct entry) <= n->used);
	entry_at(n, where)->value = value;
}

static struct note note_at(const struct notes *n, size_t where)
{
	struct entry *e = entry_at(n, where);
	return (struct note){(enum note_tag)e->tag, e->value, bytes_of(entry_text(e), e->length)};
}

struct note notes_find(const struct notes *n, enum note_tag tag)
{
	uint16_t where = notes_where(n, tag);
	return where == NOTES_NONE ? (struct note){0} : note_at(n, where);
}

bool notes_next(const struct notes *n, uint16_t *pos, struct note *out)
{
	while (*pos < n->used) {
		*out = note_at(n, *pos);
		*pos = (uint16_t)(*pos + entry_size(entry_at(n, *pos)->room));
		if (out->tag != NOTE_VOID)
			return true;
	}
	return false;
}

void notes_free(struct notes *n, struct pool *pool)
{
	pool_put(pool, n->block, n->room);
	*n = (struct notes){0};
}
