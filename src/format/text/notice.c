/* notice.c - turns events into notices of one line. */
#include "format/text/notice.h"
#include "policy/alert_kind.h"

bool notices_init(struct notices *n, void (*emit)(void *arg, const struct notice *notice),
		  void *arg)
{
	*n = (struct notices){.emit = emit, .arg = arg, .digest = digest_new()};
	n->text.b = &n->line;
	return n->digest;
}

void notices_free(struct notices *n)
{
	digest_free(n->digest);
	outbuf_free(&n->line);
	outbuf_free(&n->text.scratch);
}

/* Emits n->line as a notice and empties it. If memory is exhausted, the line is cut. */
static void emit(struct notices *n, const char *id, enum severity severity, int64_t ts,
		 const struct field_view *alert)
{
	struct notice notice = {.id = id,
				.severity = severity,
				.ts = ts,
				.alert = alert,
				.text = bytes_of(n->line.p, n->line.n)};
	n->emit(n->arg, &notice);
	n->line.n = 0;
	n->line.failed = false;
}

static void alert_emit(struct notices *n, const struct report *r, unsigned kind)
{
	struct field_view view = field_view_of(r, kind, n->digest, &n->stamp);
	text_brief_alert(&n->text, r, kind);
	emit(n, alert_kind_row(kind)->id, report_severity(r, kind), r->record.end, &view);
}

static void again_emit(struct notices *n, const struct report *r, unsigned kind, const char *how)
{
	struct field_view view = field_view_of(r, kind, n->digest, &n->stamp);
	if (report_severity(r, kind) != SEVERITY_CRITICAL)
		return;
	view.how = how;
	text_brief_again(&n->text, r, kind, how);
	emit(n, alert_kind_row(kind)->id, SEVERITY_NOTICE, r->record.end, &view);
}

void notices_record(struct notices *n, const struct report *r)
{
	for (uint64_t left = r->raised; left != 0; left &= left - 1)
		alert_emit(n, r, (unsigned)__builtin_ctzll(left));
	for (uint64_t left = r->limited; left != 0; left &= left - 1)
		again_emit(n, r, (unsigned)__builtin_ctzll(left), "again");
	if (r->grouped)
		again_emit(n, r, r->record.judgement.verdict, "same event");
}

void notices_repeat(struct notices *n, const struct throttle_repeat *repeat)
{
	struct field_view view = field_view_of(repeat->latest, repeat->kind, n->digest, &n->stamp);
	view.sum = repeat;
	text_brief_repeat(&n->text, repeat);
	emit(n, alert_kind_row(repeat->kind)->id, repeat->worst, repeat->until, &view);
}

void notices_daily(struct notices *n, const struct daily *day)
{
	text_brief_daily(&n->text, day);
	emit(n, "digest", SEVERITY_INFO, day->until, NULL);
}

void notices_stats(struct notices *n, const struct summary *sum)
{
	if (sum->interim)
		return;
	text_brief_stats(&n->text, sum);
	emit(n, "end", SEVERITY_INFO, sum->last, NULL);
}
