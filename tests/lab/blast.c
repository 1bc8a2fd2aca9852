/*
 * blast.c - sends a capture's frames from an interface, as fast as sendmmsg can or at a given rate,
 * for so many seconds.
 *
 * usage: blast INTERFACE FILE SECONDS [PACKETS PER SECOND]   (a classic pcap file of Ethernet,
 * little-endian, microseconds or nanoseconds) Each time through the file all sessions are new ones:
 * the first two bytes of both addresses are changed with the round. Checksums are not: nobody here
 * looks at them. Says how many packets and whole rounds it sent, in how many seconds.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FILE_HEADER = 24, RECORD_HEADER = 16, IP_AT = 14 };

struct blast {
	uint8_t *p;
	size_t n;
	int socket;
	uint64_t sent, rounds;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool file_take(struct blast *b, const char *path)
{
	struct stat s;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &s) != 0)
		return false;
	b->n = (size_t)s.st_size;
	/* A copy of its own, which may be written to. */
	b->p = mmap(NULL, b->n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	return b->p != MAP_FAILED && b->n > FILE_HEADER;
}

static bool socket_open(struct blast *b, const char *interface)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(interface)};
	int size = 64 << 20;
	b->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	setsockopt(b->socket, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	return b->socket >= 0 && bind(b->socket, (struct sockaddr *)&to, sizeof to) == 0;
}

/* Where the addresses of IPv4 and IPv6 stand behind an Ethernet header. */
static void sessions_renew(uint8_t *frame, uint64_t change)
{
	bool v6 = frame[IP_AT] >> 4 == 6;
	uint8_t *source = frame + IP_AT + (v6 ? 8 : 12), *target = source + (v6 ? 16 : 4);
	for (int i = 0; i < 2; i++) {
		source[i] ^= (uint8_t)(change >> 8 * i);
		target[i] ^= (uint8_t)(change >> 8 * i);
	}
}

static void batch_send(struct blast *b, struct mmsghdr *messages, unsigned n)
{
	for (unsigned done = 0; done < n;) {
		int sent = sendmmsg(b->socket, messages + done, n - done, 0);
		if (sent > 0)
			done += (unsigned)sent;
	}
	b->sent += n;
}

/* Waits until so many packets are due. */
static void pace(const struct blast *b, double began, double rate)
{
	double ahead = rate > 0 ? (double)b->sent / rate - (now() - began) : 0;
	if (ahead > 0)
		nanosleep(&(struct timespec){(time_t)ahead,
					     (long)((ahead - (double)(time_t)ahead) * 1e9)},
			  NULL);
}

static void round_send(struct blast *b, double began, double rate)
{
	struct mmsghdr messages[BATCH];
	struct iovec data[BATCH];
	unsigned n = 0;
	memset(messages, 0, sizeof messages);
	for (size_t at = FILE_HEADER; at + RECORD_HEADER <= b->n;) {
		uint32_t length;
		memcpy(&length, b->p + at + 8, sizeof length);
		uint8_t *frame = b->p + at + RECORD_HEADER;
		at += RECORD_HEADER + length;
		sessions_renew(frame, b->rounds ^ (b->rounds + 1));
		data[n] = (struct iovec){frame, length};
		messages[n].msg_hdr.msg_iov = &data[n];
		messages[n].msg_hdr.msg_iovlen = 1;
		if (++n < BATCH && at < b->n)
			continue;
		batch_send(b, messages, n);
		pace(b, began, rate);
		n = 0;
	}
	b->rounds++;
}

int main(int argc, char **argv)
{
	struct blast b = {0};
	if (argc < 4 || !file_take(&b, argv[2]) || !socket_open(&b, argv[1])) {
		fprintf(stderr, "usage: blast INTERFACE FILE SECONDS [PACKETS PER SECOND]\n");
		return 2;
	}
	double began = now(), seconds = strtod(argv[3], NULL),
	       rate = argc > 4 ? strtod(argv[4], NULL) : 0;
	do
		round_send(&b, began, rate);
	while (now() - began < seconds);
	printf("%llu %llu %.3f\n", (unsigned long long)b.sent, (unsigned long long)b.rounds,
	       now() - began);
	return 0;
}
