/* nids_feed.c - builds the datagrams that libnids gets. libnids gets nothing else. */
/*
 * libnids' code for links, fragments, options and checksums reads beyond buffers, and the wire can
 * crash it. Therefore libnids gets a clean copy of each segment: IPv4 without options or fragments,
 * and an invented tuple for each connection. So libnids can also follow IPv6. libnids still judges
 * order, windows, overlaps and RSTs.
 */
#include "nids/nids_feed.h"

#include <assert.h>
#include <malloc.h>
#include <nids.h>
#include <stdlib.h>

#include "base/log.h"
#include "smtpwatch/frame.h"
#include "smtpwatch/packet.h"

enum {
	IP_HEADER = 20,
	TCP_HEADER = 20,
	WSCALE_OPTION = 4, /* a no-operation, then the option's three bytes (RFC 7323 2.2) */
	/* PIECE_MAX: payload of one datagram. libnids takes a queue over 64 KB, its overhead
	 * included, for an attack. */
	PIECE_MAX = 32 << 10,
	CLIENT_PORT = 1024,
	SERVER_PORT = 25
};

/* 11.255.255.255: differs from every client, which is 10.x.y.z. */
#define SERVER_ADDRESS UINT32_C(0x0bffffff)
#define CLIENT_NET     UINT32_C(0x0a000000)

/* One for the process, as libnids is. */
static struct {
	pcap_t *dead;
	const struct nids_feed_listener *listener;
	void *arg;
	bool calling;
	uint8_t datagram[IP_HEADER + TCP_HEADER + WSCALE_OPTION + PIECE_MAX];
} feed;

/* Searches each time: libnids frees its streams at any time, so a kept pointer could dangle. */
static struct tcp_stream *stream_of(uint32_t number)
{
	struct tuple4 tuple = {CLIENT_PORT, SERVER_PORT, htonl(CLIENT_NET | number),
			       htonl(SERVER_ADDRESS)};
	return nids_find_tcp_stream(&tuple);
}

/* A half_stream is named after the receiver. The new bytes stand behind bytes that libnids keeps
 * for other callbacks; here it keeps none. */
static void side_take(uint32_t number, const struct half_stream *receiver, bool from_client)
{
	if (receiver->count_new <= 0)
		return;
	const char *newest = receiver->data +
			     (receiver->count - receiver->offset - receiver->count_new);
	feed.listener->data(feed.arg, number, from_client,
			    bytes_of(newest, (size_t)receiver->count_new));
}

static void on_tcp(struct tcp_stream *stream, void **unused)
{
	(void)unused;
	uint32_t number = ntohl(stream->addr.saddr) & (NIDS_FEED_MAX - 1);
	switch (stream->nids_state) {
	case NIDS_JUST_EST:
		stream->client.collect = 1;
		stream->server.collect = 1;
		break;
	case NIDS_DATA:
		feed.calling = true;
		side_take(number, &stream->server, true);
		side_take(number, &stream->client, false);
		feed.calling = false;
		break;
	default:
		break; /* An end is read from the segments: libnids does not tell whose it is. */
	}
}

/* libnids' warnings about packets. Clean datagrams can cause only this one of them that matters. */
static void on_complaint(int type, int number, struct ip *header, void *data)
{
	(void)header;
	(void)data;
	if (type == NIDS_WARN_TCP && number == NIDS_WARN_TCP_BIGQUEUE)
		feed.listener->dropped(feed.arg);
}

/* libnids ignores the result of this function, and would go on with a null pointer. */
static void on_no_memory(char *where)
{
	log_line("libnids has no memory (%s)", where);
	abort();
}

static void params_set(uint32_t conns)
{
	/* libnids uses three quarters of the table, then evicts the oldest. */
	nids_params.n_tcp_streams = (int)(conns + conns / 3 + 16);
	nids_params.scan_num_hosts = 0; /* one packet can crash libnids' scan detection */
	nids_params.n_hosts = 16;       /* for fragments, which never come here */
	nids_params.syslog = on_complaint;
	nids_params.no_mem = on_no_memory;
	nids_params.pcap_filter = NULL;
	nids_params.multiproc = 0;
	nids_params.tcp_workarounds = 0;
	nids_params.tcp_flow_timeout = 0;
	nids_params.pcap_desc = feed.dead;
}

bool nids_feed_open(uint32_t conns, const struct nids_feed_listener *listener, void *arg)
{
	static struct nids_chksum_ctl no_checksums = {0, 0, NIDS_DONT_CHKSUM, 0};
	if (feed.dead || conns > NIDS_FEED_MAX)
		return false;
	feed.dead = pcap_open_dead(DLT_RAW, 65535);
	if (!feed.dead)
		return false;
	feed.listener = listener;
	feed.arg = arg;
	params_set(conns);
	/*
	 * These settings apply to the whole process. For each segment libnids allocates and frees
	 * kilobytes, which would move the end of the heap each time.
	 */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 16 << 20);
	if (!nids_init()) {
		nids_params.pcap_desc = NULL;
		pcap_close(feed.dead);
		feed.dead = NULL;
		return false;
	}
	/* nids_init forgets earlier registrations. */
	nids_register_tcp(__extension__(void *) on_tcp);
	nids_register_chksum_ctl(&no_checksums, 1);
	return true;
}

void nids_feed_close(void)
{
	assert(feed.dead && !feed.calling);
	nids_unregister_tcp(__extension__(void *) on_tcp); /* nids_exit does not free it */
	nids_exit();
	nids_params.pcap_desc = NULL;
	pcap_close(feed.dead);
	feed.dead = NULL;
}

/* Writes in network byte order. */
static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* Writes an IPv4 header (RFC 791 3.1) without a checksum: libnids does not check it. */
static void ip_write(uint8_t *ip, const struct nids_segment *s, size_t length)
{
	uint32_t client = CLIENT_NET | s->number;
	memset(ip, 0, IP_HEADER);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)length);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	put32(ip + 12, s->from_client ? client : SERVER_ADDRESS);
	put32(ip + 16, s->from_client ? SERVER_ADDRESS : client);
}

/*
 * Writes a TCP header (RFC 9293 3.1). Returns its length in bytes. The window is that of the wire,
 * so libnids needs its scale: the only option that is passed on.
 */
static size_t tcp_write(uint8_t *tcp, const struct nids_segment *s)
{
	bool scale = (s->flags & TCP_SYN) && s->has_wscale;
	size_t length = TCP_HEADER + (scale ? WSCALE_OPTION : 0);
	memset(tcp, 0, length);
	put16(tcp, s->from_client ? CLIENT_PORT : SERVER_PORT);
	put16(tcp + 2, s->from_client ? SERVER_PORT : CLIENT_PORT);
	put32(tcp + 4, s->seq);
	put32(tcp + 8, s->ack);
	tcp[12] = (uint8_t)(length / 4 << 4);
	tcp[13] = s->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
	put16(tcp + 14, s->window);
	if (scale) {
		const uint8_t option[WSCALE_OPTION] = {1, 3, 3, s->wscale};
		memcpy(tcp + TCP_HEADER, option, sizeof option);
	}
	return length;
}

static void datagram_feed(const struct nids_segment *s)
{
	uint8_t *at = feed.datagram + IP_HEADER;
	at += tcp_write(at, s);
	if (s->payload.n > 0)
		memcpy(at, s->payload.p, s->payload.n);
	size_t length = (size_t)(at - feed.datagram) + s->payload.n;
	ip_write(feed.datagram, s, length);
	struct pcap_pkthdr header = {
		.ts = {.tv_sec = (time_t)(s->ts / FRAME_SECOND),
		       .tv_usec = (suseconds_t)(s->ts % FRAME_SECOND / 1000)},
		.caplen = (bpf_u_int32)length,
		.len = (bpf_u_int32)length,
	};
	nids_pcap_handler(NULL, &header, feed.datagram);
}

/* A SYN is passed on alone; its payload follows as a segment of its own. A FIN goes with the last
 * piece. */
void nids_feed_segment(const struct nids_segment *segment)
{
	struct nids_segment rest = *segment;
	assert(feed.dead && !feed.calling && rest.number < NIDS_FEED_MAX);
	if (rest.flags & TCP_SYN) {
		struct nids_segment syn = rest;
		syn.payload = bytes_of(NULL, 0);
		syn.flags &= (uint8_t)~TCP_FIN;
		datagram_feed(&syn);
		rest.seq++;
		rest.flags &= (uint8_t)~TCP_SYN;
		if (rest.payload.n == 0 && !(rest.flags & TCP_FIN))
			return;
	}
	for (;;) {
		struct nids_segment piece = rest;
		piece.payload = bytes_first(rest.payload, PIECE_MAX);
		rest.payload = bytes_from(rest.payload, piece.payload.n);
		rest.seq += (uint32_t)piece.payload.n;
		if (rest.payload.n > 0)
			piece.flags &= (uint8_t)~TCP_FIN;
		datagram_feed(&piece);
		if (rest.payload.n == 0)
			return;
	}
}

bool nids_feed_knows(uint32_t number)
{
	return stream_of(number) != NULL;
}

void nids_feed_forget(uint32_t number)
{
	assert(feed.dead && !feed.calling);
	struct tcp_stream *stream = stream_of(number);
	if (stream)
		nids_free_tcp_stream(stream);
}
