/* fuzz_packet.c - one frame through the decoder: its short way reads what its tables read, and
 * nothing that it hands on lies outside the frame. */
#include "core/packet/walk.h"
#include "fuzz/fuzz.h"

static struct port_set ports;

static void tcp_same(const struct packet *a, const struct packet *b)
{
	CHECK(ip_addr_equal(&a->src, &b->src) && ip_addr_equal(&a->dst, &b->dst));
	CHECK(a->src_port == b->src_port && a->dst_port == b->dst_port && a->seq == b->seq &&
	      a->ack == b->ack);
	CHECK(a->flags == b->flags && a->window == b->window && a->ttl == b->ttl &&
	      a->ip_id == b->ip_id && a->df == b->df);
	CHECK(a->mss == b->mss && a->has_wscale == b->has_wscale && a->wscale == b->wscale &&
	      a->has_tsopt == b->has_tsopt);
	CHECK(a->tsval == b->tsval && a->tsecr == b->tsecr && a->ts == b->ts);
	CHECK(a->vlans == b->vlans && memcmp(a->vlan, b->vlan, a->vlans * sizeof *a->vlan) == 0);
	CHECK(a->payload_len == b->payload_len && a->payload_cap == b->payload_cap);
	CHECK(a->payload_cap == 0 || a->payload == b->payload);
}

static void inside(const struct frame *f, const uint8_t *p, size_t n)
{
	CHECK(n == 0 || (p >= f->data && p + n <= f->data + f->caplen));
}

static void tcp_check(const struct frame *f, const struct packet *p, bool any)
{
	CHECK(any || port_set_has(&ports, p->src_port) || port_set_has(&ports, p->dst_port));
	CHECK(p->payload_cap <= p->payload_len && p->wscale <= 14 && p->vlans <= PACKET_VLANS);
	CHECK(p->payload_len <= f->len || p->payload_cap < p->payload_len);
	inside(f, p->payload, p->payload_cap);
}

/* first byte: of the link type; second: of the link type, the ports, the checksum; two more: how
 * much longer the frame was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	union packet_decoded a, b;
	port_set_add(&ports, 25);
	port_set_add(&ports, 587);
	int link = (int)fuzz_number(&in, 1);
	unsigned how = (unsigned)fuzz_number(&in, 1);
	uint32_t more = (uint32_t)fuzz_number(&in, 2);
	struct frame f = {.data = in.p,
			  .caplen = (uint32_t)in.n,
			  .len = (uint32_t)in.n + (how & 8 ? more : 0),
			  .ts = 1,
			  .link = link | (how & 1 ? 256 : 0)};
	struct packet_decoder d = {.ports = how & 2 ? NULL : &ports, .insist_checksum = how & 4};
	memset(&a, 0xa5, sizeof a);
	memset(&b, 0x5a, sizeof b);
	enum packet_kind kind = packet_decode(&d, &f, &a);
	CHECK(kind == packet_read_frame(&d, &f, &b) && kind < PACKET_KINDS);
	if (kind == PACKET_TCP) {
		tcp_same(&a.tcp, &b.tcp);
		tcp_check(&f, &a.tcp, how & 2);
	} else if (kind == PACKET_FRAGMENT) {
		CHECK(a.fragment.data.n <= a.fragment.data_len && a.fragment.vlans <= PACKET_VLANS);
		inside(&f, a.fragment.data.p, a.fragment.data.n);
	} else if (kind == PACKET_ICMP) {
		CHECK(how & 2 || port_set_has(&ports, a.icmp.src_port) ||
		      port_set_has(&ports, a.icmp.dst_port));
	}
	return 0;
}
