/* mail.c - the blocks: base64 as attachments have it, prose between, and lines that must not be
 * taken for commands, replies or the end. */
#include "bench/mail.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_BYTES = 4 << 20,
	BLOCK_UNITS = 1 << 17,
	UNIT_MAX = 1500,
	BASE64_LINE = 76,
	RECORD_BYTES = 1380,
	TLS_OVERHEAD = 17
};

/* Dots are doubled as a sender doubles them (RFC 5321 4.5.2). */
static const char *const prose[] = {
	"Dear colleague,\r\n",
	("please find attached the report of last week. It has the figures for each region, and "
	 "the "
	 "summary.\r\n"),
	"\r\n",
	"221 is what the server said in the end, and nobody knew why.\r\n",
	"QUIT\r\n",
	"..hidden is the name of the file with the settings\r\n",
	"> On Monday somebody wrote:\r\n",
	"> > 250 2.0.0 Ok: queued as 4Xyz12\r\n",
	"MAIL FROM:<this@example.org> is a line of the body\r\n",
	".. \r\n",
	"With kind regards\r\n",
	"--=_part\r\n",
	"Content-Type: text/plain; charset=utf-8; format=flowed\r\n",
};

static bool block_init(struct mail_block *b)
{
	*b = (struct mail_block){.bytes = malloc(BLOCK_BYTES),
				 .starts = malloc(BLOCK_UNITS * sizeof *b->starts)};
	return b->bytes && b->starts;
}

static void unit_begin(struct mail_block *b)
{
	b->starts[b->units++] = b->n;
}

static void base64_line(struct mail_block *b, struct chance *c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unit_begin(b);
	for (int i = 0; i < BASE64_LINE; i++)
		b->bytes[b->n++] = (uint8_t)digits[chance_below(c, 64)];
	b->bytes[b->n++] = '\r';
	b->bytes[b->n++] = '\n';
}

static void prose_line(struct mail_block *b, struct chance *c)
{
	const char *line = prose[chance_below(c, sizeof prose / sizeof *prose)];
	size_t n = strlen(line);
	unit_begin(b);
	memcpy(b->bytes + b->n, line, n);
	b->n += (uint32_t)n;
}

static void text_fill(struct mail_block *b, struct chance *c)
{
	while (b->n < BLOCK_BYTES - UNIT_MAX && b->units < BLOCK_UNITS) {
		uint32_t lines = chance_between(c, 20, 2000);
		bool attachment = chance_permille(c, 700);
		for (uint32_t i = 0; i < lines / (attachment ? 1 : 10) &&
				     b->n < BLOCK_BYTES - UNIT_MAX && b->units < BLOCK_UNITS;
		     i++)
			if (attachment)
				base64_line(b, c);
			else
				prose_line(b, c);
	}
}

/* Application data of TLS 1.3 (RFC 8446 5.2), in records of one segment each as senders begin with.
 */
static void records_fill(struct mail_block *b, struct chance *c)
{
	const uint8_t header[5] = {0x17, 3, 3, (RECORD_BYTES + TLS_OVERHEAD) >> 8,
				   (RECORD_BYTES + TLS_OVERHEAD) & 0xff};
	while (b->n < BLOCK_BYTES - UNIT_MAX) {
		unit_begin(b);
		memcpy(b->bytes + b->n, header, sizeof header);
		b->n += sizeof header;
		for (int i = 0; i < RECORD_BYTES + TLS_OVERHEAD; i++)
			b->bytes[b->n++] = (uint8_t)chance_below(c, 256);
	}
}

bool mail_init(struct mail *m)
{
	struct chance c = {20260105};
	bool fine = block_init(&m->text);
	if (!block_init(&m->records) || !fine)
		return false;
	text_fill(&m->text, &c);
	records_fill(&m->records, &c);
	return true;
}

void mail_free(struct mail *m)
{
	free(m->text.bytes);
	free(m->text.starts);
	free(m->records.bytes);
	free(m->records.starts);
}

/* The last unit that begins at or before `at`. */
static uint32_t unit_at(const struct mail_block *b, uint32_t at)
{
	uint32_t low = 0, high = b->units;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (b->starts[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

uint32_t mail_choose(const struct mail_block *b, struct chance *c, uint32_t *n)
{
	uint32_t from = b->starts[chance_below(c, b->units)], end = from + *n;
	uint32_t rounds = end / b->n;
	*n = rounds * b->n + b->starts[unit_at(b, end % b->n)] - from;
	/* Shorter than the unit it began in. */
	if ((int32_t)*n <= 0)
		*n = 0;
	return from;
}

void mail_copy(const struct mail_block *b, uint32_t from, uint32_t offset, uint8_t *to, size_t n)
{
	uint32_t at = (from + offset) % b->n;
	size_t first = n < b->n - at ? n : b->n - at;
	memcpy(to, b->bytes + at, first);
	memcpy(to + first, b->bytes, n - first);
}
