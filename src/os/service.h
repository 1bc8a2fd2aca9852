/* service.h - the duties of a service: systemd's notifications and watchdog, and a pid file. */
#ifndef SMTPWATCH_OS_SERVICE_H
#define SMTPWATCH_OS_SERVICE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Notify systemd of the state of the service (sd_notify(3)); do nothing without systemd. status: a
 * line for `systemctl status`. service_ready also ends a reload. */
void service_ready(const char *status);
void service_status(const char *status);
void service_reloading(void);
void service_stopping(void);

/* service_watchdog returns the interval in nanoseconds in which service_alive must be called: half
 * of systemd's time-out. Returns 0 if systemd does not watch the process. Call once, at the start.
 */
int64_t service_watchdog(void);
void service_alive(void);

/* Writes the process id into the file, and locks the file until service_pid_remove. Overwrites the
 * file of a process that has ended. Returns false with a sentence in why, also if another process
 * holds the lock. */
bool service_pid_write(const char *path, struct error *why);

/* Removes the pid file. Empties the file if the directory does not permit its removal. Does nothing
 * unless service_pid_write has succeeded. */
void service_pid_remove(const char *path);

#endif
