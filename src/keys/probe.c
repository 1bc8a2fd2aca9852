/* probe.c - libbpf, with the programs of secrets.bpf.c embedded. */
#include "keys/probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <secrets.skel.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SWEEP: keys of a table that one call looks at. */
enum { PROGRAMS = 10, SWEEP = 4096 };

struct probe {
	struct secrets *of;
	struct ring_buffer *ring;
	probe_take *take; /* during probe_ring_take, with arg */
	void *arg;
};

struct probe_links {
	struct bpf_link *links[PROGRAMS];
	unsigned n;
};

const char *const probe_functions[PROBE_FUNCTIONS] = {
	[PROBE_DERIVE] = "EVP_KDF_derive",
	[PROBE_WRITE] = "BIO_write",
	[PROBE_PRF] = "_gnutls_prf_raw",
	[PROBE_KEY_256] = "nettle_hmac_sha256_set_key",
	[PROBE_KEY_384] = "nettle_hmac_sha384_set_key",
	[PROBE_EXPAND] = "nettle_hkdf_expand",
	[PROBE_EXTRACT] = "nettle_hkdf_extract",
};

/* Which program goes to which function, where it begins or where it returns. */
static const struct {
	size_t program; /* in struct secrets */
	enum probe_function function;
	bool returns;
} programs[PROGRAMS] = {
	{offsetof(struct secrets, progs.openssl_write), PROBE_WRITE, false},
	{offsetof(struct secrets, progs.openssl_derive), PROBE_DERIVE, false},
	{offsetof(struct secrets, progs.openssl_derived), PROBE_DERIVE, true},
	{offsetof(struct secrets, progs.gnutls_prf), PROBE_PRF, false},
	{offsetof(struct secrets, progs.nettle_key), PROBE_KEY_256, false},
	{offsetof(struct secrets, progs.nettle_key), PROBE_KEY_384, false},
	{offsetof(struct secrets, progs.nettle_expand), PROBE_EXPAND, false},
	{offsetof(struct secrets, progs.nettle_done), PROBE_EXPAND, true},
	{offsetof(struct secrets, progs.nettle_extract), PROBE_EXTRACT, false},
	{offsetof(struct secrets, progs.nettle_done), PROBE_EXTRACT, true},
};

/* libbpf's own sentences are for its developers. */
static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void load_explain(int error, struct error *why)
{
	switch (error) {
	case EPERM:
	case EACCES:
		error_set(why, "the kernel refuses programs of BPF: this takes root outside of a "
			       "container, or CAP_SYS_ADMIN, CAP_BPF and CAP_PERFMON; a kernel "
			       "that is locked down for confidentiality never grants it");
		return;
	case ENOSYS:
		error_set(why, "this kernel was built without BPF");
		return;
	default:
		error_set(why,
			  "the kernel does not load the programs of BPF (Linux 5.12 is the "
			  "oldest that can): %s",
			  strerror(error));
	}
}

static int taken(void *arg, void *data, size_t n)
{
	struct probe *p = arg;
	if (n >= sizeof(struct keys_event))
		p->take(p->arg, data);
	return 0;
}

struct probe *probe_load(const uint64_t ports[1024], struct error *why)
{
	struct probe *p = calloc(1, sizeof *p);
	if (!p) {
		error_set(why, "no memory");
		return NULL;
	}
	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	p->of = secrets__open();
	bool types = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
	if (p->of) {
		memcpy(p->of->rodata->watched, ports, sizeof p->of->rodata->watched);
		bpf_program__set_autoload(p->of->progs.connects, types);
	}
	int error = p->of ? -secrets__load(p->of) : errno;
	if (error == 0)
		p->ring = ring_buffer__new(bpf_map__fd(p->of->maps.ring), taken, p, NULL);
	/* Without it a sender is found when it is connected at the time of a look. */
	if (p->ring && types)
		p->of->links.connects = bpf_program__attach_raw_tracepoint(p->of->progs.connects,
									   "inet_sock_set_state");
	if (p->ring)
		return p;
	load_explain(error ? error : errno, why);
	probe_free(p);
	return NULL;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	ring_buffer__free(p->ring);
	secrets__destroy(p->of);
	free(p);
}

static struct bpf_program *program_of(const struct probe *p, size_t place)
{
	struct bpf_program *program;
	memcpy(&program, (const char *)p->of + place, sizeof program);
	return program;
}

struct probe_links *probe_attach(struct probe *p, const char *path, int pid,
				 const uint64_t offset[PROBE_FUNCTIONS])
{
	struct probe_links *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	for (size_t i = 0; i < PROGRAMS; i++) {
		uint64_t at = offset[programs[i].function];
		if (at == 0)
			continue;
		struct bpf_uprobe_opts how = {.sz = sizeof how, .retprobe = programs[i].returns};
		struct bpf_link *link = bpf_program__attach_uprobe_opts(
			program_of(p, programs[i].program), pid, path, at, &how);
		if (!link) {
			int error = errno;
			probe_detach(l);
			errno = error;
			return NULL;
		}
		l->links[l->n++] = link;
	}
	return l;
}

void probe_detach(struct probe_links *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->n; i++)
		bpf_link__destroy(l->links[i]);
	free(l);
}

/* The key of both tables begins with the number of a thread or process, in its last four bytes. */
static void table_sweep(int table, size_t size)
{
	uint64_t key = 0, next = 0, gone[SWEEP];
	size_t n = 0;
	for (bool more = bpf_map_get_next_key(table, NULL, &next) == 0; more && n < SWEEP;
	     more = bpf_map_get_next_key(table, &key, &next) == 0) {
		key = next;
		pid_t pid = (pid_t)(size == sizeof(uint32_t) ? key : key >> 32);
		if (kill(pid, 0) != 0 && errno == ESRCH)
			gone[n++] = key;
		next = 0;
	}
	for (size_t i = 0; i < n; i++)
		bpf_map_delete_elem(table, &gone[i]);
}

void probe_sweep(struct probe *p)
{
	table_sweep(bpf_map__fd(p->of->maps.hellos), sizeof(uint32_t));
	table_sweep(bpf_map__fd(p->of->maps.calls), sizeof(uint64_t));
}

int probe_ring_fd(const struct probe *p)
{
	return ring_buffer__epoll_fd(p->ring);
}

void probe_ring_take(struct probe *p, probe_take *take, void *arg)
{
	p->take = take;
	p->arg = arg;
	ring_buffer__consume(p->ring);
}

void probe_counts(const struct probe *p, struct keys_counts *out)
{
	*out = p->of->bss->counts;
}
