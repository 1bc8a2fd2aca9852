/*
 * verdicts.c - a program that embeds libsmtpwatch.a: frames of a pcap file go in, a line for each
 * session comes out. usage: verdicts FILE
 *
 *   cc -Iinclude docs/example/verdicts.c build/cc/libsmtpwatch.a -o verdicts
 *
 * It reads classic pcap of this host's byte order, and includes nothing but the C library and
 * include/smtpwatch.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

#define MAGIC_MICRO 0xa1b2c3d4
#define MAGIC_NANO  0xa1b23c4d
enum { RECORD_MAX = 1 << 20 };

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, link;
};

struct record_header {
	uint32_t seconds, fraction, caplen, len;
};

static_assert(sizeof(struct file_header) == 24 && sizeof(struct record_header) == 16,
	      "as they stand in the file");

/* Called once for each session. Everything in the record is borrowed for the length of the call. */
static void session_print(void *arg, const struct record *record)
{
	const struct verdict_row *row = verdict_row(record->judgement.verdict);
	char server[IP_ADDR_TEXT], why[256];

	(void)arg;
	printf("%s port %u: %s at %s (%s)\n", ip_addr_text(&record->conn->addr[SERVER], server),
	       record->conn->port[SERVER], row->id, stage_name(record->ending->stage),
	       verdict_reason(record->ending, &record->judgement, why, sizeof why));
}

/* Hands on one frame; a program with many at hand hands on a batch. False: the file ends. */
static bool frame_read(FILE *in, const struct file_header *h, struct monitor *m, uint8_t *bytes)
{
	struct record_header r;

	if (fread(&r, sizeof r, 1, in) != 1 || r.caplen > RECORD_MAX ||
	    fread(bytes, 1, r.caplen, in) != r.caplen)
		return false;
	struct frame f = {.data = bytes,
			  .caplen = r.caplen,
			  .len = r.len,
			  .ts = r.seconds * FRAME_SECOND +
				(int64_t)r.fraction * (h->magic == MAGIC_NANO ? 1 : 1000),
			  .link = (int)h->link};
	monitor_frames(m, &f, 1);
	return true;
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	struct file_header h;

	if (!in || fread(&h, sizeof h, 1, in) != 1 ||
	    (h.magic != MAGIC_MICRO && h.magic != MAGIC_NANO)) {
		fprintf(stderr, "usage: verdicts FILE (classic pcap, of this host's byte order)\n");
		return 1;
	}
	struct monitor_config config = monitor_config_default();
	config.session = session_print;
	/* The key of the hash tables: in a program that watches a network, a secret. */
	config.stream.seed[0] = config.stream.seed[1] = 1;
	struct monitor *m = monitor_new(&config);
	uint8_t *bytes = malloc(RECORD_MAX);
	if (!m || !bytes)
		return 1;
	while (frame_read(in, &h, m, bytes))
		;
	monitor_finish(m);
	monitor_free(m);
	free(bytes);
	fclose(in);
	return 0;
}
