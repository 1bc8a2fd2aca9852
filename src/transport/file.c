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
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much gathers before it is written: few calls, and little that waits. PATIENCE: at the end. */
enum { OUTFILE_GATHER = 65536, OUTFILE_MODE = 0640, PATIENCE_MS = 2000, PAUSE_NS = 1000000 };

/* Who opens it is root, perhaps; who will open or read it later is not. Only a file that was made
 * here changes its owner. */
static int create(const char *name, const struct run_mode *mode)
{
	int fd = outpath_open(name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
			      OUTFILE_MODE, mode->uid);
	/* Where this fails the file stays root's, and the reopening says so. */
	if (fd >= 0 && mode->become && geteuid() == 0 && fchown(fd, mode->uid, mode->gid) != 0)
		return fd;
	return fd;
}

static int create_live(const char *name, const struct run_mode *mode)
{
	int fd = create(name, mode);
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
	int fd = mode->caller ? create(name, mode) : -1;
	if (fd >= 0 || (mode->caller && errno != EEXIST))
		return fd;
	return outpath_open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, OUTFILE_MODE,
			    mode->uid);
}

/* A process that was killed may have left half a line, to which no other is added. */
static void line_end(const struct outfile *f)
{
	struct stat st;
	char last = '\n';
	int fd;
	if (!f->mode->live || !f->to.regular || f->standard || fstat(f->to.fd, &st) != 0 ||
	    st.st_size == 0)
		return;
	fd = outpath_open(f->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, f->mode->uid);
	if (fd >= 0 && pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n' &&
	    write(f->to.fd, "\n", 1) != 1)
		log_line("%s: its last line has no end", f->name);
	if (fd >= 0)
		close(fd);
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
	line_end(f);
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

/* Counts the records that are written whole. */
static void records_count(struct outfile *f)
{
	uint64_t done = f->origin + f->done;
	while (f->ends_first < f->ends_n && f->ends[f->ends_first] <= done) {
		f->begun = f->ends[f->ends_first++];
		f->state.written++;
	}
	if (f->done == f->buf.n || f->broken) {
		f->begun = done;
		f->ends_first = f->ends_n = 0;
	}
}

/* Takes the part of a record back that a regular file got, unless another program has written
 * behind it. */
static void part_take_back(struct outfile *f)
{
	off_t part = (off_t)(f->origin + f->done - f->begun), end;
	struct stat st;
	if (part > 0 && f->to.regular && (end = lseek(f->to.fd, 0, SEEK_CUR)) >= part &&
	    fstat(f->to.fd, &st) == 0 && st.st_size == end && ftruncate(f->to.fd, end - part) == 0)
		f->done -= (size_t)part;
}

/* Offline a reader that has gone (`| head`) has what it wanted; live it went while there was more
 * to come. */
static void outfile_break(struct outfile *f, int error)
{
	records_count(f);
	part_take_back(f);
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

/* Records that were written are forgotten; what waits behind them is moved only where that is
 * little, because a slow reader takes it in many small pieces. */
static void written(struct outfile *f)
{
	size_t gone, left;
	records_count(f);
	gone = f->broken ? f->buf.n : (size_t)(f->begun - f->origin);
	left = f->buf.n - gone;
	if (left == 0 && f->mode->live)
		target_state_up(&f->state);
	if (left > gone)
		return;
	if (left > 0)
		memmove(f->buf.p, f->buf.p + gone, left);
	f->whole -= gone < f->whole ? gone : f->whole;
	f->done -= gone < f->done ? gone : f->done;
	f->origin += gone;
	f->begun = f->begun > f->origin ? f->begun : f->origin;
	f->buf.n = left;
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

/* Notes where a record ends. Returns false without memory for that. */
static bool end_note(struct outfile *f)
{
	if (f->ends_n == f->ends_capacity && f->ends_first >= f->ends_n / 2 && f->ends_n > 0) {
		f->ends_n -= f->ends_first;
		memmove(f->ends, f->ends + f->ends_first, f->ends_n * sizeof *f->ends);
		f->ends_first = 0;
	} else if (f->ends_n == f->ends_capacity) {
		size_t capacity = f->ends_capacity > 0 ? 2 * f->ends_capacity : 64;
		uint64_t *more = realloc(f->ends, capacity * sizeof *more);
		if (!more)
			return false;
		f->ends = more;
		f->ends_capacity = capacity;
	}
	f->ends[f->ends_n++] = f->origin + f->buf.n;
	return true;
}

/* Live, the record that is too much is taken back whole. */
static void keep_or_lose(struct outfile *f)
{
	size_t before = f->whole > f->done ? f->whole : f->done;
	if (f->buf.failed || f->buf.n - f->done > OUTQUEUE_BOUND || !end_note(f)) {
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
	f->state.offered++;
	if (f->mode->live)
		keep_or_lose(f);
	else if (!end_note(f))
		f->buf.failed = true;
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
	/* The new file gets the record from its beginning. */
	part_take_back(f);
	f->done = (size_t)(f->begun - f->origin);
	close(f->to.fd);
	f->to = outfd_take(fd, f->mode->live);
	line_end(f);
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
	part_take_back(f);
	/* Some file systems only say at the close that the disk is full. */
	if (close(f->to.fd) != 0 && whole) {
		outfile_break(f, errno);
		whole = false;
	}
	target_state_sum(&f->state, f->mode->live);
	outbuf_free(&f->buf);
	free(f->ends);
	return whole;
}
