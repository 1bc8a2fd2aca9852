/* probe.h - the programs in the kernel: loaded, attached to functions of a library, and the ring
 * that they write into. libbpf does the work. */
#ifndef SMTPWATCH_KEYS_PROBE_H
#define SMTPWATCH_KEYS_PROBE_H

#include "base/error.h"
#include "keys/event.h"

#include <stdbool.h>
#include <stdint.h>

/* The functions that programs are attached to, of three libraries. Their names are in
 * probe_functions. */
enum probe_function {
	PROBE_DERIVE,  /* OpenSSL's EVP_KDF_derive */
	PROBE_WRITE,   /* OpenSSL's BIO_write, which binds secrets to the client's random */
	PROBE_PRF,     /* GnuTLS' _gnutls_prf_raw: TLS 1.2 */
	PROBE_KEY_256, /* Nettle, by which GnuTLS derives secrets of TLS 1.3: */
	PROBE_KEY_384, /* nettle_hmac_sha256_set_key, nettle_hmac_sha384_set_key, */
	PROBE_EXPAND,  /* nettle_hkdf_expand, */
	PROBE_EXTRACT, /* nettle_hkdf_extract */
	PROBE_FUNCTIONS
};

extern const char *const probe_functions[PROBE_FUNCTIONS];

/* The loaded programs and their ring. */
struct probe;

/* What is attached to one library. */
struct probe_links;

/* Loads the programs. ports: a bit for each watched port; processes that connect to them become
 * events, if the kernel has its own types at hand (BTF). Returns NULL with a sentence in why: what
 * the kernel lacks, or which right. probe_free detaches nothing. NULL is allowed. */
struct probe *probe_load(const uint64_t ports[1024], struct error *why);
void probe_free(struct probe *p);

/* Attaches to the functions whose offset is not 0. path: the file, which may be
 * /proc/self/fd/NUMBER. pid: of one process, or -1: of all. Returns NULL with errno: nothing is
 * attached then. */
struct probe_links *probe_attach(struct probe *p, const char *path, int pid,
				 const uint64_t offset[PROBE_FUNCTIONS]);
void probe_detach(struct probe_links *l);

/* Removes what processes that have ended left in the tables of the kernel. */
void probe_sweep(struct probe *p);

/* The ring, which a process that was forked may read: it needs no right for it. probe_ring_fd
 * returns a descriptor that is readable when the ring has events. probe_ring_take calls take for
 * each event that is there; the event is borrowed for the call. */
typedef void probe_take(void *arg, const struct keys_event *e);
int probe_ring_fd(const struct probe *p);
void probe_ring_take(struct probe *p, probe_take *take, void *arg);

/* Copies the kernel's counters. */
void probe_counts(const struct probe *p, struct keys_counts *out);

#endif
