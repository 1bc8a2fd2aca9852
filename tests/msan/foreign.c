/*
 * foreign.c - what OpenSSL, libpcap, zlib and zstd have written, told to the memory sanitizer,
 * which does not see into them; and how they use the C library is not its business. Linked into its
 * build alone, by --wrap of each name that stands here (Makefile, msan).
 */
#define OPENSSL_API_COMPAT 0x10100000L

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pcap/pcap.h>
#include <sanitizer/msan_interface.h>
#include <zlib.h>
#include <zstd.h>

/* libnids calls libpcap too. */
#pragma GCC visibility push(default)

/* after: what it has written, by its result r. */
#define FOREIGN(type, name, params, args, after)                                                   \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		__msan_scoped_disable_interceptor_checks();                                        \
		type r = __real_##name args;                                                       \
		__msan_scoped_enable_interceptor_checks();                                         \
		after;                                                                             \
		return r;                                                                          \
	}

static void written(const void *p, size_t n)
{
	if (p)
		__msan_unpoison(p, n);
}

/* So many bytes as another number says, which it has written too. */
static void counted(const void *p, const int *n)
{
	written(n, sizeof *n);
	if (n && *n > 0)
		written(p, (size_t)*n);
}

static void packet_written(struct pcap_pkthdr **h, const u_char **data)
{
	written(h, sizeof *h);
	written(*h, sizeof **h);
	written(data, sizeof *data);
	written(*data, (*h)->caplen);
}

static void program_written(const struct bpf_program *program)
{
	written(program, sizeof *program);
	written(program->bf_insns, program->bf_len * sizeof *program->bf_insns);
}

FOREIGN(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *query),
	(ctx, name, query), written(NULL, 0))
FOREIGN(EVP_CIPHER *, EVP_CIPHER_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *query),
	(ctx, name, query), written(NULL, 0))
FOREIGN(EVP_KDF *, EVP_KDF_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *query),
	(ctx, name, query), written(NULL, 0))
FOREIGN(EVP_MAC *, EVP_MAC_fetch, (OSSL_LIB_CTX * ctx, const char *name, const char *query),
	(ctx, name, query), written(NULL, 0))
FOREIGN(int, RAND_bytes, (unsigned char *out, int n), (out, n), counted(out, &n))
FOREIGN(int, SHA1_Init, (SHA_CTX * ctx), (ctx), written(ctx, sizeof *ctx))
FOREIGN(int, SHA1_Final, (unsigned char *out, SHA_CTX *ctx), (out, ctx),
	written(out, SHA_DIGEST_LENGTH))
FOREIGN(int, EVP_DigestFinal_ex, (EVP_MD_CTX * ctx, unsigned char *out, unsigned *n), (ctx, out, n),
	written(out, (size_t)EVP_MD_CTX_get_size(ctx)))
FOREIGN(int, EVP_EncodeBlock, (unsigned char *out, const unsigned char *in, int n), (out, in, n),
	written(out, (size_t)r + 1))
FOREIGN(int, EVP_KDF_derive,
	(EVP_KDF_CTX * ctx, unsigned char *out, size_t n, const OSSL_PARAM *params),
	(ctx, out, n, params), written(out, n))
FOREIGN(int, EVP_MAC_init,
	(EVP_MAC_CTX * ctx, const unsigned char *key, size_t n, const OSSL_PARAM *params),
	(ctx, key, n, params), written(NULL, 0))
FOREIGN(int, EVP_MAC_final, (EVP_MAC_CTX * ctx, unsigned char *out, size_t *n, size_t room),
	(ctx, out, n, room), (written(n, sizeof *n), written(out, *n)))
FOREIGN(int, EVP_DecryptInit_ex2,
	(EVP_CIPHER_CTX * ctx, const EVP_CIPHER *cipher, const unsigned char *key,
	 const unsigned char *iv, const OSSL_PARAM *params),
	(ctx, cipher, key, iv, params), written(NULL, 0))
FOREIGN(int, EVP_DecryptUpdate,
	(EVP_CIPHER_CTX * ctx, unsigned char *out, int *n, const unsigned char *in, int in_n),
	(ctx, out, n, in, in_n), counted(out, n))
FOREIGN(int, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX * ctx, unsigned char *out, int *n), (ctx, out, n),
	counted(out, n))
FOREIGN(int, EVP_EncryptUpdate,
	(EVP_CIPHER_CTX * ctx, unsigned char *out, int *n, const unsigned char *in, int in_n),
	(ctx, out, n, in, in_n), counted(out, n))
FOREIGN(int, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * ctx, unsigned char *out, int *n), (ctx, out, n),
	counted(out, n))
FOREIGN(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * ctx, int what, int n, void *p),
	(ctx, what, n, p), counted(what == EVP_CTRL_AEAD_GET_TAG ? p : NULL, &n))

FOREIGN(int, pcap_next_ex, (pcap_t * pcap, struct pcap_pkthdr **h, const u_char **data),
	(pcap, h, data), (r == 1 ? packet_written(h, data) : (void)0))
FOREIGN(int, pcap_compile,
	(pcap_t * pcap, struct bpf_program *program, const char *text, int optimize,
	 bpf_u_int32 mask),
	(pcap, program, text, optimize, mask), (r == 0 ? program_written(program) : (void)0))
FOREIGN(char *, pcap_geterr, (pcap_t * pcap), (pcap), written(r, PCAP_ERRBUF_SIZE))
FOREIGN(pcap_t *, pcap_fopen_offline_with_tstamp_precision,
	(FILE * file, unsigned precision, char *why), (file, precision, why),
	written(why, PCAP_ERRBUF_SIZE))

FOREIGN(size_t, ZSTD_decompressStream, (ZSTD_DStream * z, ZSTD_outBuffer *out, ZSTD_inBuffer *in),
	(z, out, in), written(out->dst, out->pos))
FOREIGN(size_t, ZSTD_compress, (void *out, size_t room, const void *in, size_t n, int level),
	(out, room, in, n, level), written(out, ZSTD_isError(r) ? 0 : r))
FOREIGN(int, deflate, (z_streamp z, int flush), (z, flush),
	written(z->next_out - z->total_out, z->total_out))

/* Into buffers one after another, of which only so much has changed. */
int __real_inflate(z_streamp z, int flush);
int __wrap_inflate(z_streamp z, int flush);
int __wrap_inflate(z_streamp z, int flush)
{
	const Bytef *from = z->next_out;
	int r = __real_inflate(z, flush);
	written(from, (size_t)(z->next_out - from));
	return r;
}
