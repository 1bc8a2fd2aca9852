/* tls_talk.h - a TLS session in memory, by OpenSSL's own two ends: the records that each side
 * sends, and the key log of it. */
#ifndef SMTPWATCH_TESTS_TLS_TALK_H
#define SMTPWATCH_TESTS_TLS_TALK_H

#include "smtpwatch/stream.h"

/* One version and cipher suite. */
struct tls_way {
	const char *name; /* OpenSSL's, of the suite */
	bool tls13;
	bool mac_then_encrypt; /* CBC in the old way: encrypt-then-MAC is not offered */
	bool ecdsa;            /* the server's certificate; else RSA */
	bool retry;            /* the server wants another group than the client offers first:
				  HelloRetryRequest */
};

/* All that this OpenSSL can speak, of what is to be opened. Ends with a row without a name. */
extern const struct tls_way tls_ways[];

struct tls_talk;

/* A key share of X25519MLKEM768 has 1216 bytes (draft-ietf-tls-ecdhe-mlkem); the rest stands for
 * what usual clients offer beside it. Such a hello needs two segments. */
enum { TLS_LONG_HELLO_MORE = 1316 };

/*
 * before: NULL, or an earlier talk whose session the client offers to resume; its hello is then as
 * long as that talk's. long_hello: the client's hello has an extension of TLS_LONG_HELLO_MORE bytes
 * that no server knows.
 */
struct tls_talk *tls_talk_new(const struct tls_way *way, struct tls_talk *before, bool long_hello);
void tls_talk_free(struct tls_talk *t);

/* Each call hands what was sent to emit, in order: the flights of a handshake, with the tickets
 * behind it; or the records of some bytes. */
typedef void tls_talk_emit(void *arg, enum side side, struct bytes records);

/* Before the handshake of a session that is resumed in TLS 1.3: the client sends this in it at
 * once, and the server takes it or not. */
void tls_talk_early(struct tls_talk *t, struct bytes text, bool accept);

void tls_talk_handshake(struct tls_talk *t, tls_talk_emit *emit, void *arg);
void tls_talk_say(struct tls_talk *t, enum side side, struct bytes text, tls_talk_emit *emit,
		  void *arg);
/* Of one side, which asks the other to do so too; nothing, in TLS 1.2. */
void tls_talk_key_update(struct tls_talk *t, enum side side, tls_talk_emit *emit, void *arg);
void tls_talk_renegotiate(struct tls_talk *t, tls_talk_emit *emit, void *arg);
void tls_talk_close_notify(struct tls_talk *t, enum side side, tls_talk_emit *emit, void *arg);

/* Was the session of `before` resumed? */
bool tls_talk_resumed(const struct tls_talk *t);

/* The key log so far, of all talks since the last tls_talk_keys_forget. */
struct bytes tls_talk_keys(void);
/* The same log with the lines of TLS 1.3 by transcript hash, as smtpwatch-keys writes them; the
 * hash is computed of what OpenSSL reports of its messages. Borrowed until the next call. */
struct bytes tls_talk_keys_by_transcript(void);
void tls_talk_keys_forget(void);

#endif
