/* service.c - sd_notify(3) and the pid file. */
#include "os/service.h"

#include "base/log.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

enum { PID_MODE = 0644 };

/* Stays open for the lock, and because the process may lack the right to open it at the end. */
static int pid_fd = -1;

void service_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

/* The time tells systemd, from version 253 on, which reload the next READY=1 ends. */
void service_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

int64_t service_watchdog(void)
{
	uint64_t usec;
	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)usec * 1000 / 2 : 0;
}

void service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}

/* The lock shows that the process still runs. A number alone cannot show that, because process ids
 * are reused. */
bool service_pid_write(const char *path, struct error *why)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = outpath_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, PID_MODE, geteuid());
	if (fd >= 0 && fcntl(fd, F_SETLK, &lock) != 0) {
		error_set(why, "the pid file %.300s is another one's, which runs", path);
		close(fd);
		return false;
	}
	if (fd < 0 || ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		error_set(why, "cannot write the pid file %.300s: %s", path, outpath_error(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	pid_fd = fd;
	return true;
}

void service_pid_remove(const char *path)
{
	if (pid_fd < 0)
		return;
	if (unlink(path) != 0 && ftruncate(pid_fd, 0) != 0)
		log_line("cannot remove the pid file %s: %s", path, strerror(errno));
	close(pid_fd);
	pid_fd = -1;
}
