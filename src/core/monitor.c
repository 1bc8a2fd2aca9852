/* monitor.c - ties the stages together: decoder, stream, session, ending, verdict. */
#include "smtpwatch/monitor.h"

#include "core/capture_loss.h"
#include "core/decoder.h"
#include "core/open_list.h"
#include "core/session/session.h"
#include "core/session/trace.h"
#include "smtpwatch/correlate.h"

#include <assert.h>

struct monitor {
	struct monitor_config config;
	struct pool *pool;
	struct decoder *decoder;
	struct stream *stream;
	struct correlator *correlator; /* NULL: it is elsewhere, behind several monitors */
	struct dialogue_env *env;
	struct session *silent; /* for connections for whose end there is no memory */
	struct capture_loss capture_loss;
	uint64_t ticked; /* frames when time came by monitor_tick */
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

/* Bytes of the connection came for which there was no memory: a session that began behind them
 * would take its first reply for the greeting. */
static bool is_unread(const struct conn *conn)
{
	const struct conn_flow *client = &conn->flow[CLIENT], *server = &conn->flow[SERVER];
	return client->bytes + client->gap + server->bytes + server->gap > 0;
}

/* A session is made when the first bytes come: half-open connections cost none. NULL: there was no
 * memory for it. */
static struct session *session_of(struct monitor *m, struct conn *conn)
{
	if (!conn->user && !is_unread(conn)) {
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
	conn->input = decoder_input_now(m->decoder);
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
	decoder_free(m->decoder);
}

static void on_segments(void *arg, const struct packet *packets, size_t n)
{
	monitor_segments(arg, packets, n);
}

static void on_icmp(void *arg, const struct packet_icmp *icmp)
{
	monitor_icmp(arg, icmp);
}

static const struct decoder_output decoded = {on_segments, on_icmp};

static void *parts_new(struct monitor *m, const struct monitor_config *config, struct pool *pool)
{
	m->config = *config;
	m->pool = pool;
	m->config.stream.ports = config->any_port ? NULL : &m->config.ports;
	m->decoder = decoder_new(config, pool, &decoded, m);
	m->stream = config->engine->new (&m->config.stream, pool,
					 config->trace ? &traced : &listener, m);
	m->env = session_env(pool, config->decryptor, config->trace, config->stream.seed);
	m->silent = m->env ? session_silent(m->env) : NULL;
	if (m->stream && config->engine == &stream_native && !config->trace)
		stream_native_prefetch(m->stream, session_prefetch);
	m->correlator = config->ended ? NULL : correlator_new(config->stream.seed);
	return m->decoder && m->stream && m->silent && (m->correlator || config->ended) ? m : NULL;
}

struct monitor *monitor_new(const struct monitor_config *config)
{
	assert(config->session);
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

void monitor_input(struct monitor *m, uint32_t input)
{
	decoder_input(m->decoder, input);
}

void monitor_frames(struct monitor *m, const struct frame *frames, size_t n)
{
	decoder_frames(m->decoder, frames, n);
}

void monitor_break(struct monitor *m)
{
	decoder_break(m->decoder);
}

int64_t monitor_time(const struct monitor *m)
{
	return decoder_time(m->decoder);
}

const struct stream_order *monitor_order(const struct monitor *m)
{
	return m->config.engine->order(m->stream);
}

void monitor_tick(struct monitor *m, int64_t now)
{
	bool later = decoder_tick(m->decoder, now);
	m->ticked = decoder_count(m->decoder);
	if (later)
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
	decoder_finish(m->decoder);
	if (m->ticked < decoder_count(m->decoder))
		monitor_tick(m, monitor_time(m));
	m->config.engine->finish(m->stream);
}

void monitor_stats(const struct monitor *m, struct monitor_stats *out)
{
	decoder_stats(m->decoder, out);
	out->stream = *m->config.engine->stats(m->stream);
}

/* Before its first bytes a connection has no session. */
static void awaited_first(const struct monitor *m, const struct conn *c, struct open_session *o)
{
	bool tls = port_set_has(&m->config.tls_ports, c->port[SERVER]);
	o->stage = STAGE_CONNECT;
	o->awaited = !c->flow[CLIENT].syn || c->rtt != 0 ? AWAITED_REPLY : AWAITED_HANDSHAKE;
	o->awaited_verb = SMTP_CONNECT;
	o->since = c->start;
	if (tls && o->awaited == AWAITED_REPLY)
		o->awaited = AWAITED_TLS;
}

/* Returns false if the connection is none of a session. */
static bool open_tell(const struct monitor *m, const struct conn *c, struct open_session *o)
{
	const struct session *s = c->user;
	*o = (struct open_session){.addr = {c->addr[CLIENT], c->addr[SERVER]},
				   .port = {c->port[CLIENT], c->port[SERVER]},
				   .start = c->start,
				   .first = c->first};
	for (enum side side = CLIENT; side <= SERVER; side++)
		o->bytes[side] = c->flow[side].bytes + c->flow[side].gap;
	if (s)
		return recognised(m, c, session_info(s)) && session_awaited(s, c, o);
	awaited_first(m, c, o);
	return port_set_has(&m->config.ports, c->port[SERVER]);
}

/* Looks at n connections from a number on, or at the one that is listed already. */
static uint32_t open_look(const struct monitor *m, struct open_sessions *o, uint32_t from,
			  uint32_t n)
{
	const struct conn *some[OPEN_BATCH];
	uint32_t numbers = m->config.engine->open(m->stream, from, n, some);
	for (uint32_t i = 0; i < n; i++) {
		struct open_session one;
		if (!some[i] || !open_tell(m, some[i], &one))
			continue;
		one.number = from + i;
		open_list_add(o, &one);
	}
	return numbers;
}

/* The sessions that were listed are listed again first, with what is awaited now. */
static void open_again(const struct monitor *m, struct open_sessions *o)
{
	uint32_t n = o->n;
	o->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct open_session was = o->all[i];
		const struct conn *c;
		struct open_session one;
		m->config.engine->open(m->stream, was.number, 1, &c);
		if (!c || c->first != was.first || !open_tell(m, c, &one))
			continue;
		one.number = was.number;
		open_list_add(o, &one);
	}
}

void monitor_open(const struct monitor *m, int64_t now, struct open_sessions *o)
{
	o->now = now;
	o->told = m->config.engine->open != NULL;
	o->open = m->config.engine->stats(m->stream)->conns_open;
	if (!o->told)
		return;
	open_again(m, o);
	for (uint32_t looked = 0; looked < OPEN_LOOKS; looked += OPEN_BATCH) {
		uint32_t numbers = open_look(m, o, o->at, OPEN_BATCH);
		o->at = numbers > o->at && numbers - o->at > OPEN_BATCH ? o->at + OPEN_BATCH : 0;
		if (o->at == 0)
			break;
	}
}
