/* classic.c - finds the records of a classic pcap file in a window of the file
 * (draft-ietf-opsawg-pcap). */
#include "capture/linktype.h"
#include "capture/reader.h"
#include "capture/window.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSIC_HEADER = INPUT_AHEAD };

struct classic_kind {
	uint32_t magic;
	uint32_t unit;   /* nanoseconds per unit of a record's fraction */
	uint32_t header; /* bytes before a record's data */
};

/* The last row is Alexey Kuznetzov's libpcap for Linux 2.1. Its records also have an interface, a
 * protocol and a packet type. */
static const struct classic_kind kinds[] = {
	{0xa1b2c3d4, 1000, 16},
	{0xa1b23c4d, 1, 16},
	{0xa1b2cd34, 1000, 24},
};

/* The order of a record's two lengths. In version 2.3 some writers swapped them: the captured
 * length is the smaller one. */
enum lengths { LENGTHS_USUAL, LENGTHS_EITHER, LENGTHS_SWAPPED };

/* The versions from `first` to `last`. 543.0 was DG/UX. */
static const struct version {
	uint16_t major, first, last;
	enum lengths lengths;
} versions[] = {
	{2, 4, 4, LENGTHS_USUAL},
	{2, 3, 3, LENGTHS_EITHER},
	{2, 0, 2, LENGTHS_SWAPPED},
	{543, 0, 0, LENGTHS_SWAPPED},
};

struct classic {
	struct classic_kind kind;
	enum lengths lengths;
	bool big; /* the numbers of the file are big-endian */
	int link;
	struct window window;
};

static inline uint32_t number(bool big, const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof v);
	return big ? be32toh(v) : le32toh(v);
}

static uint16_t number16(bool big, const uint8_t *at)
{
	return big ? (uint16_t)(at[0] << 8 | at[1]) : (uint16_t)(at[1] << 8 | at[0]);
}

static const struct classic_kind *kind_of(const uint8_t *ahead, bool big)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (number(big, ahead) == kinds[i].magic)
			return &kinds[i];
	return NULL;
}

static const struct version *version_of(uint16_t major, uint16_t minor)
{
	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
		if (versions[i].major == major && versions[i].first <= minor &&
		    minor <= versions[i].last)
			return &versions[i];
	return NULL;
}

static enum reader_fit classic_fits(const uint8_t *ahead, size_t n)
{
	if (n < 4 || !(kind_of(ahead, false) || kind_of(ahead, true)))
		return READER_NO;
	return n < CLASSIC_HEADER ? READER_CUT : READER_FITS;
}

/* The upper 16 bits of the link type tell whether frames end with a frame check sequence, and its
 * length. The lengths in the IP header keep it out of the payload. */
static void *classic_open(struct input *in, struct error *reason)
{
	size_t n;
	const uint8_t *ahead = input_ahead(in, &n);
	bool big = !kind_of(ahead, false);
	uint16_t major = number16(big, ahead + 4), minor = number16(big, ahead + 6);
	const struct version *version = version_of(major, minor);
	struct classic *c = version ? malloc(sizeof *c) : NULL;
	if (!c) {
		if (version)
			error_set(reason, "cannot be read: out of memory");
		else
			error_set(reason, "cannot be read: pcap version %u.%u is not known", major,
				  minor);
		return NULL;
	}
	window_init(&c->window, in);
	c->lengths = version->lengths;
	c->big = big;
	c->kind = *kind_of(ahead, big);
	c->link = linktype_of_dlt(number(big, ahead + 20) & 0xffff);
	/* input_read returns these bytes again, all in one call. */
	ssize_t r = window_fill(&c->window);
	assert(r == CLASSIC_HEADER);
	c->window.head = (size_t)r;
	return c;
}

static int classic_link(const void *state, size_t i)
{
	const struct classic *c = state;
	return i == 0 ? c->link : -1;
}

/* Swaps the lengths of a record if its writer did. */
static inline void lengths_order(enum lengths lengths, uint32_t *caplen, uint32_t *len)
{
	if (lengths == LENGTHS_USUAL || (lengths == LENGTHS_EITHER && *caplen <= *len))
		return;
	uint32_t first = *caplen;
	*caplen = *len;
	*len = first;
}

/* Fills frames with whole records of the block. Stops after n frames, or before a record that is
 * incomplete or damaged. The compiler makes one copy for each byte order: see classic_take. */
static inline __attribute__((always_inline)) size_t records_take(struct classic *c, bool big,
								 struct frame *frames, size_t n)
{
	size_t got = 0, left = window_left(&c->window);
	uint8_t *at = c->window.block + c->window.head;
	const struct classic_kind kind = c->kind;
	const enum lengths lengths = c->lengths;
	const int link = c->link;
	const bool swapped = big != (BYTE_ORDER == BIG_ENDIAN), order = linktype_host_order(link);
	while (got < n && left >= kind.header) {
		uint32_t caplen = number(big, at + 8), len = number(big, at + 12);
		lengths_order(lengths, &caplen, &len);
		if (caplen > WINDOW_FRAME_MAX || left - kind.header < caplen)
			break;
		/* Some writers store a captured length above the true one. Such a frame is not
		 * refused. */
		frames[got++] = (struct frame){
			.data = at + kind.header,
			.caplen = caplen,
			.len = len > caplen ? len : caplen,
			.ts = number(big, at) * FRAME_SECOND +
			      (int64_t)number(big, at + 4) * kind.unit,
			.link = link,
		};
		if (order)
			linktype_to_host(link, swapped, at + kind.header, caplen);
		at += kind.header + caplen;
		left -= kind.header + caplen;
	}
	c->window.packets += got;
	c->window.head = c->window.tail - left;
	return got;
}

static size_t classic_take(struct classic *c, struct frame *frames, size_t n)
{
	return c->big ? records_take(c, true, frames, n) : records_take(c, false, frames, n);
}

/* Returns true, with reason, if the next record is too long. */
static bool classic_damaged(const struct classic *c, struct error *reason)
{
	const uint8_t *at = c->window.block + c->window.head;
	if (window_left(&c->window) < c->kind.header)
		return false;
	uint32_t caplen = number(c->big, at + 8), len = number(c->big, at + 12);
	lengths_order(c->lengths, &caplen, &len);
	if (caplen <= WINDOW_FRAME_MAX)
		return false;
	error_set(reason, "is damaged at ");
	window_place(&c->window, window_at(&c->window), reason);
	error_append(reason, ": a record of %" PRIu32 " bytes", caplen);
	return true;
}

static int classic_read(void *state, struct frame *frames, size_t n, struct error *reason)
{
	struct classic *c = state;
	for (;;) {
		size_t got = classic_take(c, frames, n);
		if (got > 0)
			return (int)got;
		if (classic_damaged(c, reason))
			return -1;
		ssize_t r = window_fill(&c->window);
		if (r <= 0)
			return window_end(&c->window, r, reason);
	}
}

const struct reader classic_reader = {
	.fits = classic_fits,
	.open = classic_open,
	.link = classic_link,
	.read = classic_read,
	.free = free,
};
