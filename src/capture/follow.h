/* follow.h - how a capture is read that another program still writes. */
#ifndef SMTPWATCH_CAPTURE_FOLLOW_H
#define SMTPWATCH_CAPTURE_FOLLOW_H

#include <stdbool.h>

/* What to do at the end of a regular file. */
struct input_follow {
	/* Called at each end of the file, and then four times a second until there is more. Returns
	 * false if the end of the file is the end of the input for now. */
	bool (*wait)(void *arg);
	void *arg;
};

#endif
