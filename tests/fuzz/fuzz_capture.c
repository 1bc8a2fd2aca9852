/*
 * fuzz_capture.c - a capture file: classic pcap, pcapng with its secrets, either compressed. What
 * is read one frame at a time is what is read many at a time; lengths and times are what a frame's
 * reader promises; what is said of damage is one sentence without control bytes; and the secrets
 * are the same, cut anywhere.
 */
#include "capture/secrets.h"
#include "capture/source.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"

enum { MANY = 64, CAPLEN_MAX = 262144 };

/* What was read, as sums. */
struct reading {
	uint64_t frames, sum, secrets;
	size_t secrets_n;
	struct error why;
};

static uint64_t mix(uint64_t sum, uint64_t v)
{
	sum = (sum ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

static uint64_t mix_bytes(uint64_t sum, struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		sum = mix(sum, b.p[i]);
	return sum;
}

static void frame_take(struct reading *r, const struct frame *f)
{
	CHECK(f->ts >= 0 && f->ts <= FRAME_TIME_MAX && f->caplen <= f->len &&
	      f->caplen <= CAPLEN_MAX);
	r->frames++;
	r->sum = mix(mix(mix(r->sum, (uint64_t)f->ts), f->len), (uint64_t)f->link);
	r->sum = mix_bytes(r->sum, bytes_of(f->data, f->caplen));
}

static void secrets_note(struct reading *r, struct source *s)
{
	struct bytes b;
	while ((b = source_secrets(s)).n > 0) {
		r->secrets = mix_bytes(r->secrets, b);
		r->secrets_n += b.n;
	}
}

static void sentence_check(const char *why)
{
	char text[ERROR_MAX];
	size_t n = strnlen(why, ERROR_MAX);
	CHECK(n > 0 && n < ERROR_MAX);
	memcpy(text, why, n);
	fuzz_text_check(&(struct outbuf){.p = text, .n = n}, false);
}

static void read_all(struct reading *r, const char *path, size_t batch)
{
	struct frame frames[MANY];
	bool usage;
	int n;
	*r = (struct reading){0};
	struct source *s = source_open(path, NULL, &r->why, &usage);
	if (!s) {
		CHECK(!usage);
		sentence_check(r->why.text);
		return;
	}
	while ((n = source_read(s, frames, batch, &r->why)) > 0) {
		CHECK((size_t)n <= batch);
		for (int i = 0; i < n; i++)
			frame_take(r, &frames[i]);
		secrets_note(r, s);
	}
	secrets_note(r, s);
	if (n < 0)
		sentence_check(r->why.text);
	source_close(s);
}

/* The walk over the blocks alone, which must not depend on how they come. */
static void secrets_check(struct bytes in)
{
	struct secrets whole = {0}, cut = {0};
	uint64_t sum = 0, dice = in.n;
	size_t n = 0;
	secrets_push(&whole, in);
	struct bytes all = secrets_take(&whole), some;
	while (in.n > 0) {
		secrets_push(&cut, fuzz_take(&in, 1 + fuzz_dice(&dice) % 30));
		some = secrets_take(&cut);
		sum = mix_bytes(sum, some);
		n += some.n;
	}
	CHECK(n == all.n && sum == mix_bytes(0, all));
	secrets_free(&whole);
	secrets_free(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading one, many;
	struct bytes in = bytes_of(data, size);
	const char *path = memory_file(in);
	read_all(&many, path, MANY);
	read_all(&one, path, 1);
	CHECK(one.frames == many.frames && one.sum == many.sum);
	CHECK(one.secrets_n == many.secrets_n && one.secrets == many.secrets);
	CHECK(strcmp(one.why.text, many.why.text) == 0);
	secrets_check(in);
	return 0;
}
