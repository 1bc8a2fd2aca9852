/* pcap_extract.c - a table of the noted sessions, and a bounded number of open files. */
#include "replay/pcap_extract.h"

#include "base/log.h"
#include "capture/dump.h"
#include "core/packet/flow_table.h"
#include "core/packet/frame_clock.h"

#include <errno.h>
#include <stdlib.h>

/* FILES: the most files open at once. MEMORY: bytes of the tables. */
enum { FILES = 200, MEMORY = 64 << 20 };

/* Frames of a session may come so long after its end. */
static const int64_t settle = FRAME_SECOND;

struct wanted {
	struct ip_addr addr[2];
	uint16_t port[2];
	uint64_t first; /* number of its first frame */
	int64_t start, end;
	bool over;   /* another connection of the tuple has begun */
	bool failed; /* the file cannot be written */
	uint32_t other_links;
	struct dump *dump; /* NULL: not open */
	uint64_t used;     /* number of the frame that was written last */
	char temp[EXPORT_TEMP];
	char name[EXPORT_NAME];
};

struct extract {
	struct export *export;
	struct packet_decoder decoder;
	uint64_t seed[2];
	struct pool *pool;
	struct flow_table tuples, hosts;
	struct wanted **all; /* in the order of extract_note */
	size_t n;
	struct wanted *open[FILES];
	/* Corrects times: the corrected time decides whether a frame belongs to a session. Frames
	 * are written with their own time. */
	struct frame_clock clock;
	uint64_t frames; /* read or skipped so far */
	uint64_t missing;
	uint32_t input;
};

static frame_clock_take frame_take;

struct extract *extract_new(struct export *e, const struct port_set *ports, const uint64_t seed[2])
{
	struct extract *x = calloc(1, sizeof *x);
	if (!x)
		return NULL;
	x->export = e;
	x->decoder.ports = ports;
	memcpy(x->seed, seed, sizeof x->seed);
	x->pool = pool_new(MEMORY);
	x->clock = (struct frame_clock){.pool = x->pool, .take = frame_take, .arg = x};
	x->all = calloc(EXPORT_FILES, sizeof *x->all);
	if (x->pool && x->all && flow_table_init(&x->tuples, x->pool) &&
	    flow_table_init(&x->hosts, x->pool))
		return x;
	extract_free(x);
	return NULL;
}

/* Hashes a tuple, or with ports 0 the two hosts. */
static uint32_t hash_of(const struct extract *x, const struct ip_addr *src,
			const struct ip_addr *dst, uint16_t src_port, uint16_t dst_port)
{
	return flow_hash(x->seed, &(struct packet){.src = *src,
						   .dst = *dst,
						   .src_port = src_port,
						   .dst_port = dst_port});
}

static bool wanted_add(struct extract *x, struct wanted *w, const struct conn *conn)
{
	const struct ip_addr *client = &conn->addr[CLIENT], *server = &conn->addr[SERVER];
	uint32_t number = (uint32_t)x->n;
	if (!flow_add(&x->tuples,
		      hash_of(x, client, server, conn->port[CLIENT], conn->port[SERVER]), number) ||
	    !flow_add(&x->hosts, hash_of(x, client, server, 0, 0), number))
		return false;
	memcpy(w->addr, conn->addr, sizeof w->addr);
	memcpy(w->port, conn->port, sizeof w->port);
	w->first = conn->first;
	w->start = conn->start;
	x->all[x->n++] = w;
	return true;
}

const char *extract_note(struct extract *x, const struct report *r)
{
	struct wanted *w = x->n < EXPORT_FILES ? calloc(1, sizeof *w) : NULL;
	if (w && !export_name(x->export, r, w->name)) {
		free(w);
		return NULL;
	}
	if (!w || !wanted_add(x, w, r->record.conn)) {
		errno = ENOMEM;
		export_fail(x->export, NULL);
		free(w);
		return NULL;
	}
	/* If the clock was set back, the end may be earlier than frames of the session. */
	w->end = r->record.end > r->record.conn->last ? r->record.end : r->record.conn->last;
	return w->name;
}

/* Returns a free place for an open file, or the place of the file that was written longest ago. */
static struct wanted **place_find(struct extract *x)
{
	struct wanted **oldest = &x->open[0];
	for (size_t i = 0; i < FILES && *oldest; i++)
		if (!x->open[i] || x->open[i]->used < (*oldest)->used)
			oldest = &x->open[i];
	return oldest;
}

static void wanted_fail(struct wanted *w)
{
	w->failed = true;
	w->dump = NULL;
}

static void wanted_close(struct extract *x, struct wanted *w)
{
	if (w->dump && !dump_close(w->dump)) {
		export_fail(x->export, w->temp);
		wanted_fail(w);
	}
	w->dump = NULL;
}

static void wanted_open(struct extract *x, struct wanted *w, int link)
{
	struct wanted **place = place_find(x);
	int fd;
	if (*place)
		wanted_close(x, *place);
	*place = NULL;
	fd = w->temp[0] == '\0' ? export_begin(x->export, w->temp)
				: export_again(x->export, w->temp);
	w->dump = fd >= 0 ? dump_open(fd, link) : NULL;
	if (fd >= 0 && !w->dump)
		export_fail(x->export, w->temp);
	if (!w->dump)
		wanted_fail(w);
	else
		*place = w;
}

static void frame_write(struct extract *x, struct wanted *w, const struct frame *f)
{
	if (w->failed)
		return;
	if (!w->dump)
		wanted_open(x, w, f->link);
	w->used = x->frames;
	if (w->dump)
		w->other_links += !dump_frame(w->dump, f);
}

static bool end_is(const struct wanted *w, enum side side, const struct ip_addr *addr,
		   uint16_t port)
{
	return w->port[side] == port && ip_addr_equal(&w->addr[side], addr);
}

static bool tuple_is(const struct wanted *w, const struct packet *p)
{
	return (end_is(w, CLIENT, &p->src, p->src_port) &&
		end_is(w, SERVER, &p->dst, p->dst_port)) ||
	       (end_is(w, SERVER, &p->src, p->src_port) && end_is(w, CLIENT, &p->dst, p->dst_port));
}

static bool hosts_are(const struct wanted *w, const struct ip_addr *a, const struct ip_addr *b)
{
	return (ip_addr_equal(&w->addr[CLIENT], a) && ip_addr_equal(&w->addr[SERVER], b)) ||
	       (ip_addr_equal(&w->addr[SERVER], a) && ip_addr_equal(&w->addr[CLIENT], b));
}

/* Returns the latest session of the packet's tuple that has begun: no frame goes to two sessions of
 * one tuple. */
static struct wanted *wanted_find(const struct extract *x, const struct packet *p)
{
	uint32_t hash = hash_of(x, &p->src, &p->dst, p->src_port, p->dst_port), at = hash, i;
	struct wanted *found = NULL;
	while ((i = flow_find(&x->tuples, hash, &at)) != FLOW_NONE) {
		struct wanted *w = x->all[i];
		if (w->first <= x->frames && tuple_is(w, p) && (!found || w->first > found->first))
			found = w;
	}
	return found;
}

static bool is_under_way(const struct wanted *w, int64_t ts)
{
	return !w->over && ts <= w->end + settle;
}

static void segment_take(struct extract *x, const struct frame *f, const struct packet *p)
{
	struct wanted *w = wanted_find(x, p);
	if (!w)
		return;
	if ((p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && p->ts > w->end)
		w->over = true;
	if (is_under_way(w, p->ts))
		frame_write(x, w, f);
}

static void icmp_take(struct extract *x, const struct frame *f, const struct packet_icmp *icmp)
{
	const struct packet quoted = {.src = icmp->src,
				      .dst = icmp->dst,
				      .src_port = icmp->src_port,
				      .dst_port = icmp->dst_port};
	struct wanted *w = wanted_find(x, &quoted);
	if (w && is_under_way(w, icmp->ts))
		frame_write(x, w, f);
}

/* Only the first fragment has ports: any fragment between the two hosts may belong to the session.
 * The frame that a connection began with may be the last of several fragments. */
static void fragment_take(struct extract *x, const struct frame *f, const struct packet_fragment *p)
{
	uint32_t hash = hash_of(x, &p->src, &p->dst, 0, 0), at = hash, i;
	while ((i = flow_find(&x->hosts, hash, &at)) != FLOW_NONE) {
		struct wanted *w = x->all[i];
		if (p->ts >= w->start - settle && hosts_are(w, &p->src, &p->dst) &&
		    is_under_way(w, p->ts))
			frame_write(x, w, f);
	}
}

static void frame_take(void *arg, const struct frame *f, int64_t believed, bool copied)
{
	struct extract *x = arg;
	struct frame at = *f;
	union packet_decoded decoded;
	(void)copied;
	at.ts = believed;
	x->frames++;
	enum packet_kind kind = packet_decode(&x->decoder, &at, &decoded);
	if (kind == PACKET_TCP)
		segment_take(x, f, &decoded.tcp);
	else if (kind == PACKET_ICMP)
		icmp_take(x, f, &decoded.icmp);
	else if (kind == PACKET_FRAGMENT)
		fragment_take(x, f, &decoded.fragment);
}

void extract_frames(struct extract *x, uint32_t input, const struct frame *frames, size_t n)
{
	if (input != x->input)
		frame_clock_break(&x->clock);
	x->input = input;
	for (const struct frame *f = frames; f < frames + n; f++)
		frame_clock_push(&x->clock, f);
}

void extract_skip(struct extract *x, uint64_t n)
{
	frame_clock_break(&x->clock);
	x->frames += n;
}

bool extract_wanted(const struct extract *x)
{
	return x->n > 0;
}

static void wanted_finish(struct extract *x, struct wanted *w, bool whole)
{
	wanted_close(x, w);
	if (w->failed)
		return;
	if (!whole || w->temp[0] == '\0') {
		errno = whole ? ENODATA : ECANCELED;
		export_fail(x->export, w->temp[0] != '\0' ? w->temp : NULL);
	} else {
		export_end(x->export, w->temp, w->name);
	}
}

bool extract_finish(struct extract *x, bool whole)
{
	uint64_t others = 0;
	frame_clock_break(&x->clock);
	for (size_t i = 0; i < x->n; i++) {
		wanted_finish(x, x->all[i], whole);
		others += x->all[i]->other_links;
	}
	if (others > 0)
		log_line("%llu packets were not written, because their session had begun on "
			 "another link type",
			 (unsigned long long)others);
	return export_lost(x->export) == 0;
}

void extract_free(struct extract *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++) {
		wanted_close(x, x->all[i]);
		free(x->all[i]);
	}
	frame_clock_free(&x->clock);
	free(x->all);
	if (x->tuples.slots)
		flow_table_free(&x->tuples);
	if (x->hosts.slots)
		flow_table_free(&x->hosts);
	pool_free(x->pool);
	free(x);
}
