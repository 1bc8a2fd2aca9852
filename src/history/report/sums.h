/* sums.h - mails summed up by recipient's domain, hour or server. Private to src/history/report. */
#ifndef SMTPWATCH_HISTORY_REPORT_SUMS_H
#define SMTPWATCH_HISTORY_REPORT_SUMS_H

#include "history/report/archive.h"
#include "history/report/question.h"
#include "transport/file.h"

struct sums;

/* Returns NULL if memory is exhausted. sums_free frees the result; NULL is allowed there. */
struct sums *sums_new(enum report_by by);
void sums_free(struct sums *s);

/* Notes the keys behind the hashes of a mail. */
void sums_attempt(struct sums *s, const struct attempt *a);

/* Adds a mail. Groups beyond a bound are summed up as one, "others". */
void sums_mail(struct sums *s, const struct mail_view *v);

/* Writes all groups, those with the most mails first; hours in their order. */
void sums_put(const struct sums *s, struct archive *a, enum report_format format,
	      struct outfile *out);

#endif
