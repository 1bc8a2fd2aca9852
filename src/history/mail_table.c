/* mail_table.c - an array of mails, and open-addressed indexes with linear probing. */
#include "history/mail_table.h"

#include <stdlib.h>

/* The longest way from a mail's own place. Mails that look alike stand in a row: strangers can make
 * as many as they like. */
enum { PROBES = 512 };

bool mail_table_init(struct mail_table *t, uint32_t capacity)
{
	bool made;
	*t = (struct mail_table){.capacity = capacity, .places = capacity + capacity / 3 + 1};
	t->all = calloc(capacity, sizeof *t->all);
	made = t->all;
	for (unsigned i = 0; i < MAIL_INDEXES; i++) {
		t->index[i] = calloc(t->places, sizeof *t->index[i]);
		made = made && t->index[i];
	}
	return made;
}

void mail_table_free(struct mail_table *t)
{
	free(t->all);
	for (unsigned i = 0; i < MAIL_INDEXES; i++)
		free(t->index[i]);
}

struct mail *mail_table_add(struct mail_table *t)
{
	struct mail *m = NULL;
	if (t->free > 0) {
		m = &t->all[t->free - 1];
		t->free = m->last;
		*m = (struct mail){0};
	} else if (t->used < t->capacity) {
		m = &t->all[t->used++];
	}
	t->count += m != NULL;
	return m;
}

void mail_table_remove(struct mail_table *t, struct mail *m)
{
	for (unsigned i = 0; i < MAIL_INDEXES; i++)
		mail_index_take(t, (enum mail_index)i, m);
	*m = (struct mail){.last = t->free};
	t->free = (uint32_t)(m - t->all) + 1;
	t->count--;
}

/* Mixes a word into a hash (the finalizer of MurmurHash3, Appleby 2011, public domain). */
static uint64_t mixed(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static uint32_t home_of(const struct mail_table *t, enum mail_index index, const struct mail *m)
{
	uint64_t hash = mixed(index + 1, index == MAIL_BOUNCE ? m->client : m->rcpt);
	hash = mixed(hash, index == MAIL_MID ? m->msgid : m->sender);
	if (index == MAIL_ENV)
		hash = mixed(hash, m->size);
	return (uint32_t)((hash >> 32) * t->places >> 32);
}

static uint32_t next_of(const struct mail_table *t, uint32_t place)
{
	return place + 1 < t->places ? place + 1 : 0;
}

void mail_index_put(struct mail_table *t, enum mail_index index, struct mail *m)
{
	uint32_t place = home_of(t, index, m);
	if (m->indexed >> index & 1)
		return;
	for (unsigned i = 0; i < PROBES; i++, place = next_of(t, place))
		if (t->index[index][place] == 0) {
			t->index[index][place] = (uint32_t)(m - t->all) + 1;
			m->indexed |= 1U << index;
			return;
		}
}

/* Closes the gap at a place: a later mail moves there unless its own place is behind the gap. */
static void gap_close(struct mail_table *t, enum mail_index index, uint32_t gap)
{
	uint32_t *all = t->index[index];
	for (uint32_t at = next_of(t, gap); all[at] != 0; at = next_of(t, at)) {
		uint32_t home = home_of(t, index, &t->all[all[at] - 1]);
		uint32_t way = at >= home ? at - home : at + t->places - home;
		uint32_t back = at >= gap ? at - gap : at + t->places - gap;
		if (way < back)
			continue;
		all[gap] = all[at];
		gap = at;
	}
	all[gap] = 0;
}

void mail_index_take(struct mail_table *t, enum mail_index index, struct mail *m)
{
	uint32_t place = home_of(t, index, m), number = (uint32_t)(m - t->all) + 1;
	if (!(m->indexed >> index & 1))
		return;
	while (t->index[index][place] != number)
		place = next_of(t, place);
	gap_close(t, index, place);
	m->indexed &= ~(1U << index);
}

struct mail *mail_index_next(const struct mail_table *t, enum mail_index index,
			     const struct mail *key, uint32_t *at)
{
	uint32_t place = home_of(t, index, key);
	uint32_t number;
	if (*at >= PROBES)
		return NULL;
	place = (uint32_t)(((uint64_t)place + *at) % t->places);
	++*at;
	number = t->index[index][place];
	return number > 0 ? &t->all[number - 1] : NULL;
}
