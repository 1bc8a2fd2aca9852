/* alert_sink.c - notices to a socket or a helper process. */
#include "sink/alert_sink.h"

bool alert_sink_init(struct alert_sink *l, void (*emit)(void *arg, const struct notice *notice),
		     void *arg)
{
	*l = (struct alert_sink){.taken = true, .fields = field_list_of(FIELD_ALERT_NAME)};
	return notices_init(&l->notices, emit, arg);
}

bool alert_sink_local(struct alert_sink *l, const char *path, const struct run_mode *mode,
		      struct error *why)
{
	return outsocket_open(&l->local, path, OUTSOCKET_DATAGRAM, path, mode, why);
}

bool alert_sink_helper(struct alert_sink *l, const char *name, const struct run_mode *mode,
		       helper_work *work, const void *arg, struct error *why)
{
	l->helper = helper_start(name, mode, work, arg, why);
	return l->helper != NULL;
}

void alert_sink_free(struct alert_sink *l)
{
	notices_free(&l->notices);
	outbuf_free(&l->scratch);
}

struct outbuf *alert_sink_buffer(struct alert_sink *l)
{
	return l->helper != NULL ? helper_job(l->helper) : &l->local.buf;
}

void alert_sink_put(struct alert_sink *l)
{
	l->taken = l->helper != NULL ? helper_send(l->helper) : outsocket_put(&l->local);
}

bool alert_sink_record(void *self, const struct report *r)
{
	struct alert_sink *l = self;

	notices_record(&l->notices, r);
	return l->taken;
}

bool alert_sink_repeat(void *self, const struct throttle_repeat *repeat)
{
	struct alert_sink *l = self;

	notices_repeat(&l->notices, repeat);
	return l->taken;
}

bool alert_sink_daily(void *self, const struct daily *day)
{
	struct alert_sink *l = self;

	notices_daily(&l->notices, day);
	return l->taken;
}

bool alert_sink_stats(void *self, const struct summary *sum)
{
	struct alert_sink *l = self;

	notices_stats(&l->notices, sum);
	return l->taken;
}

bool alert_sink_flush(void *self)
{
	struct alert_sink *l = self;

	return l->helper != NULL ? helper_flush(l->helper) : outsocket_flush(&l->local);
}

size_t alert_sink_poll(const void *self, struct pollfd *p)
{
	const struct alert_sink *l = self;

	return l->helper != NULL ? helper_poll(l->helper, p) : outsocket_poll(&l->local, p);
}

void alert_sink_ready(void *self, const struct pollfd *p)
{
	struct alert_sink *l = self;

	if (l->helper != NULL)
		helper_ready(l->helper, p);
	else
		outsocket_ready(&l->local, p);
}

void alert_sink_tick(void *self, int64_t now)
{
	struct alert_sink *l = self;

	if (l->helper != NULL)
		helper_tick(l->helper, now);
	else
		outsocket_tick(&l->local, now);
}

bool alert_sink_reopen(void *self)
{
	struct alert_sink *l = self;

	return l->helper != NULL || outsocket_reopen(&l->local);
}

void alert_sink_loss(const void *self, struct sink_loss *out)
{
	const struct alert_sink *l = self;

	out->lost = l->helper != NULL ? helper_lost(l->helper) : l->local.state.lost;
	out->reconnects = l->helper != NULL ? helper_reconnects(l->helper)
					    : outsocket_reconnects(&l->local);
}

bool alert_sink_close(struct alert_sink *l)
{
	bool whole = l->helper != NULL ? helper_close(l->helper) : outsocket_close(&l->local);

	alert_sink_free(l);
	return whole;
}
