/* unpack.c - gzip by zlib and zstd by libzstd, behind one interface. */
/* Declares zlib's input as const. */
#define ZLIB_CONST

#include "capture/unpack.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* One compression: the data begin with magic in the bits of mask. */
struct unpack_format {
	const char *name;
	uint8_t magic[4], mask[4];
	bool (*open)(struct unpack *f);
	enum unpack_state (*step)(struct unpack *f, struct bytes *from, void *to, size_t capacity,
				  size_t *made);
	void (*close)(struct unpack *f);
};

struct unpack {
	const struct unpack_format *format;
	enum unpack_state state;
	const char *reason; /* constant of the library, never freed; NULL: no damage */
	union {
		z_stream gzip;
		ZSTD_DCtx *zstd;
	};
};

static bool gzip_open(struct unpack *f)
{
	return inflateInit2(&f->gzip, 16 + MAX_WBITS) == Z_OK;
}

/* Skips zeros between and after members: padding to a block size, from tapes. gzip skips them too.
 * Returns true if a new member begins. */
static bool gzip_next_member(struct unpack *f, struct bytes *from)
{
	while (from->n > 0 && from->p[0] == 0)
		*from = bytes_from(*from, 1);
	return from->n > 0 && inflateReset(&f->gzip) == Z_OK;
}

static enum unpack_state gzip_step(struct unpack *f, struct bytes *from, void *to, size_t capacity,
				   size_t *made)
{
	z_stream *z = &f->gzip;
	if (f->state == UNPACK_WHOLE && !gzip_next_member(f, from))
		return UNPACK_WHOLE;

	size_t n = from->n < UINT_MAX ? from->n : UINT_MAX;
	z->next_in = from->p;
	z->avail_in = (uInt)n;
	z->next_out = to;
	z->avail_out = capacity < UINT_MAX ? (uInt)capacity : UINT_MAX;
	int r = inflate(z, Z_NO_FLUSH);
	*made = (size_t)(z->next_out - (Bytef *)to);
	*from = bytes_from(*from, n - z->avail_in);
	if (r == Z_STREAM_END)
		return UNPACK_WHOLE;
	/* Z_BUF_ERROR only asks for more input or more room. */
	if (r == Z_OK || r == Z_BUF_ERROR)
		return UNPACK_INSIDE;
	f->reason = z->msg ? z->msg : zError(r);
	return UNPACK_DAMAGED;
}

static void gzip_close(struct unpack *f)
{
	inflateEnd(&f->gzip);
}

/* A frame may demand a window of up to 128 MiB: libzstd's default bound, and that of `zstd -d`. */
static bool zstd_open(struct unpack *f)
{
	f->zstd = ZSTD_createDCtx();
	return f->zstd != NULL;
}

static enum unpack_state zstd_step(struct unpack *f, struct bytes *from, void *to, size_t capacity,
				   size_t *made)
{
	/* Between two frames, a call without input would begin the next frame. The end of the data
	 * would then look incomplete. */
	if (f->state == UNPACK_WHOLE && from->n == 0)
		return UNPACK_WHOLE;
	ZSTD_inBuffer in = {from->p, from->n, 0};
	ZSTD_outBuffer out = {to, capacity, 0};
	size_t r = ZSTD_decompressStream(f->zstd, &out, &in);
	*made = out.pos;
	*from = bytes_from(*from, in.pos);
	if (!ZSTD_isError(r))
		return r == 0 ? UNPACK_WHOLE : UNPACK_INSIDE;
	f->reason = ZSTD_getErrorName(r);
	return UNPACK_DAMAGED;
}

static void zstd_close(struct unpack *f)
{
	ZSTD_freeDCtx(f->zstd);
}

/* The last row is zstd's skippable frame (RFC 8878 3.1.2), which parallel compressors write first.
 */
static const struct unpack_format formats[] = {
	{"gzip", {0x1f, 0x8b}, {0xff, 0xff}, gzip_open, gzip_step, gzip_close},
	{"zstd",
	 {0x28, 0xb5, 0x2f, 0xfd},
	 {0xff, 0xff, 0xff, 0xff},
	 zstd_open,
	 zstd_step,
	 zstd_close},
	{"zstd",
	 {0x50, 0x2a, 0x4d, 0x18},
	 {0xf0, 0xff, 0xff, 0xff},
	 zstd_open,
	 zstd_step,
	 zstd_close},
};

static bool format_fits(const struct unpack_format *t, struct bytes begin)
{
	for (size_t i = 0; i < sizeof t->magic; i++)
		if (t->mask[i] && (i >= begin.n || (begin.p[i] & t->mask[i]) != t->magic[i]))
			return false;
	return true;
}

/* If the compression is known, only memory can be missing. */
struct unpack *unpack_new(struct bytes begin, bool *failed)
{
	*failed = false;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (!format_fits(&formats[i], begin))
			continue;
		struct unpack *f = calloc(1, sizeof *f);
		if (f && formats[i].open(f)) {
			f->format = &formats[i];
			return f;
		}
		free(f);
		*failed = true;
		break;
	}
	return NULL;
}

const char *unpack_name(const struct unpack *f)
{
	return f->format->name;
}

enum unpack_state unpack_step(struct unpack *f, struct bytes *from, void *to, size_t capacity,
			      size_t *made)
{
	*made = 0;
	if (f->state != UNPACK_DAMAGED)
		f->state = f->format->step(f, from, to, capacity, made);
	return f->state;
}

const char *unpack_reason(const struct unpack *f)
{
	return f->reason;
}

void unpack_free(struct unpack *f)
{
	if (f)
		f->format->close(f);
	free(f);
}
