/* finder.c - walks over the processes; asks the broker for what needs rights. */
#include "keys/finder.h"

#include "base/log.h"
#include "keys/library.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds between two looks at a process: 1, 2, 4 ... AGED, and WAITED of one whose library is not
 * attached because it does not use the ports. MAPS: libraries of a process. NETS: network
 * namespaces whose sockets are known during a pass. TOLD: lines about processes that cannot be
 * read. CONNECTS: processes that are remembered between two passes. */
enum { AGED = 64, WAITED = 4, MAPS = 8, NETS = 64, TOLD = 100, CONNECTS = 256 };

struct process {
	uint32_t pid;
	uint64_t inode; /* of /proc/PID: another one is another process */
	uint64_t net, mnt;
	int64_t due, wait;
	int libraries[MAPS];
	unsigned n;
	bool connects; /* it was seen to connect to a watched port */
	bool uses;     /* the ports, as far as it was asked */
	bool unread;   /* it uses the ports, and cannot be read */
	char name[PROC_NAME];
	char why[PROC_PATH + 96];
};

struct net {
	uint64_t inode;
	struct proc_sockets sockets;
};

struct finder {
	const struct finder_wishes *wishes;
	struct libraries libraries;
	struct process *processes;
	size_t n;
	struct net nets[NETS];
	size_t n_nets;
	unsigned told;
	pthread_mutex_t lock; /* of these two */
	uint32_t connects[CONNECTS];
	unsigned n_connects;
	bool named; /* the files of the command line are attached */
};

static const char *const kinds[] = {[PROC_OPENSSL] = "OpenSSL 3",
				    [PROC_GNUTLS] = "GnuTLS, TLS 1.2",
				    [PROC_NETTLE] = "GnuTLS, TLS 1.3",
				    [PROC_OTHER] = "unknown"};

struct finder *finder_new(const struct finder_wishes *wishes, int fd)
{
	struct finder *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->wishes = wishes;
	f->libraries.fd = fd;
	f->libraries.pid = wishes->pid;
	pthread_mutex_init(&f->lock, NULL);
	for (int i = 0; i < REQUEST_FILES; i++)
		f->libraries.files[i] = -1;
	return f;
}

static void nets_forget(struct finder *f)
{
	for (size_t i = 0; i < f->n_nets; i++)
		proc_sockets_free(&f->nets[i].sockets);
	f->n_nets = 0;
}

void finder_free(struct finder *f)
{
	if (!f)
		return;
	nets_forget(f);
	pthread_mutex_destroy(&f->lock);
	free(f->processes);
	free(f);
}

/* The sockets of the watched ports in the namespace of a process, read once in a pass. */
static const struct proc_sockets *net_of(struct finder *f, const struct process *p)
{
	struct request r = {.kind = REQUEST_NET, .pid = p->pid};
	for (size_t i = 0; i < f->n_nets; i++)
		if (f->nets[i].inode == p->net)
			return &f->nets[i].sockets;
	if (f->n_nets == NETS || !libraries_ask(&f->libraries, &r))
		return NULL;
	struct net *net = &f->nets[f->n_nets++];
	*net = (struct net){.inode = p->net};
	for (int i = 0; i < REQUEST_FILES; i++)
		if (f->libraries.files[i] >= 0)
			proc_sockets_add(&net->sockets, f->libraries.files[i], &f->wishes->ports);
	libraries_close(&f->libraries);
	proc_sockets_sort(&net->sockets);
	return &net->sockets;
}

static bool ports_used(struct finder *f, const struct process *p)
{
	struct request r = {.kind = REQUEST_SOCKETS, .pid = p->pid};
	const struct proc_sockets *s = net_of(f, p);
	const struct answer *a = &f->libraries.answer;
	if (!s || s->n == 0 || !libraries_ask(&f->libraries, &r))
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (proc_sockets_has(s, a->numbers[i]))
			return true;
	return false;
}

static void library_tell(const struct library *b, const struct process *p)
{
	char user[PROC_NAME + 32] = "";
	if (p)
		snprintf(user, sizeof user, ", used by process %u (%s)", p->pid, p->name);
	if (b->attached)
		log_line("reads %s (%s)%s", b->path, kinds[b->kind], user);
	else
		log_line("cannot read %s: %s%s", b->path, b->why.text, user);
}

/* Opens what r asks for. Returns true if the process can be read by it. */
static bool library_take(struct finder *f, struct process *p, const struct request *r,
			 const struct proc_map *m, const char *path, enum proc_library kind)
{
	int i = m ? libraries_find(&f->libraries, m) : LIBRARY_NONE;
	bool known = i != LIBRARY_NONE;
	if (!known) {
		bool before[REQUEST_SLOTS];
		for (int k = 0; k < REQUEST_SLOTS; k++)
			before[k] = f->libraries.all[k].there;
		i = libraries_add(&f->libraries, r, m, path, kind);
		known = i != LIBRARY_NONE && before[i];
	}
	if (i == LIBRARY_NONE) {
		snprintf(p->why, sizeof p->why, "%s: %s", path,
			 errno == EOPNOTSUPP ? "its file system is another process's (FUSE)"
					     : strerror(errno));
		return false;
	}
	struct library *b = &f->libraries.all[i];
	if (!known)
		library_tell(b, p);
	library_space_add(b, p->mnt);
	if (p->n < MAPS)
		p->libraries[p->n++] = i;
	if (!b->attached)
		snprintf(p->why, sizeof p->why, "%s: %.95s", b->path, b->why.text);
	return b->attached;
}

/* A process that uses the ports and has no library yet: the program that it will run may have one,
 * as Postfix' master has not; or it has OpenSSL built in. */
static bool others_take(struct finder *f, struct process *p)
{
	bool fine = false;
	struct request r = {.kind = REQUEST_PROGRAM, .pid = p->pid};
	for (r.kind = REQUEST_PATH; request_paths[r.a]; r.a++) {
		char path[PROC_PATH];
		snprintf(path, sizeof path, "/%s", request_paths[r.a]);
		fine |= library_take(f, p, &r, NULL, path, PROC_OTHER);
	}
	return fine;
}

/* The program itself: only one that has the functions counts. */
static bool program_take(struct finder *f, struct process *p)
{
	struct request r = {.kind = REQUEST_PROGRAM, .pid = p->pid};
	int i = libraries_add(&f->libraries, &r, NULL, p->name, PROC_OTHER);
	if (i == LIBRARY_NONE)
		return false;
	struct library *b = &f->libraries.all[i];
	if (!b->attached) {
		libraries_drop(&f->libraries, i);
		return false;
	}
	library_tell(b, p);
	library_space_add(b, p->mnt);
	p->libraries[p->n++] = i;
	return true;
}

static void unread_tell(struct finder *f, struct process *p)
{
	if (p->unread)
		return;
	p->unread = true;
	if (f->told++ < TOLD)
		log_line("process %u (%s) uses a watched port and cannot be read: %s; "
			 "SSLKEYLOGFILE may help, see docs/tls.md",
			 p->pid, p->name, p->why);
	if (f->told == TOLD)
		log_line("further processes that cannot be read are counted, and not told");
}

/* Attaches to the libraries of a process that shall be read. */
static void libraries_take(struct finder *f, struct process *p, const struct proc_map *maps,
			   size_t n)
{
	bool fine = false;
	size_t known = 0;
	for (size_t i = 0; i < n; i++) {
		struct request r = {.kind = REQUEST_MAPPED,
				    .pid = p->pid,
				    .a = maps[i].start,
				    .b = maps[i].end};
		if (maps[i].kind == PROC_OTHER)
			continue;
		known++;
		fine |= library_take(f, p, &r, &maps[i], maps[i].path, maps[i].kind);
	}
	if (fine || known > 0 || f->wishes->all) {
		if (!fine && known > 0)
			unread_tell(f, p);
		return;
	}
	if (program_take(f, p) || others_take(f, p))
		return;
	if (n > 0)
		snprintf(p->why, sizeof p->why, "%s is neither OpenSSL 3 nor GnuTLS", maps[0].path);
	else
		snprintf(p->why, sizeof p->why,
			 "it has no library of TLS, or one built in (Go, Rust)");
	unread_tell(f, p);
}

/* Sets the libraries of a process that are attached already. Returns how many are not. */
static size_t known_note(struct finder *f, struct process *p, const struct proc_map *maps, size_t n)
{
	size_t unknown = 0;
	for (size_t i = 0; i < n; i++) {
		int k = libraries_find(&f->libraries, &maps[i]);
		if (k == LIBRARY_NONE) {
			unknown += maps[i].kind != PROC_OTHER;
			continue;
		}
		library_space_add(&f->libraries.all[k], p->mnt);
		if (p->n < MAPS)
			p->libraries[p->n++] = k;
	}
	return unknown;
}

static void process_look(struct finder *f, struct process *p, int64_t now)
{
	struct proc_map maps[MAPS];
	struct request r = {.kind = REQUEST_LOOK, .pid = p->pid};
	size_t n = 0, unknown = 0;
	if (libraries_ask(&f->libraries, &r)) {
		p->net = f->libraries.answer.numbers[0];
		p->mnt = f->libraries.answer.numbers[1];
		n = proc_maps(f->libraries.files[0], maps, MAPS);
		proc_name(f->libraries.files[1], p->name);
		libraries_close(&f->libraries);
		n = n < MAPS ? n : MAPS;
		p->n = 0;
		unknown = known_note(f, p, maps, n);
		bool bare = p->n == 0 && unknown == 0 && !f->wishes->all;
		if (unknown > 0 || bare)
			p->uses = (f->wishes->all && unknown > 0) || f->wishes->pid ||
				  p->connects || ports_used(f, p);
		if ((unknown > 0 || bare) && p->uses) {
			p->n = 0;
			libraries_take(f, p, maps, n);
		}
	}
	p->due = now + p->wait;
	p->wait = 2 * p->wait < AGED ? 2 * p->wait : AGED;
	if (unknown > 0 && !p->uses && p->wait > WAITED)
		p->wait = WAITED;
}

/* Takes the list of processes: those that are known stay as they are. */
static bool processes_renew(struct finder *f, int64_t now)
{
	struct request r = {.kind = REQUEST_LIST};
	const struct answer *a = &f->libraries.answer;
	if (!libraries_ask(&f->libraries, &r))
		return false;
	struct process *all = calloc(a->n / 2 + 1, sizeof *all);
	size_t n = 0, old = 0;
	if (!all)
		return true;
	for (uint32_t i = 0; i + 1 < a->n; i += 2) {
		uint32_t pid = (uint32_t)a->numbers[i];
		if (f->wishes->pid && pid != f->wishes->pid)
			continue;
		while (old < f->n && f->processes[old].pid < pid)
			old++;
		if (old < f->n && f->processes[old].pid == pid &&
		    f->processes[old].inode == a->numbers[i + 1])
			all[n++] = f->processes[old];
		else
			all[n++] = (struct process){
				.pid = pid, .inode = a->numbers[i + 1], .due = now, .wait = 1};
	}
	free(f->processes);
	f->processes = all;
	f->n = n;
	return true;
}

/* A library stays while a process has it mapped, or while its file is there and a process may begin
 * to use it. What nobody can use is let go, or its file system could never be unmounted. */
static bool library_needed(struct finder *f, int i)
{
	struct library *b = &f->libraries.all[i];
	bool space = false;
	b->used = false;
	for (size_t p = 0; p < f->n; p++) {
		const struct process *at = &f->processes[p];
		for (unsigned k = 0; k < at->n; k++)
			b->used |= at->libraries[k] == i;
		for (unsigned k = 0; k < b->n_spaces && k < LIBRARY_SPACES; k++)
			space |= at->mnt == b->spaces[k];
	}
	return b->used || (space && libraries_named(&f->libraries, i));
}

static void libraries_sift(struct finder *f)
{
	for (int i = 0; i < REQUEST_SLOTS; i++) {
		const struct library *b = &f->libraries.all[i];
		/* What the command line names stays. */
		if (!b->there || b->n_spaces == 0 || library_needed(f, i) || f->libraries.ended)
			continue;
		if (b->attached)
			log_line("lets go of %s: nobody uses it any more", b->path);
		libraries_drop(&f->libraries, i);
	}
}

static void named_take(struct finder *f)
{
	for (unsigned i = 0; i < f->wishes->named && !f->named; i++) {
		struct request r = {.kind = REQUEST_NAMED, .a = i};
		int k = libraries_add(&f->libraries, &r, NULL, f->wishes->names[i], PROC_OTHER);
		if (k == LIBRARY_NONE)
			log_line("cannot read %.200s: %s", f->wishes->names[i], strerror(errno));
		else
			library_tell(&f->libraries.all[k], NULL);
	}
	f->named = true;
}

void finder_connects(struct finder *f, uint32_t pid)
{
	pthread_mutex_lock(&f->lock);
	f->connects[f->n_connects++ % CONNECTS] = pid;
	pthread_mutex_unlock(&f->lock);
}

static int pid_order(const void *a, const void *b)
{
	uint32_t pid = *(const uint32_t *)a, other = ((const struct process *)b)->pid;
	return (pid > other) - (pid < other);
}

/* A process that is known to connect is due again only if its library is not attached yet. */
static void connects_take(struct finder *f, int64_t now)
{
	pthread_mutex_lock(&f->lock);
	for (unsigned i = 0; i < f->n_connects && i < CONNECTS; i++) {
		struct process *p = f->n ? bsearch(&f->connects[i], f->processes, f->n,
						   sizeof *f->processes, pid_order)
					 : NULL;
		if (!p || p->connects)
			continue;
		p->connects = true;
		p->due = now;
	}
	f->n_connects = 0;
	pthread_mutex_unlock(&f->lock);
}

bool finder_pass(struct finder *f, int64_t now)
{
	named_take(f);
	if (!processes_renew(f, now))
		return !f->libraries.ended;
	connects_take(f, now);
	for (size_t i = 0; i < f->n && !f->libraries.ended; i++)
		if (f->processes[i].due <= now)
			process_look(f, &f->processes[i], now);
	nets_forget(f);
	libraries_sift(f);
	return !f->libraries.ended;
}

void finder_counts(const struct finder *f, struct finder_counts *out)
{
	*out = (struct finder_counts){0};
	for (int i = 0; i < REQUEST_SLOTS; i++)
		out->libraries += f->libraries.all[i].there && f->libraries.all[i].attached;
	for (size_t i = 0; i < f->n; i++) {
		out->processes += f->processes[i].n > 0 && !f->processes[i].unread;
		out->unread += f->processes[i].unread;
	}
}

void finder_report(const struct finder *f, FILE *out)
{
	struct finder_counts c;
	finder_counts(f, &c);
	for (int i = 0; i < REQUEST_SLOTS; i++) {
		const struct library *b = &f->libraries.all[i];
		if (b->there && b->attached)
			fprintf(out, "Can be read: %s (%s).\n", b->path, kinds[b->kind]);
		else if (b->there)
			fprintf(out, "Cannot be read: %s: %s.\n", b->path, b->why.text);
	}
	for (size_t i = 0; i < f->n; i++)
		if (f->processes[i].unread)
			fprintf(out, "Cannot be read: process %u (%s): %s.\n", f->processes[i].pid,
				f->processes[i].name, f->processes[i].why);
	if (c.libraries == 0)
		fprintf(out, "No process with a library of TLS uses the watched ports now.\n");
	if (c.unread > 0)
		fprintf(out, "What cannot be read may write its secrets itself: SSLKEYLOGFILE, "
			     "see docs/tls.md.\n");
}

void finder_ready(struct finder *f)
{
	struct request r = {.kind = REQUEST_READY};
	libraries_ask(&f->libraries, &r);
}
