/* alert_sink.c - notices to a socket or a courier. */
#include "sink/alert_sink.h"

bool lineout_init(struct lineout *l, void (*tell)(void *arg, const struct notice *notice),
		  void *arg)
{
	*l = (struct lineout){.taken = true};
	return notices_init(&l->notices, tell, arg);
}

bool lineout_local(struct lineout *l, const char *path, const struct run_mode *mode,
		   char why[SINK_WHY])
{
	return outsocket_open(&l->local, path, OUTSOCKET_DATAGRAM, path, mode, why);
}

bool lineout_courier(struct lineout *l, const char *name, const struct run_mode *mode,
		     courier_work *work, const void *arg, char why[SINK_WHY])
{
	l->courier = courier_start(name, mode, work, arg, why);
	return l->courier != NULL;
}

void lineout_forget(struct lineout *l)
{
	notices_free(&l->notices);
	outbuf_free(&l->scratch);
}

struct outbuf *lineout_buffer(struct lineout *l)
{
	return l->courier != NULL ? courier_job(l->courier) : &l->local.buf;
}

void lineout_put(struct lineout *l)
{
	l->taken = l->courier != NULL ? courier_send(l->courier) : outsocket_put(&l->local);
}

bool lineout_record(void *self, const struct report *r)
{
	struct lineout *l = self;

	notices_record(&l->notices, r);
	return l->taken;
}

bool lineout_repeat(void *self, const struct throttle_repeat *repeat)
{
	struct lineout *l = self;

	notices_repeat(&l->notices, repeat);
	return l->taken;
}

bool lineout_daily(void *self, const struct daily *day)
{
	struct lineout *l = self;

	notices_daily(&l->notices, day);
	return l->taken;
}

bool lineout_stats(void *self, const struct summary *sum)
{
	struct lineout *l = self;

	notices_stats(&l->notices, sum);
	return l->taken;
}

bool lineout_flush(void *self)
{
	struct lineout *l = self;

	return l->courier != NULL ? courier_flush(l->courier) : outsocket_flush(&l->local);
}

size_t lineout_watch(const void *self, struct pollfd *p)
{
	const struct lineout *l = self;

	return l->courier != NULL ? courier_watch(l->courier, p) : outsocket_watch(&l->local, p);
}

void lineout_ready(void *self, const struct pollfd *p)
{
	struct lineout *l = self;

	if (l->courier != NULL)
		courier_ready(l->courier, p);
	else
		outsocket_ready(&l->local, p);
}

void lineout_tick(void *self, int64_t now)
{
	struct lineout *l = self;

	if (l->courier != NULL)
		courier_tick(l->courier, now);
	else
		outsocket_tick(&l->local, now);
}

bool lineout_reopen(void *self)
{
	struct lineout *l = self;

	return l->courier != NULL || outsocket_reopen(&l->local);
}

void lineout_loss(const void *self, struct sink_loss *out)
{
	const struct lineout *l = self;

	out->lost = l->courier != NULL ? courier_lost(l->courier) : l->local.outage.lost;
	out->reconnects = l->courier != NULL ? courier_reconnects(l->courier)
					     : outsocket_reconnects(&l->local);
}

bool lineout_close(struct lineout *l)
{
	bool whole = l->courier != NULL ? courier_close(l->courier) : outsocket_close(&l->local);

	lineout_forget(l);
	return whole;
}
