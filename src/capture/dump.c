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
	int failure; /* error number of the first write that failed; 0: none */
};

/* Writes the file header, also over an existing one: libpcap continues a file only by its name. If
 * the header cannot be written, libpcap closes the file. */
static pcap_dumper_t *dumper_open(FILE *file, int link)
{
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(linktype_to_dlt(link), SNAPLEN,
							    PCAP_TSTAMP_PRECISION_NANO);
	if (!dead) {
		fclose(file);
		return NULL;
	}
	pcap_dumper_t *dumper = pcap_dump_fopen(dead, file);
	pcap_close(dead);
	return dumper;
}

/* libpcap does not tell of errors, and later writes overwrite the error number. */
static void failure_note(struct dump *d, bool failed)
{
	if (failed && d->failure == 0)
		d->failure = errno != 0 ? errno : EIO;
}

struct dump *dump_open(int fd, int link)
{
	struct dump *d = calloc(1, sizeof *d);
	FILE *file = d ? fdopen(fd, "w") : NULL;
	if (!file) {
		int saved = errno;
		free(d);
		close(fd);
		errno = saved;
		return NULL;
	}
	d->link = link;
	d->dumper = dumper_open(file, link);
	if (!d->dumper) {
		free(d); /* keeps errno */
		return NULL;
	}
	/* Writes the header as well. */
	if (fseek(file, 0, SEEK_END) == 0)
		return d;
	failure_note(d, true);
	dump_close(d);
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
	errno = 0;
	pcap_dump((u_char *)d->dumper, &h, f->data);
	failure_note(d, ferror(pcap_dump_file(d->dumper)) != 0);
	return true;
}

bool dump_close(struct dump *d)
{
	errno = 0;
	failure_note(d, pcap_dump_flush(d->dumper) != 0);
	int failure = d->failure;
	pcap_dump_close(d->dumper);
	free(d);
	errno = failure;
	return failure == 0;
}
