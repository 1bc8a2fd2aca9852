/* wire.h - a capture file under way: Ethernet frames with IPv4 or IPv6, TCP or UDP, written in
 * large blocks. */
#ifndef SMTPWATCH_BENCH_WIRE_H
#define SMTPWATCH_BENCH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_FIN = 0x01, WIRE_SYN = 0x02, WIRE_RST = 0x04, WIRE_PSH = 0x08, WIRE_ACK = 0x10 };

/* Payload of a full segment: an Ethernet of 1,500 bytes, less the headers and the time stamp
 * option. */
enum { WIRE_MSS_V4 = 1448, WIRE_MSS_V6 = 1428 };

/* One packet. Addresses are numbers: the IPv4 address itself, or the last 32 bits under
 * 2001:db8::/32. */
struct wire_packet {
	int64_t ts; /* nanoseconds; the file has microseconds */
	uint32_t src, dst;
	uint16_t src_port, dst_port;
	bool v6, udp;
	uint8_t ttl;
	uint16_t ip_id;
	uint32_t seq, ack, tsval, tsecr; /* TCP */
	uint16_t window;
	uint8_t flags;
};

struct wire;

/* NULL with errno. */
struct wire *wire_new(const char *path);

/* Begins a packet with n bytes of payload; returns where the caller puts them before it calls
 * wire_end. */
uint8_t *wire_begin(struct wire *w, const struct wire_packet *p, size_t n);

/* Fills in the checksums. */
void wire_end(struct wire *w);

uint64_t wire_packets(const struct wire *w);
uint64_t wire_bytes(const struct wire *w);

/* The address as text, for the list of sessions. */
const char *wire_address(bool v6, uint32_t number, char out[40]);

/* False if anything could not be written. */
bool wire_close(struct wire *w);

#endif
