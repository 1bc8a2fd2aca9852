/* mails.h - shows mails one by one. Private to src/history/report. */
#ifndef SMTPWATCH_HISTORY_REPORT_MAILS_H
#define SMTPWATCH_HISTORY_REPORT_MAILS_H

#include "history/report/archive.h"
#include "text/timestamp.h"
#include "transport/file.h"

/* The attempts of a mail, of all that are shown at most. */
enum { SHOWN_ATTEMPTS = 64 };

struct shown_attempt {
	struct attempt attempt;
	unsigned gateway;
};

/* A mail and its attempts. */
struct shown_mail {
	struct mail mail;
	struct mail_view view; /* its `mail` is the one above */
	uint64_t sender;       /* key; 0: null sender */
	uint64_t domain;
	uint32_t key_id;   /* of the site's key */
	size_t n, omitted; /* attempts kept, and those that are not */
	struct shown_attempt attempts[SHOWN_ATTEMPTS];
};

/* Writes a mail as a paragraph, as one line of JSON, as a line of CSV; and the heads of CSV. */
void mail_text(struct archive *a, struct stamp *stamp, struct outbuf *b,
	       const struct shown_mail *m);
void mail_json(struct archive *a, struct stamp *stamp, struct outbuf *b,
	       const struct shown_mail *m);
void mail_csv(struct archive *a, struct stamp *stamp, struct outbuf *b, const struct shown_mail *m);
void mail_csv_head(struct outbuf *b);

#endif
