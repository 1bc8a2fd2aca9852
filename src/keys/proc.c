/* proc.c - the texts of proc(5). Names in them are chosen by anybody. */
#include "keys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* LINE: bytes of a line; a path may have 4096, each up to four in an escape. TEXT_MAX: bytes of one
 * text that are read: a process may have 65,530 maps. */
enum { LINE = 20 << 10, CHUNK = 32 << 10, TEXT_MAX = 32 << 20 };

/* Lines of a text, one after the other. */
struct lines {
	int fd;
	size_t at, n, total;
	char chunk[CHUNK], line[LINE];
};

/* Returns the next line without its line feed, cut to LINE; NULL: there is none. */
static char *line_next(struct lines *l)
{
	size_t used = 0;
	for (;;) {
		if (l->at == l->n) {
			ssize_t n = l->total < TEXT_MAX ? read(l->fd, l->chunk, CHUNK) : 0;
			if (n <= 0)
				return NULL;
			l->at = 0;
			l->n = (size_t)n;
			l->total += (size_t)n;
		}
		char c = l->chunk[l->at++];
		if (c == '\n')
			break;
		if (used + 1 < LINE)
			l->line[used++] = c;
	}
	l->line[used] = '\0';
	return l->line;
}

/* Copies the end of a text; what is not printable ASCII becomes a question mark. */
static void shown(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);
	if (n >= size)
		from += n - size + 1;
	while (*from) {
		*to++ = *from >= ' ' && *from <= '~' ? *from : '?';
		from++;
	}
	*to = '\0';
}

/* What a library of this name is, if it is one of TLS. A name without the version is that of a
 * bundle of its own: it counts if it has the functions. */
static bool library_known(const char *path, enum proc_library *kind)
{
	static const struct {
		const char *name, *version;
		enum proc_library kind;
	} known[] = {
		{"libcrypto", ".so.3", PROC_OPENSSL}, {"libgnutls", ".so.30", PROC_GNUTLS},
		{"libnettle", ".so.", PROC_NETTLE},   {"libcrypto", ".so.1.", PROC_OTHER},
		{"libnss3", ".so", PROC_OTHER},       {"libwolfssl", ".so", PROC_OTHER},
		{"libmbedtls", ".so", PROC_OTHER},    {"libbotan", ".so", PROC_OTHER},
	};
	const char *name = strrchr(path, '/');
	for (size_t i = 0; name && i < sizeof known / sizeof *known; i++) {
		if (strncmp(name + 1, known[i].name, strlen(known[i].name)) != 0 ||
		    !strstr(name, known[i].version))
			continue;
		*kind = known[i].kind;
		return true;
	}
	return false;
}

/* "start-end perms offset major:minor inode path" */
static bool map_read(const char *line, struct proc_map *m)
{
	char perms[5];
	unsigned long long start, end, inode;
	unsigned major, minor;
	int path = 0;
	if (sscanf(line, "%llx-%llx %4s %*x %x:%x %llu %n", &start, &end, perms, &major, &minor,
		   &inode, &path) != 6 ||
	    path == 0 || perms[2] != 'x' || inode == 0 || !library_known(line + path, &m->kind))
		return false;
	m->start = start;
	m->end = end;
	m->device = (uint64_t)major << 32 | minor;
	m->inode = inode;
	shown(m->path, sizeof m->path, line + path);
	return true;
}

size_t proc_maps(int fd, struct proc_map *out, size_t max)
{
	struct lines *l = malloc(sizeof *l);
	struct proc_map m;
	size_t n = 0;
	const char *line;
	if (!l)
		return 0;
	l->fd = fd;
	l->at = l->n = l->total = 0;
	while ((line = line_next(l))) {
		size_t i = 0;
		if (!map_read(line, &m))
			continue;
		while (i < n && i < max && (out[i].device != m.device || out[i].inode != m.inode))
			i++;
		if (i == n && n < max)
			out[n] = m;
		n += i == n;
	}
	free(l);
	return n;
}

void proc_name(int fd, char name[PROC_NAME])
{
	char text[PROC_NAME + 1] = "";
	ssize_t n = read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	shown(name, PROC_NAME, text);
}

void proc_port_add(struct proc_ports *p, unsigned port)
{
	p->bits[port % 65536 / 64] |= 1ull << port % 64;
}

bool proc_port_has(const struct proc_ports *p, unsigned port)
{
	return p->bits[port % 65536 / 64] >> port % 64 & 1;
}

static void socket_add(struct proc_sockets *s, uint64_t inode)
{
	if (s->n == PROC_SOCKETS_MAX) {
		s->full = true;
		return;
	}
	if (s->n == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 256;
		uint64_t *inodes = realloc(s->inodes, capacity * sizeof *inodes);
		if (!inodes) {
			s->full = true;
			return;
		}
		s->inodes = inodes;
		s->capacity = capacity;
	}
	s->inodes[s->n++] = inode;
}

/* "number: address:port address:port state ... uid timeout inode" */
void proc_sockets_add(struct proc_sockets *s, int fd, const struct proc_ports *ports)
{
	struct lines *l = malloc(sizeof *l);
	const char *line;
	if (!l) {
		s->full = true;
		return;
	}
	l->fd = fd;
	l->at = l->n = l->total = 0;
	while ((line = line_next(l))) {
		unsigned local, remote, state;
		unsigned long long inode;
		if (sscanf(line,
			   " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %x %*s %*s %*s %*u %*u "
			   "%llu",
			   &local, &remote, &state, &inode) == 4 &&
		    inode != 0 && (proc_port_has(ports, local) || proc_port_has(ports, remote)))
			socket_add(s, inode);
	}
	free(l);
}

static int inode_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

void proc_sockets_sort(struct proc_sockets *s)
{
	if (s->n > 0)
		qsort(s->inodes, s->n, sizeof *s->inodes, inode_order);
}

bool proc_sockets_has(const struct proc_sockets *s, uint64_t inode)
{
	return s->n > 0 && bsearch(&inode, s->inodes, s->n, sizeof *s->inodes, inode_order);
}

void proc_sockets_free(struct proc_sockets *s)
{
	free(s->inodes);
	*s = (struct proc_sockets){0};
}
