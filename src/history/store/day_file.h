/*
 * day_file.h - one day of one gateway's history, a database of SQLite.
 *
 * Who writes: day_open with DAY_WRITE, day_begin, day_put ..., day_commit. Who reads: day_open with
 * DAY_READ, day_cursor_open ... Both may have the file open at the same time (WAL).
 */
#ifndef SMTPWATCH_HISTORY_STORE_DAY_FILE_H
#define SMTPWATCH_HISTORY_STORE_DAY_FILE_H

#include "history/store/day_types.h"

struct day_file;

/* Opens a file; with DAY_WRITE it is made if it is missing, with permissions 0640. With DAY_CHANGE
 * it stays in the form that it has, for day_erase. gateway, key_id:
 * for a new file. *fault tells why the result is NULL, with a sentence in why. day_close frees the
 * result; NULL is allowed there. */
struct day_file *day_open(const char *path, enum day_mode mode, const char *gateway,
			  uint32_t key_id, enum day_fault *fault, struct error *why);

/* last: nobody will write to the file any more: it becomes one file, without a log beside it. */
void day_close(struct day_file *d, bool last);

/* Of the file; borrowed. */
const char *day_gateway(const struct day_file *d);
uint32_t day_key_id(const struct day_file *d);

/* Write one thing each. Call between day_begin and day_commit. All return false with a sentence in
 * why and *fault set; then nothing of the transaction is in the file. */
bool day_begin(struct day_file *d, enum day_fault *fault, struct error *why);
bool day_commit(struct day_file *d, enum day_fault *fault, struct error *why);
bool day_put(struct day_file *d, const struct attempt *a, enum day_fault *fault, struct error *why);
bool day_put_name(struct day_file *d, struct day_name name, enum day_fault *fault,
		  struct error *why);
bool day_put_unread(struct day_file *d, const struct attempt_unread *u, enum day_fault *fault,
		    struct error *why);

/* Writes the watched time that began at `start`, or renews it. */
bool day_put_watched(struct day_file *d, const struct day_watched *w, enum day_fault *fault,
		     struct error *why);

/* Each reads all of one table, in the order of time, and calls back. Returns false with a sentence
 * in why if the file is damaged; some calls may have come before. */
bool day_read_unread(struct day_file *d, void (*take)(void *arg, const struct attempt_unread *u),
		     void *arg, struct error *why);
bool day_read_watched(struct day_file *d, void (*take)(void *arg, const struct day_watched *w),
		      void *arg, struct error *why);

/* Returns the time of the attempt that was written last, milliseconds; 0: there is none. */
int64_t day_latest(struct day_file *d);

/* Writes the text behind a key. Returns false if the file has none. */
bool day_find_name(struct day_file *d, uint64_t key, char *out, size_t size);

/* Reading one attempt after the other: for a merge of several files. day_cursor_next returns false
 * at the end, or with a sentence in why. */
struct day_cursor;
struct day_cursor *day_cursor_open(struct day_file *d, const struct day_query *q,
				   struct error *why);
bool day_cursor_next(struct day_cursor *c, struct attempt *a, struct error *why);
void day_cursor_close(struct day_cursor *c);

/* Takes all of one person out of the file, and overwrites it there: attempts to or from the address
 * of that key, and its text. Returns false with a sentence in why. */
bool day_erase(struct day_file *d, uint64_t address, uint64_t *rows, struct error *why);

#endif
