/* keys.c - a key log and the decryptor that uses it. */
#include "app/keys.h"

#include "decrypt/decryptor.h"

/* Sessions whose secrets are kept; 20 MiB at most. */
enum { SESSIONS = 1 << 16 };

bool keys_open(struct keys *k, const char *path, struct error *why)
{
	k->given = path != NULL;
	k->log = keylog_new(SESSIONS);
	k->decryptor = k->log != NULL ? decryptor_new(k->log) : NULL;
	if (k->decryptor == NULL)
		error_set(why,
			  "no memory for the keys of TLS, or an OpenSSL that lacks what opens it");
	if (k->decryptor != NULL && (path == NULL || keylog_open(k->log, path, why)))
		return true;
	keys_close(k);
	return false;
}

void keys_add(struct keys *k, struct bytes text)
{
	keylog_add(k->log, text);
}

void keys_count(const struct keys *k, struct summary *out)
{
	struct keylog_stats stats;

	if (k->log == NULL)
		return;
	keylog_stats(k->log, &stats);
	out->keys = k->given || stats.secrets + stats.bad_lines > 0;
	out->secrets = stats.secrets;
	out->bad_key_lines = stats.bad_lines;
}

void keys_close(struct keys *k)
{
	decryptor_free(k->decryptor);
	keylog_free(k->log);
	*k = (struct keys){0};
}
