/* decryptor.h - decrypts TLS sessions with the secrets of a key log: the implementation of struct
 * tls_decryptor. Keys exist only in this folder. */
#ifndef SMTPWATCH_DECRYPT_DECRYPTOR_H
#define SMTPWATCH_DECRYPT_DECRYPTOR_H

#include "decrypt/keylog.h"
#include "smtpwatch/decryptor.h"

/* The most bytes of records that wait for their secret: of one session, and of all sessions
 * together. Beyond this a session stays encrypted. */
enum { DECRYPTOR_QUEUE_MAX = 64 << 10, DECRYPTOR_QUEUES_MAX = 64 << 20 };

/* Makes a decryptor. keys: borrowed until decryptor_free. Call before the sandbox starts. Returns
 * NULL if memory is exhausted or OpenSSL lacks an algorithm. */
struct tls_decryptor *decryptor_new(struct keylog *keys);

/* Frees the decryptor. Free all its streams before. NULL is allowed. */
void decryptor_free(struct tls_decryptor *d);

#endif
