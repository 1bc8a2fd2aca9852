/* monitor.c - ties the stages together: frame, packet, fragments, stream, session, ending, verdict.
 */
#include "smtpwatch/monitor.h"

#include "core/capture_loss.h"
#include "core/packet/frame_clock.h"
#include "core/session/session.h"
#include "core/session/trace.h"
#include "smtpwatch/correlate.h"

#include <assert.h>

/* Segments are gathered up to so many before the engine gets them: enough for its look-ups to
 * overlap, few enough to stay in the cache. */
enum { BATCH = 64 };

/* What is decoded lies in a row, so that segments can be handed on without a copy. */
static_assert(sizeof(union packet_decoded) == sizeof(struct packet), "segments in a row");

struct monitor {
	struct monitor_config config;
	struct pool *pool;
	struct defrag *defrag;
	struct stream *stream;
	struct correlator *correlator; /* NULL: it is elsewhere, behind several monitors */
	struct dialogue_env *env;
	struct session *silent; /* for connections for whose end there is no memory */
	struct packet_decoder decoder;
	struct capture_loss capture_loss;
	struct frame_clock clock;
	union packet_decoded batch[BATCH]; /* the first `batched` of them are segments */
	size_t batched;
	int64_t last;
	bool quiet;                   /* time came by monitor_tick, behind the last frame */
	uint32_t input, latest_input; /* latest_input: of the frame that waits in the clock */
	struct monitor_stats stats;
};

struct monitor_config monitor_config_default(void)
{
	struct monitor_config c = {.engine = &stream_native,
				   .stream = stream_config_default(),
				   .memory = (size_t)1 << 30,
				   .fragment_memory = (size_t)4 << 20};
	monitor_config_port(&c, 25, PORT_SMTP);
	monitor_config_port(&c, 587, PORT_SMTP);
	return c;
}

void monitor_config_port(struct monitor_config *config, uint16_t port, enum port_kind kind)
{
	port_set_add(&config->ports, port);
	if (kind == PORT_TLS)
		port_set_add(&config->tls_ports, port);
	if (kind == PORT_LMTP)
		port_set_add(&config->lmtp_ports, port);
}

/* A session is made when the first bytes come: half-open connections cost none. */
static struct session *session_of(struct monitor *m, struct conn *conn)
{
	if (!conn->user) {
		uint16_t port = conn->port[SERVER];
		conn->user = session_new(m->env, conn->flow[SERVER].syn, conn->flow[CLIENT].syn,
					 port_set_has(&m->config.lmtp_ports, port),
					 port_set_has(&m->config.tls_ports, port));
	}
	return conn->user;
}

static void on_open(void *arg, struct conn *conn)
{
	const struct monitor *m = arg;
	conn->input = m->input;
}

static void on_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	struct session *s = session_of(arg, conn);
	if (s)
		session_data(s, conn, side, data, ts);
}

static void on_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	struct session *s = session_of(arg, conn);
	if (s)
		session_gap(s, conn, side, len, ts);
}

static void on_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	struct session *s = session_of(arg, conn);
	if (s)
		session_fin(s, conn, side, ts);
}

/*
 * On a port that nobody named, a session is one of SMTP if its greeting says so, or if a client
 * said EHLO or HELO and was answered. FTP has 220, 221 and QUIT as well. Such a port comes with
 * any_port, and where the client's own port is one that is watched.
 */
static bool recognised(const struct monitor *m, const struct conn *conn,
		       const struct session_info *s)
{
	if (port_set_has(&m->config.ports, conn->port[SERVER]))
		return true;
	struct bytes banner = strings_find(&s->strings, STRING_BANNER).text;
	return s->ts_hello_reply != 0 || (banner.n > 0 && memmem(banner.p, banner.n, "SMTP", 4));
}

/* A session is judged when its connection has closed. Its record waits for the release: what
 * sessions of its server do within the next second belongs to it too. */
static void closed(struct monitor *m, const struct conn *conn, const struct session_end *end)
{
	struct server_event event;
	if (!end || !server_history_event(conn, &end->ending, end->ts, &event))
		return;
	if (m->correlator)
		correlator_ended(m->correlator, &event);
	else
		m->config.ended(m->config.arg, &event);
}

/* What the kernel dropped, and what both sides did behind the end, may be known only now. */
static void deliver(struct monitor *m, struct conn *conn, struct session *s)
{
	if (!recognised(m, conn, session_info(s)))
		return;
	if (conn->disputed)
		session_disputed(s);
	else if (conn->retracted)
		session_retracted(s);
	struct session_end *end = session_end(s);
	uint64_t lost = capture_loss_within(&m->capture_loss, conn->start, end->ts);
	session_capture_loss(s, lost);
	end->ending.late_rst = end->ending.no_answer && conn->side[SERVER].reset.seen;
	struct record record = {.conn = conn,
				.session = session_info(s),
				.ending = &end->ending,
				.judgement = verdict_judge(&end->ending),
				.kernel_drops = lost,
				.end = end->ts};
	m->config.session(m->config.arg,
			  m->correlator ? correlator_session(m->correlator, &record) : &record);
}

/* Of a flood of SYNs each pushes another out: what was no session yet is counted (stream_stats),
 * and makes no record. Without memory for a session, the record is delivered at once. */
static void on_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	struct monitor *m = arg;
	if (end->how == HOW_EVICTED && end->half_open && !conn->user)
		return;
	if (!conn->user)
		conn->user = session_silent(m->env);
	struct session *s = conn->user ? conn->user : m->silent;
	closed(m, conn, session_close(s, conn, end, ts));
	if (!conn->user)
		deliver(m, conn, s);
}

static void on_late(void *arg, struct conn *conn, struct bytes data, int64_t ts)
{
	(void)arg;
	(void)ts;
	if (conn->user)
		session_late(conn->user, conn, data);
}

static void on_release(void *arg, struct conn *conn)
{
	struct monitor *m = arg;
	struct session *s = conn->user;
	if (!s)
		return;
	closed(m, conn, session_wait_over(s, conn));
	deliver(m, conn, s);
	session_free(s);
	conn->user = NULL;
}

static const struct stream_listener listener = {on_open,  on_data,    on_gap, on_fin,
						on_close, on_release, on_late};

/* Somebody looks on: of each event the connection is told, and the bytes as they come. */

static void look(struct monitor *m, const struct conn *conn, struct trace_event e)
{
	m->config.trace->conn = conn;
	trace_emit(m->config.trace, &e);
}

static void look_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	uint64_t offset = conn->flow[side].bytes + conn->flow[side].gap;
	look(arg, conn,
	     (struct trace_event){.kind = TRACE_DATA,
				  .side = side,
				  .ts = ts,
				  .offset = offset,
				  .acked = conn->flow[side].acked,
				  .text = data});
	on_data(arg, conn, side, data, ts);
}

static void look_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	look(arg, conn,
	     (struct trace_event){.kind = TRACE_GAP, .side = side, .ts = ts, .bytes = len});
	on_gap(arg, conn, side, len, ts);
}

static void look_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	struct monitor *m = arg;
	m->config.trace->conn = conn;
	on_fin(arg, conn, side, ts);
}

/* An unended last reply is read at the close. */
static void look_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	struct monitor *m = arg;
	m->config.trace->conn = conn;
	on_close(arg, conn, end, ts);
	look(arg, conn, (struct trace_event){.kind = TRACE_CLOSE, .ts = ts, .end = end});
}

static void look_late(void *arg, struct conn *conn, struct bytes data, int64_t ts)
{
	uint64_t offset = conn->flow[SERVER].bytes + conn->flow[SERVER].gap;
	look(arg, conn,
	     (struct trace_event){
		     .kind = TRACE_DATA, .side = SERVER, .ts = ts, .offset = offset, .text = data});
	on_late(arg, conn, data, ts);
}

static const struct stream_listener traced = {on_open,    look_data,  look_gap, look_fin,
					      look_close, on_release, look_late};

static void parts_free(struct monitor *m)
{
	if (m->stream)
		m->config.engine->free(m->stream);
	correlator_free(m->correlator);
	if (m->defrag)
		defrag_free(m->defrag);
}

static frame_clock_take on_believed;

static void *parts_new(struct monitor *m, const struct monitor_config *config, struct pool *pool)
{
	m->config = *config;
	m->pool = pool;
	m->last = INT64_MIN;
	m->clock = (struct frame_clock){.pool = pool, .take = on_believed, .arg = m};
	m->config.stream.ports = config->any_port ? NULL : &m->config.ports;
	m->decoder = (struct packet_decoder){.ports = m->config.stream.ports,
					     .insist_checksum = config->insist_checksum};
	m->defrag = defrag_new(pool, config->fragment_memory, 1024);
	if (config->front)
		return m->defrag ? m : NULL;
	m->stream = config->engine->new (&m->config.stream, pool,
					 config->trace ? &traced : &listener, m);
	m->env = session_env(pool, config->decryptor, config->trace, config->stream.seed);
	m->silent = m->env ? session_silent(m->env) : NULL;
	if (m->stream && config->engine == &stream_native && !config->trace)
		stream_native_prefetch(m->stream, session_prefetch);
	m->correlator = config->ended ? NULL : correlator_new(config->stream.seed);
	return m->defrag && m->stream && m->silent && (m->correlator || config->ended) ? m : NULL;
}

struct monitor *monitor_new(const struct monitor_config *config)
{
	assert(config->session || config->front);
	struct pool *pool = pool_new(config->memory);
	struct monitor *m = pool ? pool_get_large(pool, sizeof *m) : NULL;
	if (m && parts_new(m, config, pool))
		return m;
	if (m)
		parts_free(m);
	if (m)
		pool_put_large(pool, m, sizeof *m);
	pool_free(pool);
	return NULL;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	struct pool *pool = m->pool;
	frame_clock_free(&m->clock);
	parts_free(m);
	pool_put_large(pool, m, sizeof *m);
	pool_free(pool);
}

void monitor_segments(struct monitor *m, const struct packet *packets, size_t n)
{
	m->config.engine->segments(m->stream, packets, n);
}

void monitor_icmp(struct monitor *m, const struct packet_icmp *icmp)
{
	m->config.engine->icmp(m->stream, icmp);
}

static void batch_flush(struct monitor *m)
{
	if (m->batched > 0 && m->config.front)
		m->config.front->segments(m->config.arg, &m->batch[0].tcp, m->batched);
	else if (m->batched > 0)
		monitor_segments(m, &m->batch[0].tcp, m->batched);
	m->batched = 0;
}

/* A fragment may complete a datagram: its segment is handed on at once, because its bytes are
 * borrowed until the next fragment. */
static void fragment_take(struct monitor *m, const struct packet_fragment *fragment, int depth)
{
	struct packet_fragment of = *fragment;
	struct bytes payload;
	union packet_decoded decoded;
	if (depth > PACKET_NESTING || !defrag_push(m->defrag, &of, &payload))
		return;
	enum packet_kind kind = packet_decode_payload(&m->decoder, &of, payload, &decoded);
	m->stats.kinds[kind]++;
	if (kind == PACKET_OTHER)
		undecoded_count(&m->stats.undecoded, decoded.other, 1);
	if (kind == PACKET_TCP) {
		m->batch[m->batched].tcp = decoded.tcp;
		m->batch[m->batched++].tcp.number = m->stats.frames;
		batch_flush(m);
	} else if (kind == PACKET_FRAGMENT) {
		fragment_take(m, &decoded.fragment, depth + 1);
	}
}

/* A frame that is no segment of a monitored port, nor one of another port. Apart from frame_take,
 * which then needs one register less for each segment. */
static void rare_take(struct monitor *m, enum packet_kind kind)
{
	const union packet_decoded *decoded = &m->batch[m->batched];
	if (kind == PACKET_FRAGMENT) {
		struct packet_fragment fragment = decoded->fragment;
		batch_flush(m);
		fragment_take(m, &fragment, 0);
	} else if (kind == PACKET_ICMP) {
		struct packet_icmp icmp = decoded->icmp;
		batch_flush(m);
		if (m->config.front)
			m->config.front->icmp(m->config.arg, &icmp);
		else
			monitor_icmp(m, &icmp);
	} else if (kind == PACKET_OTHER || kind == PACKET_LINK) {
		undecoded_count(&m->stats.undecoded, decoded->other, 1);
	}
}

static void frame_take(struct monitor *m, const struct frame *frame)
{
	/* Laid where it will be needed if it is a segment. */
	union packet_decoded *decoded = &m->batch[m->batched];
	enum packet_kind kind = packet_decode(&m->decoder, frame, decoded);
	m->stats.frames++;
	m->stats.bytes += frame->len;
	m->stats.kinds[kind]++;
	m->stats.reordered_time += frame->ts < m->last;
	m->last = frame->ts;
	m->quiet = false;
	if (kind == PACKET_TCP) {
		decoded->tcp.number = m->stats.frames;
		if (++m->batched == BATCH)
			batch_flush(m);
	} else if (kind != PACKET_UNWATCHED) {
		rare_take(m, kind);
	}
}

/* What waited lies in memory that is given back at once. */
static void on_believed(void *arg, const struct frame *frame, int64_t believed, bool copied)
{
	struct monitor *m = arg;
	struct frame f = *frame;
	uint32_t input = m->input;
	f.ts = believed;
	if (!copied) {
		frame_take(m, &f);
		return;
	}
	m->input = m->latest_input;
	frame_take(m, &f);
	batch_flush(m);
	m->input = input;
}

void monitor_input(struct monitor *m, uint32_t input)
{
	m->input = input;
}

void monitor_frames(struct monitor *m, const struct frame *frames, size_t n)
{
	for (const struct frame *f = frames; f < frames + n; f++) {
		if (!frame_clock_agrees(&m->clock, f->ts)) {
			/* Whether there is memory for a copy must not depend on the batch. */
			batch_flush(m);
			frame_clock_push(&m->clock, f);
			m->latest_input = m->input;
			continue;
		}
		m->clock.last = f->ts;
		frame_take(m, f);
	}
	batch_flush(m);
}

void monitor_break(struct monitor *m)
{
	frame_clock_break(&m->clock);
	batch_flush(m);
}

int64_t monitor_time(const struct monitor *m)
{
	return m->stats.frames > 0 ? m->last : 0;
}

const struct stream_order *monitor_order(const struct monitor *m)
{
	return m->config.engine->order(m->stream);
}

void monitor_tick(struct monitor *m, int64_t now)
{
	frame_clock_tick(&m->clock, now);
	batch_flush(m);
	m->quiet = true;
	if (!m->clock.begun || now >= m->clock.last)
		m->config.engine->tick(m->stream, now);
}

void monitor_capture_loss(struct monitor *m, int64_t from, int64_t to, uint64_t n)
{
	capture_loss_add(&m->capture_loss, from, to, n);
}

/* Frames that were no segments had a time too. Where time has gone on since the last frame, its
 * time would take the clock back. */
void monitor_finish(struct monitor *m)
{
	frame_clock_flush(&m->clock);
	batch_flush(m);
	if (m->stats.frames > 0 && !m->quiet)
		monitor_tick(m, m->last);
	m->config.engine->finish(m->stream);
}

void monitor_stats(const struct monitor *m, struct monitor_stats *out)
{
	*out = m->stats;
	out->wild_time = m->clock.disbelieved;
	out->defrag = *defrag_stats(m->defrag);
	if (m->stream)
		out->stream = *m->config.engine->stats(m->stream);
	out->memory_used = pool_used(m->pool);
	out->memory_peak = pool_peak(m->pool);
	out->memory_reserved = pool_reserved(m->pool);
}
