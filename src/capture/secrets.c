/* secrets.c - walks the blocks of a pcapng file (draft-ietf-opsawg-pcapng 3.1, 4.1, 4.7). */
#include "capture/secrets.h"

#include <stdlib.h>

/* SECRETS_MAX: the most bytes of key logs that were not taken. BLOCK: every block has at least 12
 * bytes; in a section header block the byte order stands at offset 8. */
enum { SECRETS_MAX = 16 << 20, BLOCK = 12, DSB_HEAD = 16 };

static const uint32_t type_section = 0x0a0d0d0a, type_secrets = 0x0000000a,
		      order_magic = 0x1a2b3c4d, secrets_tls = 0x544c534b;

static uint32_t number(const struct secrets *s, unsigned at)
{
	const uint8_t *p = s->head + at;
	uint32_t big = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return s->big ? big : __builtin_bswap32(big);
}

static void text_add(struct secrets *s, struct bytes part)
{
	if (part.n > SECRETS_MAX - s->n)
		return;
	if (s->n + part.n > s->capacity) {
		size_t capacity = 2 * (s->n + part.n);
		char *text = malloc(capacity);
		if (!text)
			return;
		if (s->n > 0)
			memcpy(text, s->text, s->n);
		if (s->text)
			explicit_bzero(s->text, s->n);
		free(s->text);
		s->text = text;
		s->capacity = capacity;
	}
	if (part.n > 0)
		memcpy(s->text + s->n, part.p, part.n);
	s->n += part.n;
}

/* Reads the head of a block. The head is 12 bytes long, or 16 for a decryption secrets block. */
static void head_read(struct secrets *s)
{
	if (number(s, 0) == type_section) {
		s->big = false;
		s->big = number(s, 8) != order_magic;
		s->off |= number(s, 8) != order_magic;
	}
	uint32_t length = number(s, 4);
	s->off |= length < BLOCK;
	if (s->off || (number(s, 0) == type_secrets && length > DSB_HEAD && s->head_n < DSB_HEAD))
		return;
	s->wanted = s->head_n == DSB_HEAD && number(s, 8) == secrets_tls ? number(s, 12) : 0;
	s->left = (length + 3) / 4 * 4;
	s->left = s->left > s->head_n ? s->left - s->head_n : 0;
	s->head_n = 0;
}

static void body_take(struct secrets *s, struct bytes *in)
{
	struct bytes part = bytes_first(*in, s->left), secret = bytes_first(part, s->wanted);
	text_add(s, secret);
	s->wanted -= (uint32_t)secret.n;
	s->left -= (uint32_t)part.n;
	*in = bytes_from(*in, part.n);
	/* The next block begins a new line. */
	if (s->wanted == 0 && secret.n > 0)
		text_add(s, bytes_str("\n"));
}

void secrets_push(struct secrets *s, struct bytes in)
{
	while (in.n > 0 && !s->off) {
		if (s->left > 0) {
			body_take(s, &in);
			continue;
		}
		s->head[s->head_n++] = in.p[0];
		in = bytes_from(in, 1);
		if (s->head_n == BLOCK || s->head_n == DSB_HEAD)
			head_read(s);
	}
}

struct bytes secrets_take(struct secrets *s)
{
	struct bytes text = bytes_of(s->text, s->n);
	s->n = 0;
	return text;
}

void secrets_free(struct secrets *s)
{
	if (s->text)
		explicit_bzero(s->text, s->capacity);
	free(s->text);
	*s = (struct secrets){0};
}
