/* savefile.c - libpcap's reader over struct input instead of a file. */
#include "capture/savefile.h"

#include "capture/linktype.h"
#include "capture/secrets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpcap reads in small pieces: with a stdio buffer of 4 kB, half of its time is spent in system
 * calls. */
enum { SAVEFILE_STDIO = 256 << 10, SAVEFILE_ARENA = 1 << 20 };

struct savefile {
	struct input *in;
	struct secrets secrets;
	pcap_t *pcap; /* owns the FILE */
	int link;
	uint64_t packets; /* read so far */
	/* 0, or the first result of pcap_next_ex that was not 1. After an incomplete record, a
	 * second call would return a regular end. */
	int end;
	struct error reason;
	uint8_t arena[SAVEFILE_ARENA];
	char stdio[SAVEFILE_STDIO];
};

static ssize_t savefile_fetch(void *arg, char *to, size_t n)
{
	struct savefile *s = arg;
	ssize_t got = input_read(s->in, to, n);
	if (got > 0)
		secrets_push(&s->secrets, bytes_of(to, (size_t)got));
	return got;
}

/* libpcap's message about an early end begins with this word in each of its formats. */
static bool savefile_cut(const char *words)
{
	return strncmp(words, "truncated", strlen("truncated")) == 0;
}

/* If the input failed, its error is the cause: libpcap knows only an error number. */
static void savefile_explain_open(const struct input *in, const char *words, struct error *reason)
{
	if (input_trouble(in)[0])
		error_set(reason, "%s", input_trouble(in));
	else if (savefile_cut(words))
		error_set(reason, "ends in the middle of its header");
	else
		error_set(reason, "cannot be read: %s", words);
}

static void savefile_explain(struct savefile *s)
{
	const char *plural = s->packets == 1 ? "" : "s", *words = pcap_geterr(s->pcap);
	if (input_trouble(s->in)[0])
		error_set(&s->reason, "%.200s, after %" PRIu64 " packet%s", input_trouble(s->in),
			  s->packets, plural);
	else if (savefile_cut(words))
		error_set(&s->reason, "ends in the middle of a record after %" PRIu64 " packet%s",
			  s->packets, plural);
	else
		error_set(&s->reason, "is damaged after %" PRIu64 " packet%s: %.200s", s->packets,
			  plural, words);
}

static pcap_t *savefile_pcap(struct savefile *s, char words[PCAP_ERRBUF_SIZE])
{
	FILE *file = fopencookie(s, "r", (cookie_io_functions_t){.read = savefile_fetch});
	if (!file) {
		snprintf(words, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
		return NULL;
	}
	setvbuf(file, s->stdio, _IOFBF, sizeof s->stdio);
	pcap_t *pcap =
		pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, words);
	if (!pcap)
		fclose(file);
	return pcap;
}

struct savefile *savefile_new(struct input *in, struct error *reason)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	struct savefile *s = malloc(sizeof *s);
	if (!s) {
		savefile_explain_open(in, strerror(ENOMEM), reason);
		return NULL;
	}
	s->in = in;
	s->secrets = (struct secrets){0};
	s->packets = 0;
	s->end = 0;
	s->pcap = savefile_pcap(s, words);
	if (!s->pcap) {
		savefile_explain_open(in, words, reason);
		secrets_free(&s->secrets);
		free(s);
		return NULL;
	}
	s->link = linktype_of_dlt(pcap_datalink(s->pcap));
	return s;
}

int savefile_link(const struct savefile *s)
{
	return s->link;
}

/* With this precision tv_usec contains nanoseconds. A pcapng time has 64 bits of any unit. The year
 * may exceed the range of int64_t, or libpcap may make it a year before the epoch. */
static int64_t savefile_time(const struct timeval *tv)
{
	int64_t sec = tv->tv_sec, fraction = tv->tv_usec % FRAME_SECOND;
	if (sec >= FRAME_TIME_MAX / FRAME_SECOND)
		return FRAME_TIME_MAX;
	return sec < 0 || fraction < 0 ? 0 : sec * FRAME_SECOND + fraction;
}

/* Reads the next packet that passes the filter. Returns false at the end and after an error. */
static bool savefile_next(struct savefile *s, const struct bpf_program *filter, struct frame *f)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int r = s->end;
	while (r == 0 && (r = pcap_next_ex(s->pcap, &h, &data)) == 1) {
		s->packets++;
		r = 0;
		if (filter && !pcap_offline_filter(filter, h, data))
			continue;
		uint32_t len = h->len > h->caplen ? h->len : h->caplen;
		*f = (struct frame){.data = data,
				    .caplen = h->caplen,
				    .len = len,
				    .ts = savefile_time(&h->ts),
				    .link = s->link};
		return true;
	}
	if (s->end == 0 && r != PCAP_ERROR_BREAK)
		savefile_explain(s);
	s->end = r;
	return false;
}

/*
 * libpcap overwrites its buffer with the next packet, so all frames but the last are copied. A
 * frame that does not fit into the arena becomes the last: so no frame is too long.
 */
int savefile_read(struct savefile *s, const struct bpf_program *filter, struct frame *frames,
		  size_t n, struct error *reason)
{
	size_t got = 0, used = 0;
	if (input_waits(s->in))
		n = 1;
	while (got < n && savefile_next(s, filter, &frames[got])) {
		struct frame *f = &frames[got++];
		if (got == n || f->caplen > sizeof s->arena - used)
			return (int)got;
		f->data = memcpy(s->arena + used, f->data, f->caplen);
		used += f->caplen;
	}
	if (got > 0 || s->end == PCAP_ERROR_BREAK || input_stopped(s->in))
		return (int)got;
	*reason = s->reason;
	return -1;
}

struct bytes savefile_secrets(struct savefile *s)
{
	return secrets_take(&s->secrets);
}

void savefile_free(struct savefile *s)
{
	if (!s)
		return;
	pcap_close(s->pcap);
	secrets_free(&s->secrets);
	free(s);
}
