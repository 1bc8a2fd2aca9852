/* fuzz.h - what the fuzzers share: input taken apart, rules asserted, the script of two sides. */
#ifndef SMTPWATCH_TESTS_FUZZ_FUZZ_H
#define SMTPWATCH_TESTS_FUZZ_FUZZ_H

#include "smtpwatch/stream.h"
#include "text/buffer.h"

#include <stdio.h>
#include <stdlib.h>

/* What libFuzzer and fuzz/replay.c call: any bytes are an input, and a broken rule aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #what);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A number of n bytes, the first the lowest; bytes that are not there are 0. */
uint64_t fuzz_number(struct bytes *in, unsigned n);

/* At most n bytes. */
struct bytes fuzz_take(struct bytes *in, size_t n);

/* The next of a cheap row of numbers, for what no input need choose. */
uint32_t fuzz_dice(uint64_t *state);

/* No control bytes but line ends (and line ends only with `lines`), and no byte that begins or goes
 * on a UTF-8 sequence out of place. */
void fuzz_text_check(const struct outbuf *b, bool lines);

/* Aborts where two texts differ, and shows both. */
void fuzz_same_text(const char *how, const struct outbuf *a, const struct outbuf *b);

/*
 * The script of two sides: bytes that one of them sends, and between them a few that mean something
 * else: 0xf8 the client goes on, 0xf9 the server, 0xfa n time passes, 0xfb n bytes are missing,
 * 0xfc a FIN, 0xfd n: of the other side's stream so many bytes are not yet acknowledged; 0xfe b:
 * the byte b itself. bytes: cut as the reader of the script likes.
 */
struct fuzz_script {
	struct bytes in;
	enum side side;
	int64_t ts;
	uint64_t at[2]; /* offset in each stream */
	uint64_t behind;
	bool fin[2];
	uint8_t literal;
};

enum fuzz_act { FUZZ_END, FUZZ_BYTES, FUZZ_GAP, FUZZ_FIN };

struct fuzz_event {
	enum fuzz_act act;
	struct bytes bytes;
	uint64_t len;   /* of a gap */
	uint64_t acked; /* of the other side's stream */
};

/* What happens next, on s->side at s->ts; at[] counts it already. */
struct fuzz_event fuzz_script_next(struct fuzz_script *s);

#endif
