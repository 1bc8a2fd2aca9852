/* text.c - a small template language; quick, because a million sessions are made with it. */
#include "bench/text.h"

#include <string.h>

struct fill {
	char *at, *end;
	const struct talk_plan *plan;
	unsigned message, rcpt;
	uint32_t chunk;
};

static void put_bytes(struct fill *f, const char *s, size_t n)
{
	if (n > (size_t)(f->end - f->at))
		n = (size_t)(f->end - f->at);
	memcpy(f->at, s, n);
	f->at += n;
}

static void put(struct fill *f, const char *s)
{
	put_bytes(f, s, strlen(s));
}

static void put_number(struct fill *f, uint32_t v, unsigned base)
{
	char digits[12];
	size_t n = sizeof digits;
	do
		digits[--n] = "0123456789ABCDEF"[v % base];
	while ((v /= base) > 0);
	put_bytes(f, digits + n, sizeof digits - n);
}

static void put_template(struct fill *f, const char *text);

/* Once for each recipient. Returns the end of what is repeated. */
static const char *put_rcpts(struct fill *f, const char *text)
{
	const char *end = strstr(text, "$)");
	char one[256];
	size_t n = (size_t)(end - text);
	memcpy(one, text, n);
	one[n] = '\0';
	for (f->rcpt = 0; f->rcpt < f->plan->rcpts; f->rcpt++)
		put_template(f, one);
	return end + 2;
}

static void put_word(struct fill *f, char word)
{
	struct talk_ends ends = talk_ends(f->plan);
	switch (word) {
	case 'S':
		put(f, "mx");
		put_number(f, ends.addr[SERVER] & 0xff, 10);
		put(f, ".example.net");
		break;
	case 'C':
		put(f, "out");
		put_number(f, f->plan->number % 4001, 10);
		put(f, ".example.org");
		break;
	case 'N':
		put_number(f, 0x40000000 + f->plan->number, 16);
		put_number(f, f->message, 16);
		break;
	case 'I':
		put_number(f, f->rcpt, 10);
		break;
	default:
		put_number(f, f->chunk, 10);
		break;
	}
}

static void put_template(struct fill *f, const char *text)
{
	for (const char *dollar; (dollar = strchr(text, '$'));) {
		put_bytes(f, text, (size_t)(dollar - text));
		if (dollar[1] == '(') {
			text = put_rcpts(f, dollar + 2);
			continue;
		}
		put_word(f, dollar[1]);
		text = dollar + 2;
	}
	put(f, text);
}

static const char header[] = "Received: from $C ($C [192.0.2.77])\r\n"
			     "\tby relay.example.org (Postfix) with ESMTPS id $N\r\n"
			     "\tfor <user0@example.net>; Mon,  5 Jan 2026 10:00:00 +0000 (UTC)\r\n"
			     "Message-ID: <$N.20260105@$C>\r\n"
			     "Date: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
			     "From: \"A. Sender\" <sender-$N@$C>\r\n"
			     "To: user0@example.net\r\n"
			     "Subject: the report of this week, no. $N\r\n"
			     "MIME-Version: 1.0\r\n"
			     "Content-Type: multipart/mixed; boundary=\"=_part\"\r\n"
			     "\r\n"
			     "--=_part\r\n"
			     "Content-Type: application/octet-stream; name=\"report.bin\"\r\n"
			     "Content-Transfer-Encoding: base64\r\n"
			     "\r\n";

/* A record's header (RFC 8446 5.1) and noise for what it holds. */
static void put_record(struct fill *f, uint8_t type, uint32_t n)
{
	const uint8_t begin[5] = {type, 3, type == 0x16 ? 1 : 3, (uint8_t)(n >> 8), (uint8_t)n};
	struct chance noise = {f->plan->seed ^ n};
	put_bytes(f, (const char *)begin, sizeof begin);
	for (uint32_t i = 0; i < n; i += 8) {
		uint64_t word = chance_next(&noise);
		put_bytes(f, (const char *)&word, n - i < 8 ? n - i : 8);
	}
}

/* A chunk's size counts the header, which is in the first. */
static uint32_t chunk_size(struct fill *f, const struct step *step, uint32_t content)
{
	char *begin = f->at;
	if (step->kind == STEP_CHUNK_2)
		return content;
	put_template(f, header);
	uint32_t n = (uint32_t)(f->at - begin);
	f->at = begin;
	return content + n;
}

size_t text_make(const struct talk_plan *plan, const struct step *step, unsigned message,
		 uint32_t size, uint32_t content, char out[TEXT_MAX])
{
	struct fill f = {.at = out, .end = out + TEXT_MAX, .plan = plan, .message = message};
	bool chunk = step->kind == STEP_CHUNK || step->kind == STEP_CHUNK_1 ||
		     step->kind == STEP_CHUNK_2;
	(void)size;
	if (step->kind == STEP_HANDSHAKE)
		put_record(&f, 0x16, step->n);
	else if (step->kind == STEP_RECORD)
		put_record(&f, 0x17, step->n + 17);
	if (chunk)
		f.chunk = chunk_size(&f, step, content);
	put_template(&f, step->text);
	if (step->kind == STEP_BODY || step->kind == STEP_CHUNK || step->kind == STEP_CHUNK_1)
		put_template(&f, header);
	return (size_t)(f.at - out);
}
