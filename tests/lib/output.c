/* output.c - an output under test. */
#include "lib/output.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void output_open(struct output *o, const struct sink_kind *kind)
{
	static const struct run_mode offline;
	struct error why;
	int fd;

	*o = (struct output){.kind = kind, .path = "/tmp/smtpwatch-test-XXXXXX"};
	fd = mkstemp(o->path);
	assert(fd >= 0);
	close(fd);
	o->self = kind->open(o->path, &offline, &why);
	assert(o->self != NULL);
}

void output_record(struct output *o, struct made *m)
{
	bool written;

	made_report(m);
	written = o->kind->record(o->self, &m->report);
	assert(written);
}

const char *output_text(struct output *o)
{
	FILE *f;
	size_t n = 0;

	o->kind->flush(o->self);
	f = fopen(o->path, "r");
	assert(f != NULL);
	free(o->text);
	o->text = NULL;
	/* No output writes a NUL, so that this reads to the end. */
	if (getdelim(&o->text, &n, '\0', f) < 0) {
		free(o->text);
		o->text = calloc(1, 1);
	}
	fclose(f);
	return o->text;
}

void output_free(struct output *o)
{
	bool whole = o->kind->close(o->self);

	assert(whole);
	unlink(o->path);
	free(o->text);
}
