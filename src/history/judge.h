/* judge.h - the outcome of a mail as it is at a time. Private to src/history. */
#ifndef SMTPWATCH_HISTORY_JUDGE_H
#define SMTPWATCH_HISTORY_JUDGE_H

#include "history/mail.h"
#include "history/watch.h"

/* Times are milliseconds. learned: the longest pause between two tries of the mail's client; 0: not
 * known. give_up: after the first trouble. */
struct mail_view mail_judge(const struct mail *m, const struct watch *w, int64_t now,
			    int64_t learned, int64_t give_up);

/* Whether an acceptance of the sender's knowledge, or one elsewhere, has ended the mail. */
bool mail_is_over(const struct mail *m);

#endif
