/* folder.h - the folder of a history: one file a day and gateway, such as
 * 2026-11-23-mx1.example.net-1a2b3c4d.db. The last part is the number of the site's key: with
 * another key another file begins. */
#ifndef SMTPWATCH_HISTORY_STORE_FOLDER_H
#define SMTPWATCH_HISTORY_STORE_FOLDER_H

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

enum { FOLDER_NAME_MAX = 128, FOLDER_GATEWAY_MAX = 64 };

#define FOLDER_DAY_MS (INT64_C(86400) * 1000)

/* Writes the name of a file. day: days since the epoch. Bytes of the gateway's name that cannot
 * stand in a file's name become "_". */
void folder_name(char name[FOLDER_NAME_MAX], int64_t day, const char *gateway, uint32_t key_id);

/* The files of a folder, in the order of their names, which is that of the days. */
struct folder_file {
	int64_t day; /* since the epoch */
	char name[FOLDER_NAME_MAX];
};

struct folder {
	struct folder_file *all; /* owned: free it */
	size_t n;
};

/* Returns false with a sentence in why if the folder cannot be read, or memory is exhausted. */
bool folder_read(const char *path, struct folder *f, struct error *why);

/* Removes the gateway's files of days before `day`, whatever their key. Returns their number. */
unsigned folder_prune(const char *path, const char *gateway, int64_t day);

/* Gives a damaged file and its log another name, behind which nobody looks for them. Returns false
 * with errno. */
bool folder_set_aside(const char *path, const char *name);

/* Makes the folder if it is missing, with permissions 0750 and, with root's rights, for uid and gid
 * if become is set. Returns a descriptor that locks it for this gateway until it is closed; -1 with
 * a sentence in why, also if another process writes there. */
int folder_lock(const char *path, const char *gateway, bool become, uid_t uid, gid_t gid,
		struct error *why);

#endif
