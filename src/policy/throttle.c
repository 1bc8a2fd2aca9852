/* throttle.c - a small table, searched from end to end: only alerts come here. */
#include "policy/throttle.h"

#include "policy/session_store.h"
#include "smtpwatch/frame.h"

#include <stdlib.h>

static const int64_t interval_max = 86400 * FRAME_SECOND, quiet_min = 3600 * FRAME_SECOND;

/* One signature of one server. */
struct alert {
	bool used;
	struct ip_addr server;
	uint16_t port;
	unsigned kind;
	int64_t since, due; /* the interval that is counted */
	int64_t interval;
	int64_t last; /* alert */
	uint64_t count;
	enum severity worst;
	struct stored_session *latest; /* NULL: none yet */
};

struct throttle {
	int64_t first, now;
	void (*emit)(void *arg, struct throttle_repeat *repeat);
	void *arg;
	struct alert alerts[THROTTLE_ALERTS];
};

struct throttle *throttle_new(int64_t first,
			      void (*emit)(void *arg, struct throttle_repeat *repeat), void *arg)
{
	struct throttle *t = calloc(1, sizeof *t);
	if (t) {
		t->first = first;
		t->emit = emit;
		t->arg = arg;
	}
	return t;
}

void throttle_free(struct throttle *t)
{
	for (size_t i = 0; t && i < THROTTLE_ALERTS; i++)
		stored_free(t->alerts[i].latest);
	free(t);
}

/* The sum, if there is anything to tell, and the next interval. */
static void alert_emit_sum(struct throttle *t, struct alert *a, int64_t now)
{
	struct throttle_repeat sum = {.kind = a->kind,
				      .count = a->count,
				      .since = a->since,
				      .until = now,
				      .worst = a->worst};
	if (a->count == 0)
		return;
	sum.latest = stored_restore(a->latest);
	a->interval = a->interval < interval_max / 2 ? 2 * a->interval : interval_max;
	a->since = now;
	a->due = now + a->interval;
	a->count = 0;
	a->worst = SEVERITY_NONE;
	t->emit(t->arg, &sum);
}

static bool alert_is(const struct alert *a, const struct conn *conn, unsigned kind)
{
	return a->used && a->kind == kind && a->port == conn->port[SERVER] &&
	       ip_addr_equal(&a->server, &conn->addr[SERVER]);
}

/* The one that it is, or a free one, or the one that has been quiet for longest. */
static struct alert *alert_find(struct throttle *t, const struct conn *conn, unsigned kind)
{
	struct alert *oldest = &t->alerts[0];
	for (size_t i = 0; i < THROTTLE_ALERTS; i++) {
		struct alert *a = &t->alerts[i];
		if (alert_is(a, conn, kind))
			return a;
		if (oldest->used && (!a->used || a->last < oldest->last))
			oldest = a;
	}
	return oldest;
}

static void alert_begin(struct throttle *t, struct alert *a, const struct conn *conn, unsigned kind,
			int64_t now)
{
	a->used = true;
	a->server = conn->addr[SERVER];
	a->port = conn->port[SERVER];
	a->kind = kind;
	a->since = a->last = now;
	a->interval = t->first;
	a->due = now + t->first;
	a->count = 0;
	a->worst = SEVERITY_NONE;
}

/* Stores the report in place of the one before, but of a very long session without its messages:
 * those that matter are named when they come. Returns false if memory is exhausted. */
static bool alert_store(struct alert *a, const struct report *r)
{
	struct session_info info = *r->record.session;
	struct record record = r->record;
	if (record_size(&record) > THROTTLE_EXAMPLE) {
		info.first = NULL;
		record.session = &info;
	}
	struct stored_session *latest = stored_new(&record, r, NULL);
	if (!latest)
		return false;
	stored_free(a->latest);
	a->latest = latest;
	return true;
}

/* Whether this alert is kept back. */
static bool alert_limit(struct throttle *t, const struct report *r, unsigned kind)
{
	const struct conn *conn = r->record.conn;
	int64_t now = r->record.end;
	struct alert *a = alert_find(t, conn, kind);
	bool known = alert_is(a, conn, kind);
	if (a->used && (!known || now >= a->due))
		alert_emit_sum(t, a, now);
	if (!known || (now >= a->due &&
		       now - a->last >= (a->interval > quiet_min ? a->interval : quiet_min))) {
		alert_begin(t, a, conn, kind, now);
		return false;
	}
	a->last = now;
	if (!alert_store(a, r))
		return false;
	/* After a pause the next interval begins with what ends it. */
	if (a->count == 0 && now >= a->due) {
		a->since = now;
		a->due = now + a->interval;
	}
	a->count++;
	if (report_severity(r, kind) > a->worst)
		a->worst = report_severity(r, kind);
	return true;
}

void throttle_apply(struct throttle *t, struct report *r)
{
	if (t->first <= 0 || report_loses_mail(r))
		return;
	for (uint64_t left = r->raised; left != 0; left &= left - 1)
		if (alert_limit(t, r, (unsigned)__builtin_ctzll(left)))
			r->limited |= left & -left;
	r->raised &= ~r->limited;
}

void throttle_tick(struct throttle *t, int64_t now)
{
	/* A clock that was set back would make every sum wait for the old time. */
	bool back = now < t->now;

	t->now = now;
	for (size_t i = 0; i < THROTTLE_ALERTS; i++) {
		struct alert *a = &t->alerts[i];
		if (back)
			a->due = now;
		if (a->used && now >= a->due)
			alert_emit_sum(t, a, now);
	}
}

void throttle_finish(struct throttle *t)
{
	for (size_t i = 0; i < THROTTLE_ALERTS; i++)
		if (t->alerts[i].used)
			alert_emit_sum(t, &t->alerts[i],
				       t->now > t->alerts[i].last ? t->now : t->alerts[i].last);
}
