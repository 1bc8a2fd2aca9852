/* classic.c - finds the records of a classic pcap file in a block of the file
 * (draft-ietf-opsawg-pcap). */
#include "capture/classic.h"

#include "capture/linktype.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A block must hold the longest record. libpcap has the same bound for a record. A longer one is
 * taken for damage. */
enum { CLASSIC_BLOCK = 320 << 10, CLASSIC_HEADER = INPUT_AHEAD, CLASSIC_RECORD_MAX = 256 << 10 };

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

struct classic {
	struct input *in;
	struct classic_kind kind;
	bool big; /* the numbers of the file are big-endian */
	int link;
	size_t head, tail; /* range of block that is not yet handed out */
	uint64_t packets;  /* records read so far */
	uint64_t offset;   /* of block[0] in the decompressed file */
	uint8_t block[CLASSIC_BLOCK];
};

static inline uint32_t number(bool big, const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof v);
	return big ? be32toh(v) : le32toh(v);
}

static const struct classic_kind *kind_of(const uint8_t *ahead, bool big)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (number(big, ahead) == kinds[i].magic)
			return &kinds[i];
	return NULL;
}

/* The upper 16 bits tell whether frames end with a frame check sequence, and its length. The
 * lengths in the IP header keep it out of the payload. */
static int link_of(const uint8_t *ahead, bool big)
{
	return linktype_of_dlt(number(big, ahead + 20) & 0xffff);
}

enum classic_fit classic_fits(const uint8_t *ahead, size_t n)
{
	if (n < 4 || !(kind_of(ahead, false) || kind_of(ahead, true)))
		return CLASSIC_NO;
	if (n < CLASSIC_HEADER)
		return CLASSIC_CUT;
	bool big = !kind_of(ahead, false);
	uint32_t version = number(big, ahead + 4);
	bool swapped = big != (BYTE_ORDER == BIG_ENDIAN);
	/* Before version 2.4 some writers swapped the two lengths. Major and minor have 16 bits
	 * each. */
	if (version != (big ? UINT32_C(2) << 16 | 4 : UINT32_C(4) << 16 | 2))
		return CLASSIC_VARIANT;
	return swapped && linktype_host_order(link_of(ahead, big)) ? CLASSIC_VARIANT : CLASSIC_FITS;
}

struct classic *classic_new(struct input *in)
{
	size_t n;
	const uint8_t *ahead = input_ahead(in, &n);
	assert(classic_fits(ahead, n) == CLASSIC_FITS);
	struct classic *c = malloc(sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, offsetof(struct classic, block));
	c->in = in;
	c->big = !kind_of(ahead, false);
	c->kind = *kind_of(ahead, c->big);
	c->link = link_of(ahead, c->big);
	/* input_read returns these bytes again, all in one call. */
	ssize_t r = input_read(in, c->block, CLASSIC_HEADER);
	assert(r == CLASSIC_HEADER);
	c->offset = CLASSIC_HEADER;
	return c;
}

int classic_link(const struct classic *c)
{
	return c->link;
}

static bool frame_passes(const struct bpf_program *filter, const struct frame *f)
{
	struct pcap_pkthdr h = {.caplen = f->caplen, .len = f->len};
	return !filter || pcap_offline_filter(filter, &h, f->data);
}

/* Fills frames with whole records of the block. Stops after n frames, or before a record that is
 * incomplete or damaged. The compiler makes one copy for each byte order: see classic_take. */
static inline __attribute__((always_inline)) size_t records_take(struct classic *c, bool big,
								 const struct bpf_program *filter,
								 struct frame *frames, size_t n)
{
	size_t got = 0, left = c->tail - c->head;
	const uint8_t *at = c->block + c->head;
	const struct classic_kind kind = c->kind;
	const int link = c->link;
	while (got < n && left >= kind.header) {
		uint32_t caplen = number(big, at + 8), len = number(big, at + 12);
		if (caplen > CLASSIC_RECORD_MAX || left - kind.header < caplen)
			break;
		/* Some writers store a captured length above the true one. Such a frame is not
		 * refused. */
		frames[got] = (struct frame){
			.data = at + kind.header,
			.caplen = caplen,
			.len = len > caplen ? len : caplen,
			.ts = number(big, at) * FRAME_SECOND +
			      (int64_t)number(big, at + 4) * kind.unit,
			.link = link,
		};
		at += kind.header + caplen;
		left -= kind.header + caplen;
		c->packets++;
		got += frame_passes(filter, &frames[got]);
	}
	c->head = c->tail - left;
	return got;
}

static size_t classic_take(struct classic *c, const struct bpf_program *filter,
			   struct frame *frames, size_t n)
{
	return c->big ? records_take(c, true, filter, frames, n)
		      : records_take(c, false, filter, frames, n);
}

static bool classic_damaged(const struct classic *c)
{
	return c->tail - c->head >= c->kind.header &&
	       number(c->big, c->block + c->head + 8) > CLASSIC_RECORD_MAX;
}

/* Moves the incomplete record to the front of the block, and reads behind it. Returns the result of
 * input_read. */
static ssize_t classic_fill(struct classic *c)
{
	size_t left = c->tail - c->head;
	memmove(c->block, c->block + c->head, left);
	c->offset += c->head;
	c->head = 0;
	c->tail = left;
	ssize_t r = input_read(c->in, c->block + left, sizeof c->block - left);
	if (r > 0)
		c->tail += (size_t)r;
	return r;
}

static int classic_end(const struct classic *c, ssize_t r, struct error *reason)
{
	const char *s = c->packets == 1 ? "" : "s";
	if (r < 0)
		error_set(reason, "%.200s, after %" PRIu64 " packet%s", input_trouble(c->in),
			  c->packets, s);
	else if (c->tail == c->head || input_stopped(c->in))
		return 0;
	else
		error_set(reason, "ends in the middle of a record after %" PRIu64 " packet%s",
			  c->packets, s);
	return -1;
}

int classic_read(struct classic *c, const struct bpf_program *filter, struct frame *frames,
		 size_t n, struct error *reason)
{
	for (;;) {
		size_t got = classic_take(c, filter, frames, n);
		if (got > 0)
			return (int)got;
		if (classic_damaged(c)) {
			error_set(reason,
				  "is damaged at byte %" PRIu64 "%s: a record of %" PRIu32 " bytes",
				  c->offset + c->head,
				  input_compression(c->in) ? " of its decompressed data" : "",
				  number(c->big, c->block + c->head + 8));
			return -1;
		}
		ssize_t r = classic_fill(c);
		if (r <= 0)
			return classic_end(c, r, reason);
	}
}

void classic_free(struct classic *c)
{
	free(c);
}
