/* verdict.h - the catalogue of verdicts, and the rule that chooses one. */
#ifndef SMTPWATCH_VERDICT_H
#define SMTPWATCH_VERDICT_H

#include "smtpwatch/ending.h"
#include "smtpwatch/severity.h"

/* The confidence of a conclusion. */
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
const char *confidence_name(enum confidence c);

/* In the order of the catalogue. The row of each verdict is in src/core/verdict/catalogue.c. */
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

/* The texts of a verdict. All texts are static. */
struct verdict_words {
	const char *headline; /* what happened, one clause, for the alert's first line */
	const char *meaning;  /* what it means for the mail */
	const char *advice;   /* what to look at next */
};

/* One row of the catalogue. All texts are static. */
struct verdict_row {
	const char *id;         /* "221-for-message" */
	enum severity severity; /* the default; a variant or grade may give another */
	const char *category;   /* its heading in the catalogue */
	const char *headline, *meaning, *advice; /* as in verdict_words */
	const char *rfc;                         /* the RFC sections on which it rests */
	bool (*holds)(const struct ending *e);
	enum severity (*grade)(const struct ending *e); /* NULL: severity applies to all */
};

/* Returns the row of a verdict: a static constant. */
const struct verdict_row *verdict_row(enum verdict v);

/* A verdict with words and severity of its own for certain endings. */
struct verdict_variant {
	enum verdict verdict;
	enum severity severity;
	bool (*holds)(const struct ending *e);
	struct verdict_words words;
};

/* Returns the i-th variant of a verdict, from 0; NULL if there are no more. */
const struct verdict_variant *verdict_variant(enum verdict v, size_t i);

/* Returns the first variant of a verdict that holds for this ending; NULL: none. */
const struct verdict_variant *verdict_variant_of(enum verdict v, const struct ending *e);

/* Returns the texts for this ending: those of the first variant that holds, else those of the row.
 */
struct verdict_words verdict_words(enum verdict v, const struct ending *e);

/* Returns the severity of a verdict for this ending, before the operator's configuration applies.
 * The first variant that holds decides, else `grade`, else the row. */
enum severity verdict_severity(enum verdict v, const struct ending *e);

/* verdict_inferred: returns true if the verdict was concluded from what TLS leaves visible.
 * verdict_confidence: returns how sure the verdict is for this ending. A verdict that was read is
 * certain. A clean session of which something was not captured is only likely. */
bool verdict_inferred(enum verdict v);
enum confidence verdict_confidence(enum verdict v, const struct ending *e);

/* Returns the verdict of that id; VERDICTS if there is none. */
enum verdict verdict_read(const char *id);

/* The result of judging one ending: the worst verdict that holds, and the others that hold too, as
 * bits (1 << enum verdict). */
struct judgement {
	enum verdict verdict;
	uint64_t also;
};

/* Judges an ending. Returns exactly one verdict, whatever the facts. */
struct judgement verdict_judge(const struct ending *e);

/* Writes the sentence that says why, with the facts of this ending. Example: "gap of 31 server
 * bytes before the close". Writes at most n bytes, NUL included. Returns out. */
char *verdict_reason(const struct ending *e, const struct judgement *j, char *out, size_t n);

#endif
