/* output.c - lines of secrets on their way to the one who reads them. */
#include "keys/output.h"

#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FIFO_SIZE: bytes that the kernel keeps for a reader; the most that it grants everybody. */
enum { FIFO_SIZE = 1 << 20 };

/* Makes what is not there. Returns false with errno. */
static bool target_make(const char *path, bool fifo, gid_t group)
{
	char name[OUTPATH_NAME];
	int folder = outpath_folder(path, name, true);
	mode_t mode = fifo ? 0660 : 0640;
	if (folder < 0)
		return false;
	int fd = fifo ? -1
		      : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       0600);
	bool made = fifo ? mkfifoat(folder, name, 0600) == 0 : fd >= 0;
	bool there = !made && errno == EEXIST;
	if (made && geteuid() == 0)
		made = fchownat(folder, name, 0, group, AT_SYMLINK_NOFOLLOW) == 0;
	if (made)
		made = fchmodat(folder, name, mode, 0) == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	close(folder);
	errno = error;
	return made || there;
}

bool output_open(struct output *o, const char *path, bool fifo, gid_t group, struct error *why)
{
	struct stat st;
	o->fd = -1;
	if (strcmp(path, "-") == 0) {
		o->fd = dup(STDOUT_FILENO);
		return o->fd >= 0 || error_set(why, "standard output is closed");
	}
	bool there = stat(path, &st) == 0;
	if (!there && (errno != ENOENT || !target_make(path, fifo, group)))
		return error_set(why, "%.200s cannot be made: %s", path, outpath_error(errno));
	fifo = there ? S_ISFIFO(st.st_mode) : fifo;
	/* A FIFO that is open for reading too takes lines before its reader comes. */
	o->fd = outpath_open(path, (fifo ? O_RDWR : O_WRONLY | O_APPEND) | O_NONBLOCK | O_CLOEXEC,
			     0, geteuid());
	if (o->fd < 0)
		return error_set(why, "%.200s cannot be opened: %s", path, outpath_error(errno));
	if (fstat(o->fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))) {
		if (st.st_mode & S_IRWXO)
			return error_set(why, "%.200s is open to all users: chmod o= first", path);
		/* Fails where the limit is lower; then it has its usual size. */
		if (fifo)
			fcntl(o->fd, F_SETPIPE_SZ, FIFO_SIZE);
		return true;
	}
	return error_set(why, "%.200s is neither a file nor a FIFO", path);
}

/* Wipes the first n bytes. */
static void text_drop(struct output *o, size_t n)
{
	memmove(o->text, o->text + n, o->n - n);
	explicit_bzero(o->text + o->n - n, n);
	o->n -= n;
}

static size_t lines_in(const char *text, size_t n)
{
	size_t lines = 0;
	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

/* The oldest lines go, an eighth at a time. */
static void room_make(struct output *o)
{
	size_t n = OUTPUT_WAITS_MAX / 8;
	while (n < o->n && o->text[n - 1] != '\n')
		n++;
	o->lost += lines_in(o->text, n);
	text_drop(o, n);
}

/* Copies by itself: realloc would leave secrets in freed memory. */
static bool text_grow(struct output *o)
{
	size_t capacity = o->capacity ? 2 * o->capacity : 64 << 10;
	char *text = malloc(capacity);
	if (!text)
		return false;
	if (o->n > 0)
		memcpy(text, o->text, o->n);
	if (o->text)
		explicit_bzero(o->text, o->n);
	free(o->text);
	o->text = text;
	o->capacity = capacity;
	return true;
}

void output_line(struct output *o, const char *line, size_t n)
{
	if (o->n + n > OUTPUT_WAITS_MAX)
		room_make(o);
	if (o->n + n > o->capacity && !text_grow(o)) {
		o->lost++;
		return;
	}
	memcpy(o->text + o->n, line, n);
	o->n += n;
}

/* Whole lines that a pipe takes at once or not at all (pipe(7)). */
static size_t piece(const struct output *o, size_t at)
{
	size_t n = o->n - at < PIPE_BUF ? o->n - at : PIPE_BUF;
	while (n > 0 && o->text[at + n - 1] != '\n')
		n--;
	return n;
}

bool output_flush(struct output *o, struct error *why)
{
	size_t at = 0, n;
	bool fine = true;
	while (fine && (n = piece(o, at)) > 0) {
		ssize_t done = write(o->fd, o->text + at, n);
		if (done >= 0)
			at += (size_t)done;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			fine = error_set(why, "lines cannot be written: %s", strerror(errno));
	}
	if (at > 0)
		text_drop(o, at);
	return fine;
}

void output_leave(struct output *o)
{
	close(o->fd);
	o->fd = -1;
}

void output_close(struct output *o)
{
	if (o->text) {
		o->lost += lines_in(o->text, o->n);
		explicit_bzero(o->text, o->capacity);
	}
	free(o->text);
	if (o->fd >= 0)
		close(o->fd);
	*o = (struct output){.fd = -1, .lost = o->lost};
}
