/* keys.h - the keys of TLS sessions that the operator gives, or that stand in the captures. */
#ifndef SMTPWATCH_APP_KEYS_H
#define SMTPWATCH_APP_KEYS_H

#include "decrypt/keylog.h"
#include "smtpwatch/decryptor.h"
#include "stats/totals.h"

/* Zero-filled: none. */
struct keys {
	struct keylog *log;
	struct tls_decryptor *decryptor; /* for struct monitor_config */
	bool given;                      /* by a key log, even if nothing is in it */
};

/* Before root is given up and anything is confined. path: a key log, or NULL: only what keys_add
 * brings. False with a sentence in why. */
bool keys_open(struct keys *k, const char *path, char why[KEYLOG_WHY]);

/* Lines of a key log out of a capture. */
void keys_add(struct keys *k, struct bytes text);

/* How many secrets there are, and how many lines that nobody can read; nothing changes where there
 * are no keys. */
void keys_count(const struct keys *k, struct summary *out);

/* Wipes them; behind the monitors. */
void keys_close(struct keys *k);

#endif
