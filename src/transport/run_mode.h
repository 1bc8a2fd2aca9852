/* run_mode.h - the mode of the run, for outputs. */
#ifndef SMTPWATCH_TRANSPORT_RUN_MODE_H
#define SMTPWATCH_TRANSPORT_RUN_MODE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Offline (all zero) an output waits for its target without limit, and a broken target ends the
 * run with exit code 3.
 * Live nothing waits. Records that a target does not accept are kept within a bound and tried
 * again. Beyond the bound they are lost, counted and reported.
 */
struct run_mode {
	bool live;
	bool several; /* inputs, interfaces or captures */
	bool become;  /* root is given up after the outputs are open, for uid and gid */
	bool caller;  /* uid is sudo's caller, to whom new files belong offline too */
	uid_t uid;
	gid_t gid;
};

#endif
