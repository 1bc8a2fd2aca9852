/* keys.c - a key log and the decryptor that uses it. */
#include "app/keys.h"

#include "decrypt/decryptor.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Sessions whose secrets are kept; 20 MiB at most. */
enum { SESSIONS = 1 << 16 };

/* Returns the descriptor of a key log, or -1 with a sentence in why. */
static int log_open(const char *path, struct error *why)
{
	struct stat st;
	/* A FIFO that is open for writing too never ends. */
	bool fifo = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
	int fd = outpath_open(path, (fifo ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC, 0,
			      geteuid());

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return fd;
	if (fd >= 0) {
		close(fd);
		errno = EISDIR;
	}
	error_set(why, "the key log %.200s cannot be read: %s", path, outpath_error(errno));
	return -1;
}

bool keys_open(struct keys *k, const char *path, struct error *why)
{
	k->given = path != NULL;
	k->log = keylog_new(SESSIONS);
	k->decryptor = k->log != NULL ? decryptor_new(k->log) : NULL;
	if (k->decryptor == NULL)
		error_set(why,
			  "no memory for the keys of TLS, or an OpenSSL that lacks what opens it");
	if (k->decryptor != NULL && path == NULL)
		return true;
	int fd = k->decryptor != NULL ? log_open(path, why) : -1;
	if (fd >= 0) {
		keylog_read(k->log, fd);
		return true;
	}
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
