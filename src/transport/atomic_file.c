/* atomic_file.c - write beside it, then rename (rename(2) leaves no moment without the file). */
#include "transport/atomic_file.h"

#include "transport/file.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool atomic_file_init(struct atomic_file *f, const char *path, mode_t access)
{
	*f = (struct atomic_file){.path = path, .access = access, .kept_fd = -1};
	if (asprintf(&f->temporary, "%s.%ld.tmp", path, (long)getpid()) >= 0)
		return true;
	f->temporary = NULL;
	return false;
}

bool atomic_file_hold(struct atomic_file *f, const struct run_mode *mode, struct error *why)
{
	struct stat st;
	f->kept_fd = outpath_open(f->path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				  f->access, mode->uid);
	if (f->kept_fd < 0 || fstat(f->kept_fd, &st) != 0)
		return error_set(why, "cannot write %.200s: %s", f->path, outpath_error(errno));
	f->in_place = !S_ISREG(st.st_mode);
	if (f->in_place && mode->live)
		return error_set(why, "%.200s is no file that can be replaced again and again",
				 f->path);
	/* Where this fails it is written in place by the descriptor all the same. */
	if (mode->become && geteuid() == 0 && st.st_size == 0 && !f->in_place &&
	    fchown(f->kept_fd, mode->uid, mode->gid) != 0)
		return true;
	/* A pipe is waited for. */
	return fcntl(f->kept_fd, F_SETFL, fcntl(f->kept_fd, F_GETFL) & ~O_NONBLOCK) >= 0;
}

static bool write_all(int fd, const struct outbuf *b)
{
	size_t done = 0;
	while (done < b->n) {
		ssize_t n = write(fd, b->p + done, b->n - done);
		if (n <= 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool write_in_place(const struct atomic_file *f, const struct outbuf *b)
{
	if (f->in_place)
		return write_all(f->kept_fd, b);
	return lseek(f->kept_fd, 0, SEEK_SET) == 0 && ftruncate(f->kept_fd, 0) == 0 &&
	       write_all(f->kept_fd, b);
}

/* Both names stand in one folder, which is reached once: nobody can put another in its place in
 * between. */
static bool replace(struct atomic_file *f, int folder, const char *temporary, int fd,
		    const struct outbuf *b)
{
	const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
	bool fine = fchmod(fd, f->access) == 0 && write_all(fd, b);
	int error = errno;
	if (close(fd) == 0 && fine && renameat(folder, temporary, folder, name) == 0) {
		if (f->kept_fd >= 0)
			close(f->kept_fd);
		f->kept_fd = -1;
		return true;
	}
	error = fine ? errno : error;
	unlinkat(folder, temporary, 0);
	errno = error;
	return false;
}

/* One that is left of an earlier process is not ours to write to: whoever made it may have it open.
 */
static int temporary_open(const struct atomic_file *f, int folder, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(folder, name, flags, f->access);
	if (fd >= 0 || errno != EEXIST || unlinkat(folder, name, 0) != 0)
		return fd;
	return openat(folder, name, flags, f->access);
}

bool atomic_file_write(struct atomic_file *f, const struct outbuf *b)
{
	char name[OUTPATH_NAME];
	int folder, fd;
	bool fine;
	if (f->in_place)
		return write_in_place(f, b);
	folder = outpath_folder(f->temporary, name, true);
	fd = folder >= 0 ? temporary_open(f, folder, name) : -1;
	fine = fd >= 0 ? replace(f, folder, name, fd, b) : f->kept_fd >= 0 && write_in_place(f, b);
	if (folder >= 0) {
		int error = errno;
		close(folder);
		errno = error;
	}
	return fine;
}

void atomic_file_free(struct atomic_file *f)
{
	if (f->kept_fd >= 0)
		close(f->kept_fd);
	free(f->temporary);
}

bool atomic_file_check(const char *path, struct error *why)
{
	char beside[PATH_MAX];
	snprintf(beside, sizeof beside, "%s.tmp", path);
	return outfile_check(beside, why);
}
