/* snoop.c - finds the records of a snoop file (RFC 1761) in a window of the file. */
#include "capture/reader.h"
#include "capture/window.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* RECORD: bytes before a record's data. */
enum { SNOOP_HEADER = 16, SNOOP_RECORD = 24 };

static const char snoop_magic[8] = "snoop\0\0";

/* The data link types of RFC 1761 that can be decoded, and those of Solaris for its tunnels. */
static const struct {
	uint32_t snoop;
	int link;
} links[] = {
	{0, 1}, /* IEEE 802.3 */
	{4, 1}, /* Ethernet */
	{0x80000001, 228},
	{0x80000002, 229},
};

struct snoop {
	int link;
	uint32_t drops; /* cumulative, as the last record tells */
	struct window window;
};

static uint32_t number(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum reader_fit snoop_fits(const uint8_t *ahead, size_t n)
{
	if (n < sizeof snoop_magic || memcmp(ahead, snoop_magic, sizeof snoop_magic) != 0)
		return READER_NO;
	return n < SNOOP_HEADER ? READER_CUT : READER_FITS;
}

static int link_of(uint32_t number)
{
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (links[i].snoop == number)
			return links[i].link;
	return -1;
}

static void *snoop_open(struct input *in, struct error *reason)
{
	size_t n;
	const uint8_t *ahead = input_ahead(in, &n);
	uint32_t version = number(ahead + 8), type = number(ahead + 12);
	int link = link_of(type);
	struct snoop *s = NULL;
	if (version != 2)
		error_set(reason, "cannot be read: snoop version %" PRIu32 " is not known",
			  version);
	else if (link < 0)
		error_set(reason, "has snoop's data link type %" PRIu32 ", which is not decoded",
			  type);
	else if (!(s = malloc(sizeof *s)))
		error_set(reason, "cannot be read: out of memory");
	if (!s)
		return NULL;
	window_init(&s->window, in);
	s->link = link;
	s->drops = 0;
	/* The first input_read returns the bytes of input_ahead. */
	window_fill(&s->window);
	s->window.head = SNOOP_HEADER;
	return s;
}

static int snoop_link(const void *state, size_t i)
{
	const struct snoop *s = state;
	return i == 0 ? s->link : -1;
}

/* Returns true if the lengths of a record contradict each other. */
static bool record_damaged(const uint8_t *at)
{
	uint32_t caplen = number(at + 4), record = number(at + 8);
	return caplen > WINDOW_FRAME_MAX || record < SNOOP_RECORD ||
	       record - SNOOP_RECORD < caplen || record > WINDOW_SIZE;
}

static bool snoop_damaged(const struct snoop *s, struct error *reason)
{
	const uint8_t *at = s->window.block + s->window.head;
	if (window_left(&s->window) < SNOOP_RECORD || !record_damaged(at))
		return false;
	error_set(reason, "is damaged at ");
	window_place(&s->window, window_at(&s->window), reason);
	error_append(reason, ": a record of %" PRIu32 " bytes with %" PRIu32 " bytes captured",
		     number(at + 8), number(at + 4));
	return true;
}

/* Fills frames with whole records of the block. */
static size_t snoop_take(struct snoop *s, struct frame *frames, size_t n)
{
	struct window *w = &s->window;
	size_t got = 0;
	while (got < n && window_left(w) >= SNOOP_RECORD) {
		const uint8_t *at = w->block + w->head;
		uint32_t len = number(at), caplen = number(at + 4), record = number(at + 8);
		if (record_damaged(at) || window_left(w) < record)
			break;
		frames[got++] = (struct frame){
			.data = at + SNOOP_RECORD,
			.caplen = caplen,
			.len = len > caplen ? len : caplen,
			.ts = number(at + 16) * FRAME_SECOND + (int64_t)number(at + 20) * 1000,
			.link = s->link,
		};
		s->drops = number(at + 12);
		w->head += record;
	}
	w->packets += got;
	return got;
}

static int snoop_read(void *state, struct frame *frames, size_t n, struct error *reason)
{
	struct snoop *s = state;
	for (;;) {
		size_t got = snoop_take(s, frames, n);
		if (got > 0)
			return (int)got;
		if (snoop_damaged(s, reason))
			return -1;
		ssize_t r = window_fill(&s->window);
		if (r <= 0)
			return window_end(&s->window, r, reason);
	}
}

static void snoop_drops(const void *state, struct reader_drops *sum)
{
	const struct snoop *s = state;
	sum->system += s->drops;
}

const struct reader snoop_reader = {
	.fits = snoop_fits,
	.open = snoop_open,
	.link = snoop_link,
	.read = snoop_read,
	.drops = snoop_drops,
	.free = free,
};
