/* atomic_file.h - a file that is replaced as a whole, so that whoever reads it never finds half of
 * it. */
#ifndef SMTPWATCH_TRANSPORT_ATOMIC_FILE_H
#define SMTPWATCH_TRANSPORT_ATOMIC_FILE_H

#include "text/buffer.h"
#include "transport/run_mode.h"

#include <sys/types.h>

#define REPLACEMENT_WHY 512

struct replacement {
	const char *path;
	char *temporary;
	mode_t access;
	int held; /* the file as it was found or made at the beginning; -1: none, or it was replaced
		   */
	bool in_place; /* it is no regular file: nothing may take its place */
};

/* access: its permission bits, whatever the umask says. path is borrowed. False where there is no
 * memory; replacement_free is due in either case. */
bool replacement_init(struct replacement *f, const char *path, mode_t access);

/*
 * Optional, and with the rights of the start: makes the file if there is none, for who will be
 * become, so that it can be written in place where that user may not replace anything in its
 * folder. False, with a sentence in why.
 */
bool replacement_hold(struct replacement *f, const struct run_mode *mode,
		      char why[REPLACEMENT_WHY]);

/* The whole of it, under a name of its own first (beside the file), then in its place. False with
 * errno: the old one stays, but where it had to be written in place. */
bool replacement_write(struct replacement *f, const struct outbuf *b);

void replacement_free(struct replacement *f);

/* True; with a sentence in why where the folder would not take a file as things are. Nothing is
 * made. */
bool replacement_check(const char *path, char why[REPLACEMENT_WHY]);

#endif
