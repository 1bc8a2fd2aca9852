/* pcapng.c - walks the blocks of a pcapng file in a window of the file
 * (draft-ietf-opsawg-pcapng). */
#include "capture/linktype.h"
#include "capture/reader.h"
#include "capture/secrets.h"
#include "capture/window.h"
#include "smtpwatch/packet.h"

#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* HEAD: a block's type and length. TAIL: its length again. INTERFACES: the most of one section. */
enum { HEAD = 8, TAIL = 4, INTERFACES = 65536, SECRETS_TLS = 0x544c534b };

enum block_type {
	BLOCK_SECTION = 0x0a0d0d0a, /* the same in both byte orders */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete */
	BLOCK_SIMPLE = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BLOCK_SECRETS = 10,
};

enum option {
	OPTION_END = 0,
	OPTION_RESOLUTION = 9, /* of an interface */
	OPTION_OFFSET = 14,
	OPTION_IFDROP = 5, /* of its statistics */
	OPTION_OSDROP = 7,
};

/* An interface of the current section. */
struct interface {
	int link;
	uint32_t snaplen;   /* UINT32_MAX: unlimited */
	uint8_t resolution; /* if_tsresol */
	int64_t offset;     /* if_tsoffset, in seconds */
	struct reader_drops drops;
};

struct pcapng {
	struct secrets secrets;
	struct interface *interfaces;
	size_t n, capacity;
	struct reader_drops drops; /* of earlier sections */
	int64_t last;              /* time of the last packet; 0: there was none */
	bool big;                  /* the section is big-endian */
	bool decoded;              /* an interface so far has a link type that is decoded */
	/* The current block, and where it begins in the file. While it is passed over
	 * (window.inside): bytes still to come, without TAIL, and how many of them belong to a key
	 * log. */
	uint32_t type, length, left, wanted;
	uint64_t at;
	struct error damage; /* after a damaged block: what all further calls tell */
	struct window window;
};

/* The bytes of a whole block between HEAD and TAIL. */
struct block {
	uint8_t *p;
	uint32_t n;
};

enum step {
	STEP_FRAME, /* a frame was found */
	STEP_ON,    /* another block was read */
	STEP_MORE,  /* the block is incomplete */
	STEP_DAMAGED,
};

static uint32_t number(const struct pcapng *c, const uint8_t *at)
{
	uint32_t v;
	memcpy(&v, at, sizeof v);
	return c->big ? be32toh(v) : le32toh(v);
}

static uint16_t number16(const struct pcapng *c, const uint8_t *at)
{
	uint16_t v;
	memcpy(&v, at, sizeof v);
	return c->big ? be16toh(v) : le16toh(v);
}

static uint64_t number64(const struct pcapng *c, const uint8_t *at)
{
	uint64_t v;
	memcpy(&v, at, sizeof v);
	return c->big ? be64toh(v) : le64toh(v);
}

/* Notes what is wrong with the current block, which is the subject of `words`. */
static enum step damaged(struct pcapng *c, const char *words)
{
	error_set(&c->damage, "is damaged ");
	window_after(&c->window, &c->damage);
	error_append(&c->damage, ": a block of type %" PRIu32 " at ", c->type);
	window_place(&c->window, c->at, &c->damage);
	error_append(&c->damage, " %s", words);
	return STEP_DAMAGED;
}

/* Finds the next option in *in, and advances *in behind it. Returns false at the end of the
 * options; *whole tells whether that was regular. */
static bool option_next(const struct pcapng *c, struct bytes *in, uint16_t *code,
			struct bytes *value, bool *whole)
{
	*whole = in->n == 0;
	if (in->n < 4)
		return false;
	const uint8_t *at = (const uint8_t *)in->p;
	size_t n = number16(c, at + 2), padded = (n + 3) / 4 * 4;
	*code = number16(c, at);
	*whole = *code == OPTION_END;
	if (*whole || padded > in->n - 4)
		return false;
	*value = bytes_of(at + 4, n);
	*in = bytes_from(*in, 4 + padded);
	return true;
}

static enum step interface_options(struct pcapng *c, struct interface *to, const struct block *b)
{
	struct bytes in = bytes_of(b->p + 8, b->n - 8), value;
	uint16_t code;
	bool whole;
	while (option_next(c, &in, &code, &value, &whole)) {
		if (code == OPTION_RESOLUTION && value.n == 1)
			to->resolution = value.p[0];
		else if (code == OPTION_OFFSET && value.n == 8)
			to->offset = (int64_t)number64(c, value.p);
		else if (code == OPTION_RESOLUTION || code == OPTION_OFFSET)
			return damaged(c, "has an option of a wrong length");
	}
	return whole ? STEP_ON : damaged(c, "ends in the middle of an option");
}

static enum step interface_add(struct pcapng *c, const struct block *b)
{
	if (c->n == INTERFACES)
		return damaged(c, "describes one interface too many");
	if (c->n == c->capacity) {
		size_t capacity = c->capacity > 0 ? 2 * c->capacity : 4;
		struct interface *more = realloc(c->interfaces, capacity * sizeof *more);
		if (!more)
			return damaged(c, "describes an interface: out of memory");
		c->interfaces = more;
		c->capacity = capacity;
	}
	struct interface *to = &c->interfaces[c->n];
	uint32_t snaplen = number(c, b->p + 4);
	*to = (struct interface){.link = linktype_of_dlt(number16(c, b->p)),
				 .snaplen = snaplen > 0 ? snaplen : UINT32_MAX,
				 .resolution = 6};
	enum step step = interface_options(c, to, b);
	c->n += step == STEP_ON;
	c->decoded |= step == STEP_ON && packet_link_known(to->link);
	return step;
}

/* The counters of an interface are cumulative: the last block tells. One about an interface that
 * was not described is passed over: it says nothing of a packet. */
static enum step statistics_take(struct pcapng *c, const struct block *b)
{
	uint32_t i = number(c, b->p);
	struct bytes in = bytes_of(b->p + 12, b->n - 12), value;
	uint16_t code;
	bool whole;
	if (i >= c->n)
		return STEP_ON;
	while (option_next(c, &in, &code, &value, &whole))
		if (code == OPTION_IFDROP && value.n == 8)
			c->interfaces[i].drops.interfaces = number64(c, value.p);
		else if (code == OPTION_OSDROP && value.n == 8)
			c->interfaces[i].drops.system = number64(c, value.p);
	return STEP_ON;
}

static void drops_add(struct reader_drops *sum, struct reader_drops one)
{
	sum->system += one.system;
	sum->interfaces += one.interfaces;
}

static void interfaces_drops(const struct pcapng *c, struct reader_drops *sum)
{
	for (size_t i = 0; i < c->n; i++)
		drops_add(sum, c->interfaces[i].drops);
}

/* A section begins, with no interface yet. */
static enum step section_begin(struct pcapng *c, const struct block *b)
{
	interfaces_drops(c, &c->drops);
	c->n = 0;
	return number16(c, b->p + 4) == 1 ? STEP_ON : damaged(c, "has an unknown version");
}

/* Returns t times ten to the power of `power`, at most FRAME_TIME_MAX. power: at most 9. */
static int64_t decimal_time(uint64_t t, int power)
{
	for (; power < 0 && t > 0; power++)
		t /= 10;
	for (; power > 0 && t <= (uint64_t)FRAME_TIME_MAX / 10; power--)
		t *= 10;
	return power > 0 || t > (uint64_t)FRAME_TIME_MAX ? FRAME_TIME_MAX : (int64_t)t;
}

/* Returns t, in units of a second divided by two to the power of `power`, as nanoseconds. */
static int64_t binary_time(uint64_t t, unsigned power)
{
	/* A second has less than 2^30 nanoseconds: 30 bits of the fraction are enough. */
	unsigned fine = power > 30 ? power - 30 : 0, bits = power - fine;
	t = fine < 64 ? t >> fine : 0;
	uint64_t sec = t >> bits, fraction = t & ((UINT64_C(1) << bits) - 1);
	if (sec >= (uint64_t)(FRAME_TIME_MAX / FRAME_SECOND))
		return FRAME_TIME_MAX;
	return (int64_t)(sec * FRAME_SECOND + (fraction * FRAME_SECOND >> bits));
}

/* Bounds a time, so that the core can compute with any two. */
static int64_t packet_time(const struct interface *of, uint32_t high, uint32_t low)
{
	const int64_t most = FRAME_TIME_MAX / FRAME_SECOND;
	uint64_t t = (uint64_t)high << 32 | low;
	int64_t offset = of->offset, ts = of->resolution & 0x80
						  ? binary_time(t, of->resolution & 0x7f)
						  : decimal_time(t, 9 - of->resolution);
	if (offset < -most - 1)
		offset = -most - 1;
	if (offset > most)
		offset = most;
	ts += offset * FRAME_SECOND;
	if (ts > FRAME_TIME_MAX)
		return FRAME_TIME_MAX;
	return ts < 0 ? 0 : ts;
}

/* Makes the frame of a packet whose data begin at b->p + at. */
static enum step frame_fill(struct pcapng *c, const struct block *b, uint32_t at, uint32_t i,
			    uint32_t caplen, uint32_t len, struct frame *f)
{
	if (i >= c->n)
		return damaged(c, "is a packet of an interface that was not described");
	if (caplen > WINDOW_FRAME_MAX || caplen > b->n - at)
		return damaged(c, "is shorter than its packet");
	int link = c->interfaces[i].link;
	/* As in classic.c, a captured length above the true one is not refused. */
	*f = (struct frame){.data = b->p + at,
			    .caplen = caplen,
			    .len = len > caplen ? len : caplen,
			    .ts = c->last,
			    .link = link};
	if (linktype_host_order(link))
		linktype_to_host(link, c->big != (BYTE_ORDER == BIG_ENDIAN), b->p + at, caplen);
	return STEP_FRAME;
}

/* Enhanced packet blocks, and the obsolete packet blocks: these have 16 bits for the interface. */
static enum step packet_take(struct pcapng *c, const struct block *b, struct frame *f)
{
	uint32_t i = c->type == BLOCK_PACKET ? number16(c, b->p) : number(c, b->p);
	if (i < c->n)
		c->last = packet_time(&c->interfaces[i], number(c, b->p + 4), number(c, b->p + 8));
	return frame_fill(c, b, 20, i, number(c, b->p + 12), number(c, b->p + 16), f);
}

/* A simple packet block belongs to the first interface and has no time: it gets that of the packet
 * before. */
static enum step simple_take(struct pcapng *c, const struct block *b, struct frame *f)
{
	uint32_t len = number(c, b->p), caplen = len;
	if (c->n > 0 && caplen > c->interfaces[0].snaplen)
		caplen = c->interfaces[0].snaplen;
	return frame_fill(c, b, 4, 0, caplen, len, f);
}

/* The blocks that are needed whole, and the bytes that each has at least between HEAD and TAIL. */
static const struct block_row {
	uint32_t type, least;
} block_rows[] = {
	{BLOCK_SECTION, 16}, {BLOCK_INTERFACE, 8},   {BLOCK_PACKET, 20},
	{BLOCK_SIMPLE, 4},   {BLOCK_STATISTICS, 12}, {BLOCK_ENHANCED, 20},
};

static const struct block_row *block_row_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof block_rows / sizeof *block_rows; i++)
		if (block_rows[i].type == type)
			return &block_rows[i];
	return NULL;
}

static enum step block_take(struct pcapng *c, const struct block *b, struct frame *f)
{
	switch (c->type) {
	case BLOCK_SECTION:
		return section_begin(c, b);
	case BLOCK_INTERFACE:
		return interface_add(c, b);
	case BLOCK_STATISTICS:
		return statistics_take(c, b);
	case BLOCK_SIMPLE:
		return simple_take(c, b, f);
	default:
		return packet_take(c, b, f);
	}
}

/* Passes over a block of any length. Its bytes may come in pieces. */
static enum step block_pass(struct pcapng *c)
{
	struct window *w = &c->window;
	struct bytes part = bytes_first(bytes_of(w->block + w->head, window_left(w)), c->left),
		     secret = bytes_first(part, c->wanted);
	secrets_add(&c->secrets, secret);
	c->wanted -= (uint32_t)secret.n;
	c->left -= (uint32_t)part.n;
	w->head += part.n;
	/* The next key log begins a new line. */
	if (c->wanted == 0 && secret.n > 0)
		secrets_add(&c->secrets, bytes_str("\n"));
	if (c->left > 0 || window_left(w) < TAIL)
		return STEP_MORE;
	if (number(c, w->block + w->head) != c->length)
		return damaged(c, "does not end with its length");
	w->head += TAIL;
	w->inside = false;
	return STEP_ON;
}

/* Begins to pass over a block. A key log may be longer than the window. */
static enum step pass_begin(struct pcapng *c)
{
	struct window *w = &c->window;
	const uint8_t *at = w->block + w->head;
	uint32_t head = HEAD, length = c->length;
	c->wanted = 0;
	if (c->type == BLOCK_SECRETS && length >= HEAD + 8 + TAIL) {
		head = HEAD + 8;
		if (window_left(w) < head)
			return STEP_MORE;
		if (number(c, at + 8) == SECRETS_TLS)
			c->wanted = number(c, at + 12);
	}
	if (c->wanted > length - head - TAIL)
		return damaged(c, "is shorter than its key log");
	c->left = length - head - TAIL;
	w->head += head;
	w->inside = true;
	return block_pass(c);
}

/* Sets the byte order, which each section header tells. */
static enum step order_find(struct pcapng *c, const uint8_t *at)
{
	static const uint8_t big[] = {0x1a, 0x2b, 0x3c, 0x4d}, little[] = {0x4d, 0x3c, 0x2b, 0x1a};
	c->big = memcmp(at, big, sizeof big) == 0;
	return c->big || memcmp(at, little, sizeof little) == 0 ? STEP_ON
								: damaged(c, "tells no byte order");
}

/* Reads the next block of the window, or a part of it. */
static enum step block_read(struct pcapng *c, struct frame *f)
{
	struct window *w = &c->window;
	uint8_t *at = w->block + w->head;
	if (w->inside)
		return block_pass(c);
	if (window_left(w) < HEAD + TAIL)
		return STEP_MORE;
	c->at = window_at(w);
	c->type = number(c, at);
	if (c->type == BLOCK_SECTION && order_find(c, at + HEAD) == STEP_DAMAGED)
		return STEP_DAMAGED;
	uint32_t length = c->length = number(c, at + 4);
	const struct block_row *row = block_row_find(c->type);
	if (length % 4 != 0 || length < HEAD + TAIL + (row ? row->least : 0))
		return damaged(c, "has an impossible length");
	if (!row)
		return pass_begin(c);
	if (length > WINDOW_SIZE)
		return damaged(c, "is too long");
	if (window_left(w) < length)
		return STEP_MORE;
	if (number(c, at + length - TAIL) != length)
		return damaged(c, "does not end with its length");
	struct block b = {at + HEAD, length - HEAD - TAIL};
	enum step step = block_take(c, &b, f);
	if (step != STEP_DAMAGED)
		w->head += length;
	w->packets += step == STEP_FRAME;
	return step;
}

static enum reader_fit pcapng_fits(const uint8_t *ahead, size_t n)
{
	static const uint8_t magic[] = {0x0a, 0x0d, 0x0d, 0x0a};
	if (n < sizeof magic || memcmp(ahead, magic, sizeof magic) != 0)
		return READER_NO;
	return n < INPUT_AHEAD ? READER_CUT : READER_FITS;
}

/* Returns true if the next block of the window is a packet, or begins another section. */
static bool header_ends(const struct pcapng *c)
{
	const struct window *w = &c->window;
	if (w->inside || window_left(w) < HEAD)
		return false;
	uint32_t type = number(c, w->block + w->head);
	return type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_ENHANCED ||
	       type == BLOCK_SECTION;
}

static bool header_refuse(const struct pcapng *c, ssize_t r, struct error *reason)
{
	if (r < 0)
		return error_set(reason, "%s", input_trouble(c->window.in));
	if (window_left(&c->window) == 0 && !c->window.inside)
		return error_set(reason, "cannot be read: it describes no interface");
	return error_set(reason, "ends in the middle of its header");
}

/*
 * Reads until an interface with a link type that is decoded, at most to the first packet; then all
 * blocks before that packet that need no wait: a filter must compile for the link types of all
 * interfaces. Damage behind the first interface is told by pcapng_read.
 */
static bool header_read(struct pcapng *c, struct error *reason)
{
	struct frame none;
	while (c->n == 0 || !header_ends(c)) {
		enum step step = block_read(c, &none);
		if (step == STEP_ON)
			continue;
		if (step == STEP_DAMAGED)
			*reason = c->damage;
		if (step == STEP_DAMAGED || c->decoded)
			return c->n > 0;
		ssize_t r = window_fill(&c->window);
		if (r <= 0)
			return c->n > 0 || header_refuse(c, r, reason);
	}
	return true;
}

static void pcapng_free(void *state)
{
	struct pcapng *c = state;
	secrets_free(&c->secrets);
	free(c->interfaces);
	free(c);
}

static void *pcapng_open(struct input *in, struct error *reason)
{
	struct pcapng *c = malloc(sizeof *c);
	if (!c) {
		error_set(reason, "cannot be read: out of memory");
		return NULL;
	}
	memset(c, 0, offsetof(struct pcapng, window));
	window_init(&c->window, in);
	if (header_read(c, reason))
		return c;
	pcapng_free(c);
	return NULL;
}

static int pcapng_link(const void *state, size_t i)
{
	const struct pcapng *c = state;
	return i < c->n ? c->interfaces[i].link : -1;
}

static int pcapng_read(void *state, struct frame *frames, size_t n, struct error *reason)
{
	struct pcapng *c = state;
	size_t got = 0;
	for (;;) {
		enum step step = c->damage.text[0] ? STEP_DAMAGED : STEP_ON;
		while (got < n && (step == STEP_ON || step == STEP_FRAME)) {
			step = block_read(c, &frames[got]);
			got += step == STEP_FRAME;
		}
		if (got > 0)
			return (int)got;
		if (step == STEP_DAMAGED) {
			*reason = c->damage;
			return -1;
		}
		ssize_t r = window_fill(&c->window);
		if (r <= 0)
			return window_end(&c->window, r, reason);
	}
}

static struct bytes pcapng_secrets(void *state)
{
	struct pcapng *c = state;
	return secrets_take(&c->secrets);
}

static void pcapng_drops(const void *state, struct reader_drops *sum)
{
	const struct pcapng *c = state;
	drops_add(sum, c->drops);
	interfaces_drops(c, sum);
}

const struct reader pcapng_reader = {
	.fits = pcapng_fits,
	.open = pcapng_open,
	.link = pcapng_link,
	.read = pcapng_read,
	.more_links = true,
	.secrets = pcapng_secrets,
	.drops = pcapng_drops,
	.free = pcapng_free,
};
