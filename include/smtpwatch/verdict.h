/* verdict.h - the catalogue: one row for each verdict, and the rule that finds it. */
#ifndef SMTPWATCH_VERDICT_H
#define SMTPWATCH_VERDICT_H

#include "smtpwatch/ending.h"
#include "smtpwatch/severity.h"

/* How sure something is that was not read but concluded. */
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
const char *confidence_name(enum confidence c);

/* In the order of the catalogue. Names and everything else that is known of a verdict stand in the
 * table (catalogue.c). */
enum verdict {
	VERDICT_221_FOR_MESSAGE,
	VERDICT_250_IN_MESSAGE,
	VERDICT_221_IN_TRANSACTION,
	VERDICT_221_BEFORE_MESSAGE,
	VERDICT_221_BETWEEN_MESSAGES,
	VERDICT_221_TO_NON_SMTP,
	VERDICT_DROP_AFTER_MESSAGE,
	VERDICT_DROP_IN_MESSAGE,
	VERDICT_DROP_IN_TRANSACTION,
	VERDICT_DROP_BEFORE_MESSAGE,
	VERDICT_DROP_BETWEEN_MESSAGES,
	VERDICT_DROP_AFTER_QUIT,
	VERDICT_SERVER_VANISHED,
	VERDICT_421_IN_MESSAGE,
	VERDICT_421_IN_TRANSACTION,
	VERDICT_421_IDLE,
	VERDICT_REFUSED_THEN_CLOSED,
	VERDICT_REFUSED_YET_TAKEN,
	VERDICT_CLIENT_GAVE_UP,
	VERDICT_CLIENT_DROP_IN_MESSAGE,
	VERDICT_CLIENT_DROP,
	VERDICT_CLIENT_NO_QUIT,
	VERDICT_QUIT_BEFORE_ACCEPTANCE,
	VERDICT_QUIT_UNAWAITED,
	VERDICT_PROBE,
	VERDICT_CONNECT_REFUSED,
	VERDICT_CONNECT_UNANSWERED,
	VERDICT_CLEAN,
	VERDICT_TLS_BROKEN_OFF,
	VERDICT_TLS_CLOSED_UNASKED,
	VERDICT_TLS_HANDSHAKE_FAILED,
	VERDICT_TLS_CLIENT_LEFT,
	VERDICT_TLS_ORDERLY,
	VERDICT_ENCRYPTED,
	VERDICT_UNKNOWN,
	VERDICTS
};

/* What is told of a verdict. All texts are static. */
struct verdict_words {
	const char *headline; /* what happened, one clause, for the alert's first line */
	const char *meaning;  /* what it means for the mail */
	const char *advice;   /* what to look at next */
};

/* One row of the catalogue. All texts are static. */
struct verdict_row {
	const char *id;         /* "221-for-message" */
	enum severity severity; /* the default; of a variant, or by grade, it may be another */
	const char *category;   /* the heading it stands under in the catalogue */
	const char *headline, *meaning, *advice; /* as in verdict_words */
	const char *rfc;                         /* section(s) it follows */
	bool (*holds)(const struct ending *e);
	enum severity (*grade)(const struct ending *e); /* NULL: severity is that of each */
};

const struct verdict_row *verdict_row(enum verdict v);

/* The same verdict, come about otherwise: with words and a severity of its own. */
struct verdict_variant {
	enum verdict verdict;
	enum severity severity;
	bool (*holds)(const struct ending *e);
	struct verdict_words words;
};

/* The i-th variant of a verdict, from 0; NULL: it has no more. */
const struct verdict_variant *verdict_variant(enum verdict v, size_t i);

/* The first variant of a verdict that holds of this ending; NULL: none. */
const struct verdict_variant *verdict_variant_of(enum verdict v, const struct ending *e);

/* The words for this ending: those of the first variant that holds, else those of the row. */
struct verdict_words verdict_words(enum verdict v, const struct ending *e);

/* The severity of a verdict that holds of this ending, before the operator's wishes: that of the
 * first variant that holds, else by grade, else that of the row. */
enum severity verdict_severity(enum verdict v, const struct ending *e);

/* Was it concluded from what TLS leaves visible? And how sure is it: what was read is certain, and
 * only likely that a session was in order of which something was not captured. */
bool verdict_inferred(enum verdict v);
enum confidence verdict_confidence(enum verdict v, const struct ending *e);

/* VERDICTS if there is no verdict of that id. */
enum verdict verdict_read(const char *id);

/* What was found of one ending: the worst verdict that holds, and the others that hold too, a bit
 * each (1 << enum verdict). */
struct judgement {
	enum verdict verdict;
	uint64_t also;
};

/* Judges an ending. Exactly one verdict, whatever the facts. */
struct judgement verdict_judge(const struct ending *e);

/* The sentence that says why: the facts of this ending in words, e.g. "gap of 31 server bytes
 * before the close". Writes at most n bytes with the NUL; returns out. */
char *verdict_reason(const struct ending *e, const struct judgement *j, char *out, size_t n);

#endif
