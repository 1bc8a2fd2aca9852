/* blocks.c - the blocks of draft-ietf-opsawg-pcapng. */
#include "lib/blocks.h"

#include <endian.h>
#include <string.h>

static const uint8_t zeros[1024];

size_t block_begin(struct capfile *m, uint32_t type)
{
	size_t begin = m->n;
	capfile_put32(m, type);
	capfile_put32(m, 0);
	return begin;
}

void block_end(struct capfile *m, size_t begin)
{
	capfile_put(m, zeros, (4 - m->n % 4) % 4);
	uint32_t length = (uint32_t)(m->n - begin) + 4;
	capfile_put32(m, length);
	memcpy(m->p + begin + 4, m->p + m->n - 4, 4);
}

void block_option(struct capfile *m, uint16_t code, const void *p, uint16_t n)
{
	capfile_put16(m, code);
	capfile_put16(m, n);
	capfile_put(m, p, n);
	capfile_put(m, zeros, (4 - n % 4) % 4);
}

void block_option_number(struct capfile *m, uint16_t code, uint64_t number, uint16_t n)
{
	uint64_t v = m->big ? htobe64(number << (64 - 8 * n)) : htole64(number);
	block_option(m, code, &v, n);
}

void block_section(struct capfile *m, bool big)
{
	m->big = big;
	size_t begin = block_begin(m, 0x0a0d0d0a);
	capfile_put32(m, 0x1a2b3c4d);
	capfile_put16(m, 1);
	capfile_put16(m, 0);
	capfile_put32(m, UINT32_MAX);
	capfile_put32(m, UINT32_MAX);
	block_end(m, begin);
}

void block_interface(struct capfile *m, uint16_t link, uint32_t snaplen)
{
	size_t begin = block_begin(m, BLOCKS_INTERFACE);
	capfile_put16(m, link);
	capfile_put16(m, 0);
	capfile_put32(m, snaplen);
	block_end(m, begin);
}

void block_enhanced(struct capfile *m, uint32_t interface, uint64_t time, const struct frame *f)
{
	size_t begin = block_begin(m, BLOCKS_ENHANCED);
	capfile_put32(m, interface);
	capfile_put32(m, (uint32_t)(time >> 32));
	capfile_put32(m, (uint32_t)time);
	capfile_put32(m, f->caplen);
	capfile_put32(m, f->len);
	capfile_put(m, f->data, f->caplen);
	block_end(m, begin);
}

void block_simple(struct capfile *m, const struct frame *f)
{
	size_t begin = block_begin(m, BLOCKS_SIMPLE);
	capfile_put32(m, f->len);
	capfile_put(m, f->data, f->caplen);
	block_end(m, begin);
}

void block_secrets(struct capfile *m, uint32_t type, const char *text)
{
	size_t begin = block_begin(m, BLOCKS_SECRETS);
	capfile_put32(m, type);
	capfile_put32(m, (uint32_t)strlen(text));
	capfile_put(m, text, strlen(text));
	block_end(m, begin);
}

void block_unknown(struct capfile *m, size_t n)
{
	size_t begin = block_begin(m, BLOCKS_UNKNOWN);
	for (; n > sizeof zeros; n -= sizeof zeros)
		capfile_put(m, zeros, sizeof zeros);
	capfile_put(m, zeros, n);
	block_end(m, begin);
}
