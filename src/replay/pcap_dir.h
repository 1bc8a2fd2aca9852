/* pcap_dir.h - the directory of --write-pcap. Its files get their names when they are complete. */
#ifndef SMTPWATCH_REPLAY_PCAP_DIR_H
#define SMTPWATCH_REPLAY_PCAP_DIR_H

#include "base/error.h"
#include "policy/session_report.h"
#include "smtpwatch/bytes.h"

/* Sizes of a sentence and of two names, with NUL. EXPORT_FILES: with so many entries the directory
 * gets no further file. */
enum { EXPORT_NAME = 224, EXPORT_TEMP = 48, EXPORT_FILES = 10000 };

struct export;

/*
 * Opens the directory, or makes it, with mode 0700. Follows no symbolic link. Call before root is
 * given up. A new directory belongs to the user that the program becomes; user: his name, or NULL
 * for the default. path is borrowed until export_close. Returns NULL with a sentence in why.
 */
struct export *export_open(const char *path, const char *user, struct error *why);

/* Closes the directory. NULL is allowed. */
void export_close(struct export *e);

/* Checks that the program's present user can make files, by making one and removing it. Returns
 * false with a sentence in why. */
bool export_check(const struct export *e, struct error *why);

/*
 * Makes the name of the file for a session's packets: time, alert, addresses, ports and session id.
 * The name consists of letters, digits and "._-", and is the same in every run over the same
 * frames. Returns false if the directory is full; that is counted as lost, and reported once.
 */
bool export_name(struct export *e, const struct report *r, char name[EXPORT_NAME]);

/* export_begin makes a file with a temporary name, mode 0600, and writes the name to temp.
 * export_again opens the file once more. Both return a descriptor that the caller closes. Both
 * return -1 after an error, which export_fail has handled. */
int export_begin(struct export *e, char temp[EXPORT_TEMP]);
int export_again(struct export *e, const char *temp);

/* Renames a complete file to its name; replaces a file of that name. Returns false after an error,
 * which export_fail has handled. */
bool export_end(struct export *e, const char *temp, const char *name);

/* Handles an error: counts a lost file, and removes the file temp (NULL: there is none). errno: the
 * error. Only the first error since the last success is reported on standard error. */
void export_fail(struct export *e, const char *temp);

/* Writes a whole file. frames: a block of frame_store_copy. Adds to *omitted the frames of another
 * link type than the first. Returns false after an error, which export_fail has handled, or if
 * frames is empty. */
bool export_save(struct export *e, const char *name, struct bytes frames, uint32_t *omitted);

/* Return the number of files that were written, and that were lost. */
uint64_t export_written(const struct export *e);
uint64_t export_lost(const struct export *e);

#endif
