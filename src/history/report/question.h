/* question.h - what can be asked of a history, and in which form it answers. */
#ifndef SMTPWATCH_HISTORY_REPORT_QUESTION_H
#define SMTPWATCH_HISTORY_REPORT_QUESTION_H

#include "history/mail.h"

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_FORMATS };
enum report_by { REPORT_MAILS, REPORT_BY_DOMAIN, REPORT_BY_HOUR, REPORT_BY_SERVER, REPORT_BYS };

/* What stands in each machine-readable record; grows when a field changes its meaning. */
enum { REPORT_SCHEMA = 1, REPORT_KEYS = 16 };

struct report_question {
	const char *path;  /* the folder */
	const char *what;  /* an address, a Message-ID or a queue id; NULL: all mails */
	uint32_t outcomes; /* 1 << enum outcome: only mails with one of these */
	int64_t since;     /* milliseconds; mails with attempts before it are seen from then on */
	int64_t now;       /* milliseconds; negative: the end of what was watched */
	int64_t give_up;   /* milliseconds */
	enum report_by by;
	enum report_format format;
	/* The site's keys that are known, for look-ups by address and Message-ID. */
	const uint8_t (*keys)[DIGEST_KEY];
	size_t keys_n;
};

struct report_result {
	uint64_t mails;        /* that were shown, or summed up */
	uint64_t of[OUTCOMES]; /* of these, by outcome */
	bool broken;           /* something could not be read, which was said */
};

#endif
