/* ehlo_cache.c - a reply has one place, by its hash; the reply read last has the place. */
#include "core/dialogue/ehlo_cache.h"

#include "base/ascii.h"
#include "core/smtp/line.h"

struct ehlo_cache {
	uint16_t n[EHLO_CACHE]; /* bytes of the text in each place; 0: none is kept there */
	struct {
		struct ehlo_lines lines; /* the front of the text */
		uint8_t text[EHLO_CACHED_MAX];
	} kept[EHLO_CACHE];
};

struct ehlo_cache *ehlo_cache_new(struct pool *pool)
{
	struct ehlo_cache *c = pool_get(pool, sizeof *c);
	if (c)
		memset(c->n, 0, sizeof c->n);
	return c;
}

/* Of at least eight bytes: eight at a time, of which the last overlap those before. Each byte
 * changes the upper bits of the product. */
static size_t place_of(struct bytes text)
{
	uint64_t hash = text.n, eight;
	const size_t last = text.n - sizeof eight;
	for (size_t i = 0; i < text.n; i += sizeof eight) {
		memcpy(&eight, text.p + (i < last ? i : last), sizeof eight);
		hash = (hash ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
	}
	return hash >> (64 - EHLO_CACHE_BITS);
}

static struct ehlo_lines lines_read(struct bytes in)
{
	enum { HEAD = 4 /* "250-" */ };
	struct ehlo_lines lines = {.n = 0};
	const size_t all = in.n;
	struct bytes line;
	while (line_ordinary(&in, &line)) {
		struct bytes text = ascii_trim(bytes_from(line, HEAD));
		if (line.n <= HEAD || memcmp(line.p, "250-", HEAD) != 0 ||
		    smtp_enhanced_begins(text))
			break;
		smtp_offer_add(&lines.offer, text);
		lines.n = all - in.n;
	}
	return lines;
}

struct ehlo_lines ehlo_cache_read(struct ehlo_cache *c, struct bytes in)
{
	if (in.n < sizeof(uint64_t) || in.n > EHLO_CACHED_MAX)
		return (struct ehlo_lines){.n = 0};
	size_t at = place_of(in);
	if (c->n[at] != in.n || memcmp(c->kept[at].text, in.p, in.n) != 0) {
		c->n[at] = (uint16_t)in.n;
		memcpy(c->kept[at].text, in.p, in.n);
		c->kept[at].lines = lines_read(in);
	}
	return c->kept[at].lines;
}
