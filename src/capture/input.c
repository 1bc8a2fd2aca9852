/* input.c - reads a file descriptor in blocks by read(2), and decompresses them if needed. */
#include "capture/input.h"

#include "capture/unpack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first read is small: if the input is not compressed, its bytes are copied once more. */
enum { INPUT_FIRST = 4 << 10, INPUT_BLOCK = 256 << 10, INPUT_FOLLOW_MS = 250 };

struct input {
	int fd;
	bool standard; /* standard input, which is not closed */
	int wake;      /* eventfd that input_stop makes readable; -1: a regular file that is not
			  followed, where no read takes long */
	atomic_bool stop;
	bool ended;
	const struct input_follow *follow; /* NULL: the end of the file is the end */
	uint64_t fetched, size;            /* bytes read; of the file; size 0: unknown */
	struct unpack *unpack;             /* NULL: not compressed */
	struct bytes raw;                  /* unread bytes of block */
	/* The first bytes, which input_read returns again: a pipe cannot be read twice. */
	size_t ahead_n, ahead_given;
	uint8_t ahead[INPUT_AHEAD];
	struct error trouble;
	uint8_t block[INPUT_BLOCK];
};

static bool input_fail(struct input *in, const char *what, const char *detail)
{
	return error_set(&in->trouble, "%s%s", what, detail);
}

static ssize_t input_broken(struct input *in)
{
	input_fail(in, "cannot be read: ", strerror(errno));
	return -1;
}

/* Waits until bytes are available. Returns false after input_stop, or, if `interruptible`, after a
 * signal. */
static bool input_wait(struct input *in, bool interruptible)
{
	struct pollfd p[] = {{.fd = in->fd, .events = POLLIN}, {.fd = in->wake, .events = POLLIN}};
	while (in->wake >= 0 && !input_stopped(in)) {
		int r = poll(p, 2, -1);
		if (r > 0 && p[0].revents)
			break;
		if (r < 0 && (errno != EINTR || interruptible))
			return false;
	}
	return !input_stopped(in);
}

/* Whether the bytes that read(2) did not find are worth another try after a while. Sets
 * in->trouble if the file has become shorter. */
static bool input_await_more(struct input *in)
{
	struct pollfd p = {.fd = in->wake, .events = POLLIN};
	struct stat st;
	if (!in->follow || input_stopped(in) || !in->follow->wait(in->follow->arg))
		return false;
	poll(&p, 1, INPUT_FOLLOW_MS);
	if (fstat(in->fd, &st) < 0 || (uint64_t)st.st_size >= in->fetched)
		return true;
	return input_fail(in, "was cut, or written anew, while it was followed", "");
}

/* Calls read(2) once. interruptible: before input_open returns, input_stop cannot be called, so a
 * signal must end the wait. */
static ssize_t input_fetch(struct input *in, void *to, size_t n, bool interruptible)
{
	if (in->ended)
		return 0;
	ssize_t r;
	do {
		if (!input_wait(in, interruptible))
			return input_stopped(in) ? 0 : input_broken(in);
		r = read(in->fd, to, n);
	} while (r < 0 ? errno == EAGAIN || (errno == EINTR && !interruptible)
		       : r == 0 && input_await_more(in));
	if (r < 0)
		return input_broken(in);
	if (r == 0 && in->trouble.text[0])
		return -1;
	in->ended = r == 0 && !in->follow;
	in->fetched += (uint64_t)r;
	return r;
}

static ssize_t input_fetch_block(struct input *in, bool interruptible)
{
	ssize_t r = input_fetch(in, in->block, sizeof in->block, interruptible);
	in->raw = bytes_of(in->block, r > 0 ? (size_t)r : 0);
	return r;
}

static ssize_t input_cut(struct input *in)
{
	error_set(&in->trouble, "ends in the middle of its %s data", unpack_name(in->unpack));
	return -1;
}

static ssize_t input_damaged(struct input *in)
{
	error_set(&in->trouble, "has damaged %s data: %s", unpack_name(in->unpack),
		  unpack_reason(in->unpack));
	return -1;
}

/* Reads more only after the decoder has returned everything: the writer of a pipe may wait for our
 * reaction. */
static ssize_t input_unpack(struct input *in, void *to, size_t n, bool interruptible)
{
	for (;;) {
		size_t made;
		enum unpack_state state = unpack_step(in->unpack, &in->raw, to, n, &made);
		/* The decoder may hold more than fitted. Therefore the next call begins here again,
		 * even without new input. */
		if (made > 0)
			return (ssize_t)made;
		if (state == UNPACK_DAMAGED)
			return input_damaged(in);
		if (in->raw.n > 0)
			continue;
		ssize_t r = input_fetch_block(in, interruptible);
		if (r == 0 && state == UNPACK_INSIDE && !input_stopped(in))
			return input_cut(in);
		if (r <= 0)
			return r;
	}
}

/* At the start the block contains the bytes that told the compression. Afterwards input is read
 * directly to the caller's buffer. */
static ssize_t input_copy(struct input *in, void *to, size_t n, bool interruptible)
{
	if (in->raw.n == 0)
		return input_fetch(in, to, n, interruptible);
	struct bytes part = bytes_first(in->raw, n);
	memcpy(to, part.p, part.n);
	in->raw = bytes_from(in->raw, part.n);
	return (ssize_t)part.n;
}

static ssize_t input_decoded(struct input *in, void *to, size_t n, bool interruptible)
{
	return in->unpack ? input_unpack(in, to, n, interruptible)
			  : input_copy(in, to, n, interruptible);
}

ssize_t input_read(struct input *in, void *to, size_t n)
{
	assert(n > 0);
	if (in->ahead_given < in->ahead_n) {
		size_t left = in->ahead_n - in->ahead_given;
		size_t part = left < n ? left : n;
		memcpy(to, in->ahead + in->ahead_given, part);
		in->ahead_given += part;
		return (ssize_t)part;
	}
	if (in->trouble.text[0])
		return -1;
	return input_stopped(in) ? 0 : input_decoded(in, to, n, false);
}

/* An error this early loses no frame: no format has a whole frame in so few bytes. */
static bool input_look_ahead(struct input *in)
{
	while (in->ahead_n < INPUT_AHEAD) {
		ssize_t r =
			input_decoded(in, in->ahead + in->ahead_n, INPUT_AHEAD - in->ahead_n, true);
		if (r <= 0)
			return r == 0;
		in->ahead_n += (size_t)r;
	}
	return true;
}

/* A pipe may return the magic number byte by byte. */
static bool input_find_unpack(struct input *in)
{
	bool failed = false;
	while (in->raw.n < 4) {
		size_t have = in->raw.n;
		ssize_t r = input_fetch(in, in->block + have, INPUT_FIRST - have, true);
		if (r < 0)
			return false;
		in->raw = bytes_of(in->block, have + (size_t)r);
		if (r == 0)
			break;
	}
	in->unpack = unpack_new(in->raw, &failed);
	if (failed)
		input_fail(in, "cannot be unpacked: ", strerror(ENOMEM));
	return !failed;
}

/* Refuses what read(2) would refuse without a useful message, or not refuse at all. */
static bool input_check(struct input *in)
{
	struct stat st;
	if (fstat(in->fd, &st) < 0)
		return input_fail(in, "cannot be opened: ", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return input_fail(in, "is a directory without a capture", "");
	if (S_ISCHR(st.st_mode) && isatty(in->fd))
		return input_fail(in, "is a terminal: a capture cannot be typed", "");
	if (!S_ISREG(st.st_mode))
		in->follow = NULL;
	else if (!in->follow)
		in->size = (uint64_t)st.st_size;
	if (S_ISREG(st.st_mode) && !in->follow)
		return true;
	in->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return in->wake >= 0 || input_fail(in, "cannot be opened: ", strerror(errno));
}

/*
 * "/dev/fd/3" means a duplicate of that descriptor, as in a shell. open(2) on that name would check
 * permissions again, for a user that may have changed. A file is read from its beginning.
 */
static int file_open(const char *path)
{
	const char *number = strncmp(path, "/dev/fd/", 8) == 0 ? path + 8 : "";
	char *end;
	unsigned long n = strtoul(number, &end, 10);
	int fd;

	if (number[0] < '0' || number[0] > '9' || *end != '\0' || n > INT_MAX)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	fd = fcntl((int)n, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static bool input_start(struct input *in, const char *path)
{
	in->standard = strcmp(path, "-") == 0;
	in->fd = in->standard ? STDIN_FILENO : file_open(path);
	if (in->fd < 0)
		return input_fail(in, "cannot be opened: ", strerror(errno));
	return input_check(in) && input_find_unpack(in) && input_look_ahead(in);
}

struct input *input_open(const char *path, struct error *reason)
{
	return input_open_growing(path, NULL, reason);
}

struct input *input_open_growing(const char *path, const struct input_follow *follow,
				 struct error *reason)
{
	struct input *in = malloc(sizeof *in);
	if (!in) {
		error_set(reason, "cannot be opened: %s", strerror(ENOMEM));
		return NULL;
	}
	/* Not calloc: the block is large, and mostly unused if the input is not compressed. */
	memset(in, 0, offsetof(struct input, block));
	in->fd = in->wake = -1;
	in->follow = follow;
	atomic_init(&in->stop, false);
	if (input_start(in, path))
		return in;
	*reason = in->trouble;
	input_close(in);
	return NULL;
}

const uint8_t *input_ahead(const struct input *in, size_t *n)
{
	*n = in->ahead_n;
	return in->ahead;
}

const char *input_trouble(const struct input *in)
{
	return in->trouble.text;
}

uint64_t input_progress(const struct input *in, uint64_t *size)
{
	*size = in->size;
	return in->fetched;
}

bool input_waits(const struct input *in)
{
	return in->wake >= 0;
}

const char *input_compression(const struct input *in)
{
	return in->unpack ? unpack_name(in->unpack) : NULL;
}

void input_stop(struct input *in)
{
	uint64_t one = 1;
	int saved = errno;
	atomic_store(&in->stop, true);
	/* The write fails only if the counter is full. The eventfd is readable then. */
	if (in->wake >= 0 && write(in->wake, &one, sizeof one) < 0)
		assert(errno == EAGAIN);
	errno = saved;
}

bool input_stopped(const struct input *in)
{
	return atomic_load_explicit(&in->stop, memory_order_relaxed);
}

void input_close(struct input *in)
{
	if (!in)
		return;
	unpack_free(in->unpack);
	if (in->wake >= 0)
		close(in->wake);
	if (in->fd >= 0 && !in->standard)
		close(in->fd);
	free(in);
}
