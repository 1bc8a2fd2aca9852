/* worst.c - a short list in order: what comes in pushes the least bad one out. */
#include "trace/worst.h"

#include "trace/ladder.h"

#include <stdlib.h>

enum { PCAP_NAME = 256 };

struct stored_conn {
	struct redactor *redactor;   /* borrowed, from worst_draw on */
	const struct record *record; /* not redacted; in the block behind this struct */
	size_t size;
	uint64_t number;
	enum severity severity;
	uint64_t raised, limited; /* these as the report had them */
	bool grouped;
	enum role role;
	uint32_t pcap_omitted;
	const char *input;
	char pcap[PCAP_NAME]; /* empty: none */
	struct ladder *ladder;
	_Alignas(16) uint8_t block[];
};

struct worst {
	struct stored_conn *all[WORST_MAX];
	size_t n, bytes;
	uint64_t seen, omitted;
};

struct worst *worst_new(void)
{
	return calloc(1, sizeof(struct worst));
}

void worst_free(struct worst *e)
{
	for (size_t i = 0; e != NULL && i < e->n; i++)
		free(e->all[i]);
	free(e);
}

static void last_drop(struct worst *e)
{
	struct stored_conn *last = e->all[--e->n];

	e->bytes -= last->size;
	e->omitted++;
	free(last);
}

/* Whether there is room, if need be that of others which are less bad. */
static bool capacity_make(struct worst *e, size_t size, enum severity severity)
{
	while (e->n == WORST_MAX || e->bytes + size > WORST_BYTES) {
		if (e->n == 0 || e->all[e->n - 1]->severity >= severity)
			return false;
		last_drop(e);
	}
	return true;
}

static struct stored_conn *kept_new(const struct record *record, const struct report *r,
				    size_t size)
{
	/* The size that aligned_alloc takes is a multiple of the alignment. */
	struct stored_conn *k = aligned_alloc(16, (sizeof(*k) + size + 15) & ~(size_t)15);

	if (k == NULL)
		return NULL;
	*k = (struct stored_conn){.size = size,
				  .severity = report_severity(r, report_worst(r)),
				  .raised = r->raised,
				  .limited = r->limited,
				  .grouped = r->grouped,
				  .role = r->role,
				  .pcap_omitted = r->pcap_omitted,
				  .input = r->input};
	k->record = record_pack(record, k->block);
	if (r->pcap != NULL && strlen(r->pcap) < sizeof(k->pcap))
		memcpy(k->pcap, r->pcap, strlen(r->pcap) + 1);
	return k;
}

void worst_offer(struct worst *e, const struct record *record, const struct report *r)
{
	size_t size, at;
	struct stored_conn *k;

	e->seen++;
	if (report_alerts(r) == 0 && !report_stands_out(r))
		return;
	size = record_size(record);
	k = capacity_make(e, size, report_severity(r, report_worst(r))) ? kept_new(record, r, size)
									: NULL;
	if (k == NULL) {
		e->omitted++;
		return;
	}
	k->number = e->seen;
	at = e->n++;
	e->bytes += size;
	for (; at > 0 && e->all[at - 1]->severity < k->severity; at--)
		e->all[at] = e->all[at - 1];
	e->all[at] = k;
}

struct worst_count worst_count(const struct worst *e)
{
	return (struct worst_count){e->n, e->omitted};
}

/* A ladder_cleaner. */
static struct bytes kept_clean(void *arg, struct bytes text)
{
	const struct stored_conn *k = arg;

	return redactor_text(k->redactor, k->record->session, text);
}

void worst_draw(struct worst *e, struct redactor *redactor, session_drawer *draw, void *arg)
{
	for (size_t i = 0; i < e->n; i++) {
		e->all[i]->redactor = redactor;
		e->all[i]->ladder = draw(arg, e->all[i]->record->conn, kept_clean, e->all[i]);
	}
}

static struct report report_again(const struct stored_conn *k, struct redactor *redactor,
				  const struct alerting *alerting)
{
	struct report r = report_make(alerting, redactor_record(redactor, k->record), k->input);

	r.raised = k->raised;
	r.limited = k->limited;
	r.grouped = k->grouped;
	r.role = k->role;
	r.pcap = k->pcap[0] != '\0' ? k->pcap : NULL;
	r.pcap_omitted = k->pcap_omitted;
	return r;
}

bool worst_each(struct worst *e, struct redactor *redactor, const struct alerting *alerting,
		bool (*each)(void *arg, const struct worst_session *one), void *arg)
{
	for (size_t i = 0; i < e->n; i++) {
		struct report r = report_again(e->all[i], redactor, alerting);

		if (e->all[i]->ladder != NULL)
			ladder_judge(e->all[i]->ladder, e->all[i]->record->ending,
				     r.record.judgement.verdict);
		if (!each(arg, &(struct worst_session){&r, e->all[i]->number, e->all[i]->ladder}))
			return false;
	}
	return true;
}
