/* test_secrets.c - the key logs in a pcapng file: in both byte orders, cut anywhere, among other
 * blocks and in damaged files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "capture/secrets.h"
#include "lib/segments.h"

struct file {
	uint8_t b[4096];
	size_t n;
	bool big;
};

static void put32(struct file *f, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		f->b[f->n++] = (uint8_t)(v >> (f->big ? 24 - 8 * i : 8 * i));
}

/* A block with these numbers and then this text. */
static void put_block(struct file *f, uint32_t type, const uint32_t *numbers, size_t count,
		      const char *text)
{
	size_t n = text ? strlen(text) : 0, padded = (n + 3) / 4 * 4;
	uint32_t length = (uint32_t)(12 + 4 * count + padded);
	put32(f, type);
	put32(f, length);
	for (size_t i = 0; i < count; i++)
		put32(f, numbers[i]);
	memset(f->b + f->n, 0, padded);
	memcpy(f->b + f->n, text ? text : "", n);
	f->n += padded;
	put32(f, length);
}

static void put_section(struct file *f, bool big)
{
	f->big = big;
	put_block(f, 0x0a0d0d0a,
		  (const uint32_t[]){0x1a2b3c4d, big ? 1u << 16 : 1, UINT32_MAX, UINT32_MAX}, 4,
		  NULL);
}

static void put_secrets(struct file *f, uint32_t type, const char *text)
{
	put_block(f, 0x0a, (const uint32_t[]){type, (uint32_t)strlen(text)}, 2, text);
}

enum { TLSK = 0x544c534b, SSHK = 0x5353484b };

static struct file example(void)
{
	struct file f = {.n = 0};
	put_section(&f, false);
	put_secrets(&f, TLSK, "one line\n");
	put_block(&f, 1, (const uint32_t[]){1, 262144}, 2, NULL);
	put_secrets(&f, SSHK, "not this\n");
	put_block(&f, 6, (const uint32_t[]){0, 0, 0, 20, 20}, 5, "not a real packet...");
	put_block(&f, 0x0bad, NULL, 0, NULL);
	put_section(&f, true);
	put_secrets(&f, TLSK, "two");
	put_secrets(&f, TLSK, "");
	put_secrets(&f, TLSK, "three\nfour\n");
	return f;
}

static const char said[] = "one line\n\ntwo\nthree\nfour\n\n";

static void found_however_it_is_cut(void **state)
{
	(void)state;
	struct file f = example();
	for (size_t piece = 1; piece <= f.n; piece++) {
		struct secrets s = {0};
		char text[256];
		size_t n = 0;
		for (size_t at = 0; at < f.n; at += piece) {
			secrets_push(&s, bytes_first(bytes_of(f.b + at, f.n - at), piece));
			struct bytes part = secrets_take(&s);
			if (part.n > 0)
				memcpy(text + n, part.p, part.n);
			n += part.n;
		}
		text[n] = '\0';
		assert_string_equal(text, said);
		secrets_free(&s);
	}
}

static void damage_ends_it(void **state)
{
	(void)state;
	struct dice dice = dice_new("damage_ends_it", 1);
	for (unsigned round = 0; round < 20000; round++) {
		struct file f = example();
		struct secrets s = {0};
		for (unsigned i = dice_roll(&dice, 6); i > 0; i--)
			f.b[dice_roll(&dice, (uint32_t)f.n)] = (uint8_t)dice_roll(&dice, 256);
		secrets_push(&s, bytes_of(f.b, dice_roll(&dice, (uint32_t)f.n + 1)));
		assert_true(secrets_take(&s).n <= f.n + 8);
		secrets_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_however_it_is_cut),
		cmocka_unit_test(damage_ends_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
