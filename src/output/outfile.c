/* outfile.c - writing out what was rendered, and saying where that fails. */
#include "output/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much gathers before it is written: few calls, and little that waits. So much is kept for a target that takes nothing. */
enum { OUTFILE_GATHER = 65536, OUTFILE_KEEP = 4 << 20, OUTFILE_MODE = 0640 };

/* A reader that takes nothing so many times in a row, for so long each, has stopped. */
enum { CLOSE_STILL = 10, CLOSE_WAIT_MS = 100 };

/* Who opens it is root, perhaps; who will open it again is not. */
static int create_live(const char *name, const struct run_mode *mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, OUTFILE_MODE);

	/* Where this fails the file stays root's, and the reopening says so. */
	if (fd >= 0 && mode->become && geteuid() == 0 && fchown(fd, mode->uid, mode->gid) != 0)
		return fd;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	/* Without O_NONBLOCK the opening of a named pipe would wait for its reader. */
	return open(name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
}

/* Appending keeps two outputs to one file from writing over each other. */
static int target_open(const char *name, const struct run_mode *mode)
{
	if (mode->live)
		return create_live(name, mode);
	return open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, OUTFILE_MODE);
}

static void target_take(struct outfile *f, int fd)
{
	struct stat st;

	f->fd = fd;
	f->terminal = isatty(fd);
	f->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool outfile_open(struct outfile *f, const char *name, const struct run_mode *mode, char why[OUTFILE_WHY])
{
	static const struct run_mode offline;
	bool standard = strcmp(name, "-") == 0;
	int fd;

	*f = (struct outfile){
		.name = standard ? "standard output" : name, .standard = standard, .mode = mode != NULL ? mode : &offline};
	f->outage.name = f->name;
	/* A copy, because two outputs may share standard output, and each closes its own. */
	fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : target_open(name, f->mode);
	if (fd < 0) {
		snprintf(why, OUTFILE_WHY, "cannot write to %s: %s", f->name,
			 errno == ENXIO ? "nobody reads that pipe" : strerror(errno));
		return false;
	}
	target_take(f, fd);
	return true;
}

/* A reader that has gone (`| head`) has what it wanted. */
static void outfile_break(struct outfile *f, int error)
{
	f->broken = true;
	f->quiet = error == EPIPE;
	if (!f->quiet)
		fprintf(stderr, "smtpwatch: cannot write to %s: %s; nothing more is written there\n", f->name, strerror(error));
}

/* How much can be written without waiting: a pipe or terminal that can be written to takes so much for certain (POSIX, PIPE_BUF). */
static size_t room_now(const struct outfile *f, size_t n)
{
	struct pollfd p = {.fd = f->fd, .events = POLLOUT};

	if (f->regular)
		return n;
	return poll(&p, 1, 0) > 0 ? (n < PIPE_BUF ? n : PIPE_BUF) : 0;
}

/* Whether the same write is to be tried at once. */
static bool go_on(struct outfile *f, int error)
{
	if (error == EINTR)
		return true;
	if (!f->mode->live || error == EPIPE)
		outfile_break(f, error);
	else if (error != EAGAIN)
		outage_begin(&f->outage, strerror(error));
	return false;
}

/* What was written is forgotten; what waits behind it is moved only where that is little, because a slow reader takes it in many small pieces. */
static void written(struct outfile *f)
{
	size_t left = f->buf.n - f->done;

	if (f->broken)
		left = 0;
	if (left == 0 && f->mode->live)
		outage_end(&f->outage);
	if (left > f->done)
		return;
	if (left > 0)
		memmove(f->buf.p, f->buf.p + f->done, left);
	f->whole -= f->done < f->whole ? f->done : f->whole;
	f->buf.n = left;
	f->done = 0;
}

/* In order and byte after byte, so that a line that a full disk has cut goes on where it stopped. */
static void write_out(struct outfile *f)
{
	while (!f->broken && f->done < f->buf.n) {
		size_t left = f->buf.n - f->done, take = f->mode->live ? room_now(f, left) : left;
		ssize_t n = take > 0 ? write(f->fd, f->buf.p + f->done, take) : 0;

		if (n > 0)
			f->done += (size_t)n;
		else if (n == 0 || !go_on(f, errno))
			break;
	}
	f->waits = f->mode->live && !f->regular && !f->broken && f->done < f->buf.n;
	written(f);
}

bool outfile_flush(struct outfile *f)
{
	if (f->buf.failed && !f->broken)
		go_on(f, ENOMEM);
	write_out(f);
	return !f->broken;
}

size_t outfile_watch(const struct outfile *f, struct pollfd *p)
{
	*p = (struct pollfd){.fd = f->fd, .events = POLLOUT};
	return f->waits;
}

/* At the end nothing else has to be done meanwhile. */
static void wait_for_reader(struct outfile *f)
{
	struct pollfd p;

	for (int still = 0; outfile_watch(f, &p) > 0 && still < CLOSE_STILL; still++)
		if (poll(&p, 1, CLOSE_WAIT_MS) > 0) {
			still = -1;
			outfile_flush(f);
		}
	if (f->waits)
		fprintf(stderr, "smtpwatch: %s: its reader stands still; the last %zu bytes are lost\n", f->name,
			f->buf.n - f->done);
}

/* Live, the record that is too much is taken back whole. */
static void keep_or_lose(struct outfile *f)
{
	if (f->buf.failed || f->buf.n - f->done > OUTFILE_KEEP) {
		f->buf.n = f->whole;
		f->buf.failed = false;
		outage_lose(&f->outage);
	}
	f->whole = f->buf.n;
}

bool outfile_put(struct outfile *f)
{
	if (f->mode->live)
		keep_or_lose(f);
	/* A target that fails is tried again at a flush, and not for each record. */
	if (f->buf.failed || ((f->buf.n >= OUTFILE_GATHER || f->terminal) && !f->outage.on))
		return outfile_flush(f);
	return !f->broken;
}

bool outfile_reopen(struct outfile *f)
{
	int fd;

	if (f->broken || f->standard)
		return !f->broken;
	outfile_flush(f);
	fd = create_live(f->name, f->mode);
	if (fd < 0) {
		fprintf(stderr, "smtpwatch: cannot open %s again: %s; going on with the one that is open\n", f->name,
			strerror(errno));
		return false;
	}
	close(f->fd);
	target_take(f, fd);
	return true;
}

bool outfile_close(struct outfile *f)
{
	bool whole;

	outfile_flush(f);
	wait_for_reader(f);
	whole = !f->broken && f->buf.n == 0;
	/* Some file systems only say at the close that the disk is full. */
	if (close(f->fd) != 0 && whole) {
		outfile_break(f, errno);
		whole = false;
	}
	outage_close(&f->outage);
	outbuf_free(&f->buf);
	return whole;
}
