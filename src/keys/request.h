/* request.h - what the process without rights asks of the one that has them. Numbers go both ways,
 * and descriptors back; no text. */
#ifndef SMTPWATCH_KEYS_REQUEST_H
#define SMTPWATCH_KEYS_REQUEST_H

#include "keys/probe.h"

/* What is asked for. The answer is a number of Linux's errors, 0: done. */
enum request_kind {
	/* The processes: `numbers` are pairs of pid and the inode of /proc/PID. */
	REQUEST_LIST,
	/* Of process pid: descriptors of its maps and comm; `numbers` are the inodes of its network
	 * and mount namespace. */
	REQUEST_LOOK,
	/* Of the network namespace of process pid: descriptors of its tables tcp and tcp6. */
	REQUEST_NET,
	/* Of process pid: `numbers` are the inodes of its sockets. */
	REQUEST_SOCKETS,
	/* Opens a file: what process pid has mapped from address a to b; its program; or the
	 * library number a of request_paths in its root folder. The descriptor comes back, and
	 * `numbers`: its slot, device, inode. The slot is the caller's until REQUEST_DROP. */
	REQUEST_MAPPED,
	REQUEST_PROGRAM,
	REQUEST_PATH,
	/* Opens the file number a of the command line, likewise. */
	REQUEST_NAMED,
	/* Attaches to the file in slot a, for process pid or for all (0), at the offsets. */
	REQUEST_ATTACH,
	/* Detaches from the file in slot a, and closes it. */
	REQUEST_DROP,
	/* `numbers`: how many names the file in slot a still has. */
	REQUEST_NAMES,
	/* The first look at all processes is done. */
	REQUEST_READY,
	REQUEST_KINDS
};

/* NUMBERS: the most of an answer. SLOTS: the most files that are attached to at a time. */
enum { REQUEST_NUMBERS = 16384, REQUEST_SLOTS = 256, REQUEST_FILES = 2 };

struct request {
	uint32_t kind; /* enum request_kind */
	uint32_t pid;
	uint64_t a, b;
	uint64_t offset[PROBE_FUNCTIONS];
};

struct answer {
	int32_t error;
	uint32_t n;    /* of numbers */
	uint32_t more; /* numbers that did not fit */
	uint32_t unused;
	uint64_t numbers[REQUEST_NUMBERS];
};

/* Where libraries of TLS lie in the root folder of a process that has none mapped yet. Ends with
 * NULL. */
extern const char *const request_paths[];

/* Asks over the socket fd and waits for the answer. Writes up to REQUEST_FILES descriptors to
 * files, -1 for those that did not come; the caller closes them. Returns false if the other process
 * has ended. */
bool request_ask(int fd, const struct request *r, struct answer *a, int files[REQUEST_FILES]);

#endif
