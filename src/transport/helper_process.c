/* helper_process.c - both ends of the socket of a helper process. */
#include "transport/helper_process.h"

#include "base/log.h"
#include "text/clock.h"
#include "transport/helper_keeper.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* PATIENCE: at the end, for what it still has to do; RENEWAL: for a process that is just started
 * anew. SOCKET_BUFFER: of the socket; the kernel gives what it allows. UNDER_WAY: jobs that a
 * process has and has not done; so many are lost at most when it dies. */
enum { PATIENCE_SECONDS = 5, RENEWAL_MS = 2000, SOCKET_BUFFER = 1 << 20, UNDER_WAY = 32 };

static_assert(HELPER_JOB_MAX + sizeof(uint32_t) + OUTQUEUE_HEAD <= OUTQUEUE_BOUND,
	      "every job finds room where nothing waits");

struct helper {
	struct outsocket socket;
	int line;                  /* to the keeper; -1: offline, or the keeper has died */
	struct helper_report said; /* in all */
	uint64_t died;             /* jobs under way when a process died */
	uint64_t restarts;
};

/* Of the helper alone: what could not be said yet. */
static struct helper_report unsaid;

static bool report_send(int fd, int flags)
{
	if (unsaid.done + unsaid.lost + unsaid.reconnects == 0)
		return true;
	if (send(fd, &unsaid, sizeof unsaid, MSG_NOSIGNAL | flags) < 0)
		return false;
	unsaid = (struct helper_report){0};
	return true;
}

static uint64_t under_way(const struct helper *c)
{
	return c->socket.state.written - c->said.done - c->said.lost - c->died;
}

/* Offline a process is not started anew, and whoever loses one record ends with 3. */
static void window_set(struct helper *c)
{
	if (c->socket.mode->live)
		c->socket.allowed = c->socket.state.written - under_way(c) + UNDER_WAY;
}

static void buffer_set(int fd)
{
	int buffer = SOCKET_BUFFER;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
}

/* What a process for an output does: its work, and the last of its report. */
struct job_of {
	helper_work *work;
	const void *arg;
};

static void work_whole(int fd, const void *arg)
{
	const struct job_of *job = arg;
	job->work(fd, job->arg);
	report_send(fd, 0);
}

struct helper *helper_start(const char *name, const struct run_mode *mode, helper_work *work,
			    const void *arg, struct error *why)
{
	struct helper *c = calloc(1, sizeof *c);
	const struct job_of job = {work, arg};
	struct kept kept;
	error_set(why, "no memory for a process for %s", name);
	if (!c || !keeper_start(&kept, name, mode, work_whole, &job, why)) {
		free(c);
		return NULL;
	}
	c->line = kept.line;
	buffer_set(kept.fd);
	outsocket_adopt(&c->socket, kept.fd, name, mode);
	c->socket.renewable = mode->live;
	window_set(c);
	return c;
}

struct outbuf *helper_job(struct helper *c)
{
	return &c->socket.buf;
}

bool helper_alive(const struct helper *c)
{
	return !c->socket.broken;
}

/* Reads a report of the helper. False: nothing more, for now or, with *gone, for ever. */
static bool report_read_once(struct helper *c, int fd, bool *gone)
{
	struct helper_report report;
	ssize_t n = recv(fd, &report, sizeof report, MSG_DONTWAIT);
	*gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n != (ssize_t)sizeof report)
		return false;
	c->said.done += report.done;
	c->said.lost += report.lost;
	c->said.reconnects += report.reconnects;
	return true;
}

static void report_read(struct helper *c)
{
	bool gone;
	while (c->socket.fd >= 0 && report_read_once(c, c->socket.fd, &gone))
		;
	window_set(c);
}

/* Called behind whatever may send: the process may have died. Its last reports are still to be
 * read; what they do not tell of is lost, even if the target has it. */
static void death_take(struct helper *c)
{
	bool gone;
	uint64_t lost;
	if (c->socket.ended < 0)
		return;
	while (report_read_once(c, c->socket.ended, &gone))
		;
	close(c->socket.ended);
	c->socket.ended = -1;
	lost = under_way(c);
	c->died += lost;
	window_set(c);
	if (!c->socket.broken)
		log_line("%s: its process has died, and is started anew; records lost in it: %llu",
			 c->socket.state.name, (unsigned long long)lost);
}

/* The keeper has started another process, or has died. */
static void renewal_take(struct helper *c)
{
	bool gone;
	int fd = keeper_renewed(c->line, &gone);
	if (fd >= 0) {
		c->restarts++;
		log_line("%s: its process runs again", c->socket.state.name);
		buffer_set(fd);
		outsocket_give(&c->socket, fd);
	} else if (gone) {
		c->socket.broken = true;
		close(c->line);
		c->line = -1;
	}
}

bool helper_flush(struct helper *c)
{
	bool fine = outsocket_flush(&c->socket);
	death_take(c);
	return fine;
}

void helper_tick(struct helper *c, int64_t now)
{
	outsocket_tick(&c->socket, now);
	death_take(c);
}

size_t helper_poll(const struct helper *c, struct pollfd *p)
{
	size_t n = outsocket_poll(&c->socket, p);
	if (n > 0)
		p->events |= POLLIN;
	else if (c->line >= 0) {
		*p = (struct pollfd){.fd = c->line, .events = POLLIN};
		n = 1;
	}
	return n;
}

/* Its length in front of what was rendered. */
static void length_put(struct outbuf *b)
{
	uint32_t n = (uint32_t)b->n;
	if (!outbuf_reserve(b, sizeof n))
		return;
	memmove(b->p + sizeof n, b->p, n);
	memcpy(b->p, &n, sizeof n);
	b->n += sizeof n;
}

bool helper_send(struct helper *c)
{
	struct outbuf *b = &c->socket.buf;
	bool fine;
	report_read(c);
	if (b->n > HELPER_JOB_MAX) {
		target_state_too_long(&c->socket.state);
		c->socket.state.offered++;
		b->n = 0;
	}
	/* Of what could not be rendered whole outsocket_put counts the loss. */
	if (b->n > 0 && !b->failed)
		length_put(b);
	fine = outsocket_put(&c->socket);
	death_take(c);
	return fine;
}

void helper_ready(struct helper *c, const struct pollfd *p)
{
	if (p->fd == c->line)
		renewal_take(c);
	report_read(c);
	outsocket_ready(&c->socket, p);
	death_take(c);
}

struct helper_counts helper_counts(const struct helper *c)
{
	return (struct helper_counts){c->socket.state.offered, c->said.done,
				      c->said.lost + c->socket.state.lost + c->died,
				      c->said.reconnects, c->restarts};
}

/* It closes its end when it is done. */
static bool await_end(struct helper *c)
{
	struct pollfd p = {.fd = c->socket.fd, .events = POLLIN};
	int64_t end = clock_ms() + PATIENCE_SECONDS * INT64_C(1000);
	bool gone = false;
	do {
		poll(&p, 1, 100);
		while (report_read_once(c, c->socket.fd, &gone))
			;
	} while (!gone && clock_ms() < end);
	return gone;
}

/* A process that is just started anew may still take what waits. */
static void await_renewal(struct helper *c)
{
	struct pollfd p = {.fd = c->line, .events = POLLIN};
	if (c->socket.fd < 0 && c->line >= 0 && outqueue_used(&c->socket.queue) > 0 &&
	    poll(&p, 1, RENEWAL_MS) > 0)
		renewal_take(c);
}

bool helper_close(struct helper *c)
{
	uint64_t before = c->socket.mode->live ? c->said.lost + c->died : 0;
	bool done = true, whole;
	await_renewal(c);
	c->socket.allowed = UINT64_MAX;
	outsocket_drain(&c->socket);
	if (c->socket.fd >= 0) {
		shutdown(c->socket.fd, SHUT_WR);
		done = await_end(c);
	}
	death_take(c);
	if (!done)
		log_line("%s: not everything was done in time", c->socket.state.name);
	whole = done && c->said.lost + c->died + under_way(c) == before;
	/* What was handed to it and not said to be done is lost. */
	c->socket.state.written = c->said.done;
	whole &= outsocket_close(&c->socket);
	if (c->line >= 0)
		close(c->line);
	free(c);
	return whole;
}

void helper_report(int fd, struct helper_report report)
{
	unsaid.done += report.done;
	unsaid.lost += report.lost;
	unsaid.reconnects += report.reconnects;
	report_send(fd, MSG_DONTWAIT);
}

void helper_report_last(int fd)
{
	report_send(fd, 0);
}

/* All of it, or false: the program is at its end. A process that is stopped and goes on, or is
 * frozen with the machine, gets less than MSG_WAITALL asks for. */
static bool take(int fd, uint8_t *to, size_t n)
{
	for (ssize_t got; n > 0; n -= (size_t)got, to += got) {
		do
			got = recv(fd, to, n, MSG_WAITALL);
		while (got < 0 && errno == EINTR);
		if (got <= 0)
			return false;
	}
	return true;
}

size_t helper_take(int fd, uint8_t *job)
{
	uint32_t n;
	if (!take(fd, (uint8_t *)&n, sizeof n) || n > HELPER_JOB_MAX || !take(fd, job, n))
		return 0;
	return n;
}
