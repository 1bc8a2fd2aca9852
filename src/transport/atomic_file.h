/* atomic_file.h - a file that is replaced as a whole, so that a reader never finds half of it. */
#ifndef SMTPWATCH_TRANSPORT_ATOMIC_FILE_H
#define SMTPWATCH_TRANSPORT_ATOMIC_FILE_H

#include "base/error.h"
#include "text/buffer.h"
#include "transport/run_mode.h"

#include <sys/types.h>

struct atomic_file {
	const char *path;
	char *temporary;
	mode_t access;
	int kept_fd;   /* descriptor of the file that atomic_file_hold opened; -1: none, or the file
		       was   replaced */
	bool in_place; /* the path is no regular file: it must not be replaced */
};

/* access: permission bits of the file; the umask does not apply. path is borrowed. Returns false
 * if memory is exhausted. Call atomic_file_free in either case. */
bool atomic_file_init(struct atomic_file *f, const char *path, mode_t access);

/* Optional. Call before root is given up. Opens the file, or makes it for the user mode->uid. The
 * file can then be written in place if that user may not replace files in the folder.
 * Returns false with a sentence in why; live, also if the path is no regular file. */
bool atomic_file_hold(struct atomic_file *f, const struct run_mode *mode, struct error *why);

/* Writes b to a temporary file beside the path, then renames it to the path. If that cannot be
 * made, or the path is no regular file, writes in place. Returns false with errno: the old file is
 * unchanged, unless it was written in place. */
bool atomic_file_write(struct atomic_file *f, const struct outbuf *b);

void atomic_file_free(struct atomic_file *f);

/* Always returns true. If the folder would not accept a file now, writes a sentence to why. Makes
 * nothing. */
bool atomic_file_check(const char *path, struct error *why);

#endif
