/* report.h - one session as every output gets it: the record, redacted, and what the operator's wishes make of it. */
#ifndef SMTPWATCH_OUTPUT_REPORT_H
#define SMTPWATCH_OUTPUT_REPORT_H

#include "core/record.h"
#include "output/alerting.h"

struct report {
	struct record record; /* its judgement follows the operator's severities */
	enum severity severity;
	bool alert;
	const char *input; /* the interface or file */
};

#endif
