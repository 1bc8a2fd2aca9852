/* worst.c - a short sorted list: a worse session displaces the last. */
#include "trace/worst.h"

#include "trace/ladder.h"

#include <stdlib.h>

enum { PCAP_NAME = 256 };

struct stored_session {
	struct redactor *redactor;   /* borrowed, from worst_draw on */
	const struct record *record; /* not redacted; inside block */
	size_t size;
	uint64_t number;
	enum severity severity;
	struct report report; /* as it was made; what its record points to is gone */
	char pcap[PCAP_NAME]; /* empty: none */
	struct ladder *ladder;
	_Alignas(16) uint8_t block[];
};

struct worst {
	struct stored_session *all[WORST_MAX];
	size_t n, bytes;
	uint64_t seen, omitted;
};

struct worst *worst_new(void)
{
	return calloc(1, sizeof(struct worst));
}

void worst_free(struct worst *w)
{
	for (size_t i = 0; w != NULL && i < w->n; i++)
		free(w->all[i]);
	free(w);
}

static void last_drop(struct worst *w)
{
	struct stored_session *last = w->all[--w->n];

	w->bytes -= last->size;
	w->omitted++;
	free(last);
}

/* Returns true if there is room, if necessary by dropping sessions that are less bad. */
static bool capacity_make(struct worst *w, size_t size, enum severity severity)
{
	while (w->n == WORST_MAX || w->bytes + size > WORST_BYTES) {
		if (w->n == 0 || w->all[w->n - 1]->severity >= severity)
			return false;
		last_drop(w);
	}
	return true;
}

static struct stored_session *stored_new(const struct record *record, const struct report *r,
					 size_t size)
{
	/* aligned_alloc needs a size that is a multiple of the alignment. */
	struct stored_session *s = aligned_alloc(16, (sizeof(*s) + size + 15) & ~(size_t)15);

	if (s == NULL)
		return NULL;
	*s = (struct stored_session){
		.size = size, .severity = report_severity(r, report_worst(r)), .report = *r};
	s->record = record_pack(record, s->block);
	if (r->pcap != NULL && strlen(r->pcap) < sizeof(s->pcap))
		memcpy(s->pcap, r->pcap, strlen(r->pcap) + 1);
	return s;
}

void worst_offer(struct worst *w, const struct record *record, const struct report *r)
{
	size_t size, at;
	struct stored_session *s;

	w->seen++;
	if (report_alerts(r) == 0 && !report_stands_out(r))
		return;
	size = record_size(record);
	s = capacity_make(w, size, report_severity(r, report_worst(r)))
		    ? stored_new(record, r, size)
		    : NULL;
	if (s == NULL) {
		w->omitted++;
		return;
	}
	s->number = w->seen;
	at = w->n++;
	w->bytes += size;
	for (; at > 0 && w->all[at - 1]->severity < s->severity; at--)
		w->all[at] = w->all[at - 1];
	w->all[at] = s;
}

struct worst_count worst_count(const struct worst *w)
{
	return (struct worst_count){w->n, w->omitted};
}

/* A ladder_cleaner. */
static struct bytes stored_clean(void *arg, struct bytes text)
{
	const struct stored_session *s = arg;

	return redactor_text(s->redactor, s->record->session, text);
}

void worst_draw(struct worst *w, struct redactor *redactor, session_drawer *draw, void *arg)
{
	for (size_t i = 0; i < w->n; i++) {
		w->all[i]->redactor = redactor;
		w->all[i]->ladder = draw(arg, w->all[i]->record->conn, stored_clean, w->all[i]);
	}
}

static struct report report_of(const struct stored_session *s, struct redactor *redactor)
{
	struct report r = report_restore(&s->report, redactor_record(redactor, s->record));

	r.pcap = s->pcap[0] != '\0' ? s->pcap : NULL;
	return r;
}

bool worst_each(struct worst *w, struct redactor *redactor,
		bool (*each)(void *arg, const struct worst_session *one), void *arg)
{
	for (size_t i = 0; i < w->n; i++) {
		struct report r = report_of(w->all[i], redactor);

		if (w->all[i]->ladder != NULL)
			ladder_judge(w->all[i]->ladder, w->all[i]->record->ending,
				     r.record.judgement.verdict);
		if (!each(arg, &(struct worst_session){&r, w->all[i]->number, w->all[i]->ladder}))
			return false;
	}
	return true;
}
