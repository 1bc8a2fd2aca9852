/* run_mode.h - what an output must know of the run that it belongs to. */
#ifndef SMTPWATCH_TRANSPORT_RUN_MODE_H
#define SMTPWATCH_TRANSPORT_RUN_MODE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Offline (all zero) an output may wait for its target as long as it likes, and one that takes no
 * more ends the work: exit 3. Live nothing waits: what a target does not take is kept within a
 * bound, tried again, and beyond the bound lost, which is counted and said.
 */
struct run_mode {
	bool live;
	bool become; /* root is given up after the outputs are open: uid and gid are who it will be
		      */
	uid_t uid;
	gid_t gid;
};

#endif
