/* rates.c - twelve slots of five minutes for each server, of which the oldest is used again. */
#include "policy/rates.h"

#include "smtpwatch/frame.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 12, RATES_FIRST = 64 };
static const int64_t slot_length = 300 * FRAME_SECOND;

struct row {
	int64_t slot; /* the latest that was counted in, by its number since the epoch */
	uint32_t sessions[SLOTS], alerts[SLOTS];
};

struct rates {
	struct row *rows;
	size_t capacity;
};

struct rates *rates_new(void)
{
	return calloc(1, sizeof(struct rates));
}

void rates_free(struct rates *r)
{
	if (r)
		free(r->rows);
	free(r);
}

static struct row *rates_row(struct rates *r, size_t server)
{
	size_t capacity = r->capacity > 0 ? r->capacity : RATES_FIRST;
	struct row *rows;
	if (server < r->capacity)
		return &r->rows[server];
	while (capacity <= server)
		capacity *= 2;
	rows = realloc(r->rows, capacity * sizeof *rows);
	if (!rows)
		return NULL;
	memset(rows + r->capacity, 0, (capacity - r->capacity) * sizeof *rows);
	r->rows = rows;
	r->capacity = capacity;
	return &rows[server];
}

/* The slots between the latest and this one are empty. */
static void row_advance(struct row *row, int64_t slot)
{
	int64_t from = slot - row->slot > SLOTS ? slot - SLOTS : row->slot;
	while (from < slot) {
		from++;
		row->sessions[from % SLOTS] = row->alerts[from % SLOTS] = 0;
	}
	row->slot = slot > row->slot ? slot : row->slot;
}

void rates_count(struct rates *r, size_t server, int64_t now, unsigned alerts)
{
	struct row *row = rates_row(r, server);
	if (!row)
		return;
	row_advance(row, now > 0 ? now / slot_length : 0);
	row->sessions[row->slot % SLOTS]++;
	row->alerts[row->slot % SLOTS] += alerts;
}

struct rate rates_hour(const struct rates *r, size_t server, int64_t now)
{
	struct rate sum = {0};
	int64_t first = now / slot_length - SLOTS + 1;
	if (server >= r->capacity)
		return sum;
	for (int64_t slot = r->rows[server].slot - SLOTS + 1; slot <= r->rows[server].slot; slot++)
		if (slot >= first && slot >= 0) {
			sum.sessions += r->rows[server].sessions[slot % SLOTS];
			sum.alerts += r->rows[server].alerts[slot % SLOTS];
		}
	return sum;
}
