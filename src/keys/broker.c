/* broker.c - does what a request asks for, as far as its numbers make sense. */
#include "keys/broker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* PATH: bytes of a path below /proc. SWEEP_S: how often the kernel's tables are swept. FUSE: the
 * kind of a file system whose answers another process gives, and may never give. */
enum { PATH = 96, SWEEP_S = 20, FUSE = 0x65735546 };

/* A file that is or will be attached to. */
struct slot {
	int fd; /* -1: free */
	struct probe_links *links;
};

struct state {
	const struct broker *of;
	struct slot slots[REQUEST_SLOTS];
	struct answer answer;
	int files[REQUEST_FILES];
	size_t n; /* of files */
};

static void number_add(struct state *s, uint64_t number)
{
	if (s->answer.n < REQUEST_NUMBERS)
		s->answer.numbers[s->answer.n++] = number;
	else
		s->answer.more++;
}

/* Opens a file below /proc/PID, for the answer. */
static int file_add(struct state *s, uint32_t pid, const char *name)
{
	char path[PATH];
	snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	s->files[s->n++] = fd;
	return 0;
}

static uint64_t inode_of(int folder, const char *path)
{
	struct stat st;
	return fstatat(folder, path, &st, 0) == 0 ? st.st_ino : 0;
}

static bool is_number(const char *name)
{
	return name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
}

static int list(struct state *s, const struct request *r)
{
	DIR *folder = opendir("/proc");
	const struct dirent *d;
	(void)r;
	if (!folder)
		return errno;
	while ((d = readdir(folder))) {
		if (!is_number(d->d_name))
			continue;
		number_add(s, strtoul(d->d_name, NULL, 10));
		number_add(s, inode_of(dirfd(folder), d->d_name));
	}
	closedir(folder);
	return 0;
}

static int look(struct state *s, const struct request *r)
{
	char path[PATH];
	static const char *const spaces[] = {"net", "mnt"};
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/proc/%u/ns/%s", r->pid, spaces[i]);
		number_add(s, inode_of(AT_FDCWD, path));
	}
	int error = file_add(s, r->pid, "maps");
	return error ? error : file_add(s, r->pid, "comm");
}

static int net(struct state *s, const struct request *r)
{
	int error = file_add(s, r->pid, "net/tcp");
	/* A kernel without IPv6 has no second table. */
	if (!error)
		file_add(s, r->pid, "net/tcp6");
	return error;
}

static int sockets(struct state *s, const struct request *r)
{
	char path[PATH];
	struct stat st;
	const struct dirent *d;
	snprintf(path, sizeof path, "/proc/%u/fd", r->pid);
	DIR *folder = opendir(path);
	if (!folder)
		return errno;
	while ((d = readdir(folder)))
		if (is_number(d->d_name) && fstatat(dirfd(folder), d->d_name, &st, 0) == 0 &&
		    S_ISSOCK(st.st_mode))
			number_add(s, st.st_ino);
	closedir(folder);
	return 0;
}

/* Takes over `path`, opened by O_PATH: opens the file itself, if that cannot wait for anybody, and
 * puts it into a free slot. */
static int slot_fill(struct state *s, int path)
{
	char name[PATH];
	struct stat st;
	struct statfs fs;
	size_t i = 0;
	int fd = -1, error = 0;
	while (i < REQUEST_SLOTS && s->slots[i].fd >= 0)
		i++;
	snprintf(name, sizeof name, "/proc/self/fd/%d", path);
	if (i == REQUEST_SLOTS)
		error = ENOSPC;
	else if (fstat(path, &st) != 0 || fstatfs(path, &fs) != 0)
		error = errno;
	else if (!S_ISREG(st.st_mode) || (unsigned long)fs.f_type == FUSE)
		error = EOPNOTSUPP;
	else if ((fd = open(name, O_RDONLY | O_CLOEXEC)) < 0)
		error = errno;
	close(path);
	if (error)
		return error;
	s->slots[i] = (struct slot){.fd = fd};
	s->files[s->n++] = dup(fd);
	number_add(s, i);
	number_add(s, st.st_dev);
	number_add(s, st.st_ino);
	return 0;
}

static int proc_open(struct state *s, const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? errno : slot_fill(s, fd);
}

static int mapped(struct state *s, const struct request *r)
{
	char path[PATH];
	snprintf(path, sizeof path, "/proc/%u/map_files/%llx-%llx", r->pid,
		 (unsigned long long)r->a, (unsigned long long)r->b);
	return proc_open(s, path);
}

static int program(struct state *s, const struct request *r)
{
	char path[PATH];
	snprintf(path, sizeof path, "/proc/%u/exe", r->pid);
	return proc_open(s, path);
}

/* Links in another root stay there. */
static int path(struct state *s, const struct request *r)
{
	char name[PATH];
	size_t n = 0;
	struct open_how how = {.flags = O_PATH | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	while (n < r->a && request_paths[n])
		n++;
	if (!request_paths[n])
		return EINVAL;
	snprintf(name, sizeof name, "/proc/%u/root", r->pid);
	int root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return errno;
	long fd = syscall(SYS_openat2, root, request_paths[n], &how, sizeof how);
	int error = errno;
	close(root);
	return fd < 0 ? error : slot_fill(s, (int)fd);
}

static int named(struct state *s, const struct request *r)
{
	int fd = r->a < s->of->n ? fcntl(s->of->named[r->a], F_DUPFD_CLOEXEC, 0) : -1;
	return fd < 0 ? EINVAL : slot_fill(s, fd);
}

static struct slot *slot_of(struct state *s, const struct request *r)
{
	return r->a < REQUEST_SLOTS && s->slots[r->a].fd >= 0 ? &s->slots[r->a] : NULL;
}

static int attach(struct state *s, const struct request *r)
{
	char path[PATH];
	struct slot *slot = slot_of(s, r);
	if (!slot || slot->links)
		return EINVAL;
	snprintf(path, sizeof path, "/proc/self/fd/%d", slot->fd);
	slot->links = probe_attach(s->of->probe, path, r->pid ? (int)r->pid : -1, r->offset);
	return slot->links ? 0 : errno;
}

static void slot_clear(struct slot *slot)
{
	probe_detach(slot->links);
	close(slot->fd);
	*slot = (struct slot){.fd = -1};
}

static int drop(struct state *s, const struct request *r)
{
	struct slot *slot = slot_of(s, r);
	if (!slot)
		return EINVAL;
	slot_clear(slot);
	return 0;
}

static int names(struct state *s, const struct request *r)
{
	struct stat st;
	const struct slot *slot = slot_of(s, r);
	if (!slot || fstat(slot->fd, &st) != 0)
		return EINVAL;
	number_add(s, st.st_nlink);
	return 0;
}

static int ready(struct state *s, const struct request *r)
{
	(void)r;
	if (s->of->ready)
		s->of->ready();
	return 0;
}

static int (*const doing[REQUEST_KINDS])(struct state *s, const struct request *r) = {
	[REQUEST_LIST] = list,       [REQUEST_LOOK] = look,     [REQUEST_NET] = net,
	[REQUEST_SOCKETS] = sockets, [REQUEST_MAPPED] = mapped, [REQUEST_PROGRAM] = program,
	[REQUEST_PATH] = path,       [REQUEST_NAMED] = named,   [REQUEST_ATTACH] = attach,
	[REQUEST_DROP] = drop,       [REQUEST_NAMES] = names,   [REQUEST_READY] = ready,
};

/* Returns false if the other process has ended. */
static bool answer_send(struct state *s)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(REQUEST_FILES * sizeof(int))];
	} control = {0};
	struct iovec out = {&s->answer, offsetof(struct answer, numbers) +
						s->answer.n * sizeof s->answer.numbers[0]};
	struct msghdr m = {.msg_iov = &out, .msg_iovlen = 1};
	if (s->n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(s->n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(s->n * sizeof(int));
		memcpy(CMSG_DATA(&control.head), s->files, s->n * sizeof(int));
	}
	ssize_t n;
	do {
		n = sendmsg(s->of->fd, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	for (size_t i = 0; i < s->n; i++)
		close(s->files[i]);
	return n >= 0;
}

/* Returns false if the other process has ended, or asks for nonsense. */
static bool request_serve(struct state *s)
{
	struct request r;
	ssize_t n = recv(s->of->fd, &r, sizeof r, 0);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n != (ssize_t)sizeof r || r.kind >= REQUEST_KINDS)
		return false;
	s->answer.n = s->answer.more = 0;
	s->n = 0;
	s->answer.error = doing[r.kind](s, &r);
	return answer_send(s);
}

bool broker_serve(const struct broker *b, int stop)
{
	struct state *s = calloc(1, sizeof *s);
	bool stopped = false;
	if (!s)
		return false;
	s->of = b;
	for (size_t i = 0; i < REQUEST_SLOTS; i++)
		s->slots[i].fd = -1;
	time_t swept = time(NULL);
	for (bool more = true; more && !stopped;) {
		struct pollfd p[] = {{b->fd, POLLIN, 0}, {stop, POLLIN, 0}};
		int n = poll(p, 2, SWEEP_S * 1000);
		if (time(NULL) / SWEEP_S != swept / SWEEP_S) {
			swept = time(NULL);
			probe_sweep(b->probe);
		}
		if (n < 0)
			more = errno == EINTR;
		else if (p[1].revents)
			stopped = true;
		else if (p[0].revents)
			more = request_serve(s);
	}
	for (size_t i = 0; i < REQUEST_SLOTS; i++)
		if (s->slots[i].fd >= 0)
			slot_clear(&s->slots[i]);
	free(s);
	return stopped;
}
