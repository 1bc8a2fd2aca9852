/* judgement.h - judges an ending. verdict.h has the names of the verdicts: a source that includes
 * this header alone is not compiled anew when a verdict is added. */
#ifndef SMTPWATCH_JUDGEMENT_H
#define SMTPWATCH_JUDGEMENT_H

#include "smtpwatch/ending.h"

/* The confidence of a conclusion. */
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CERTAIN };
const char *confidence_name(enum confidence c);

/* The result of judging one ending: the worst verdict that holds (enum verdict), and the others
 * that hold too, as bits (1 << enum verdict). */
struct judgement {
	unsigned verdict;
	uint64_t also;
};

/* Judges an ending. Returns exactly one verdict, whatever the facts. */
struct judgement verdict_judge(const struct ending *e);

/* Writes the sentence that says why, with the facts of this ending. Example: "gap of 31 server
 * bytes before the close". Writes at most n bytes, NUL included. Returns out. */
char *verdict_reason(const struct ending *e, const struct judgement *j, char *out, size_t n);

#endif
