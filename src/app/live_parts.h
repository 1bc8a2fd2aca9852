/* live_parts.h - the insides of a live run. For app/live.c and live_start.c alone. */
#ifndef SMTPWATCH_APP_LIVE_PARTS_H
#define SMTPWATCH_APP_LIVE_PARTS_H

#include "app/interfaces.h"
#include "app/keys.h"
#include "app/worker.h"
#include "options/options.h"
#include "replay/pcap_dir.h"
#include "replay/viewer.h"
#include "smtpwatch/correlate.h"

struct live_run {
	const struct options *o;
	struct options *latest;   /* what was reloaded; NULL: nothing yet */
	struct alerting alerting; /* as of the latest reload */
	int64_t stats_interval;
	struct sinks *sinks;
	struct export *export; /* NULL: packets are not written */
	const struct worker_frames
		*frames; /* those of the session that is being told; NULL: none came with it */
	char pcap[EXPORT_NAME];
	struct viewer *viewer; /* NULL: no --top */
	char names[256];       /* of the interfaces, for it */
	struct correlator *correlator;
	struct interfaces *interfaces;
	struct socket_broker *broker;
	struct keys keys; /* none without --keylog */
	struct worker **workers;
	struct monitor_stats *stats; /* the latest of each worker */
	uint64_t *beats;
	unsigned n;
	int signals;
	int64_t started, last_stats, stats_due, second_due, losses_due, watchdog, watchdog_due;
	uint64_t drops_logged, lost_logged, pcaps_logged;
	int64_t last; /* the end of the latest session */
	bool records, stopping, usage, trouble;
};

/* Sets the flag that decides the exit code, and says why. Returns false. */
bool live_run_complain(bool *flag, const char *why);

/* Outputs, interfaces and the pid file are opened with the rights that we were started with; then
 * rights are given up, and workers begin. */
bool live_run_start(struct live_run *w);

/* Closes and frees all that there is, after a start that failed too. */
void live_run_end(struct live_run *w);

#endif
