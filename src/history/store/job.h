/* job.h - what the program hands to the process that writes. Both are one binary: the bytes are
 * those of the memory. Private to src/history/store. */
#ifndef SMTPWATCH_HISTORY_STORE_JOB_H
#define SMTPWATCH_HISTORY_STORE_JOB_H

#include "history/store/day_file.h"

enum job_kind { JOB_ATTEMPT = 1, JOB_UNREAD, JOB_WATCHED };

/* NAMES: texts of an item, each behind its key. */
enum { JOB_NAMES = 5 };

/* One item of a job; behind it stand its texts, one after the other. */
struct job_item {
	uint32_t kind;
	uint32_t names; /* texts */
	union {
		struct attempt attempt;
		struct attempt_unread unread;
		struct day_watched watched;
	};
	uint64_t keys[JOB_NAMES];
	uint16_t lengths[JOB_NAMES];
};

/* What the process is told when it starts. */
struct store_config {
	char path[4096]; /* absolute */
	unsigned days;
	const char *gateway;
	uint32_t key_id;
	bool live;
};

/* The process: a helper_work. arg: a struct store_config. */
void store_work(int fd, const void *arg);

#endif
