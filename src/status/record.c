/* record.c - notes alerts and losses. */
#include "status/record.h"

#include "format/text/text.h"
#include "policy/alert_kind.h"

#include <stdio.h>

const char *status_lost_name(enum status_lost what)
{
	static const char *const names[STATUS_LOSSES] = {"packets", "sessions", "records"};
	return names[what];
}

static void alert_note(struct status_alert *a, const struct report *r, unsigned kind)
{
	const struct conn *conn = r->record.conn;
	struct outbuf line = {0};
	struct text text = {.b = &line};
	*a = (struct status_alert){.ts = r->record.end,
				   .signature = alert_kind_row(kind)->id,
				   .severity = report_severity(r, kind)};
	for (unsigned side = 0; side < 2; side++) {
		a->addr[side] = conn->addr[side];
		a->port[side] = conn->port[side];
	}
	snprintf(a->input, sizeof a->input, "%s", r->input ? r->input : "");
	text_brief_alert(&text, r, kind);
	error_set(&a->text, "%.*s", (int)line.n, line.n > 0 ? line.p : "");
	outbuf_free(&text.scratch);
	outbuf_free(&line);
}

void status_note(struct status_record *s, const struct report *r)
{
	for (uint64_t left = r->raised; left != 0; left &= left - 1) {
		alert_note(&s->alerts[s->alerts_n % STATUS_ALERTS], r,
			   (unsigned)__builtin_ctzll(left));
		s->alerts_n++;
	}
}

void status_observe(struct status_record *s, const struct summary *sum, int64_t now)
{
	const struct capture_stats *c = &sum->core->capture;
	uint64_t counts[STATUS_LOSSES] = {[STATUS_PACKETS] = c->dropped + c->dropped_by_interface,
					  [STATUS_SESSIONS] = c->records_lost};
	for (size_t i = 0; i < sum->outputs_n; i++)
		counts[STATUS_RECORDS] += sum->outputs[i].lost;
	for (unsigned i = 0; i < STATUS_LOSSES; i++) {
		if (counts[i] > s->losses[i].count)
			s->losses[i].last = now;
		s->losses[i].count = counts[i];
	}
}

const struct status_alert *status_alert_at(const struct status_record *s, unsigned i)
{
	if (i >= STATUS_ALERTS || i >= s->alerts_n)
		return NULL;
	return &s->alerts[(s->alerts_n - 1 - i) % STATUS_ALERTS];
}
