/* alert_sink.c - notices to a socket or a helper process. */
#include "sink/alert_sink.h"

bool alert_sink_init(struct alert_sink *l, void (*emit)(void *arg, const struct notice *notice),
		     void *arg)
{
	*l = (struct alert_sink){.taken = true, .fields = field_list_of(FIELD_ALERT_NAME)};
	return notices_init(&l->notices, emit, arg);
}

void alert_sink_free(struct alert_sink *l)
{
	notices_free(&l->notices);
	outbuf_free(&l->scratch);
}

void alert_sink_put(struct alert_sink *l)
{
	l->taken = target_put(&l->target);
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

bool alert_sink_close(struct alert_sink *l)
{
	bool whole = target_close(&l->target);
	alert_sink_free(l);
	return whole;
}
