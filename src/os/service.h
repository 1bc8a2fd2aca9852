/* service.h - what a service owes to whoever started it: systemd's notices and watchdog, a pid
 * file. */
#ifndef SMTPWATCH_OS_SERVICE_H
#define SMTPWATCH_OS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_WHY 512

/* Without systemd these do nothing. Status: a line that `systemctl status` shows. */
void service_ready(const char *status);
void service_status(const char *status);
void service_reloading(void);
void service_stopping(void);

/* How often service_alive is due, in nanoseconds: twice in the time after which systemd would end
 * us; 0: it does not watch. Call it once, at the start. */
int64_t service_watchdog(void);
void service_alive(void);

/* False with a sentence in why. The file is created anew, and not where it is that of another one
 * that runs. */
bool service_pid_write(const char *path, char why[SERVICE_WHY]);

/* Where the directory does not let us remove it, it is emptied. */
void service_pid_remove(const char *path);

#endif
