/* target.c - one of two. */
#include "sink/target.h"

static const char unix_prefix[] = "unix:";

bool target_open(struct target *o, const char *target, const struct run_mode *mode,
		 struct error *why)
{
	size_t n = sizeof(unix_prefix) - 1;

	if (target == NULL)
		target = "-";
	o->local = strncmp(target, unix_prefix, n) == 0;
	o->buf = o->local ? &o->socket.buf : &o->file.buf;
	if (o->local)
		return outsocket_open(&o->socket, target + n, OUTSOCKET_STREAM, target, mode, why);
	return outfile_open(&o->file, target, mode, why);
}

bool target_check(const char *target, const struct run_mode *mode, struct error *why)
{
	size_t n = sizeof(unix_prefix) - 1;

	(void)mode;
	if (target == NULL || strcmp(target, "-") == 0)
		return true;
	return strncmp(target, unix_prefix, n) == 0 ? outsocket_check(target + n, why)
						    : outfile_check(target, why);
}

bool target_put(struct target *o)
{
	return o->local ? outsocket_put(&o->socket) : outfile_put(&o->file);
}

bool target_flush(void *self)
{
	struct target *o = self;

	return o->local ? outsocket_flush(&o->socket) : outfile_flush(&o->file);
}

void target_tick(void *self, int64_t now)
{
	struct target *o = self;

	if (o->local)
		outsocket_tick(&o->socket, now);
	else
		outfile_flush(&o->file);
}

size_t target_poll(const void *self, struct pollfd *p)
{
	const struct target *o = self;

	return o->local ? outsocket_poll(&o->socket, p) : outfile_poll(&o->file, p);
}

void target_ready(void *self, const struct pollfd *p)
{
	struct target *o = self;

	if (o->local)
		outsocket_ready(&o->socket, p);
	else
		outfile_flush(&o->file);
}

bool target_reopen(void *self)
{
	struct target *o = self;

	return o->local ? outsocket_reopen(&o->socket) : outfile_reopen(&o->file);
}

void target_loss(const void *self, struct sink_loss *out)
{
	const struct target *o = self;

	out->lost = o->local ? o->socket.state.lost : o->file.state.lost;
	out->reconnects = o->local ? outsocket_reconnects(&o->socket) : 0;
}

bool target_close(struct target *o)
{
	return o->local ? outsocket_close(&o->socket) : outfile_close(&o->file);
}
