/* live_parts.h - the state of a live run. Only app/live.c and app/live_start.c include this. */
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
	const struct options *o;  /* borrowed: as at the start */
	struct options *latest;   /* owned: of the latest reload; NULL: none yet */
	struct alerting alerting; /* of the latest reload */
	int64_t stats_interval;   /* nanoseconds; of the latest reload */
	struct sinks *sinks;
	struct export *export; /* NULL: packets are not written */
	/* Frames of the session that is being delivered; NULL: the session came without frames. */
	const struct worker_frames *frames;
	char pcap[EXPORT_NAME]; /* the file of the session that is being delivered */
	struct viewer *viewer;  /* NULL: no --top */
	char names[256];        /* of the interfaces, for viewer */
	struct correlator *correlator;
	struct interfaces *interfaces;
	struct socket_broker *broker; /* NULL: none */
	struct keys keys;             /* zero-filled without --keylog */
	struct worker **workers;      /* n of each of the three */
	struct monitor_stats *stats;  /* the latest of each worker */
	uint64_t *beats;              /* worker_beats at the latest look of the watchdog */
	unsigned n;
	int signals; /* signalfd(2) */
	/* Monotonic, nanoseconds. watchdog: an interval. */
	int64_t started, last_stats, stats_due, second_due, losses_due, watchdog, watchdog_due;
	uint64_t drops_logged, lost_logged, pcaps_logged; /* counts of the latest warning */
	int64_t last;        /* end of the latest session, nanoseconds since the epoch */
	bool records;        /* sessions were delivered since the outputs were flushed */
	bool stopping;       /* a signal or the view has ended the run */
	bool usage, trouble; /* the exit code */
};

/* Opens outputs, interfaces, pid file and key log, then gives up privileges, then starts the
 * workers. Returns false after printing why; call live_run_end in any case. */
bool live_run_start(struct live_run *w);

/* Stops the workers, closes the outputs and frees all members. Works after a failed start too. */
void live_run_end(struct live_run *w);

#endif
