/* worst.c - a short list in order: what comes in pushes the least bad one out. */
#include "trace/worst.h"

#include "trace/ladder.h"

#include <stdlib.h>

enum { PCAP_NAME = 256 };

struct kept {
	struct redactor *redactor;   /* borrowed, from exhibits_draw on */
	const struct record *record; /* not redacted; in the block behind this struct */
	size_t size;
	uint64_t number;
	enum severity severity;
	uint64_t raised, folded; /* these as the report had them */
	bool grouped;
	enum role role;
	uint32_t pcap_omitted;
	const char *input;
	char pcap[PCAP_NAME]; /* empty: none */
	struct ladder *ladder;
	_Alignas(16) uint8_t block[];
};

struct exhibits {
	struct kept *all[EXHIBITS_MOST];
	size_t n, bytes;
	uint64_t seen, omitted;
};

struct exhibits *exhibits_new(void)
{
	return calloc(1, sizeof(struct exhibits));
}

void exhibits_free(struct exhibits *e)
{
	for (size_t i = 0; e != NULL && i < e->n; i++)
		free(e->all[i]);
	free(e);
}

static void last_drop(struct exhibits *e)
{
	struct kept *last = e->all[--e->n];

	e->bytes -= last->size;
	e->omitted++;
	free(last);
}

/* Whether there is room, if need be that of others which are less bad. */
static bool room_make(struct exhibits *e, size_t size, enum severity severity)
{
	while (e->n == EXHIBITS_MOST || e->bytes + size > EXHIBITS_BYTES) {
		if (e->n == 0 || e->all[e->n - 1]->severity >= severity)
			return false;
		last_drop(e);
	}
	return true;
}

static struct kept *kept_new(const struct record *record, const struct report *r, size_t size)
{
	/* The size that aligned_alloc takes is a multiple of the alignment. */
	struct kept *k = aligned_alloc(16, (sizeof(*k) + size + 15) & ~(size_t)15);

	if (k == NULL)
		return NULL;
	*k = (struct kept){.size = size,
			   .severity = report_severity(r, report_worst(r)),
			   .raised = r->raised,
			   .folded = r->folded,
			   .grouped = r->grouped,
			   .role = r->role,
			   .pcap_omitted = r->pcap_omitted,
			   .input = r->input};
	k->record = record_pack(record, k->block);
	if (r->pcap != NULL && strlen(r->pcap) < sizeof(k->pcap))
		memcpy(k->pcap, r->pcap, strlen(r->pcap) + 1);
	return k;
}

void exhibits_offer(struct exhibits *e, const struct record *record, const struct report *r)
{
	size_t size, at;
	struct kept *k;

	e->seen++;
	if (report_alerts(r) == 0 && !report_stands_out(r))
		return;
	size = record_size(record);
	k = room_make(e, size, report_severity(r, report_worst(r))) ? kept_new(record, r, size)
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

struct exhibits_count exhibits_count(const struct exhibits *e)
{
	return (struct exhibits_count){e->n, e->omitted};
}

/* A ladder_cleaner. */
static struct bytes kept_clean(void *arg, struct bytes text)
{
	const struct kept *k = arg;

	return redactor_text(k->redactor, k->record->session, text);
}

void exhibits_draw(struct exhibits *e, struct redactor *redactor, exhibit_drawer *draw, void *arg)
{
	for (size_t i = 0; i < e->n; i++) {
		e->all[i]->redactor = redactor;
		e->all[i]->ladder = draw(arg, e->all[i]->record->conn, kept_clean, e->all[i]);
	}
}

static struct report report_again(const struct kept *k, struct redactor *redactor,
				  const struct alerting *alerting)
{
	struct report r = report_make(alerting, redactor_record(redactor, k->record), k->input);

	r.raised = k->raised;
	r.folded = k->folded;
	r.grouped = k->grouped;
	r.role = k->role;
	r.pcap = k->pcap[0] != '\0' ? k->pcap : NULL;
	r.pcap_omitted = k->pcap_omitted;
	return r;
}

bool exhibits_each(struct exhibits *e, struct redactor *redactor, const struct alerting *alerting,
		   bool (*each)(void *arg, const struct exhibit *one), void *arg)
{
	for (size_t i = 0; i < e->n; i++) {
		struct report r = report_again(e->all[i], redactor, alerting);

		if (e->all[i]->ladder != NULL)
			ladder_judge(e->all[i]->ladder, e->all[i]->record->ending,
				     r.record.judgement.verdict);
		if (!each(arg, &(struct exhibit){&r, e->all[i]->number, e->all[i]->ladder}))
			return false;
	}
	return true;
}
