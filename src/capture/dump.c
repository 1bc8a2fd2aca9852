/* dump.c - writes a capture file by libpcap. */
#include "capture/dump.h"

#include "capture/linktype.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* libpcap's bound: readers take a file with a longer frame for damaged. */
enum { SNAPLEN = 262144 };

struct dump {
	pcap_dumper_t *dumper;
	int link;
};

/* Writes the file header, also over an existing one: libpcap continues a file only by its name. If
 * the header cannot be written, libpcap closes the file. */
static pcap_dumper_t *dumper_open(FILE *file, int link)
{
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(linktype_to_dlt(link), SNAPLEN,
							    PCAP_TSTAMP_PRECISION_NANO);
	if (!dead) {
		fclose(file);
		errno = ENOMEM;
		return NULL;
	}
	errno = 0;
	pcap_dumper_t *dumper = pcap_dump_fopen(dead, file);
	int saved = errno != 0 ? errno : EINVAL;
	pcap_close(dead);
	errno = saved;
	return dumper;
}

static bool file_start(struct dump *d, int fd, int link)
{
	FILE *file = fdopen(fd, "w");
	if (!file) {
		int saved = errno;
		close(fd);
		errno = saved;
		return false;
	}
	d->link = link;
	d->dumper = dumper_open(file, link);
	return d->dumper && fseek(file, 0, SEEK_END) == 0;
}

struct dump *dump_open(int fd, int link)
{
	struct dump *d = calloc(1, sizeof *d);
	if (!d) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	if (file_start(d, fd, link))
		return d;
	int saved = errno;
	if (d->dumper)
		pcap_dump_close(d->dumper);
	free(d);
	errno = saved;
	return NULL;
}

/* With nanosecond precision, tv_usec contains nanoseconds. */
bool dump_frame(struct dump *d, const struct frame *f)
{
	int64_t sec = f->ts / FRAME_SECOND, part = f->ts % FRAME_SECOND;
	struct pcap_pkthdr h = {.ts = {.tv_sec = part < 0 ? sec - 1 : sec,
				       .tv_usec = part < 0 ? part + FRAME_SECOND : part},
				.caplen = f->caplen,
				.len = f->len};
	if (f->link != d->link)
		return false;
	pcap_dump((u_char *)d->dumper, &h, f->data);
	return true;
}

bool dump_close(struct dump *d)
{
	errno = 0;
	bool whole = pcap_dump_flush(d->dumper) == 0 && !ferror(pcap_dump_file(d->dumper));
	/* The error number of an earlier write is lost. */
	int saved = errno != 0 ? errno : EIO;
	pcap_dump_close(d->dumper);
	free(d);
	errno = saved;
	return whole;
}
