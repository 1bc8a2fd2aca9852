/* pcap_dir.h - the directory of --write-pcap: names, and files that appear in it when they are
 * whole.
 */
#ifndef SMTPWATCH_REPLAY_PCAP_DIR_H
#define SMTPWATCH_REPLAY_PCAP_DIR_H

#include "policy/session_report.h"
#include "smtpwatch/bytes.h"

/* EXPORT_FILES: more entries than this the directory is not filled to. */
enum { EXPORT_WHY = 512, EXPORT_NAME = 224, EXPORT_TEMP = 48, EXPORT_FILES = 10000 };

struct export;

/*
 * Opens the directory, or makes it, readable to its owner only. Before root is given up: of a new
 * directory the owner is the user who will be become (NULL: the default). path is borrowed. NULL,
 * with a sentence in why.
 */
struct export *export_open(const char *path, const char *user, char why[EXPORT_WHY]);
void export_close(struct export *e);

/* Whether files can be made in it, by the user that the program is by now. False, with a sentence
 * in why. */
bool export_check(const struct export *e, char why[EXPORT_WHY]);

/*
 * A name for the file of a session's packets: time, alert, addresses, ports, session id, of
 * letters, digits and "._-" alone, the same in every run over the same frames. False: the directory
 * has no room for one more, which is said, once, and counted as lost.
 */
bool export_name(struct export *e, const struct report *r, char name[EXPORT_NAME]);

/* A file under a name of its own until it is whole, for its owner to read: a descriptor, or -1,
 * which is said. export_again opens it once more. */
int export_begin(struct export *e, char temp[EXPORT_TEMP]);
int export_again(struct export *e, const char *temp);

/* Whole: it gets its name, and takes the place of one that has the name. False: it could not, which
 * is said; it is gone then. */
bool export_end(struct export *e, const char *temp, const char *name);

/* Something went wrong with it, as errno says: that is said, it is counted as lost, and what there
 * is of it goes. temp: NULL: there is nothing. */
void export_fail(struct export *e, const char *temp);

/* A whole file, of the frames in a block of frame_store_copy. *omitted grows by those that cannot
 * stand in it. False: that was said and counted. */
bool export_save(struct export *e, const char *name, struct bytes frames, uint32_t *omitted);

/* Files written; and those that should have been. */
uint64_t export_written(const struct export *e);
uint64_t export_lost(const struct export *e);

#endif
