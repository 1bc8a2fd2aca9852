/* secrets.bpf.c - runs in the kernel, where a process calls a function of OpenSSL or GnuTLS that
 * derives secrets of TLS. Reads the function's arguments and results, and no private structure. */
#include <linux/bpf.h>

#include <linux/ptrace.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#include "keys/event.h"

/* CALLS, HELLOS: entries of the tables. RING: bytes, room for some 19,000 events. PARAMS:
 * parameters of a call that are looked at. */
enum { CALLS = 16384, HELLOS = 16384, RING = 4 << 20, PARAMS = 8, RANDOM_WORDS = KEYS_RANDOM / 8 };

/* struct ossl_param_st of openssl/core.h, which is public. */
struct param {
	__u64 key;
	__u32 type;
	__u32 unused;
	__u64 data, size, returned;
};

/* A call that has not returned yet. */
struct call {
	__u64 out, n; /* where the result goes, and its length */
	__u64 params; /* OpenSSL: its parameters. Nettle: where the key is */
	/* Of Nettle alone. The key lies here while the call lasts. hash: where it is; 0: none. */
	__u64 context, kind, hash;
	__u8 key[KEYS_SECRET];
};

/* The ClientHello that a process has hashed last. waiting: hellos whose secrets have not been
 * derived yet. mixed: there were several of them at a time, and nobody can tell whose secrets come
 * next. It stays so until none waits. */
struct hello {
	__u64 random[RANDOM_WORDS];
	__u32 waiting, mixed;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HELLOS);
	__type(key, __u32);
	__type(value, struct hello);
} hellos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING);
} ring SEC(".maps");

struct keys_counts counts;

/* So many bytes of text as a number, for comparisons. */
struct label {
	__u64 word[2];
};

#define TEXT_1(s, i) ((__u64)(sizeof(s) > (i) + 1 ? (s)[(i) < sizeof(s) ? (i) : 0] : 0))
#define TEXT_8(s, i)                                                                               \
	(TEXT_1(s, i) | TEXT_1(s, (i) + 1) << 8 | TEXT_1(s, (i) + 2) << 16 |                       \
	 TEXT_1(s, (i) + 3) << 24 | TEXT_1(s, (i) + 4) << 32 | TEXT_1(s, (i) + 5) << 40 |          \
	 TEXT_1(s, (i) + 6) << 48 | TEXT_1(s, (i) + 7) << 56)
#define IS(label, s) ((label)->word[0] == TEXT_8(s, 0) && (label)->word[1] == TEXT_8(s, 8))

/* The kind of a step of TLS 1.3 by its label, or KEYS_KINDS: not needed. */
static __always_inline unsigned kind_of(const struct label *l)
{
	if (IS(l, "derived"))
		return KEYS_CHAIN;
	if (IS(l, "c hs traffic"))
		return KEYS_CLIENT_HANDSHAKE;
	if (IS(l, "s hs traffic"))
		return KEYS_SERVER_HANDSHAKE;
	if (IS(l, "c ap traffic"))
		return KEYS_CLIENT_TRAFFIC;
	if (IS(l, "s ap traffic"))
		return KEYS_SERVER_TRAFFIC;
	if (IS(l, "c e traffic"))
		return KEYS_CLIENT_EARLY;
	if (IS(l, "traffic upd"))
		return KEYS_UPDATE;
	return IS(l, "e exp master") ? KEYS_EARLY_EXPORTER : KEYS_KINDS;
}

static __always_inline bool read(void *to, __u32 n, __u64 from)
{
	return bpf_probe_read_user(to, n, (const void *)from) == 0;
}

/* Reads a secret or a hash: 32 or 48 bytes. The verifier wants constants. */
static __always_inline bool secret_read(__u8 to[KEYS_SECRET], __u64 from, __u64 n)
{
	if (n == 32)
		return read(to, 32, from);
	return n == 48 && read(to, 48, from);
}

static __always_inline struct keys_event *event_new(unsigned kind, __u64 n)
{
	struct keys_event *e = bpf_ringbuf_reserve(&ring, sizeof *e, 0);
	if (!e) {
		__sync_fetch_and_add(&counts.lost, 1);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof *e);
	e->pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	e->kind = (__u8)kind;
	e->n = (__u8)n;
	return e;
}

static __always_inline void event_end(struct keys_event *e, bool fine)
{
	if (fine) {
		bpf_ringbuf_submit(e, 0);
		return;
	}
	__sync_fetch_and_add(&counts.unread, 1);
	bpf_ringbuf_discard(e, 0);
}

static __always_inline bool same(const __u64 a[RANDOM_WORDS], const __u64 b[RANDOM_WORDS])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/* Another ClientHello waits. `waiting` rises before the random changes, see hello_take. */
static __always_inline void hello_add(__u32 pid, const __u64 random[RANDOM_WORDS])
{
	struct hello first = {.waiting = 1}, *h = bpf_map_lookup_elem(&hellos, &pid);
	if (!h) {
		__builtin_memcpy(first.random, random, KEYS_RANDOM);
		if (bpf_map_update_elem(&hellos, &pid, &first, BPF_NOEXIST) == 0)
			return;
		h = bpf_map_lookup_elem(&hellos, &pid);
	}
	/* The second hello behind a HelloRetryRequest is of the same session. */
	if (!h || same(h->random, random))
		return;
	__sync_fetch_and_add(&h->waiting, 1);
	h->mixed = 1;
	__builtin_memcpy(h->random, random, KEYS_RANDOM);
}

/* A session's secrets are derived: one hello less waits. Copies the random that the process hashed
 * last. Returns false if that may be another session's. */
static __always_inline bool hello_take(__u32 pid, __u64 random[RANDOM_WORDS])
{
	struct hello *h = bpf_map_lookup_elem(&hellos, &pid);
	if (!h)
		return false;
	__builtin_memcpy(random, h->random, KEYS_RANDOM);
	__u32 waiting = __sync_fetch_and_add(&h->waiting, -1);
	bool sure = waiting == 1 && !h->mixed;
	if (waiting <= 1)
		bpf_map_delete_elem(&hellos, &pid);
	return sure;
}

/* Without taking it. */
static __always_inline bool hello_look(__u32 pid, __u64 random[RANDOM_WORDS])
{
	struct hello *h = bpf_map_lookup_elem(&hellos, &pid);
	if (!h)
		return false;
	__builtin_memcpy(random, h->random, KEYS_RANDOM);
	return __sync_fetch_and_add(&h->waiting, 0) == 1 && !h->mixed;
}

/* int BIO_write(BIO *b, const void *data, int n): libssl gathers the messages of a handshake by it,
 * until it knows which hash it needs. A ClientHello: type, length in 3 bytes, version, random. */
SEC("uprobe")
int openssl_write(struct pt_regs *regs)
{
	__u8 head[6];
	__u64 random[RANDOM_WORDS];
	__u64 data = PT_REGS_PARM2(regs);
	if ((int)PT_REGS_PARM3(regs) < (int)(sizeof head + sizeof random) ||
	    !read(head, sizeof head, data) || head[0] != 1 || head[4] != 3 || head[5] != 3)
		return 0;
	if (read(random, sizeof random, data + sizeof head))
		hello_add((__u32)(bpf_get_current_pid_tgid() >> 32), random);
	return 0;
}

static __always_inline void call_begin(const struct call *c)
{
	__u64 id = bpf_get_current_pid_tgid();
	if (bpf_map_update_elem(&calls, &id, c, BPF_ANY) != 0)
		__sync_fetch_and_add(&counts.unplaced, 1);
}

/* Copies the call that returns. Returns false if it was not seen to begin. */
static __always_inline bool call_end(struct call *c)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *at = bpf_map_lookup_elem(&calls, &id);
	if (!at)
		return false;
	*c = *at;
	bpf_map_delete_elem(&calls, &id);
	return true;
}

/* int EVP_KDF_derive(EVP_KDF_CTX *ctx, unsigned char *key, size_t n, const OSSL_PARAM params[]) */
SEC("uprobe")
int openssl_derive(struct pt_regs *regs)
{
	struct call c = {.out = PT_REGS_PARM2(regs),
			 .n = PT_REGS_PARM3(regs),
			 .params = PT_REGS_PARM4(regs)};
	/* Secrets of TLS 1.3 have 32 or 48 bytes; the keys of TLS 1.2, all at once, 40 to 256. */
	if (c.params && c.n >= 32 && c.n <= 256)
		call_begin(&c);
	return 0;
}

/* What a call of EVP_KDF_derive was given. */
struct given {
	struct param label, data, key, salt, secret, seed[3];
	unsigned seeds;
};

static __always_inline void given_read(struct given *g, __u64 params)
{
	for (int i = 0; i < PARAMS; i++) {
		struct param p;
		__u64 name = 0;
		if (!read(&p, sizeof p, params + (__u64)i * sizeof p) || !p.key)
			return;
		if (bpf_probe_read_user_str(&name, sizeof name, (const void *)p.key) < 0)
			return;
		if (name == TEXT_8("label", 0))
			g->label = p;
		else if (name == TEXT_8("data", 0))
			g->data = p;
		else if (name == TEXT_8("key", 0))
			g->key = p;
		else if (name == TEXT_8("salt", 0))
			g->salt = p;
		else if (name == TEXT_8("secret", 0))
			g->secret = p;
		else if (name == TEXT_8("seed", 0)) {
			if (g->seeds == 0)
				g->seed[0] = p;
			else if (g->seeds == 2)
				g->seed[2] = p;
			g->seeds++;
		}
	}
}

/* Reads a label of `size` bytes. */
static __always_inline bool label_read(struct label *l, __u64 data, __u64 size)
{
	l->word[0] = l->word[1] = 0;
	if (size == 12)
		return read(l, 12, data);
	if (size == 13)
		return read(l, 13, data);
	if (size == 11)
		return read(l, 11, data);
	return size == 7 && read(l, 7, data);
}

/* TLS 1.2: the keys are derived from the master secret and both randoms (RFC 5246 6.3). */
static __always_inline void master_emit(__u64 master, __u64 random)
{
	__u64 last[RANDOM_WORDS];
	struct keys_event *e = event_new(KEYS_MASTER, 48);
	hello_take((__u32)(bpf_get_current_pid_tgid() >> 32), last);
	if (!e)
		return;
	e->named = 1;
	event_end(e, read(e->to, 48, master) && read(e->random, KEYS_RANDOM, random));
}

/* TLS 1.3. key: what is at `from` in the process, if it was read already. hash: 0: none. */
static __always_inline void step_emit(unsigned kind, __u64 n, __u64 from, const __u8 *key, __u64 to,
				      __u64 hash, __u64 hashed)
{
	__u32 pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	struct keys_event *e = event_new(kind, n);
	/* In both of its roles OpenSSL derives the server's handshake secret first. */
	if (kind == KEYS_SERVER_HANDSHAKE) {
		__u64 random[RANDOM_WORDS];
		bool sure = hello_take(pid, random);
		if (e && sure) {
			e->named = 1;
			__builtin_memcpy(e->random, random, KEYS_RANDOM);
		}
	} else if (kind == KEYS_CLIENT_EARLY || kind == KEYS_EARLY_EXPORTER) {
		__u64 random[RANDOM_WORDS];
		if (e && hello_look(pid, random)) {
			e->named = 1;
			__builtin_memcpy(e->random, random, KEYS_RANDOM);
		}
	}
	if (!e)
		return;
	bool fine = secret_read(e->to, to, n);
	if (key)
		__builtin_memcpy(e->from, key, KEYS_SECRET);
	else
		fine = fine && secret_read(e->from, from, n);
	if (fine && hash && hashed == n) {
		e->hashed = (__u8)n;
		fine = secret_read(e->hash, hash, n);
	}
	event_end(e, fine);
}

SEC("uretprobe")
int openssl_derived(struct pt_regs *regs)
{
	struct call c;
	struct given g = {0};
	struct label label;
	if (!call_end(&c) || (int)PT_REGS_RC(regs) <= 0)
		return 0;
	given_read(&g, c.params);
	if (g.secret.size == 48 && g.seeds >= 3 && g.seed[2].size == KEYS_RANDOM) {
		if (label_read(&label, g.seed[0].data, g.seed[0].size) &&
		    IS(&label, "key expansion"))
			master_emit(g.secret.data, g.seed[2].data);
		return 0;
	}
	if ((c.n != 32 && c.n != 48) || !label_read(&label, g.label.data, g.label.size))
		return 0;
	unsigned kind = kind_of(&label);
	if (kind == KEYS_CHAIN && g.salt.size == c.n)
		step_emit(kind, c.n, g.salt.data, NULL, c.out, 0, 0);
	else if (kind > KEYS_CHAIN && kind < KEYS_KINDS && g.key.size == c.n)
		step_emit(kind, c.n, g.key.data, NULL, c.out, g.data.data, g.data.size);
	return 0;
}

/* void nettle_hmac_sha256_set_key(struct hmac_sha256_ctx *ctx, size_t n, const uint8_t *key), and
 * the same of SHA-384: GnuTLS calls it right before the two functions below, with the same context.
 */
SEC("uprobe")
int nettle_key(struct pt_regs *regs)
{
	struct call c = {.context = PT_REGS_PARM1(regs),
			 .n = PT_REGS_PARM2(regs),
			 .params = PT_REGS_PARM3(regs)};
	call_begin(&c);
	return 0;
}

/* Returns the call of nettle_key that belongs to this one, with its key read: the result may go
 * where the key stands. NULL: there is none. Programs at the beginning of a call may run more than
 * once for it: containers that share a layer show one file as several. */
static __always_inline struct call *nettle_call(__u64 context)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *c = bpf_map_lookup_elem(&calls, &id);
	return c && c->context == context && secret_read(c->key, c->params, c->n) ? c : NULL;
}

/* An HkdfLabel: length in 2 bytes; the label behind its length, "tls13 " first; the hash behind its
 * length. Returns its kind, and sets *hash to where the hash is. */
static __always_inline unsigned info_kind(__u64 info, __u64 n, __u64 hashed, __u64 *hash)
{
	struct label label;
	__u8 size = 0;
	if (n < 16 || !read(&size, 1, info + 2) || size < 6 ||
	    !label_read(&label, info + 9, size - 6u))
		return KEYS_KINDS;
	*hash = n == 4u + size + hashed ? info + 4 + size : 0;
	return kind_of(&label);
}

/* The arguments behind the sixth. */
#ifdef __TARGET_ARCH_x86
#define ARGUMENT_6(regs) ((regs)->r9)
static __always_inline __u64 argument_more(struct pt_regs *regs, unsigned i)
{
	__u64 value = 0;
	read(&value, sizeof value, PT_REGS_SP(regs) + 8 + 8 * i);
	return value;
}
#else
#define ARGUMENT_6(regs) (((const struct user_pt_regs *)(regs))->regs[5])
static __always_inline __u64 argument_more(struct pt_regs *regs, unsigned i)
{
	return ((const struct user_pt_regs *)regs)->regs[i ? 7 : 6];
}
#endif

/* void nettle_hkdf_expand(void *ctx, update, digest, size_t digest_size, size_t info_size, const
 * uint8_t *info, size_t n, uint8_t *out) */
SEC("uprobe")
int nettle_expand(struct pt_regs *regs)
{
	__u64 n = argument_more(regs, 0);
	if (n != 32 && n != 48)
		return 0;
	struct call *c = nettle_call(PT_REGS_PARM1(regs));
	if (!c || c->n != n)
		return 0;
	c->kind = info_kind(ARGUMENT_6(regs), PT_REGS_PARM5(regs), n, &c->hash);
	c->out = argument_more(regs, 1);
	return 0;
}

/* void nettle_hkdf_extract(void *ctx, update, digest, size_t digest_size, size_t secret_size, const
 * uint8_t *secret, uint8_t *out): the key is the salt, and as long as the result in TLS. */
SEC("uprobe")
int nettle_extract(struct pt_regs *regs)
{
	struct call *c = nettle_call(PT_REGS_PARM1(regs));
	if (!c)
		return 0;
	c->kind = KEYS_CHAIN;
	c->hash = 0;
	c->out = argument_more(regs, 0);
	return 0;
}

SEC("uretprobe")
int nettle_done(struct pt_regs *regs)
{
	struct call c;
	(void)regs;
	if (call_end(&c) && c.out && c.kind < KEYS_KINDS)
		step_emit((unsigned)c.kind, c.n, 0, c.key, c.out, c.hash, c.n);
	return 0;
}

/* int _gnutls_prf_raw(gnutls_mac_algorithm_t mac, size_t master_size, const void *master, size_t
 * label_size, const char *label, size_t seed_size, const uint8_t *seed, size_t n, char *out):
 * exported for tests of FIPS 140. The seed of the keys is the server's random and the client's. */
SEC("uprobe")
int gnutls_prf(struct pt_regs *regs)
{
	struct label label;
	if (PT_REGS_PARM2(regs) != 48 || ARGUMENT_6(regs) != 2 * KEYS_RANDOM ||
	    !label_read(&label, PT_REGS_PARM5(regs), PT_REGS_PARM4(regs)) ||
	    !IS(&label, "key expansion"))
		return 0;
	master_emit(PT_REGS_PARM3(regs), argument_more(regs, 0) + KEYS_RANDOM);
	return 0;
}

/* The watched ports, a bit for each; set before the load. */
const volatile __u64 watched[1024];

/* What is looked at of the kernel's struct sock, wherever this kernel has it (CO-RE). */
struct sock_common {
	__be16 skc_dport;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
} __attribute__((preserve_access_index));

/* A TCP socket changes its state: (const struct sock *, old, new). The state of one that connects
 * is set by its process. */
SEC("raw_tp/inet_sock_set_state")
int connects(struct bpf_raw_tracepoint_args *ctx)
{
	enum { TCP_SYN_SENT = 2 };
	const struct sock *sk = (const struct sock *)ctx->args[0];
	if ((int)ctx->args[2] != TCP_SYN_SENT)
		return 0;
	__u16 port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (!(watched[port / 64] >> port % 64 & 1))
		return 0;
	struct keys_event *e = event_new(KEYS_CONNECTS, 0);
	if (e)
		event_end(e, true);
	return 0;
}

/* Helpers that read memory of a process are for programs under the GPL alone. */
char terms[] SEC("license") = "GPL";
