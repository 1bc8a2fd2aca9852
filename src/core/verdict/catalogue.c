/* catalogue.c - the catalogue of verdicts, out of the rows of verdicts.def. */
#include "core/verdict/tls_rules.h"
#include "smtpwatch/verdict.h"

#include <assert.h>

/* May the close itself be judged? Not where bytes are missing, the watch ended first, or TLS hid
 * the dialogue. */
static bool judged(const struct ending *e)
{
	return e->connected && e->unsure == UNSURE_NONE && !e->encrypted;
}

/* The server ended the session and had not said that it would. */
static bool dropped(const struct ending *e)
{
	return judged(e) && e->closer == CLOSER_SERVER && e->farewell == FAREWELL_NONE;
}

static bool nothing_open(const struct ending *e)
{
	return !e->end_unanswered && !e->content_open && !e->transaction_open;
}

static bool client_closed(const struct ending *e)
{
	return judged(e) && e->closer == CLOSER_CLIENT && e->farewell != FAREWELL_221_AFTER_QUIT &&
	       e->farewell != FAREWELL_221_UNASKED;
}

static bool dropped_idle(const struct ending *e)
{
	return dropped(e) && nothing_open(e) && !e->quit_sent;
}

/* One that was written in clear into a TLS connection is read as what it is. */
static bool said_421(const struct ending *e, unsigned places)
{
	return e->connected && e->unsure == UNSURE_NONE && (e->final_421 & places);
}

#define BEFORE_ACCEPTANCE "221 before acceptance"
#define DROPPED           "dropped without 221"
#define ANNOUNCED         "announced or refused"
#define CLIENTS_DOING     "the client's doing"
#define UNDER_TLS         "under TLS, without keys"
#define FINE              "fine, or not known"

#define LOOK_SERVER                                                                                \
	"the server's log at this time: a crash, a restart, a limit, a content filter or a "       \
	"firewall in front of it"

#define VERDICT(name, row, sentences, ...)                                                         \
	static bool is_##name(const struct ending *e)                                              \
	{                                                                                          \
		(void)e;                                                                           \
		return __VA_ARGS__;                                                                \
	}
#include "smtpwatch/verdicts.def"

static const struct verdict_row rows[VERDICTS] = {
#define ROW(...)                           __VA_ARGS__
#define VERDICT(name, row, sentences, ...) [VERDICT_##name] = {row},
#include "smtpwatch/verdicts.def"
};

const struct verdict_row *verdict_row(enum verdict v)
{
	assert(v < VERDICTS);
	return &rows[v];
}

struct verdict_words verdict_words(enum verdict v, const struct ending *e)
{
	const struct verdict_row *row = verdict_row(v);
	const struct verdict_variant *other = verdict_variant_of(v, e);
	return other ? other->words
		     : (struct verdict_words){row->headline, row->meaning, row->advice};
}

enum severity verdict_severity(enum verdict v, const struct ending *e)
{
	const struct verdict_row *row = verdict_row(v);
	const struct verdict_variant *other = verdict_variant_of(v, e);
	return other ? other->severity : row->grade ? row->grade(e) : row->severity;
}

bool verdict_inferred(enum verdict v)
{
	return verdict_row(v)->inferred;
}

/* What was not captured may hide a fault. One way, or without a handshake, a SYN is missing. */
static bool may_hide(const struct ending *e)
{
	return e->may_hide || e->seen == SEEN_GAPS || e->seen == SEEN_TRUNCATED;
}

/* What was found stands whatever is missing; that nothing was found does not. */
enum confidence verdict_confidence(enum verdict v, const struct ending *e)
{
	const struct verdict_row *row = verdict_row(v);
	if (row->inferred)
		return row->inferred(e);
	return may_hide(e) && verdict_severity(v, e) <= SEVERITY_INFO ? CONFIDENCE_LIKELY
								      : CONFIDENCE_CERTAIN;
}

const char *confidence_name(enum confidence c)
{
	static const char *const names[] = {"possible", "likely", "certain"};
	assert(c <= CONFIDENCE_CERTAIN);
	return names[c];
}

enum verdict verdict_read(const char *id)
{
	enum verdict v = 0;
	while (v < VERDICTS && strcmp(rows[v].id, id) != 0)
		v++;
	return v;
}

/* Direct calls, which the compiler puts in line: every session comes through here. */
struct judgement verdict_judge(const struct ending *e)
{
	struct judgement j = {VERDICT_UNKNOWN, 0};
#define VERDICT(name, row, sentences, ...) j.also |= (uint64_t)is_##name(e) << VERDICT_##name;
#include "smtpwatch/verdicts.def"
	for (uint64_t left = j.also; left != 0; left &= left - 1) {
		enum verdict v = (enum verdict)__builtin_ctzll(left);
		if (j.verdict == VERDICT_UNKNOWN ||
		    verdict_severity(v, e) > verdict_severity(j.verdict, e))
			j.verdict = v;
	}
	j.also &= ~(UINT64_C(1) << j.verdict);
	return j;
}
