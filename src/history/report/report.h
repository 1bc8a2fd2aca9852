/* report.h - answers questions about a history: what became of mails, one by one or summed up. */
#ifndef SMTPWATCH_HISTORY_REPORT_REPORT_H
#define SMTPWATCH_HISTORY_REPORT_REPORT_H

#include "history/report/question.h"
#include "transport/file.h"

/* Answers a question into a file. Returns false with a sentence in why if there is no answer. */
bool report_answer(const struct report_question *q, struct outfile *out,
		   struct report_result *result, struct error *why);

#endif
