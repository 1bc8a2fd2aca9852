/* file.c - writing out what was rendered, and saying where that fails. */
#include "transport/file.h"

#include "base/log.h"
#include "text/clock.h"
#include "transport/safe_open.h"
#include "transport/send_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much gathers before it is written: few calls, and little that waits. PATIENCE: at the end. */
enum { OUTFILE_GATHER = 65536, OUTFILE_MODE = 0640, PATIENCE_MS = 2000, PAUSE_NS = 1000000 };

/* Who opens it is root, perhaps; who will open it again is not. */
static int create_live(const char *name, const struct run_mode *mode)
{
	int fd = outpath_open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
			      OUTFILE_MODE, mode->uid);
	/* Where this fails the file stays root's, and the reopening says so. */
	if (fd >= 0 && mode->become && geteuid() == 0 && fchown(fd, mode->uid, mode->gid) != 0)
		return fd;
	if (fd >= 0 || errno != EEXIST)
		return fd;
	/* Without O_NONBLOCK the opening of a named pipe would wait for its reader. */
	return outpath_open(name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0,
			    mode->uid);
}

/* Appending keeps other programs that write to the file from being written over. */
static int file_open(const char *name, const struct run_mode *mode)
{
	if (mode->live)
		return create_live(name, mode);
	return outpath_open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, OUTFILE_MODE,
			    mode->uid);
}

/* A pipe with a name of its own can have another reader after this one. */
static bool has_readers_to_come(const struct outfile *f)
{
	struct stat st;
	return f->mode->live && !f->standard && f->to.pipe && lstat(f->name, &st) == 0 &&
	       S_ISFIFO(st.st_mode);
}

bool outfile_open(struct outfile *f, const char *name, const struct run_mode *mode,
		  struct error *why)
{
	static const struct run_mode offline;
	bool standard = strcmp(name, "-") == 0;
	*f = (struct outfile){.name = standard ? "standard output" : name,
			      .standard = standard,
			      .mode = mode ? mode : &offline};
	f->state.name = f->name;
	/* A copy, because two outputs may share standard output, and each closes its own. */
	f->to = standard ? outfd_copy(STDOUT_FILENO, f->mode->live)
			 : outfd_take(file_open(name, f->mode), f->mode->live);
	if (f->to.fd < 0)
		return error_set(why, "cannot write to %s: %s", f->name,
				 errno == ENXIO ? "nobody reads that pipe" : outpath_error(errno));
	f->lasting = has_readers_to_come(f);
	return true;
}

bool outfile_check(const char *name, struct error *why)
{
	const char *slash = strrchr(name, '/');
	int n = !slash ? 1 : slash == name ? 1 : (int)(slash - name);
	char folder[PATH_MAX];
	struct stat st;
	if (stat(name, &st) == 0) {
		if (S_ISDIR(st.st_mode) || access(name, W_OK) != 0)
			error_set(why, "cannot write to %.200s: %s", name,
				  S_ISDIR(st.st_mode) ? "it is a folder" : strerror(errno));
		return true;
	}
	snprintf(folder, sizeof folder, "%.*s", n, slash ? name : ".");
	if (access(folder, W_OK | X_OK) != 0)
		error_set(why, "cannot make a file in %.200s: %s", folder, strerror(errno));
	return true;
}

/* Offline a reader that has gone (`| head`) has what it wanted; live it went while there was more
 * to come. */
static void outfile_break(struct outfile *f, int error)
{
	f->broken = true;
	f->quiet = error == EPIPE && !f->mode->live;
	if (!f->quiet)
		log_line("cannot write to %s: %s; nothing more is written there", f->name,
			 strerror(error));
}

/* Whether the same write is to be tried at once. */
static bool go_on(struct outfile *f, int error)
{
	if (error == EINTR)
		return true;
	if (!f->mode->live || (error == EPIPE && !f->lasting))
		outfile_break(f, error);
	else if (error != EAGAIN) {
		f->failing = true;
		target_state_down(&f->state, strerror(error));
	}
	return false;
}

/* What was written is forgotten; what waits behind it is moved only where that is little, because a
 * slow reader takes it in many small pieces. */
static void written(struct outfile *f)
{
	size_t left = f->buf.n - f->done;
	if (f->broken)
		left = 0;
	if (left == 0 && f->mode->live)
		target_state_up(&f->state);
	if (left > f->done)
		return;
	if (left > 0)
		memmove(f->buf.p, f->buf.p + f->done, left);
	f->whole -= f->done < f->whole ? f->done : f->whole;
	f->buf.n = left;
	f->done = 0;
}

/* In order and byte after byte, so that a line that a full disk has cut goes on where it stopped.
 */
static void write_out(struct outfile *f)
{
	while (!f->broken && f->done < f->buf.n) {
		ssize_t n =
			outfd_write(&f->to, f->buf.p + f->done, f->buf.n - f->done, f->mode->live);
		if (n > 0) {
			f->done += (size_t)n;
			f->failing = false;
		} else if (n == 0 || !go_on(f, errno))
			break;
	}
	written(f);
}

bool outfile_flush(struct outfile *f)
{
	if (f->buf.failed && !f->broken)
		go_on(f, ENOMEM);
	write_out(f);
	return !f->broken;
}

/* Live, the record that is too much is taken back whole. */
static void keep_or_lose(struct outfile *f)
{
	size_t before = f->whole > f->done ? f->whole : f->done;
	if (f->buf.failed || f->buf.n - f->done > OUTQUEUE_BOUND) {
		if (!f->buf.failed && f->buf.n - before > OUTQUEUE_BOUND)
			target_state_too_long(&f->state);
		else
			target_state_lose(&f->state);
		f->buf.n = f->whole;
		f->buf.failed = false;
	}
	f->whole = f->buf.n;
}

bool outfile_put(struct outfile *f)
{
	if (f->mode->live)
		keep_or_lose(f);
	/* A target that fails is tried again at a flush, and not for each record. */
	if (f->buf.failed || ((f->buf.n >= OUTFILE_GATHER || f->to.terminal) && !f->state.on))
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
		log_line("cannot open %s again: %s; going on with the one that is open", f->name,
			 outpath_error(errno));
		return false;
	}
	close(f->to.fd);
	f->to = outfd_take(fd, f->mode->live);
	f->lasting = has_readers_to_come(f);
	return true;
}

/* A reader that is only slow says when it has room again; a pipe without one always says that it is
 * ready, to fail. */
size_t outfile_poll(const struct outfile *f, struct pollfd *p)
{
	if (!f->to.pipe || f->broken || f->failing || f->done == f->buf.n)
		return 0;
	*p = (struct pollfd){.fd = f->to.fd, .events = POLLOUT};
	return 1;
}

/* At the end of the program: a reader that is only slow gets what is still queued. */
static void drain(struct outfile *f)
{
	int64_t end = clock_ms() + PATIENCE_MS, left;
	outfile_flush(f);
	while (!f->to.regular && !f->broken && f->done < f->buf.n &&
	       (left = end - clock_ms()) > 0) {
		struct pollfd p = {.fd = f->to.fd, .events = POLLOUT};
		size_t waiting = f->buf.n - f->done;
		/* A terminal may say that it has room and take nothing; a pipe without a reader
		 * says that it is ready to fail. */
		if (poll(&p, 1, (int)left) > 0)
			nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
		outfile_flush(f);
		if (f->buf.n - f->done < waiting)
			end = clock_ms() + PATIENCE_MS;
	}
}

bool outfile_close(struct outfile *f)
{
	bool whole;
	drain(f);
	whole = !f->broken && f->buf.n == 0;
	/* Some file systems only say at the close that the disk is full. */
	if (close(f->to.fd) != 0 && whole) {
		outfile_break(f, errno);
		whole = false;
	}
	target_state_close(&f->state);
	outbuf_free(&f->buf);
	return whole;
}
