/* decoder.c - frames, their clock, packets, fragments: up to the segments. */
#include "core/decoder.h"

#include "core/packet/frame_clock.h"

#include <assert.h>

/* Segments are gathered up to so many before the engine gets them: enough for its look-ups to
 * overlap, few enough to stay in the cache. */
enum { BATCH = 64 };

/* What is decoded lies in a row, so that segments can be handed on without a copy. */
static_assert(sizeof(union packet_decoded) == sizeof(struct packet), "segments in a row");

struct decoder {
	const struct decoder_output *output;
	void *arg;
	struct pool *pool, *own; /* own: made by decoder_new, or NULL */
	struct defrag *defrag;
	struct port_set ports;
	struct packet_decoder packets;
	struct frame_clock clock;
	union packet_decoded batch[BATCH]; /* the first `batched` of them are segments */
	size_t batched;
	int64_t last;
	uint32_t input, latest_input; /* latest_input: of the frame that waits in the clock */
	struct monitor_stats stats;
};

static frame_clock_take on_believed;

struct decoder *decoder_new(const struct monitor_config *config, struct pool *pool,
			    const struct decoder_output *output, void *arg)
{
	struct pool *own = pool ? NULL : pool_new(config->memory);
	pool = pool ? pool : own;
	struct decoder *d = pool ? pool_get(pool, sizeof *d) : NULL;
	if (!d) {
		pool_free(own);
		return NULL;
	}
	*d = (struct decoder){.output = output,
			      .arg = arg,
			      .pool = pool,
			      .own = own,
			      .last = INT64_MIN,
			      .packets = {.ports = config->any_port ? NULL : &d->ports,
					  .insist_checksum = config->insist_checksum},
			      .ports = config->ports};
	d->clock = (struct frame_clock){.pool = pool, .take = on_believed, .arg = d};
	d->defrag = defrag_new(pool, config->fragment_memory, 1024);
	if (d->defrag)
		return d;
	decoder_free(d);
	return NULL;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	struct pool *own = d->own;
	frame_clock_free(&d->clock);
	defrag_free(d->defrag);
	pool_put(d->pool, d, sizeof *d);
	pool_free(own);
}

void decoder_input(struct decoder *d, uint32_t input)
{
	d->input = input;
}

uint32_t decoder_input_now(const struct decoder *d)
{
	return d->input;
}

uint64_t decoder_count(const struct decoder *d)
{
	return d->stats.frames;
}

static void batch_flush(struct decoder *d)
{
	if (d->batched > 0)
		d->output->segments(d->arg, &d->batch[0].tcp, d->batched);
	d->batched = 0;
}

/* A fragment may complete a datagram: its segment is handed on at once, because its bytes are
 * borrowed until the next fragment. */
static void fragment_take(struct decoder *d, const struct packet_fragment *fragment, int depth)
{
	struct packet_fragment of = *fragment;
	struct bytes payload;
	union packet_decoded decoded;
	if (depth > PACKET_NESTING || !defrag_push(d->defrag, &of, &payload))
		return;
	enum packet_kind kind = packet_decode_payload(&d->packets, &of, payload, &decoded);
	d->stats.kinds[kind]++;
	if (kind == PACKET_OTHER)
		undecoded_count(&d->stats.undecoded, decoded.other, 1);
	if (kind == PACKET_TCP) {
		d->batch[d->batched].tcp = decoded.tcp;
		d->batch[d->batched++].tcp.number = d->stats.frames;
		batch_flush(d);
	} else if (kind == PACKET_FRAGMENT) {
		fragment_take(d, &decoded.fragment, depth + 1);
	} else if (kind == PACKET_ICMP) {
		d->output->icmp(d->arg, &decoded.icmp);
	}
}

/* A frame that is no segment of a monitored port, nor one of another port. Apart from frame_take,
 * which then needs one register less for each segment. */
static void rare_take(struct decoder *d, enum packet_kind kind)
{
	const union packet_decoded *decoded = &d->batch[d->batched];
	if (kind == PACKET_FRAGMENT) {
		struct packet_fragment fragment = decoded->fragment;
		batch_flush(d);
		fragment_take(d, &fragment, 0);
	} else if (kind == PACKET_ICMP) {
		struct packet_icmp icmp = decoded->icmp;
		batch_flush(d);
		d->output->icmp(d->arg, &icmp);
	} else if (kind == PACKET_OTHER || kind == PACKET_LINK) {
		undecoded_count(&d->stats.undecoded, decoded->other, 1);
	}
}

static void frame_take(struct decoder *d, const struct frame *frame)
{
	/* Laid where it will be needed if it is a segment. */
	union packet_decoded *decoded = &d->batch[d->batched];
	enum packet_kind kind = packet_decode(&d->packets, frame, decoded);
	d->stats.frames++;
	d->stats.bytes += frame->len;
	d->stats.kinds[kind]++;
	d->stats.reordered_time += frame->ts < d->last;
	d->last = frame->ts;
	if (kind == PACKET_TCP) {
		decoded->tcp.number = d->stats.frames;
		if (++d->batched == BATCH)
			batch_flush(d);
	} else if (kind != PACKET_UNWATCHED) {
		rare_take(d, kind);
	}
}

/* What waited lies in memory that is given back at once. */
static void on_believed(void *arg, const struct frame *frame, int64_t believed, bool copied)
{
	struct decoder *d = arg;
	struct frame f = *frame;
	uint32_t input = d->input;
	f.ts = believed;
	if (!copied) {
		frame_take(d, &f);
		return;
	}
	d->input = d->latest_input;
	frame_take(d, &f);
	batch_flush(d);
	d->input = input;
}

void decoder_frames(struct decoder *d, const struct frame *frames, size_t n)
{
	for (const struct frame *f = frames; f < frames + n; f++) {
		if (!frame_clock_agrees(&d->clock, f->ts)) {
			/* Whether there is memory for a copy must not depend on the batch. */
			batch_flush(d);
			frame_clock_push(&d->clock, f);
			d->latest_input = d->input;
			continue;
		}
		d->clock.last = f->ts;
		frame_take(d, f);
	}
	batch_flush(d);
}

void decoder_break(struct decoder *d)
{
	frame_clock_break(&d->clock);
	batch_flush(d);
}

int64_t decoder_time(const struct decoder *d)
{
	return d->stats.frames > 0 ? d->last : 0;
}

bool decoder_tick(struct decoder *d, int64_t now)
{
	frame_clock_tick(&d->clock, now);
	batch_flush(d);
	return !d->clock.begun || now >= d->clock.last;
}

void decoder_finish(struct decoder *d)
{
	frame_clock_flush(&d->clock);
	batch_flush(d);
}

void decoder_stats(const struct decoder *d, struct monitor_stats *out)
{
	*out = d->stats;
	out->wild_time = d->clock.disbelieved;
	out->defrag = *defrag_stats(d->defrag);
	out->memory_used = pool_used(d->pool);
	out->memory_peak = pool_peak(d->pool);
	out->memory_reserved = pool_reserved(d->pool);
}
