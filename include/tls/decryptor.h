/* decryptor.h - opens TLS sessions with the secrets of a key log: what the core's struct tls_opener
 * asks for. The only layer that sees keys. */
#ifndef SMTPWATCH_TLS_DECRYPTOR_H
#define SMTPWATCH_TLS_DECRYPTOR_H

#include "core/tls_opener.h"
#include "tls/keylog.h"

/* Bytes of records that wait for their secret: of one session, and of all together. Beyond, a
 * session stays encrypted. */
enum { DECRYPTOR_HELD = 64 << 10, DECRYPTOR_HELD_ALL = 64 << 20 };

/* keys: borrowed. Call before anything is confined. NULL: no memory, or no OpenSSL that has what is
 * needed. */
struct tls_opener *decryptor_new(struct keylog *keys);
void decryptor_free(struct tls_opener *o);

#endif
