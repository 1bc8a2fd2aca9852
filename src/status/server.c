/* server.c - the socket in the file system, and its clients. */
#include "status/server.h"

#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOCKET_MASK = 0117, LOCK_MODE = 0600 };

struct client {
	int fd; /* -1: this place is free */
	int64_t until;
	size_t sent;
	struct outbuf document;
};

struct status_server {
	const char *path;
	int fd, lock;
	struct client clients[STATUS_CLIENTS];
	uint64_t cut;
};

/* The lock, and not the socket, shows that the other process lives: it may be too busy to answer,
 * and two that start at once must not both find a dead one's socket. */
static bool lock_take(struct status_server *s, const struct run_mode *mode, struct error *why)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
	snprintf(path, sizeof path, "%s.lock", s->path);
	s->lock = outpath_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE,
			       mode->become ? mode->uid : geteuid());
	if (s->lock < 0)
		return error_set(why, "%s: %s", path, outpath_error(errno));
	if (fcntl(s->lock, F_SETLK, &lock) != 0)
		return error_set(why, "%s is that of another smtpwatch, which runs", s->path);
	/* So that the user can open it at the next start, without root. */
	if (mode->become && fchown(s->lock, mode->uid, mode->gid) != 0)
		return error_set(why, "%s: %s", path, strerror(errno));
	return true;
}

/* Removes what a dead process has left. */
static bool stale_remove(const struct status_server *s, int folder, const char *name,
			 struct error *why)
{
	struct stat st;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return error_set(why, "%s is there, and no socket", s->path);
	return unlinkat(folder, name, 0) == 0 || error_set(why, "%s: %s", s->path, strerror(errno));
}

/* The folder is reached by its descriptor, so that root binds where outpath_folder has looked. */
static bool bind_there(int fd, int folder, const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;
	bool bound;
	if (snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/%s", folder, name) >=
	    (int)sizeof at.sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	mask = umask(SOCKET_MASK);
	bound = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
	umask(mask);
	return bound;
}

/* Gives the socket to the later user. The name may be exchanged by who owns the folder: what is not
 * a socket of root's with one name alone stays as it is. */
static bool give_away(int folder, const char *name, const struct run_mode *mode)
{
	int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool given = fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_nlink == 1 &&
		     st.st_uid == geteuid() &&
		     fchownat(fd, "", mode->uid, mode->gid, AT_EMPTY_PATH) == 0;
	if (fd >= 0)
		close(fd);
	return given;
}

static bool socket_make(struct status_server *s, const struct run_mode *mode, int folder,
			const char *name, struct error *why)
{
	if (!lock_take(s, mode, why) || !stale_remove(s, folder, name, why))
		return false;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || !bind_there(s->fd, folder, name) || listen(s->fd, STATUS_CLIENTS) != 0)
		return error_set(why, "%s: %s", s->path, strerror(errno));
	return !mode->become || give_away(folder, name, mode) ||
	       error_set(why, "%s cannot be given to the later user", s->path);
}

struct status_server *status_server_open(const char *path, const struct run_mode *mode,
					 struct error *why)
{
	char name[OUTPATH_NAME];
	struct status_server *s = calloc(1, sizeof *s);
	int folder = -1;
	error_set(why, "no memory");
	if (!s)
		return NULL;
	*s = (struct status_server){.path = path, .fd = -1, .lock = -1};
	for (size_t i = 0; i < STATUS_CLIENTS; i++)
		s->clients[i].fd = -1;
	folder = outpath_folder(path, name, true);
	if (folder < 0)
		error_set(why, "%s: %s", path, outpath_error(errno));
	if (folder >= 0 && socket_make(s, mode, folder, name, why)) {
		close(folder);
		return s;
	}
	if (folder >= 0)
		close(folder);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock >= 0)
		close(s->lock);
	free(s);
	return NULL;
}

size_t status_server_poll(const struct status_server *s, struct pollfd *p)
{
	size_t n = 0;
	if (!s)
		return 0;
	p[n++] = (struct pollfd){.fd = s->fd, .events = POLLIN};
	for (size_t i = 0; i < STATUS_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			p[n++] = (struct pollfd){.fd = s->clients[i].fd, .events = POLLOUT};
	return n;
}

static void client_close(struct client *c)
{
	close(c->fd);
	outbuf_free(&c->document);
	c->fd = -1;
}

static void client_cut(struct status_server *s, struct client *c)
{
	client_close(c);
	s->cut++;
}

static void client_send(struct status_server *s, struct client *c)
{
	while (c->sent < c->document.n) {
		ssize_t n = send(c->fd, c->document.p + c->sent, c->document.n - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			client_cut(s, c);
			return;
		}
		c->sent += (size_t)n;
	}
	client_close(c);
}

/* Returns a free place, that of the oldest client if there is no other. */
static struct client *place_free(struct status_server *s)
{
	struct client *oldest = &s->clients[0];
	for (size_t i = 0; i < STATUS_CLIENTS; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].until < oldest->until)
			oldest = &s->clients[i];
	}
	client_cut(s, oldest);
	return oldest;
}

/* A client that asks for more than the document is told by SHUT_RD that nobody reads it. */
static void client_take(struct status_server *s, int fd, const struct outbuf *document, int64_t now)
{
	struct client *c = place_free(s);
	*c = (struct client){.fd = fd, .until = now + STATUS_PATIENCE_MS};
	shutdown(fd, SHUT_RD);
	outbuf_bytes(&c->document, document->p, document->n);
	if (document->failed || c->document.failed)
		client_cut(s, c);
	else
		client_send(s, c);
}

/* Takes so many clients at once that those who only connect and go hold the loop up for the time of
 * a few documents. */
static void clients_accept(struct status_server *s, int64_t now,
			   void (*make)(void *arg, struct outbuf *b), void *arg)
{
	struct outbuf document = {0};
	for (size_t i = 0; i < STATUS_CLIENTS; i++) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			break;
		if (i == 0)
			make(arg, &document);
		client_take(s, fd, &document, now);
	}
	outbuf_free(&document);
}

void status_server_ready(struct status_server *s, const struct pollfd *p, size_t n, int64_t now,
			 void (*make)(void *arg, struct outbuf *b), void *arg)
{
	if (!s)
		return;
	for (size_t i = 0; i < STATUS_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			client_send(s, &s->clients[i]);
	for (size_t i = 0; i < STATUS_CLIENTS; i++)
		if (s->clients[i].fd >= 0 && now >= s->clients[i].until)
			client_cut(s, &s->clients[i]);
	if (n > 0 && p[0].revents != 0)
		clients_accept(s, now, make, arg);
}

uint64_t status_server_cut(const struct status_server *s)
{
	return s->cut;
}

void status_server_close(struct status_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STATUS_CLIENTS; i++)
		if (s->clients[i].fd >= 0)
			client_close(&s->clients[i]);
	/* Before the lock is given up. In a folder of root's it stays, and is replaced later. */
	unlink(s->path);
	close(s->fd);
	close(s->lock);
	free(s);
}
