/* target.c - one of three. */
#include "sink/target.h"

static const char unix_prefix[] = "unix:";

bool target_socket(struct target *o, const char *path, enum outsocket_kind kind, const char *name,
		   const struct run_mode *mode, struct error *why)
{
	o->kind = TARGET_SOCKET;
	o->buf = &o->socket.buf;
	return outsocket_open(&o->socket, path, kind, name, mode, why);
}

bool target_helper(struct target *o, const char *name, const struct run_mode *mode,
		   helper_work *work, const void *arg, struct error *why)
{
	o->kind = TARGET_HELPER;
	o->helper = helper_start(name, mode, work, arg, why);
	return o->helper;
}

bool target_open(struct target *o, const char *target, const struct run_mode *mode,
		 struct error *why)
{
	size_t n = sizeof unix_prefix - 1;
	if (!target)
		target = "-";
	if (strncmp(target, unix_prefix, n) == 0)
		return target_socket(o, target + n, OUTSOCKET_STREAM, target, mode, why);
	o->kind = TARGET_FILE;
	o->buf = &o->file.buf;
	return outfile_open(&o->file, target, mode, why);
}

bool target_check(const char *target, const struct run_mode *mode, struct error *why)
{
	size_t n = sizeof unix_prefix - 1;
	(void)mode;
	if (!target || strcmp(target, "-") == 0)
		return true;
	return strncmp(target, unix_prefix, n) == 0 ? outsocket_check(target + n, why)
						    : outfile_check(target, why);
}

struct outbuf *target_buffer(struct target *o)
{
	return o->kind == TARGET_HELPER ? helper_job(o->helper) : o->buf;
}

bool target_put(struct target *o)
{
	return o->kind == TARGET_HELPER   ? helper_send(o->helper)
	       : o->kind == TARGET_SOCKET ? outsocket_put(&o->socket)
					  : outfile_put(&o->file);
}

bool target_flush(void *self)
{
	struct target *o = self;
	return o->kind == TARGET_HELPER   ? helper_flush(o->helper)
	       : o->kind == TARGET_SOCKET ? outsocket_flush(&o->socket)
					  : outfile_flush(&o->file);
}

void target_tick(void *self, int64_t now)
{
	struct target *o = self;
	if (o->kind == TARGET_HELPER)
		helper_tick(o->helper, now);
	else if (o->kind == TARGET_SOCKET)
		outsocket_tick(&o->socket, now);
	else
		outfile_flush(&o->file);
}

size_t target_poll(const void *self, struct pollfd *p)
{
	const struct target *o = self;
	return o->kind == TARGET_HELPER   ? helper_poll(o->helper, p)
	       : o->kind == TARGET_SOCKET ? outsocket_poll(&o->socket, p)
					  : outfile_poll(&o->file, p);
}

void target_ready(void *self, const struct pollfd *p)
{
	struct target *o = self;
	if (o->kind == TARGET_HELPER)
		helper_ready(o->helper, p);
	else if (o->kind == TARGET_SOCKET)
		outsocket_ready(&o->socket, p);
	else
		outfile_flush(&o->file);
}

bool target_reopen(void *self)
{
	struct target *o = self;
	return o->kind == TARGET_HELPER   ? true
	       : o->kind == TARGET_SOCKET ? outsocket_reopen(&o->socket)
					  : outfile_reopen(&o->file);
}

void target_counts(const void *self, struct sink_counts *out)
{
	const struct target *o = self;
	if (o->kind == TARGET_HELPER) {
		struct helper_counts c = helper_counts(o->helper);
		*out = (struct sink_counts){out->name, c.offered,    c.done,
					    c.lost,    c.reconnects, c.restarts};
		return;
	}
	bool socket = o->kind == TARGET_SOCKET;
	const struct target_state *s = socket ? &o->socket.state : &o->file.state;
	*out = (struct sink_counts){out->name,
				    s->offered,
				    s->written,
				    s->lost,
				    socket ? outsocket_reconnects(&o->socket) : 0,
				    0};
}

bool target_alive(const void *self)
{
	const struct target *o = self;
	return o->kind != TARGET_HELPER || helper_alive(o->helper);
}

bool target_close(struct target *o)
{
	return o->kind == TARGET_HELPER   ? helper_close(o->helper)
	       : o->kind == TARGET_SOCKET ? outsocket_close(&o->socket)
					  : outfile_close(&o->file);
}
