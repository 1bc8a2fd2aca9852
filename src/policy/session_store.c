/* session_store.c - an array of sessions, each with its record packed behind it. */
#include "policy/session_store.h"

#include <stdlib.h>

struct session_store {
	struct store_bounds bounds;
	struct redactor *redactor;
	size_t kept[2]; /* without alerts, and with alerts */
	size_t bytes, frames;
	uint64_t omitted;
	size_t n;
	struct stored_session *all[];
};

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static const char *text_put(uint8_t **at, const char *text)
{
	size_t n = text_size(text);
	char *to = text ? memcpy(*at, text, n) : NULL;
	*at += n;
	return to;
}

/* Returns what is known before the session is copied. */
static struct stored_session head_of(const struct record *record, const struct report *r,
				     const char *words)
{
	size_t n = record_size(record) + text_size(r->input) + text_size(r->pcap) +
		   text_size(r->suppression) + text_size(words);
	return (struct stored_session){.report = *r,
				       .severity = report_severity(r, report_worst(r)),
				       .kind = report_worst(r),
				       .alert = report_alerts(r) != 0,
				       .size = (sizeof(struct stored_session) + n + 15) &
					       ~(size_t)15};
}

struct stored_session *stored_new(const struct record *record, const struct report *r,
				  const char *words)
{
	struct stored_session head = head_of(record, r, words ? words : "");
	struct stored_session *s = aligned_alloc(16, head.size);
	if (!s)
		return NULL;
	*s = head;
	s->record = record_pack(record, s->block);
	uint8_t *at = s->block + record_size(record);
	s->report.input = text_put(&at, r->input);
	s->report.pcap = text_put(&at, r->pcap);
	s->report.suppression = text_put(&at, r->suppression);
	s->words = text_put(&at, words ? words : "");
	return s;
}

static void frames_free(struct stored_session *s)
{
	free((void *)(uintptr_t)s->frames.block.p);
	s->frames = (struct session_frames){0};
}

void stored_free(struct stored_session *s)
{
	if (s)
		frames_free(s);
	free(s);
}

const struct report *stored_restore(struct stored_session *s)
{
	struct judgement judgement = s->report.record.judgement;
	s->report.record = s->redactor ? *redactor_record(s->redactor, s->record) : *s->record;
	s->report.record.judgement = judgement;
	return &s->report;
}

struct bytes stored_clean(void *arg, struct bytes text)
{
	const struct stored_session *s = arg;
	return redactor_text(s->redactor, s->record->session, text);
}

struct session_store *session_store_new(const struct store_bounds *bounds,
					const struct redaction *how)
{
	size_t places = bounds->order == STORE_LATEST ? 2 * bounds->sessions : bounds->sessions;
	struct session_store *s = calloc(1, sizeof *s + places * sizeof(struct stored_session *));
	if (!s)
		return NULL;
	s->bounds = *bounds;
	s->redactor = redactor_new(how);
	if (s->redactor)
		return s;
	free(s);
	return NULL;
}

void session_store_free(struct session_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		stored_free(s->all[i]);
	redactor_free(s->redactor);
	free(s);
}

static bool has_capacity(const struct session_store *s, const struct stored_session *one)
{
	size_t n = s->bounds.order == STORE_LATEST ? s->kept[one->alert] : s->n;
	return n < s->bounds.sessions && (s->n == 0 || s->bytes + one->size <= s->bounds.bytes);
}

/* Returns the session that gives way to a new one; s->n: the new one finds no room. */
static size_t place_of_displaced(const struct session_store *s, const struct stored_session *one)
{
	size_t i = 0;
	if (s->bounds.order == STORE_WORST)
		return s->n - (s->n > 0 && s->all[s->n - 1]->severity < one->severity);
	if (s->bounds.order == STORE_FIRST)
		return s->n;
	bool alert = one->alert && s->kept[true] == s->bounds.sessions;
	while (i < s->n && s->all[i]->alert != alert)
		i++;
	return i < s->n ? i : 0;
}

static void session_drop(struct session_store *s, size_t i)
{
	struct stored_session *one = s->all[i];
	s->kept[one->alert]--;
	s->bytes -= one->size;
	s->frames -= one->frames.block.n;
	s->omitted++;
	stored_free(one);
	memmove(&s->all[i], &s->all[i + 1], (--s->n - i) * sizeof *s->all);
}

static void frames_put(struct session_store *s, struct stored_session *one,
		       struct session_frames frames)
{
	size_t n = frames.block.n;
	if (n == 0 || n > s->bounds.frames)
		return;
	for (size_t i = 0; i < s->n && s->frames + n > s->bounds.frames; i++) {
		s->frames -= s->all[i]->frames.block.n;
		frames_free(s->all[i]);
	}
	uint8_t *block = aligned_alloc(16, (n + 15) & ~(size_t)15);
	if (!block)
		return;
	one->frames = (struct session_frames){bytes_of(memcpy(block, frames.block.p, n), n),
					      frames.omitted};
	s->frames += n;
}

void session_store_add(struct session_store *s, const struct record *record, const struct report *r,
		       const char *words, struct session_frames frames)
{
	struct stored_session head = head_of(record, r, words), *one = NULL;
	bool room = has_capacity(s, &head);
	for (size_t i; !room && (i = place_of_displaced(s, &head)) < s->n;) {
		session_drop(s, i);
		room = has_capacity(s, &head);
	}
	if (room)
		one = stored_new(record, r, words);
	if (!one) {
		s->omitted++;
		return;
	}
	one->redactor = s->redactor;
	frames_put(s, one, frames);
	size_t at = s->n++;
	for (; s->bounds.order == STORE_WORST && at > 0 && s->all[at - 1]->severity < one->severity;
	     at--)
		s->all[at] = s->all[at - 1];
	s->all[at] = one;
	s->kept[one->alert]++;
	s->bytes += one->size;
}

size_t session_store_count(const struct session_store *s)
{
	return s->n;
}

struct stored_session *session_store_at(const struct session_store *s, size_t i)
{
	return s->all[i];
}

uint64_t session_store_omitted(const struct session_store *s)
{
	return s->omitted;
}
