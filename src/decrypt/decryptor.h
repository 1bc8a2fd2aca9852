/* decryptor.h - opens TLS sessions with the secrets of a key log: what the core's struct
 * tls_decryptor asks for. The only layer that sees keys. */
#ifndef SMTPWATCH_DECRYPT_DECRYPTOR_H
#define SMTPWATCH_DECRYPT_DECRYPTOR_H

#include "decrypt/keylog.h"
#include "smtpwatch/decryptor.h"

/* Bytes of records that wait for their secret: of one session, and of all together. Beyond, a
 * session stays encrypted. */
enum { DECRYPTOR_QUEUE_MAX = 64 << 10, DECRYPTOR_QUEUES_MAX = 64 << 20 };

/* keys: borrowed. Call before anything is confined. NULL: no memory, or no OpenSSL that has what is
 * needed. */
struct tls_decryptor *decryptor_new(struct keylog *keys);
void decryptor_free(struct tls_decryptor *o);

#endif
