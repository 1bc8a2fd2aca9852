/* shards.h - judges captures on several processors. Each worker handles a share of the connections;
 * the records are put back into one order. */
#ifndef SMTPWATCH_APP_SHARDS_H
#define SMTPWATCH_APP_SHARDS_H

#include "smtpwatch/monitor.h"

/*
 * The same frames give the same records in the same order for any number of workers. The exception:
 * each worker has its part of the bounds of memory and connections, and may reach it. With one
 * worker there are no threads.
 */
struct shards;

/* Returns the number of workers to use: wanted, but 1 if the engine cannot share its connections,
 * and at most 64. */
unsigned shards_possible(const struct monitor_config *config, unsigned wanted);

/* workers: as shards_possible returns it. *config is copied. config->session gets complete records,
 * in the thread that calls the functions below. Returns NULL if memory is exhausted or no thread
 * can be started. shards_free frees the result. */
struct shards *shards_new(const struct monitor_config *config, unsigned workers);

/* Takes n frames of an input. input: conn->input of the sessions that begin with these frames. With
 * several workers the frames are copied and judged later. */
void shards_frames(struct shards *s, uint32_t input, const struct frame *frames, size_t n);

/* Waits until all frames so far are judged, and delivers the sessions that have ended. */
void shards_settle(struct shards *s);

/* Advances the time to now (nanoseconds) without a frame, as monitor_tick. Does nothing if there
 * are several workers. */
void shards_tick(struct shards *s, int64_t now);

/* Ends every open session as unfinished and delivers it. Call once, after the last frame. */
void shards_finish(struct shards *s);

/* Returns the capture time of the last frame (monitor_time), nanoseconds since the epoch; 0: there
 * was none. */
int64_t shards_last(const struct shards *s);

/* Sums the statistics of all workers; a peak is the sum of the workers' peaks. Call only directly
 * after shards_settle or shards_finish. */
void shards_stats(struct shards *s, struct monitor_stats *out);

/* Returns the open sessions of a worker that wait longest, as monitor_open renews them; now:
 * nanoseconds. Returns NULL if there is no such worker, or no memory. Borrowed until the next call
 * for the same worker. Call only directly after shards_settle or shards_finish, or after this
 * function. */
const struct open_sessions *shards_open(struct shards *s, unsigned worker, int64_t now);

/* Frees s at any time. Sessions that were not yet delivered are lost. s may be NULL. */
void shards_free(struct shards *s);

#endif
