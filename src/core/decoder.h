/* decoder.h - frames go in, segments and ICMP errors come out: the clock of the frames, the headers
 * of packets, and fragments. It judges no sessions. */
#ifndef SMTPWATCH_CORE_DECODER_H
#define SMTPWATCH_CORE_DECODER_H

#include "smtpwatch/monitor_config.h"

/* Receives segments and ICMP errors, in the order of their frames; borrowed until the call returns.
 */
struct decoder_output {
	void (*segments)(void *arg, const struct packet *packets, size_t n);
	void (*icmp)(void *arg, const struct packet_icmp *icmp);
};

struct decoder;

/* Returns a new decoder. Of config only ports, any_port, memory, fragment_memory and
 * insist_checksum matter. pool: borrowed until decoder_free; NULL: the decoder makes its own.
 * output: borrowed until decoder_free. Returns NULL if there is no memory. */
struct decoder *decoder_new(const struct monitor_config *config, struct pool *pool,
			    const struct decoder_output *output, void *arg);
/* NULL is allowed. */
void decoder_free(struct decoder *d);

/* As monitor_input, monitor_frames, monitor_break and monitor_time. */
void decoder_input(struct decoder *d, uint32_t input);
void decoder_frames(struct decoder *d, const struct frame *frames, size_t n);
void decoder_break(struct decoder *d);
int64_t decoder_time(const struct decoder *d);

/* Returns the input of the frame that the output is called for. */
uint32_t decoder_input_now(const struct decoder *d);

/* Returns how many frames were decoded: the number of the latest. */
uint64_t decoder_count(const struct decoder *d);

/* Decodes the frames that wait, because the time has advanced to now (nanoseconds) without a frame.
 * Returns false if now is before the latest frame. */
bool decoder_tick(struct decoder *d, int64_t now);

/* Decodes the frames that wait: no more come. */
void decoder_finish(struct decoder *d);

/* Sets *out; the members of capture and stream are 0. */
void decoder_stats(const struct decoder *d, struct monitor_stats *out);

#endif
