/* decryptor.h - decrypts TLS sessions with the secrets of a key log: the implementation of struct
 * tls_decryptor. Keys exist only in this folder. */
#ifndef SMTPWATCH_DECRYPT_DECRYPTOR_H
#define SMTPWATCH_DECRYPT_DECRYPTOR_H

#include "decrypt/keylog.h"
#include "smtpwatch/decryptor.h"

/* The most bytes of records that wait for their secret: of one session, and of all sessions
 * together. Beyond this a session stays encrypted. */
enum { DECRYPTOR_QUEUE_MAX = 64 << 10, DECRYPTOR_QUEUES_MAX = 64 << 20 };

/* Why there is no decryptor. */
extern const char decryptor_lacking[];

/* Makes a decryptor. keys: borrowed until decryptor_free. soon: secrets are to come, and OpenSSL is
 * asked for its algorithms now, before the sandbox starts; if not, with the first secret, because
 * OpenSSL's beginning costs a third of a start. Returns NULL if memory is exhausted, or, with soon,
 * if OpenSSL lacks an algorithm; without it that is logged, and the sessions stay encrypted. */
struct tls_decryptor *decryptor_new(struct keylog *keys, bool soon);

/* Frees the decryptor. Free all its streams before. NULL is allowed. */
void decryptor_free(struct tls_decryptor *d);

#endif
