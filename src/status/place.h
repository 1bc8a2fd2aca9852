/* place.h - where the status socket stands. */
#ifndef SMTPWATCH_STATUS_PLACE_H
#define SMTPWATCH_STATUS_PLACE_H

#include <stdbool.h>

/* The most bytes of a socket's path, with its NUL (unix(7)). */
enum { STATUS_PATH = 108 };

/* The socket of a service, and of root. */
#define STATUS_SYSTEM "/run/smtpwatch/status.sock"

/*
 * Returns the path of --status-socket, or the usual one if option is NULL, or NULL if option is
 * "off" or no usual path can be had. The usual path: STATUS_SYSTEM if its folder may be written to,
 * else smtpwatch-status.sock in the user's runtime folder (XDG_RUNTIME_DIR). Root makes the folder
 * of STATUS_SYSTEM if it is not there. out is where a made path stands.
 */
const char *status_place_own(const char *option, char out[STATUS_PATH]);

/* Returns the path where a daemon is to be asked: that of option, else STATUS_SYSTEM if it exists,
 * else the user's own if that exists, else STATUS_SYSTEM. */
const char *status_place_other(const char *option, char out[STATUS_PATH]);

#endif
