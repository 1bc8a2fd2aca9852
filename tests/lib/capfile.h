/* capfile.h - captures of every format and packing, for the tests of source: bytes, not files. */
#ifndef SMTPWATCH_TESTS_CAPFILE_H
#define SMTPWATCH_TESTS_CAPFILE_H

#include "capture/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer that grows, and the file that its bytes become. */
struct capfile {
	uint8_t *p;
	size_t n, capacity;
	bool big;
	size_t ends[16]; /* where the header and each record end, for the short captures */
	size_t records;
};

void capfile_put(struct capfile *m, const void *p, size_t n);

/* In the file's byte order. */
void capfile_put16(struct capfile *m, uint16_t v);
void capfile_put32(struct capfile *m, uint32_t v);
void capfile_free(struct capfile *m);

/* The way in which one kind of file writes its headers. */
struct capfile_format {
	const char *name;
	bool big, pcapng;
	uint32_t magic;
	uint16_t minor;
	uint32_t extra; /* bytes of a record's header behind the usual 16 */
	uint32_t unit;  /* nanoseconds */
};

enum { CAPFILE_FORMATS = 9, CAPFILE_SHORT = 6 };

extern const struct capfile_format capfile_formats[CAPFILE_FORMATS];

void capfile_begin(struct capfile *m, const struct capfile_format *f, uint32_t link);
void capfile_record(struct capfile *m, const struct capfile_format *f, const struct frame *r);

/* A capture of CAPFILE_SHORT frames, and each of these frames as it must be read again. */
struct capfile capfile_short(const struct capfile_format *f);
struct frame capfile_short_frame(size_t i);

enum capfile_pack {
	CAPFILE_PACK_PLAIN,
	CAPFILE_PACK_GZIP,
	CAPFILE_PACK_ZSTD,
	CAPFILE_PACK_GZIP_MEMBERS,
	CAPFILE_PACK_ZSTD_FRAMES,
	CAPFILE_PACKS
};

/* Members and frames change in the middle of the header, and of a record. */
struct capfile capfile_pack(const struct capfile *of, enum capfile_pack pack);

/* source_open, which must succeed. */
struct source *capfile_open(const char *path, const char *filter);

/* Asserts that two frames are the same. */
void capfile_check(const struct frame *is, const struct frame *want);

/* Reads the short capture's frames to the end in batches of n; how many there were. *last is what
 * source_read said at the end, twice. */
size_t capfile_short_read(struct source *s, size_t n, int *last, struct error *why);

/* Asserts that the words are in the sentence. */
void capfile_words(const char *why, const char *words);

#endif
