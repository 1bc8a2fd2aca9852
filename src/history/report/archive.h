/* archive.h - all files of a history, of all gateways and days, read as one. */
#ifndef SMTPWATCH_HISTORY_REPORT_ARCHIVE_H
#define SMTPWATCH_HISTORY_REPORT_ARCHIVE_H

#include "history/outcome.h"
#include "history/store/day_file.h"

enum { ARCHIVE_GATEWAYS = 64, ARCHIVE_NAME_MAX = STRING_TEXT_MAX + 1 };

struct archive;

/* Opens all files of the folder. A file that is damaged, of a later version or not to be read is
 * left out after printing why, and counts as a time that was not watched. Returns NULL with a
 * sentence in why if the folder cannot be read or has no file. archive_close frees the result. */
struct archive *archive_open(const char *path, struct error *why);
void archive_close(struct archive *a);

/* Whether something could not be read. */
bool archive_is_broken(const struct archive *a);

/* When the watch ended: the end of the last watched time, or the latest attempt; milliseconds. */
int64_t archive_end(const struct archive *a);

/* The site's keys of the files. Mails of different keys cannot be compared. */
size_t archive_keys(const struct archive *a);
uint32_t archive_key(const struct archive *a, size_t i);

const char *archive_gateway(const struct archive *a, unsigned gateway);

/* Gets attempts in the order of time, with the number of the gateway. */
typedef void archive_taker(void *arg, const struct attempt *a, unsigned gateway);

/* Reads the attempts of all files of a key (archive_key) from a query's `since` on, up to `until`,
 * milliseconds. */
void archive_read(struct archive *a, uint32_t key_id, const struct day_query *q, int64_t until,
		  archive_taker *take, void *arg);

/* Tells the engine what was watched and what was not read, of the files of a key between two times.
 */
void archive_watched(struct archive *a, uint32_t key_id, int64_t since, int64_t until,
		     struct outcomes *o);

/* Writes the text behind a key, or the key in hexadecimal digits, or "" for none. Returns out. */
const char *archive_name(struct archive *a, uint64_t key, char out[ARCHIVE_NAME_MAX]);

/* Takes one person out of all files of the key. Returns false with a sentence in why. */
bool archive_erase(const char *path, uint32_t key_id, uint64_t address, uint64_t *rows,
		   struct error *why);

#endif
