/* folder.c - names of files, pruning, and the lock of a writer. */
#include "history/store/folder.h"

#include "base/ascii.h"
#include "transport/safe_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DATE = 10, KEY_ID = 8 };

static const char ending[] = ".db";

/* The gateway as it stands in names. */
static void gateway_name(char out[FOLDER_GATEWAY_MAX], const char *gateway)
{
	size_t n = 0;
	for (; n < FOLDER_GATEWAY_MAX - 1 && gateway[n] != '\0'; n++)
		out[n] = ascii_alnum((uint8_t)gateway[n]) || strchr("-_.", gateway[n]) ? gateway[n]
										       : '_';
	out[n] = '\0';
}

void folder_name(char name[FOLDER_NAME_MAX], int64_t day, const char *gateway, uint32_t key_id)
{
	time_t seconds = (time_t)(day * 86400);
	struct tm tm = {0};
	char date[24] = "0000-00-00", words[FOLDER_GATEWAY_MAX];
	if (gmtime_r(&seconds, &tm))
		strftime(date, sizeof date, "%Y-%m-%d", &tm);
	gateway_name(words, gateway);
	snprintf(name, FOLDER_NAME_MAX, "%s-%s-%08x%s", date, words, key_id, ending);
}

/* Whether the name is that of a day's file; of which day. */
static bool name_read(const char *name, int64_t *day)
{
	struct tm tm = {0};
	size_t n = strlen(name), tail = 1 + KEY_ID + strlen(ending);
	const char *end = strptime(name, "%Y-%m-%d", &tm);
	if (n >= FOLDER_NAME_MAX || n < DATE + 2 + tail || !end || end != name + DATE ||
	    *end != '-' || strcmp(name + n - strlen(ending), ending) != 0 ||
	    name[n - tail] != '-' ||
	    strspn(name + n - tail + 1, "0123456789abcdef") != (size_t)KEY_ID)
		return false;
	*day = (int64_t)timegm(&tm) / 86400;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct folder_file *)a)->name, ((const struct folder_file *)b)->name);
}

bool folder_read(const char *path, struct folder *f, struct error *why)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	*f = (struct folder){0};
	if (!dir)
		return error_set(why, "the history %.200s cannot be read: %s", path,
				 strerror(errno));
	while ((e = readdir(dir))) {
		struct folder_file one, *all;
		if (!name_read(e->d_name, &one.day))
			continue;
		memcpy(one.name, e->d_name, strlen(e->d_name) + 1);
		all = realloc(f->all, (f->n + 1) * sizeof *all);
		if (!all) {
			closedir(dir);
			free(f->all);
			return error_set(why, "no memory");
		}
		f->all = all;
		f->all[f->n++] = one;
	}
	closedir(dir);
	if (f->n > 0)
		qsort(f->all, f->n, sizeof *f->all, by_name);
	return true;
}

static const char *const companions[] = {"", "-wal", "-shm"};
enum { COMPANIONS = sizeof companions / sizeof companions[0] };

unsigned folder_prune(const char *path, const char *gateway, int64_t day)
{
	struct folder f;
	char words[FOLDER_GATEWAY_MAX], old[4096];
	unsigned pruned = 0;
	size_t n;
	if (!folder_read(path, &f, NULL))
		return 0;
	gateway_name(words, gateway);
	n = strlen(words);
	for (size_t i = 0; i < f.n; i++) {
		const char *name = f.all[i].name;
		bool own = strlen(name) == DATE + 1 + n + 1 + KEY_ID + strlen(ending) &&
			   memcmp(name + DATE + 1, words, n) == 0;
		if (!own || f.all[i].day >= day)
			continue;
		for (unsigned j = 0; j < COMPANIONS; j++) {
			snprintf(old, sizeof old, "%s/%s%s", path, name, companions[j]);
			pruned += unlink(old) == 0 && j == 0;
		}
	}
	free(f.all);
	return pruned;
}

bool folder_set_aside(const char *path, const char *name)
{
	char from[4096], to[4096];
	bool moved = true;
	for (unsigned j = COMPANIONS; j-- > 0;) {
		snprintf(from, sizeof from, "%s/%s%s", path, name, companions[j]);
		snprintf(to, sizeof to, "%s/%s.damaged-%lld%s", path, name, (long long)time(NULL),
			 companions[j]);
		moved = rename(from, to) == 0 || (j > 0 && errno == ENOENT);
		if (!moved)
			break;
	}
	return moved;
}

/* Returns the folder's descriptor, or -1 with errno. A folder that this function makes cannot be
 * another user's link. */
static int folder_open(const char *path, bool become, uid_t uid, gid_t gid)
{
	char name[OUTPATH_NAME];
	int above = outpath_folder(path, name, false), dir = -1, error;
	bool made = above >= 0 && mkdirat(above, name, 0750) == 0;
	if (above >= 0 && (made || errno == EEXIST))
		dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	error = errno;
	if (above >= 0)
		close(above);
	if (dir >= 0 && made && become && fchown(dir, uid, gid) != 0) {
		error = errno;
		close(dir);
		dir = -1;
	}
	errno = error;
	return dir;
}

int folder_lock(const char *path, const char *gateway, bool become, uid_t uid, gid_t gid,
		struct error *why)
{
	char words[FOLDER_GATEWAY_MAX], name[FOLDER_NAME_MAX];
	int dir = folder_open(path, become, uid, gid), fd = -1;
	bool locked;
	gateway_name(words, gateway);
	snprintf(name, sizeof name, ".%s.lock", words);
	if (dir >= 0)
		fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0) {
		error_set(why, "the history %.200s cannot be written: %s", path,
			  outpath_error(errno));
		if (dir >= 0)
			close(dir);
		return -1;
	}
	close(dir);
	if (become && fchown(fd, uid, gid) != 0)
		error_set(why, "the history %.200s cannot be written: %s", path, strerror(errno));
	locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (locked)
		return fd;
	error_set(why,
		  errno == EWOULDBLOCK
			  ? "another process writes the history %.200s of this gateway; --gateway "
			    "gives it another name"
			  : "the history %.200s cannot be locked",
		  path);
	close(fd);
	return -1;
}
