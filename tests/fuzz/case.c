/* case.c - cases of the fuzzer as bytes: a head of 16, then frames, each with a head of 16. All
 * numbers are little-endian, as the hosts of fuzzers are. */
#include "fuzz/case.h"

#include <string.h>

enum { HEAD = 16, SMALL = 1, ANY_PORT = 2 };

struct frame_head {
	int64_t ts;
	uint16_t caplen, more; /* more: so much longer was it on the wire */
	int32_t link;
};

void case_read(struct fuzz_case *c, const uint8_t *data, size_t size)
{
	uint8_t head[HEAD] = {0};
	struct frame_head h;
	size_t at = HEAD;
	memcpy(head, data, size < HEAD ? size : HEAD);
	memcpy(&c->dice, head, sizeof c->dice);
	c->small = head[8] & SMALL;
	c->any_port = head[8] & ANY_PORT;
	c->n = 0;
	while (at + sizeof h <= size && c->n < CASE_FRAMES) {
		memcpy(&h, data + at, sizeof h);
		at += sizeof h;
		uint32_t caplen = h.caplen < size - at ? h.caplen : (uint32_t)(size - at);
		c->frames[c->n++] = (struct frame){.data = data + at,
						   .caplen = caplen,
						   .len = caplen + h.more,
						   .ts = h.ts & FRAME_TIME_MAX,
						   .link = h.link & 0x1ff};
		at += caplen;
	}
}

size_t case_write(const struct fuzz_case *c, uint8_t *out, size_t capacity)
{
	uint8_t head[HEAD] = {0};
	size_t at = HEAD;
	if (capacity < HEAD)
		return 0;
	memcpy(head, &c->dice, sizeof c->dice);
	head[8] = (uint8_t)((c->small ? SMALL : 0) | (c->any_port ? ANY_PORT : 0));
	memcpy(out, head, HEAD);
	for (size_t i = 0; i < c->n; i++) {
		const struct frame *f = &c->frames[i];
		struct frame_head h = {f->ts, (uint16_t)f->caplen, (uint16_t)(f->len - f->caplen),
				       f->link};
		if (f->caplen > UINT16_MAX || at + sizeof h + f->caplen > capacity)
			continue;
		memcpy(out + at, &h, sizeof h);
		memcpy(out + at + sizeof h, f->data, f->caplen);
		at += sizeof h + f->caplen;
	}
	return at;
}
