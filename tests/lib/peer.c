/* peer.c - a reader under the test's control. */
#include "lib/peer.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 1 << 18 };

/* A test that fails leaves without peer_free: what it said of it is in the file. */
static struct {
	int old;
	char errors[64];
} captured = {-1, ""};

static void release(void)
{
	char piece[4096];
	FILE *f = captured.old >= 0 ? fopen(captured.errors, "r") : NULL;

	if (f == NULL)
		return;
	dup2(captured.old, STDERR_FILENO);
	while (fgets(piece, sizeof(piece), f) != NULL)
		fputs(piece, stderr);
	fclose(f);
	unlink(captured.errors);
	captured.old = -1;
}

void peer_init(struct peer *p, int type)
{
	static bool known;
	int fd;

	release();
	if (!known)
		known = atexit(release) == 0;

	*p = (struct peer){
		.dir = "/tmp/smtpwatch-peer-XXXXXX", .listener = -1, .fd = -1, .type = type};
	if (mkdtemp(p->dir) == NULL)
		abort();
	snprintf(p->path, sizeof(p->path), "%s/socket", p->dir);
	snprintf(p->errors, sizeof(p->errors), "%s/errors", p->dir);
	fflush(stderr);
	p->old_stderr = dup(STDERR_FILENO);
	fd = open(p->errors, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert(fd >= 0 && p->old_stderr >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	captured.old = p->old_stderr;
	memcpy(captured.errors, p->errors, sizeof(captured.errors));
	p->got = calloc(1, 1);
}

void peer_listen(struct peer *p)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int bound;

	memcpy(at.sun_path, p->path, strlen(p->path) + 1);
	unlink(p->path);
	p->listener = socket(AF_UNIX, p->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bound = bind(p->listener, (struct sockaddr *)&at, sizeof(at));
	assert(bound == 0);
	if (p->type == SOCK_DGRAM)
		p->fd = p->listener;
	else
		listen(p->listener, 4);
}

bool peer_accept(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return p->fd >= 0;
}

static void keep(struct peer *p, const char *piece, size_t n)
{
	p->got = realloc(p->got, p->n + n + 1);
	assert(p->got != NULL);
	memcpy(p->got + p->n, piece, n);
	p->n += n;
	p->got[p->n] = '\0';
}

void peer_read(struct peer *p, size_t most)
{
	char *piece = malloc(PIECE), length[24];
	size_t left = most > 0 ? most : SIZE_MAX;

	assert(piece != NULL);
	while (left > 0) {
		ssize_t n = recv(p->fd, piece, left < PIECE ? left : PIECE, 0);

		if (n <= 0)
			break;
		if (p->type == SOCK_DGRAM)
			keep(p, length, (size_t)snprintf(length, sizeof(length), "%zd ", n));
		keep(p, piece, (size_t)n);
		p->records++;
		left -= (size_t)n;
	}
	free(piece);
}

void peer_leave(struct peer *p)
{
	if (p->fd >= 0 && p->fd != p->listener)
		close(p->fd);
	if (p->listener >= 0)
		close(p->listener);
	p->fd = p->listener = -1;
	unlink(p->path);
}

size_t peer_said(struct peer *p, const char *text)
{
	FILE *f;
	char line[1024];
	size_t n = 0;

	fflush(stderr);
	f = fopen(p->errors, "r");
	assert(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, text) != NULL;
	fclose(f);
	return n;
}

void peer_free(struct peer *p)
{
	peer_leave(p);
	fflush(stderr);
	dup2(p->old_stderr, STDERR_FILENO);
	close(p->old_stderr);
	captured.old = -1;
	unlink(p->errors);
	rmdir(p->dir);
	free(p->got);
}
