/* library.h - the libraries of TLS that are attached to, each file once. */
#ifndef SMTPWATCH_KEYS_LIBRARY_H
#define SMTPWATCH_KEYS_LIBRARY_H

#include "keys/proc.h"
#include "keys/request.h"

/* SPACES: mount namespaces of one library that are remembered. */
enum { LIBRARY_SPACES = 8, LIBRARY_NONE = -1 };

/* A file. */
struct library {
	bool there;
	bool attached; /* else it cannot be read: `why` */
	bool used;     /* a process has it mapped, as of the last pass */
	enum proc_library kind;
	uint32_t slot;
	uint64_t device, inode;         /* of the file */
	uint64_t map_device, map_inode; /* as the maps of a process have it; 0: none yet */
	/* The mount namespaces in which it was found: while one of them has processes, a new one
	 * may begin to use the library. */
	uint64_t spaces[LIBRARY_SPACES];
	unsigned n_spaces;
	char path[PROC_PATH];
	struct error why;
};

/* All of them, and how to ask for more. Zero-fill before first use, with fd and pid set. */
struct libraries {
	int fd;       /* the broker's socket */
	uint32_t pid; /* attach for this process alone; 0: for all */
	bool ended;   /* the broker has ended */
	struct library all[REQUEST_SLOTS];
	struct answer answer; /* of the last request */
	int files[REQUEST_FILES];
};

/* Asks the broker; the answer is in l->answer, its descriptors are in l->files and the caller's.
 * Returns false if it ended or failed, with errno. */
bool libraries_ask(struct libraries *l, const struct request *r);

/* Closes the descriptors of the last answer. */
void libraries_close(struct libraries *l);

/* Finds a library by what the maps of a process say. Returns its number or LIBRARY_NONE. */
int libraries_find(const struct libraries *l, const struct proc_map *m);

/* Opens the file that r asks for, and attaches to it if it was not known. path: for people. m: the
 * map, or NULL. kind: PROC_OTHER: whatever its functions say. Returns its number, or LIBRARY_NONE
 * with errno if it cannot be opened. */
int libraries_add(struct libraries *l, const struct request *r, const struct proc_map *m,
		  const char *path, enum proc_library kind);

/* Notes that processes of a mount namespace can use it. */
void library_space_add(struct library *l, uint64_t space);

/* Detaches from the library and forgets it. */
void libraries_drop(struct libraries *l, int i);

/* Returns false if the file was deleted. */
bool libraries_named(struct libraries *l, int i);

#endif
