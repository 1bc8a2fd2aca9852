/* site_key.c - finds, reads and makes the file of the site's key. */
#include "transport/site_key.h"

#include "base/log.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 2 * DIGEST_KEY };

static const char system_path[] = "/etc/smtpwatch/site-key";

struct place {
	char path[PATH_MAX];
};

/* Returns false where there is none. */
static bool state_place(struct place *p)
{
	const char *folder = getenv("STATE_DIRECTORY");
	snprintf(p->path, sizeof p->path, "%s/site-key", folder ? folder : "/var/lib/smtpwatch");
	return true;
}

static bool own_place(struct place *p)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return false;
	if (config && *config == '/')
		return snprintf(p->path, sizeof p->path, "%s/smtpwatch/site-key", config) <
		       (int)sizeof p->path;
	return home && *home == '/' &&
	       snprintf(p->path, sizeof p->path, "%s/.config/smtpwatch/site-key", home) <
		       (int)sizeof p->path;
}

static bool system_place(struct place *p)
{
	memcpy(p->path, system_path, sizeof system_path);
	return true;
}

static bool (*const places[])(struct place *) = {system_place, state_place, own_place};

static bool digits_read(const char *text, uint8_t key[DIGEST_KEY])
{
	for (unsigned i = 0; i < DIGITS; i++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, text[i] | 0x20);
		if (text[i] == '\0' || !at)
			return false;
		unsigned digit = (unsigned)(at - digits);
		key[i / 2] = (uint8_t)(i % 2 ? key[i / 2] | digit : digit << 4);
	}
	return true;
}

static bool refuse(struct error *why, const char *path, const char *words)
{
	return error_set(why, "site key %s %s", path, words);
}

/* Reads an open file. */
static bool file_read(int fd, const char *path, uint8_t key[DIGEST_KEY], struct error *why)
{
	char text[DIGITS + 2] = "";
	struct stat st;
	ssize_t n = read(fd, text, sizeof text - 1);
	if (n < 0 || fstat(fd, &st) != 0)
		return error_set(why, "site key %s cannot be read: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IROTH))
		return refuse(why, path, "may be read by everybody: chmod 640, or make a new one");
	if (n < DIGITS || (n > DIGITS && text[DIGITS] != '\n') || !digits_read(text, key))
		return refuse(why, path, "is no key: it must have 64 hexadecimal digits");
	return true;
}

/* Returns a descriptor, or -1 with errno. */
static int file_open(const char *path, uid_t become)
{
	return outpath_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, become);
}

/* The default file that is there; false: none that this user may read. */
static bool default_find(struct place *p, uid_t become, int *fd)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i](p) && (*fd = file_open(p->path, become)) >= 0)
			return true;
	return false;
}

/* Where the default file is to be made. */
static bool default_place(struct place *p)
{
	if (geteuid() == 0)
		return system_place(p);
	return getenv("STATE_DIRECTORY") ? state_place(p) : own_place(p);
}

/* Makes the folders of a default path that are missing. */
static void folders_make(const struct place *p, mode_t access)
{
	struct place folder;
	for (const char *at = p->path + 1; (at = strchr(at, '/')); at++) {
		snprintf(folder.path, sizeof folder.path, "%.*s", (int)(at - p->path), p->path);
		mkdir(folder.path, access);
	}
}

/* Writes a key to a file beside the path, and gives it its name unless another process was faster.
 */
static bool file_write(int folder, const char *name, gid_t group, const char text[DIGITS + 1])
{
	char temporary[32];
	snprintf(temporary, sizeof temporary, ".site-key.%ld", (long)getpid());
	int fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	if (fd < 0)
		return false;
	bool done = write(fd, text, DIGITS + 1) == DIGITS + 1 &&
		    (geteuid() != 0 || fchown(fd, (uid_t)-1, group) == 0) &&
		    fchmod(fd, 0640) == 0 && fsync(fd) == 0 &&
		    (linkat(folder, temporary, folder, name, 0) == 0 || errno == EEXIST);
	int error = errno;
	unlinkat(folder, temporary, 0);
	close(fd);
	errno = error;
	return done;
}

static bool file_make(const char *path, gid_t group, struct error *why)
{
	char name[OUTPATH_NAME], text[DIGITS + 2];
	uint8_t key[DIGEST_KEY];
	bool made = getrandom(key, sizeof key, 0) == sizeof key;
	int folder = made ? outpath_folder(path, name, true) : -1;
	for (unsigned i = 0; i < DIGEST_KEY; i++)
		snprintf(text + 2 * i, 3, "%02x", key[i]);
	text[DIGITS] = '\n';
	made = folder >= 0 && file_write(folder, name, group, text);
	if (!made)
		error_set(why, "site key %s cannot be made: %s", path, outpath_error(errno));
	else
		log_line("made the site key %s; other gateways need a copy of it", path);
	if (folder >= 0)
		close(folder);
	return made;
}

/* Opens what is there; else makes it. */
static int place_open(const char *path, struct place *p, uid_t become, gid_t group,
		      struct error *why)
{
	int fd = -1;
	if (path)
		snprintf(p->path, sizeof p->path, "%s", path);
	if (path ? (fd = file_open(path, become)) >= 0 : default_find(p, become, &fd))
		return fd;
	if (path && errno != ENOENT) {
		error_set(why, "site key %s cannot be read: %s", path, outpath_error(errno));
		return -1;
	}
	if (!path && !default_place(p)) {
		error_set(why, "no folder for the site key: name a file by --site-key");
		return -1;
	}
	if (!path)
		folders_make(p, geteuid() == 0 ? 0755 : 0700);
	if (!file_make(p->path, group, why))
		return -1;
	fd = file_open(p->path, become);
	if (fd < 0)
		error_set(why, "site key %s cannot be read: %s", p->path, outpath_error(errno));
	return fd;
}

bool site_key_read(const char *path, uid_t become, gid_t group, uint8_t key[DIGEST_KEY],
		   struct error *why)
{
	struct place p;
	int fd = place_open(path, &p, become, group, why);
	if (fd < 0)
		return false;
	bool read = file_read(fd, p.path, key, why);
	close(fd);
	return read;
}

bool site_key_find(const char *path, uid_t become, uint8_t key[DIGEST_KEY], bool *there,
		   struct error *why)
{
	struct place p;
	int fd = -1;
	*there = false;
	if (path)
		snprintf(p.path, sizeof p.path, "%s", path);
	if (path ? (fd = file_open(path, become)) < 0 : !default_find(&p, become, &fd))
		return !path || errno == ENOENT ||
		       error_set(why, "site key %s cannot be read: %s", path, outpath_error(errno));
	*there = file_read(fd, p.path, key, why);
	close(fd);
	return *there;
}

bool site_key_check(const char *path, uid_t become, struct error *why)
{
	uint8_t key[DIGEST_KEY];
	bool there;
	return site_key_find(path, become, key, &there, why);
}
