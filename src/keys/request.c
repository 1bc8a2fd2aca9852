/* request.c - the asking side of the socket between both processes. */
#include "keys/request.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#ifdef __aarch64__
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "x86_64-linux-gnu"
#endif

const char *const request_paths[] = {
	"usr/lib/" MULTIARCH "/libcrypto.so.3",
	"usr/lib64/libcrypto.so.3",
	"usr/lib/libcrypto.so.3",
	"lib/libcrypto.so.3",
	"usr/local/lib64/libcrypto.so.3",
	"usr/local/lib/libcrypto.so.3",
	"usr/lib/" MULTIARCH "/libgnutls.so.30",
	"usr/lib64/libgnutls.so.30",
	"usr/lib/libgnutls.so.30",
	"usr/lib/" MULTIARCH "/libnettle.so.8",
	"usr/lib64/libnettle.so.8",
	"usr/lib/libnettle.so.8",
	NULL,
};

/* Takes the descriptors out of a message. */
static void files_take(struct msghdr *m, int files[REQUEST_FILES])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(files, CMSG_DATA(c), (n < REQUEST_FILES ? n : REQUEST_FILES) * sizeof(int));
}

bool request_ask(int fd, const struct request *r, struct answer *a, int files[REQUEST_FILES])
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(REQUEST_FILES * sizeof(int))];
	} control;
	struct iovec in = {a, sizeof *a};
	struct msghdr m = {.msg_iov = &in,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	ssize_t n;
	for (int i = 0; i < REQUEST_FILES; i++)
		files[i] = -1;
	do {
		n = send(fd, r, sizeof *r, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof *r)
		return false;
	do {
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)offsetof(struct answer, numbers))
		return false;
	files_take(&m, files);
	return a->n <= REQUEST_NUMBERS &&
	       (size_t)n >= offsetof(struct answer, numbers) + a->n * sizeof a->numbers[0];
}
