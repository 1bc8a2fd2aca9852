/* prometheus.c - the metrics for whoever asks by HTTP. libmicrohttpd speaks it, without a
 * thread: the program's loop calls it when there is something to do. */
#include "base/late_library.h"
#include "sink/sink.h"
#include "stats/metrics.h"
#include "text/hostport.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Prometheus is one client. CONNECTIONS: with one more, the oldest is given up, so that those who
 * connect and ask nothing keep nobody out. LIMIT: the library's, for those that it has still to
 * close. TURNS: a request may need several. */
enum { CONNECTIONS = 32, LIMIT = 4 * CONNECTIONS, PATIENCE_SECONDS = 10, TURNS = 8 };

static const char usual_target[] = "127.0.0.1:9625",
		  page_type[] = "text/plain; version=0.0.4; charset=utf-8";

struct sink_prometheus {
	struct metrics metrics;
	struct outbuf buf;
	struct sink_counts *outputs; /* as last observed */
	size_t outputs_n;
	struct MHD_Daemon *daemon;
	int fd;          /* libmicrohttpd's epoll */
	int open[LIMIT]; /* descriptors of the connections, the oldest first */
	size_t open_n;
};

/* libmicrohttpd brings gnutls and seven more libraries, which cost half of a start: it is loaded
 * when this output is asked for. */
#define MHD_CALLS(CALL)                                                                            \
	CALL(add_response_header)                                                                  \
	CALL(create_response_from_buffer)                                                          \
	CALL(destroy_response)                                                                     \
	CALL(get_connection_info)                                                                  \
	CALL(get_daemon_info)                                                                      \
	CALL(get_timeout)                                                                          \
	CALL(queue_response)                                                                       \
	CALL(run)                                                                                  \
	CALL(start_daemon)                                                                         \
	CALL(stop_daemon)

#define POINTER(name) __typeof__(MHD_##name) *name;
static struct {
	MHD_CALLS(POINTER)
} mhd;

static bool library_load(struct error *why)
{
#define SYMBOL(name) {"MHD_" #name, &mhd.name},
	static const struct late_symbol symbols[] = {MHD_CALLS(SYMBOL)};
	static_assert(MHD_VERSION < 0x02000000, "the library's name is of the versions before 2");
	return mhd.run || late_library_load("libmicrohttpd.so.12", symbols,
					    sizeof symbols / sizeof *symbols, why);
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned code, const char *type,
			      const void *text, size_t n)
{
	struct MHD_Response *r;
	enum MHD_Result result;
	void *borrowed;
	/* Copied by the library, though its type does not say so. */
	memcpy(&borrowed, &text, sizeof text);
	r = mhd.create_response_from_buffer(n, borrowed, MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	mhd.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = mhd.queue_response(c, code, r);
	mhd.destroy_response(r);
	return result;
}

static enum MHD_Result respond(struct MHD_Connection *c, unsigned code, const char *text)
{
	return answer(c, code, "text/plain", text, strlen(text));
}

/* Called by the library for each request, first when its head has come. */
static enum MHD_Result asked(void *self, struct MHD_Connection *c, const char *url,
			     const char *method, const char *version, const char *body,
			     size_t *body_n, void **state)
{
	struct sink_prometheus *s = self;
	(void)version;
	(void)body;
	(void)state;
	*body_n = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") != 0)
		return respond(c, MHD_HTTP_NOT_FOUND, "smtpwatch: the metrics are at /metrics\n");
	s->buf.n = 0;
	metrics_put(&s->metrics, &s->buf, s->outputs, s->outputs_n);
	if (s->buf.failed) {
		s->buf.failed = false;
		return respond(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	}
	return answer(c, MHD_HTTP_OK, page_type, s->buf.p, s->buf.n);
}

/* Called by the library where a connection begins, and where it has ended. */
static void connected(void *self, struct MHD_Connection *c, void **state,
		      enum MHD_ConnectionNotificationCode what)
{
	struct sink_prometheus *s = self;
	const union MHD_ConnectionInfo *info =
		mhd.get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	size_t i = 0;
	(void)state;
	if (!info)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		if (s->open_n >= CONNECTIONS) /* the library closes what has come to its end */
			shutdown(s->open[s->open_n - CONNECTIONS], SHUT_RDWR);
		if (s->open_n < LIMIT)
			s->open[s->open_n++] = info->connect_fd;
		return;
	}
	while (i < s->open_n && s->open[i] != info->connect_fd)
		i++;
	if (i == s->open_n)
		return;
	s->open_n--;
	memmove(s->open + i, s->open + i + 1, (s->open_n - i) * sizeof *s->open);
}

/* "address:port", "[address]:port", "port". False: it is none of them. */
static bool address_read(const char *target, struct sockaddr_storage *out)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct hostport at;
	if (!hostport_read(&at, target, "127.0.0.1", NULL) ||
	    getaddrinfo(at.host, at.port, &hints, &list) != 0)
		return false;
	memcpy(out, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return true;
}

/* The library reports clients that speak no HTTP: nothing that an administrator could mend. */
static void be_silent(void *arg, const char *format, va_list args)
{
	(void)arg;
	(void)format;
	(void)args;
}

static bool listen_at(struct sink_prometheus *s, const struct sockaddr_storage *at)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
			 (at->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u);
	const union MHD_DaemonInfo *info;
	s->daemon = mhd.start_daemon(
		flags, 0, NULL, NULL, asked, s, MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL,
		MHD_OPTION_SOCK_ADDR, at, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT,
		MHD_OPTION_NOTIFY_CONNECTION, connected, s, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)PATIENCE_SECONDS, MHD_OPTION_END);
	info = s->daemon ? mhd.get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	s->fd = info ? info->epoll_fd : -1;
	return s->fd >= 0;
}

static void sink_free(struct sink_prometheus *s)
{
	if (s->daemon)
		mhd.stop_daemon(s->daemon);
	outbuf_free(&s->buf);
	free(s->outputs);
	free(s);
}

static bool target_read(const char *target, const struct run_mode *mode,
			struct sockaddr_storage *at, struct error *why)
{
	if (!mode->live)
		return error_set(why, "prometheus answers while a live capture runs; for captures "
				      "that are read there is textfile:FILE");
	if (address_read(target, at))
		return true;
	return error_set(why, "\"%.200s\" is no address to listen at: %s, [::1]:9625, 9625", target,
			 usual_target);
}

static bool prometheus_check(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sockaddr_storage at;
	return target_read(target ? target : usual_target, mode, &at, why);
}

static void *prometheus_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_prometheus *s = calloc(1, sizeof *s);
	struct sockaddr_storage at = {0};
	if (!target)
		target = usual_target;
	error_set(why, "no memory for output to Prometheus");
	if (!s || !target_read(target, mode, &at, why) || !library_load(why)) {
		free(s);
		return NULL;
	}
	errno = 0;
	if (listen_at(s, &at))
		return s;
	error_set(why, "cannot listen at %.200s: %s", target,
		  errno != 0 ? strerror(errno) : "the HTTP library refuses");
	sink_free(s);
	return NULL;
}

static bool prometheus_record(void *self, const struct report *r)
{
	struct sink_prometheus *s = self;
	metrics_count(&s->metrics, r);
	return true;
}

static void prometheus_observe(void *self, const struct summary *sum)
{
	struct sink_prometheus *s = self;
	metrics_observe(&s->metrics, sum);
	if (s->outputs_n < sum->outputs_n) {
		free(s->outputs);
		s->outputs = calloc(sum->outputs_n, sizeof *s->outputs);
	}
	s->outputs_n = s->outputs ? sum->outputs_n : 0;
	for (size_t i = 0; i < s->outputs_n; i++)
		s->outputs[i] = sum->outputs[i];
}

static bool prometheus_stats(void *self, const struct summary *sum)
{
	prometheus_observe(self, sum);
	return true;
}

static size_t prometheus_poll(const void *self, struct pollfd *p)
{
	const struct sink_prometheus *s = self;
	*p = (struct pollfd){.fd = s->fd, .events = POLLIN};
	return 1;
}

static void turn(struct sink_prometheus *s)
{
	MHD_UNSIGNED_LONG_LONG wait = 0;

	for (int i = 0; i < TURNS && wait == 0; i++) {
		wait = 1;
		if (mhd.run(s->daemon) != MHD_YES || mhd.get_timeout(s->daemon, &wait) != MHD_YES)
			return;
	}
}

static void prometheus_ready(void *self, const struct pollfd *p)
{
	(void)p;
	turn(self);
}

/* Slow clients are given up in time. */
static void prometheus_tick(void *self, int64_t now)
{
	(void)now;
	turn(self);
}

static bool prometheus_close(void *self)
{
	sink_free(self);
	return true;
}

const struct sink_kind sink_prometheus = {
	.name = "prometheus",
	.help = "metrics by HTTP at ADDRESS:PORT/metrics; live only (default 127.0.0.1:9625)",
	.open = prometheus_open,
	.check = prometheus_check,
	.record = prometheus_record,
	.stats = prometheus_stats,
	.observe = prometheus_observe,
	.close = prometheus_close,
	.poll = prometheus_poll,
	.ready = prometheus_ready,
	.tick = prometheus_tick,
};
