/* broker.h - the process that keeps the rights of attaching. Reads no file and no text: numbers
 * come in, numbers and descriptors go out. */
#ifndef SMTPWATCH_KEYS_BROKER_H
#define SMTPWATCH_KEYS_BROKER_H

#include "keys/request.h"

#include <stdbool.h>
#include <stddef.h>

/* What the broker serves. named: descriptors of the files of --library, n of them. */
struct broker {
	struct probe *probe;
	int fd; /* the socket of the other process */
	const int *named;
	size_t n;
	void (*ready)(void); /* called at REQUEST_READY */
};

/* Serves requests until the other process has closed the socket, or `stop` is readable (-1: never).
 * Detaches all then. Returns true if it was `stop`. */
bool broker_serve(const struct broker *b, int stop);

#endif
