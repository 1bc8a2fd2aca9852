/* socket_broker.c - answers the program's socket(AF_PACKET) with a socket, by seccomp's user
 * notification. */
#include "os/socket_broker.h"

#include "os/privilege.h"
#include "os/sandbox.h"
#include "transport/pass_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's structures grow with its version, and the kernel demands their full size. */
enum { MESSAGE_MAX = 4096 };

struct socket_broker {
	int line; /* socket to the process, which ends when it is closed */
};

/* Opens the socket that the call asks for. Returns its descriptor or -errno. The filter passes on
 * only AF_PACKET, which is checked again here. */
static int packet_socket(const struct seccomp_data *call)
{
	int type = (int)call->args[1], kind = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), fd;
	if (call->args[0] != AF_PACKET || (kind != SOCK_RAW && kind != SOCK_DGRAM))
		return -EPERM;
	fd = socket(AF_PACKET, type, (int)call->args[2]);
	return fd >= 0 ? fd : -errno;
}

/* Gives the program a copy of fd. Returns true if that also answers the call. Before Linux 5.14 the
 * answer needs a second step. */
static bool call_grant(int packet, uint64_t id, int fd, struct seccomp_notif_resp *answer)
{
	struct seccomp_notif_addfd add = {.id = id,
					  .flags = SECCOMP_ADDFD_FLAG_SEND,
					  .srcfd = (uint32_t)fd,
					  .newfd_flags = O_CLOEXEC};
	int theirs = ioctl(packet, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	if (theirs >= 0 || errno != EINVAL)
		return true;
	add.flags = 0;
	theirs = ioctl(packet, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	answer->val = theirs;
	answer->error = theirs < 0 ? -EPERM : 0;
	return false;
}

static void call_answer(int packet)
{
	_Alignas(16) static uint8_t asked[MESSAGE_MAX], answered[MESSAGE_MAX];
	struct seccomp_notif *call = (void *)asked;
	struct seccomp_notif_resp *answer = (void *)answered;
	int fd;

	memset(asked, 0, sizeof asked);
	memset(answered, 0, sizeof answered);
	if (ioctl(packet, SECCOMP_IOCTL_NOTIF_RECV, call) != 0)
		return;
	answer->id = call->id;
	fd = packet_socket(&call->data);
	if (fd < 0)
		answer->error = fd;
	if (fd < 0 || !call_grant(packet, call->id, fd, answer))
		ioctl(packet, SECCOMP_IOCTL_NOTIF_SEND, answer);
	if (fd >= 0)
		close(fd);
}

/* Answers calls until the program ends, which closes the other ends of both descriptors. */
static void serve(int line, int packet)
{
	struct pollfd fds[] = {{.fd = packet, .events = POLLIN}, {.fd = line, .events = POLLIN}};
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents != 0 || (fds[0].revents & ~POLLIN) != 0)
			return;
		if (fds[0].revents & POLLIN)
			call_answer(packet);
	}
}

/* Signals to the process group concern the program. The broker ends when the program ends. */
static void signals_ignore(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sigaction(ignored[i], &ignore, NULL);
}

/* The byte tells the program that the process is ready. If the process fails, the program reads the
 * end of the stream. */
static _Noreturn void socket_broker_run(int line, const char *user)
{
	char byte = 0;
	bool gone;
	int packet;
	signals_ignore();
	prctl(PR_SET_NAME, "smtpwatch-open", 0, 0, 0);
	if (!privilege_drop(user, PRIVILEGE_KEEP_NET_RAW, NULL) ||
	    !sandbox_enter(SANDBOX_BROKER, NULL, NULL) || write(line, &byte, 1) != 1)
		_exit(1);
	packet = fd_receive(line, 0, &gone);
	if (packet >= 0)
		serve(line, packet);
	_exit(0);
}

/* Closes all descriptors but line: outputs, captures, the terminal. */
static void others_close(int line)
{
	if (line > 0)
		close_range(0, (unsigned)line - 1, 0);
	close_range((unsigned)line + 1, ~0u, 0);
}

struct socket_broker *socket_broker_start(const char *user, struct error *why)
{
	struct socket_broker *o = malloc(sizeof *o);
	int line[2] = {-1, -1};
	pid_t pid = o && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) == 0 ? fork()
										       : -1;
	char byte;
	if (pid == 0) {
		others_close(line[1]);
		socket_broker_run(line[1], user);
	}
	error_set(why, "cannot start the process that opens interfaces again: %s", strerror(errno));
	if (line[1] >= 0)
		close(line[1]);
	if (pid > 0 && read(line[0], &byte, 1) == 1) {
		o->line = line[0];
		return o;
	}
	if (line[0] >= 0)
		close(line[0]);
	free(o);
	return NULL;
}

bool socket_broker_serve(struct socket_broker *o, int packet)
{
	bool sent = fd_send(o->line, packet);
	close(packet);
	return sent;
}

int socket_broker_descriptor(const struct socket_broker *o)
{
	return o->line;
}

void socket_broker_free(struct socket_broker *o)
{
	if (!o)
		return;
	close(o->line);
	free(o);
}
