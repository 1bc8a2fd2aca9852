/* safe_open.c - a path walked part by part, as systemd does for the same reason ("unsafe path
 * transition"): what an unprivileged user can put there must not aim root's rights. */
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct walk {
	int at; /* the folder that was reached */
	struct stat folder;
	unsigned links;
	bool root, stay_at_last; /* a link that is the last part is left alone */
	char rest[PATH_MAX];     /* from there on */
};

/* Root alone decides what is in it. */
static bool is_trusted(const struct stat *folder)
{
	return folder->st_uid == 0 && !(folder->st_mode & S_IWOTH) &&
	       (!(folder->st_mode & S_IWGRP) || folder->st_gid == 0);
}

static bool reach(struct walk *w, int fd)
{
	if (fd < 0)
		return false;
	if (w->at >= 0)
		close(w->at);
	w->at = fd;
	return fstat(fd, &w->folder) == 0;
}

static bool reach_root(struct walk *w)
{
	return reach(w, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* What stands at the other end of a link of /proc/self/fd has no path. */
static bool in_proc(const struct walk *w)
{
	struct statfs fs;
	return fstatfs(w->at, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* The link's text takes the place of its name, before what follows it. */
static bool link_follow(struct walk *w, const char *name, const char *behind)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t n = readlinkat(w->at, name, target, sizeof target - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	if ((w->root && !is_trusted(&w->folder)) || w->links++ == LINKS_MAX) {
		errno = ELOOP;
		return false;
	}
	if (snprintf(whole, sizeof whole, "%s%s%s", target, *behind != '\0' ? "/" : "", behind) >=
	    (int)sizeof whole) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(w->rest, whole, sizeof whole);
	return w->rest[0] != '/' || reach_root(w);
}

/* The next part of the path, without the slashes before it; what is behind it, with them. */
static char *part_next(struct walk *w, char name[OUTPATH_NAME])
{
	char *from = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(from, "/");
	if (n == 0 || n >= OUTPATH_NAME) {
		errno = n == 0 ? EISDIR : ENAMETOOLONG;
		return NULL;
	}
	memcpy(name, from, n);
	name[n] = '\0';
	return from + n;
}

static bool is_link(const struct walk *w, const char *name)
{
	struct stat st;
	return fstatat(w->at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static bool go_into(struct walk *w, const char *name, char *behind)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	if (!is_link(w, name))
		return reach(w, openat(w->at, name, flags | O_NOFOLLOW)) &&
		       memmove(w->rest, behind, strlen(behind) + 1);
	if (in_proc(w))
		return reach(w, openat(w->at, name, flags)) &&
		       memmove(w->rest, behind, strlen(behind) + 1);
	return link_follow(w, name, behind + strspn(behind, "/"));
}

/* Until one part is left, which is no link, or one that has no path. */
static bool walk_to_end(struct walk *w, char name[OUTPATH_NAME])
{
	for (char *behind; (behind = part_next(w, name));) {
		if (behind[strspn(behind, "/")] != '\0') {
			if (!go_into(w, name, behind))
				return false;
		} else if (!w->stay_at_last && is_link(w, name) && !in_proc(w)) {
			if (!link_follow(w, name, ""))
				return false;
		} else {
			return true;
		}
	}
	return false;
}

static bool walk(struct walk *w, const char *path, char name[OUTPATH_NAME], bool stay_at_last)
{
	*w = (struct walk){.at = -1, .root = geteuid() == 0, .stay_at_last = stay_at_last};
	if (strlen(path) >= sizeof w->rest) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(w->rest, path, strlen(path) + 1);
	if (path[0] == '/' ? !reach_root(w)
			   : !reach(w, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)))
		return false;
	return walk_to_end(w, name);
}

/* Closes one of a path that failed, and keeps the reason. */
static int give_up(int fd, int error)
{
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

static bool is_acceptable(int fd, int flags, const struct stat *folder, uid_t become)
{
	bool several = folder->st_mode & (S_IWOTH | S_IWGRP);
	struct stat st;
	if (is_trusted(folder))
		return true;
	if (fstat(fd, &st) != 0 || (S_ISREG(st.st_mode) && st.st_nlink > 1))
		return false;
	return !several || (flags & O_ACCMODE) == O_RDONLY || st.st_uid == 0 ||
	       st.st_uid == become || st.st_uid == folder->st_uid;
}

static int open_there(const struct walk *w, const char *name, int flags, mode_t access,
		      uid_t become)
{
	int follow = in_proc(w) && is_trusted(&w->folder) ? 0 : O_NOFOLLOW;
	int fd = openat(w->at, name, (flags & ~O_TRUNC) | follow, access);
	struct stat st;
	if (fd < 0)
		return -1;
	if (!is_acceptable(fd, flags, &w->folder, become))
		return give_up(fd, EPERM);
	if ((flags & O_TRUNC) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    ftruncate(fd, 0) != 0)
		return give_up(fd, errno);
	return fd;
}

int outpath_open(const char *path, int flags, mode_t access, uid_t become)
{
	char name[OUTPATH_NAME];
	struct walk w;
	int fd;
	if (geteuid() != 0)
		return open(path, flags, access);
	if (!walk(&w, path, name, false))
		return give_up(w.at, errno);
	fd = open_there(&w, name, flags, access, become);
	give_up(w.at, errno);
	return fd;
}

int outpath_folder(const char *path, char name[OUTPATH_NAME], bool stay_at_last)
{
	struct walk w;
	return walk(&w, path, name, stay_at_last) ? w.at : give_up(w.at, errno);
}

const char *outpath_error(int error)
{
	if (error == ELOOP)
		return "a symbolic link, in a folder where another than root may put one, is not "
		       "followed with root's rights";
	if (error == EPERM)
		return "a file with a second name, or of another user, in a folder that others may "
		       "write to, is not touched with "
		       "root's rights";
	return strerror(error);
}
