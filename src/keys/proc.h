/* proc.h - reads what the kernel tells about a process: its mapped files and its sockets. */
#ifndef SMTPWATCH_KEYS_PROC_H
#define SMTPWATCH_KEYS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes in bytes: of the part of a path that is kept, of a command's name (both with NUL). */
enum { PROC_PATH = 128, PROC_NAME = 16 };

/* What a mapped file is, by its name. */
enum proc_library {
	PROC_OPENSSL, /* libcrypto.so.3, by which libssl.so.3 derives secrets */
	PROC_GNUTLS,  /* libgnutls.so.30: TLS 1.2 */
	PROC_NETTLE,  /* libnettle.so.8, by which GnuTLS derives secrets of TLS 1.3 */
	PROC_OTHER    /* other libraries of TLS, which cannot be read */
};

/* A file that a process has mapped to run it. */
struct proc_map {
	uint64_t start, end;    /* addresses, as in the name of /proc/PID/map_files/ */
	uint64_t device, inode; /* as /proc/PID/maps has them */
	enum proc_library kind;
	char path[PROC_PATH]; /* its end, for people: printable ASCII alone */
};

/* Returns how many of the mapped files are libraries of TLS; writes the first `max` of them to out,
 * each once. fd: /proc/PID/maps. */
size_t proc_maps(int fd, struct proc_map *out, size_t max);

/* Sets name to the name of a command, printable. fd: /proc/PID/comm. */
void proc_name(int fd, char name[PROC_NAME]);

/* Sockets of a network namespace that use the watched ports: their inodes, sorted. Zero-fill before
 * first use. `full`: there were more than fit. */
enum { PROC_SOCKETS_MAX = 1 << 16 };
struct proc_sockets {
	uint64_t *inodes;
	size_t n, capacity;
	bool full;
};

/* The watched ports: a bit for each. */
struct proc_ports {
	uint64_t bits[1024];
};

void proc_port_add(struct proc_ports *p, unsigned port);
bool proc_port_has(const struct proc_ports *p, unsigned port);

/* Adds the sockets of /proc/PID/net/tcp or tcp6 that listen on a watched port, or are connected
 * from one or to one. fd: that file. */
void proc_sockets_add(struct proc_sockets *s, int fd, const struct proc_ports *ports);

/* Call when all are added, before proc_sockets_has. */
void proc_sockets_sort(struct proc_sockets *s);
bool proc_sockets_has(const struct proc_sockets *s, uint64_t inode);
void proc_sockets_free(struct proc_sockets *s);

#endif
