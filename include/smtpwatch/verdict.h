/* verdict.h - the catalogue of verdicts, and the rule that chooses one. */
#ifndef SMTPWATCH_VERDICT_H
#define SMTPWATCH_VERDICT_H

#include "smtpwatch/ending.h"
#include "smtpwatch/judgement.h"
#include "smtpwatch/severity.h"

/* VERDICT_221_FOR_MESSAGE to VERDICT_UNKNOWN: the rows of verdicts.def, in their order. */
enum verdict {
#define VERDICT(name, ...) VERDICT_##name,
#include "smtpwatch/verdicts.def"
	VERDICTS
};

/* What shows a verdict, in a ladder of the session. */
enum verdict_about {
	VERDICT_ABOUT_NOTHING, /* no line */
	VERDICT_ABOUT_221,     /* a 221 that was not asked for, at the stage stage_221 */
	VERDICT_ABOUT_421,
	VERDICT_ABOUT_EARLY,   /* a reply within a message */
	VERDICT_ABOUT_REFUSAL, /* the last refusal */
	VERDICT_ABOUT_SERVER,  /* the server's FIN or RST */
	VERDICT_ABOUT_CLIENT,  /* the client's FIN or RST */
	VERDICT_ABOUT_SILENCE, /* what the client sent again, in vain */
	VERDICT_ABOUT_SYN,     /* the same of its SYN */
	VERDICT_ABOUT_QUIT,    /* the client's last command */
	VERDICT_ABOUT_HOLE     /* the last gap */
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
	enum verdict_about about;
	const char *headline, *meaning, *advice;        /* as in verdict_words */
	const char *rfc;                                /* the RFC sections on which it rests */
	enum severity (*grade)(const struct ending *e); /* NULL: severity applies to all */
	/* NULL: the verdict was read. Else it was concluded from what TLS leaves visible; returns
	 * how sure it is. */
	enum confidence (*inferred)(const struct ending *e);
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

#endif
