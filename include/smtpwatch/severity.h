/* severity.h - the severity of a verdict. */
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

/* severity_name: returns "none" to "critical"; static. severity_read: returns the severity of that
 * name; SEVERITIES if there is none. */
const char *severity_name(enum severity s);
enum severity severity_read(const char *name);

#endif
