/* replacement.c - write beside it, then rename (rename(2) leaves no moment without the file). */
#include "output/replacement.h"

#include "output/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool replacement_init(struct replacement *f, const char *path, mode_t access)
{
	*f = (struct replacement){.path = path, .access = access, .held = -1};
	if (asprintf(&f->temporary, "%s.%ld.tmp", path, (long)getpid()) >= 0)
		return true;
	f->temporary = NULL;
	return false;
}

bool replacement_hold(struct replacement *f, const struct run_mode *mode, char why[REPLACEMENT_WHY])
{
	struct stat st;

	f->held = open(f->path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, f->access);
	if (f->held < 0 || fstat(f->held, &st) != 0) {
		snprintf(why, REPLACEMENT_WHY, "cannot write %.200s: %s", f->path, strerror(errno));
		return false;
	}
	f->in_place = !S_ISREG(st.st_mode);
	if (f->in_place && mode->live) {
		snprintf(why, REPLACEMENT_WHY, "%.200s is no file that can be replaced again and again", f->path);
		return false;
	}
	/* Where this fails it is written in place by the descriptor all the same. */
	if (mode->become && geteuid() == 0 && st.st_size == 0 && !f->in_place && fchown(f->held, mode->uid, mode->gid) != 0)
		return true;
	/* A pipe is waited for. */
	return fcntl(f->held, F_SETFL, fcntl(f->held, F_GETFL) & ~O_NONBLOCK) >= 0;
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

static bool write_in_place(const struct replacement *f, const struct outbuf *b)
{
	if (f->in_place)
		return write_all(f->held, b);
	return lseek(f->held, 0, SEEK_SET) == 0 && ftruncate(f->held, 0) == 0 && write_all(f->held, b);
}

static bool replace(struct replacement *f, int fd, const struct outbuf *b)
{
	bool fine = fchmod(fd, f->access) == 0 && write_all(fd, b);
	int error = errno;

	if (close(fd) == 0 && fine && rename(f->temporary, f->path) == 0) {
		if (f->held >= 0)
			close(f->held);
		f->held = -1;
		return true;
	}
	error = fine ? errno : error;
	unlink(f->temporary);
	errno = error;
	return false;
}

bool replacement_write(struct replacement *f, const struct outbuf *b)
{
	int fd;

	if (f->in_place)
		return write_in_place(f, b);
	fd = open(f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, f->access);
	if (fd >= 0)
		return replace(f, fd, b);
	return f->held >= 0 && write_in_place(f, b);
}

void replacement_free(struct replacement *f)
{
	if (f->held >= 0)
		close(f->held);
	free(f->temporary);
}

bool replacement_check(const char *path, char why[REPLACEMENT_WHY])
{
	char beside[PATH_MAX];

	snprintf(beside, sizeof(beside), "%s.tmp", path);
	return outfile_check(beside, why);
}
