/* severity.h - how bad a verdict is. */
#ifndef SMTPWATCH_SEVERITY_H
#define SMTPWATCH_SEVERITY_H

enum severity {
	SEVERITY_NONE,
	SEVERITY_INFO,
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_ERROR,
	SEVERITY_CRITICAL,
	SEVERITIES
};

/* "none" .. "critical"; and back: SEVERITIES if there is no such name. */
const char *severity_name(enum severity s);
enum severity severity_read(const char *name);

#endif
