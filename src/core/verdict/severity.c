/* severity.c - how bad a verdict is: names and back. */
#include "smtpwatch/severity.h"

#include <assert.h>
#include <string.h>

static const char *const severities[SEVERITIES] = {"none",    "info",  "notice",
						   "warning", "error", "critical"};

const char *severity_name(enum severity s)
{
	assert(s < SEVERITIES);
	return severities[s];
}

enum severity severity_read(const char *name)
{
	enum severity s = 0;
	while (s < SEVERITIES && strcmp(severities[s], name) != 0)
		s++;
	return s;
}
