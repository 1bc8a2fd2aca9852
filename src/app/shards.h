/* shards.h - the judging of captures on several processors: each worker watches its share of the
 * connections, and what they tell is put in one order again. */
#ifndef SMTPWATCH_APP_SHARDS_H
#define SMTPWATCH_APP_SHARDS_H

#include "smtpwatch/monitor.h"

/*
 * The same frames give the same records, in the same order, for any number of workers, as long as
 * none of them comes to the bounds of memory or connections, of which each has its part. With one
 * worker there are no threads.
 */
struct shards;

/* The most workers that are of any use here: 1 where the engine cannot share. */
unsigned shards_possible(const struct monitor_config *config, unsigned wanted);

/* config is copied; its session is called in the thread of whoever calls the functions below, with
 * complete records. NULL where there is no memory or no thread. */
struct shards *shards_new(const struct monitor_config *config, unsigned workers);

/* Takes frames of an input (conn->input of the sessions that begin with them). With several workers
 * they are copied, and judged later. */
void shards_frames(struct shards *s, uint32_t input, const struct frame *frames, size_t n);

/* All frames so far are judged, and what has ended was told. */
void shards_settle(struct shards *s);

/* Ends every open session as unfinished, and tells it. Call once. */
void shards_finish(struct shards *s);

/* The time of the last frame, as it is believed; 0: there was none. */
int64_t shards_last(const struct shards *s);

/* Of all workers. Call it behind shards_settle or shards_finish. Peaks are sums of peaks. */
void shards_stats(struct shards *s, struct monitor_stats *out);

/* In the middle of it too. */
void shards_free(struct shards *s);

#endif
