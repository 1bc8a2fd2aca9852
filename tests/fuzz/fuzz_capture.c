/*
 * fuzz_capture.c - a capture file: classic pcap, pcapng with its secrets, snoop, each compressed as
 * well. What is read one frame at a time is what is read many at a time, and what is read when the
 * bytes come in pieces; a filter only leaves out; lengths and times are what a frame's reader
 * promises; and what is said of damage is one sentence without control bytes.
 */
#include "capture/source.h"
#include "fuzz/fuzz.h"
#include "fuzz/memory_file.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = 64, CAPLEN_MAX = 262144 };

/* What was read, as sums. */
struct reading {
	uint64_t frames, sum, secrets;
	size_t secrets_n;
	struct source_counts counts;
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

static void read_all(struct reading *r, const char *path, const char *filter, size_t batch)
{
	struct frame frames[MANY];
	bool usage;
	int n;
	*r = (struct reading){0};
	struct source *s = source_open(path, filter, &r->why, &usage);
	if (!s) {
		CHECK(filter || !usage);
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
	r->counts = source_counts(s);
	source_close(s);
}

/* A socket that gives a piece of the bytes at each read. The first one is as long as the least that
 * a reader asks for: of a longer piece the rest would be lost. */
static int pieces_open(struct bytes in)
{
	enum { FIRST = 24, PIECES = 60 };
	uint64_t dice = in.n;
	int ends[2];
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	for (unsigned i = 0; in.n > 0; i++) {
		size_t n = i == 0 ? FIRST : i < PIECES ? 1 + fuzz_dice(&dice) % 60 : in.n;
		struct bytes part = fuzz_take(&in, n);
		CHECK(send(ends[1], part.p, part.n, MSG_DONTWAIT) == (ssize_t)part.n);
	}
	close(ends[1]);
	return ends[0];
}

static const char *reason(const struct reading *r)
{
	const char *blank = strchr(r->why.text, ' ');
	return blank ? blank : "";
}

/* What is read must not depend on how the bytes come. Both sentences begin with the file's name. */
static void pieces_check(struct bytes in, const struct reading *whole)
{
	static struct reading cut;
	char path[32];
	int fd = pieces_open(in);
	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	read_all(&cut, path, NULL, MANY);
	close(fd);
	CHECK(cut.frames == whole->frames && cut.sum == whole->sum);
	CHECK(cut.secrets_n == whole->secrets_n && cut.secrets == whole->secrets);
	CHECK(strcmp(reason(&cut), reason(whole)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading one, many, sifted;
	struct bytes in = bytes_of(data, size);
	const char *path = memory_file(in);
	read_all(&many, path, NULL, MANY);
	read_all(&one, path, NULL, 1);
	CHECK(one.frames == many.frames && one.sum == many.sum);
	CHECK(one.secrets_n == many.secrets_n && one.secrets == many.secrets);
	CHECK(strcmp(one.why.text, many.why.text) == 0);
	read_all(&sifted, path, "tcp", MANY);
	CHECK(sifted.frames + sifted.counts.filtered <= many.frames);
	pieces_check(in, &many);
	return 0;
}
