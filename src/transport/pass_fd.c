/* pass_fd.c - a control message with one descriptor, beside one byte. */
#include "transport/pass_fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union fd_message {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

bool fd_send(int line, int fd)
{
	union fd_message control = {.head = {.cmsg_len = CMSG_LEN(sizeof fd),
					     .cmsg_level = SOL_SOCKET,
					     .cmsg_type = SCM_RIGHTS}};
	char byte = 0;
	struct iovec data = {&byte, sizeof byte};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	return sendmsg(line, &m, MSG_NOSIGNAL) == 1;
}

int fd_receive(int line, int flags, bool *gone)
{
	union fd_message control;
	char byte;
	int fd = -1;
	struct iovec data = {&byte, sizeof byte};
	struct msghdr m = {.msg_iov = &data,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	const struct cmsghdr *head;
	ssize_t n = recvmsg(line, &m, MSG_CMSG_CLOEXEC | flags);
	*gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	head = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}
