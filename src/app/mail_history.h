/* mail_history.h - the history of a run: in files, or within the run. */
#ifndef SMTPWATCH_APP_MAIL_HISTORY_H
#define SMTPWATCH_APP_MAIL_HISTORY_H

#include "history/store/writer.h"
#include "options/options.h"

struct mail_history;

/* Opens the history that the options ask for; *out is NULL if they ask for none. o: borrowed for
 * the life of the history. mode: of the run. Call while the program has one thread, before root is
 * given up. Returns false with a sentence in why. mail_history_close frees *out. */
bool mail_history_open(struct mail_history **out, const struct options *o,
		       const struct run_mode *mode, struct error *why);

/* As the functions of writer.h of the same names; h NULL: nothing is done. */
void mail_history_record(struct mail_history *h, const struct record *record);
void mail_history_tick(struct mail_history *h, int64_t now, uint64_t dropped);
void mail_history_span(struct mail_history *h, int64_t start, int64_t end, uint64_t dropped);
void mail_history_flush(struct mail_history *h);

/* The descriptor for a poll loop; fd -1: none. */
struct pollfd mail_history_poll(const struct mail_history *h);
void mail_history_ready(struct mail_history *h, const struct pollfd *p);

/* Returns false once the process that writes has died. */
bool mail_history_alive(const struct mail_history *h);

/* Within the run: says what became of the mails that were in trouble. Returns false if something is
 * missing in the files. */
bool mail_history_close(struct mail_history *h);

#endif
