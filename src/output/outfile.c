/* outfile.c - writing out what was rendered; the only place where an output can fail, and where it is said. */
#include "output/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* So much gathers before it is written: few calls, and little that waits. */
enum { OUTFILE_GATHER = 65536, OUTFILE_MODE = 0640 };

bool outfile_open(struct outfile *f, const char *name, char why[OUTFILE_WHY])
{
	bool standard = strcmp(name, "-") == 0;

	*f = (struct outfile){.name = standard ? "standard output" : name};
	/* A copy, because two outputs may share standard output, and each closes its own. Appending keeps two to one file from writing over each other. */
	if (standard)
		f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	else
		f->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, OUTFILE_MODE);
	if (f->fd < 0) {
		snprintf(why, OUTFILE_WHY, "cannot write to %s: %s", f->name, strerror(errno));
		return false;
	}
	f->terminal = isatty(f->fd);
	return true;
}

/* A reader that has gone (`| head`) has what it wanted. */
static void outfile_break(struct outfile *f, int error)
{
	f->broken = true;
	f->quiet = error == EPIPE;
	if (!f->quiet)
		fprintf(stderr, "smtpwatch: cannot write to %s: %s; nothing more is written there\n", f->name, strerror(error));
}

bool outfile_flush(struct outfile *f)
{
	size_t done = 0;

	if (f->buf.failed && !f->broken)
		outfile_break(f, ENOMEM);
	while (!f->broken && done < f->buf.n) {
		ssize_t n = write(f->fd, f->buf.p + done, f->buf.n - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			outfile_break(f, errno);
	}
	f->buf.n = 0;
	return !f->broken;
}

bool outfile_put(struct outfile *f)
{
	if (f->buf.n >= OUTFILE_GATHER || f->terminal || f->buf.failed)
		return outfile_flush(f);
	return !f->broken;
}

bool outfile_close(struct outfile *f)
{
	/* Some file systems only say at the close that the disk is full. */
	if (outfile_flush(f) && close(f->fd) != 0)
		outfile_break(f, errno);
	outbuf_free(&f->buf);
	return !f->broken;
}
