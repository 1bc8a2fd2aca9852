/* suppressions.c - reads the file of --suppress. */
#include "options/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
	const struct options *o;
	struct config_errors *m;
	unsigned line; /* of the configuration, where the file is named */
};

static void mistake_add(void *arg, unsigned line, const char *text)
{
	const struct reading *r = arg;
	config_errors_add(r->m, r->line, "suppress: %.200s:%u: %s", r->o->suppress, line, text);
}

static void file_refuse(struct config_errors *m, unsigned line, const char *path, const char *why)
{
	config_errors_add(m, line, "suppress: cannot read %.200s: %s", path, why);
}

/* Returns the text, which the caller frees, and its length; NULL after adding why not. */
static char *text_read(const struct options *o, unsigned line, size_t *n, struct config_errors *m)
{
	/* Opening a FIFO for reading would wait for its writer. */
	int fd = open(o->suppress, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = fd >= 0 ? malloc(SUPPRESSION_TEXT + 1) : NULL;
	struct stat st;
	ssize_t got = 0;
	*n = 0;
	errno = fd >= 0 && !text ? ENOMEM : errno;
	if (text && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		got = -1;
	}
	while (text && got >= 0 && *n <= SUPPRESSION_TEXT &&
	       (got = read(fd, text + *n, SUPPRESSION_TEXT + 1 - *n)) > 0)
		*n += (size_t)got;
	if (!text || got < 0)
		file_refuse(m, line, o->suppress,
			    errno == EINVAL ? "it is no file" : strerror(errno));
	else if (*n > SUPPRESSION_TEXT)
		file_refuse(m, line, o->suppress, "it is longer than 1 MiB");
	if (fd >= 0)
		close(fd);
	if (text && got == 0 && *n <= SUPPRESSION_TEXT)
		return text;
	free(text);
	return NULL;
}

void options_suppression_read(struct options *o, unsigned line, struct config_errors *m)
{
	struct reading r = {o, m, line};
	size_t n;
	char *text = o->suppress ? text_read(o, line, &n, m) : NULL;
	if (text)
		o->suppression = suppression_read(bytes_of(text, n), mistake_add, &r);
	free(text);
}
