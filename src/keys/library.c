/* library.c - from a mapped file to probes: which functions it has decides. */
#include "keys/library.h"

#include "keys/symbols.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool libraries_ask(struct libraries *l, const struct request *r)
{
	if (l->ended || !request_ask(l->fd, r, &l->answer, l->files)) {
		l->ended = true;
		errno = EPIPE;
		return false;
	}
	errno = l->answer.error;
	if (l->answer.error == 0)
		return true;
	libraries_close(l);
	errno = l->answer.error;
	return false;
}

void libraries_close(struct libraries *l)
{
	for (int i = 0; i < REQUEST_FILES; i++) {
		if (l->files[i] >= 0)
			close(l->files[i]);
		l->files[i] = -1;
	}
}

int libraries_find(const struct libraries *l, const struct proc_map *m)
{
	for (int i = 0; i < REQUEST_SLOTS; i++)
		if (l->all[i].there && l->all[i].map_inode == m->inode &&
		    l->all[i].map_device == m->device)
			return i;
	return LIBRARY_NONE;
}

void library_space_add(struct library *l, uint64_t space)
{
	for (unsigned i = 0; i < l->n_spaces && i < LIBRARY_SPACES; i++)
		if (l->spaces[i] == space)
			return;
	l->spaces[l->n_spaces++ % LIBRARY_SPACES] = space;
}

/* What a library of each kind must have, and what it is read by beside that. */
static const struct {
	enum probe_function needs[4];
	unsigned n;
	const char *lacks;
} kinds[] = {
	[PROC_OPENSSL] = {{PROBE_DERIVE, PROBE_WRITE},
			  2,
			  "it has no EVP_KDF_derive: it is older than OpenSSL 3, or its symbols "
			  "were stripped"},
	[PROC_GNUTLS] = {{PROBE_PRF}, 1, "it has no _gnutls_prf_raw"},
	[PROC_NETTLE] = {{PROBE_KEY_256, PROBE_KEY_384, PROBE_EXPAND, PROBE_EXTRACT},
			 4,
			 "it has no nettle_hkdf_expand"},
};

/* Leaves the offsets of functions of its kind alone. Returns false with why, if one is missing. */
static bool functions_choose(struct library *b, uint64_t offset[PROBE_FUNCTIONS])
{
	uint64_t chosen[PROBE_FUNCTIONS] = {0};
	bool all = true;
	if (b->kind == PROC_OTHER && offset[PROBE_PRF])
		b->kind = PROC_GNUTLS;
	if (b->kind == PROC_OTHER)
		b->kind = offset[PROBE_EXPAND] ? PROC_NETTLE : PROC_OPENSSL;
	for (unsigned i = 0; i < kinds[b->kind].n; i++) {
		enum probe_function f = kinds[b->kind].needs[i];
		chosen[f] = offset[f];
		all &= offset[f] != 0;
	}
	memcpy(offset, chosen, sizeof chosen);
	return all || error_set(&b->why, "%s", kinds[b->kind].lacks);
}

static void library_attach(struct libraries *l, struct library *b, int file)
{
	struct request r = {.kind = REQUEST_ATTACH, .pid = l->pid, .a = b->slot};
	if (!symbols_find(file, probe_functions, PROBE_FUNCTIONS, r.offset)) {
		error_set(&b->why, "it is no program file of this machine");
		return;
	}
	if (!functions_choose(b, r.offset))
		return;
	b->attached = libraries_ask(l, &r);
	if (!b->attached)
		error_set(&b->why, "the kernel refuses: %s", strerror(errno));
}

static void slot_drop(struct libraries *l, uint32_t slot)
{
	struct request r = {.kind = REQUEST_DROP, .a = slot};
	libraries_ask(l, &r);
}

/* Returns the number of a file that is known, or of a free place, or LIBRARY_NONE. */
static int place_of(const struct libraries *l, uint64_t device, uint64_t inode)
{
	int place = LIBRARY_NONE;
	for (int i = REQUEST_SLOTS - 1; i >= 0; i--) {
		const struct library *b = &l->all[i];
		if (b->there && b->device == device && b->inode == inode)
			return i;
		if (!b->there)
			place = i;
	}
	return place;
}

int libraries_add(struct libraries *l, const struct request *r, const struct proc_map *m,
		  const char *path, enum proc_library kind)
{
	if (!libraries_ask(l, r))
		return LIBRARY_NONE;
	uint32_t slot = (uint32_t)l->answer.numbers[0];
	uint64_t device = l->answer.numbers[1], inode = l->answer.numbers[2];
	int file = l->files[0], i = place_of(l, device, inode);
	l->files[0] = -1;
	libraries_close(l);
	struct library *b = i == LIBRARY_NONE ? NULL : &l->all[i];
	bool known = b && b->there;
	if (b && !known) {
		*b = (struct library){.there = true,
				      .slot = slot,
				      .kind = kind,
				      .device = device,
				      .inode = inode};
		memcpy(b->path, path, strnlen(path, sizeof b->path - 1));
		library_attach(l, b, file);
	}
	if (b && m) {
		b->map_device = m->device;
		b->map_inode = m->inode;
	}
	if (!b || known || !b->attached)
		slot_drop(l, slot);
	if (file >= 0)
		close(file);
	errno = ENOSPC;
	return i;
}

void libraries_drop(struct libraries *l, int i)
{
	if (l->all[i].attached)
		slot_drop(l, l->all[i].slot);
	l->all[i] = (struct library){0};
}

bool libraries_named(struct libraries *l, int i)
{
	struct request r = {.kind = REQUEST_NAMES, .a = l->all[i].slot};
	return l->all[i].attached && libraries_ask(l, &r) && l->answer.numbers[0] > 0;
}
