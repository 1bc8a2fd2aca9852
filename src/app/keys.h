/* keys.h - the secrets of TLS sessions, from the operator's key log and from captures. */
#ifndef SMTPWATCH_APP_KEYS_H
#define SMTPWATCH_APP_KEYS_H

#include "base/error.h"
#include "decrypt/keylog.h"
#include "smtpwatch/decryptor.h"
#include "stats/totals.h"

/* If zero-filled, there are no secrets, and only keys_count and keys_close may be called. */
struct keys {
	struct keylog *log;
	struct tls_decryptor *decryptor; /* for struct monitor_config; owned */
	bool given;                      /* the operator gave a key log, possibly an empty one */
};

/* Prepares *k. path: the key log; NULL: all secrets come from keys_add. Call before privilege_drop
 * and sandbox_enter. Returns false with a sentence in why; *k is then zero-filled. */
bool keys_open(struct keys *k, const char *path, struct error *why);

/* Adds lines of a key log that a capture contains. */
void keys_add(struct keys *k, struct bytes text);

/* Sets keys, secrets and bad_key_lines of *out. Leaves *out as it is if k is zero-filled. */
void keys_count(const struct keys *k, struct summary *out);

/* Wipes and frees the secrets. Call after the monitors that use k->decryptor are freed. */
void keys_close(struct keys *k);

#endif
