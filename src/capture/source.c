/* source.c - chooses the reader for a capture, and words every refusal as a sentence with the
 * capture's name. */
#include "capture/source.h"

#include "capture/classic.h"
#include "capture/input.h"
#include "capture/linktype.h"
#include "capture/savefile.h"
#include "smtpwatch/packet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	struct input *in;
	struct classic *classic; /* NULL: savefile reads; exactly one of the two is set */
	struct savefile *savefile;
	struct bpf_program program;
	bool filtered;  /* program is compiled */
	char name[184]; /* the sentence has room for a reason too */
};

/* Files that people take for captures, or that contain one. hint: the predicate of a sentence. */
static const struct foreign {
	const char *magic;
	size_t n;
	const char *hint;
} foreigns[] = {
	{"snoop\0\0\0", 8, "is a snoop file: convert it with `editcap -F pcap`"},
	{"btsnoop\0", 8, "is a Bluetooth btsnoop file, which holds no IP"},
	{"RTSS", 4, "is a Network Monitor file: convert it with `editcap -F pcap`"},
	{"GMBU", 4, "is a Network Monitor file: convert it with `editcap -F pcap`"},
	{"TRSNIFF", 7, "is a Sniffer file: convert it with `editcap -F pcap`"},
	{"XCP\0", 4, "is a NetXRay or Sniffer file: convert it with `editcap -F pcap`"},
	{"iptrace ", 8, "is an AIX iptrace file: convert it with `editcap -F pcap`"},
	{"\xfd"
	 "7zXZ\0",
	 6, "is compressed with xz: unpack it with `xz -d`"},
	{"BZh", 3, "is compressed with bzip2: unpack it with `bzip2 -d`"},
	{"\x04\x22\x4d\x18", 4, "is compressed with lz4: unpack it with `lz4 -d`"},
	{"PK\x03\x04", 4, "is a zip archive: unpack it first"},
	{"\x1f\x8b", 2, "is compressed twice: unpack it with `gzip -d`"},
	{"\x28\xb5\x2f\xfd", 4, "is compressed twice: unpack it with `zstd -d`"},
};

/* The type of a section header block, which is the same in both byte orders. */
static const uint8_t pcapng_magic[] = {0x0a, 0x0d, 0x0d, 0x0a};

/* Sets the name for messages. Of a long path the end is kept, which tells more. */
static void source_name(struct source *s, const char *path)
{
	size_t n = strlen(path);
	if (strcmp(path, "-") == 0)
		snprintf(s->name, sizeof s->name, "standard input");
	else if (n < sizeof s->name)
		memcpy(s->name, path, n + 1);
	else
		snprintf(s->name, sizeof s->name, "...%s", path + n - (sizeof s->name - 4));
}

/* Describes the first bytes: as text if all are printable, else in hexadecimal. */
static void begin_describe(const uint8_t *ahead, size_t n, struct error *reason)
{
	size_t shown = n < 8 ? n : 8, printable = 0;
	while (printable < shown && ahead[printable] >= ' ' && ahead[printable] <= '~')
		printable++;
	error_set(reason, "is no capture file (pcap or pcapng): it begins with");
	if (printable == shown)
		error_append(reason, " \"%.*s\"", (int)shown, (const char *)ahead);
	else
		for (size_t i = 0; i < shown; i++)
			error_append(reason, " %02x", ahead[i]);
}

static void source_explain_foreign(const uint8_t *ahead, size_t n, struct error *reason)
{
	for (size_t i = 0; i < sizeof foreigns / sizeof *foreigns; i++)
		if (n >= foreigns[i].n && memcmp(ahead, foreigns[i].magic, foreigns[i].n) == 0) {
			error_set(reason, "%s", foreigns[i].hint);
			return;
		}
	if (n == 0)
		error_set(reason, "is empty");
	else
		begin_describe(ahead, n, reason);
}

/* libpcap gives no useful message for a pcapng file this short, so it is refused here. */
static bool source_choose(struct source *s, struct error *reason)
{
	size_t n;
	const uint8_t *ahead = input_ahead(s->in, &n);
	enum classic_fit fit = classic_fits(ahead, n);
	bool pcapng = n >= sizeof pcapng_magic &&
		      memcmp(ahead, pcapng_magic, sizeof pcapng_magic) == 0;
	if (fit == CLASSIC_FITS) {
		s->classic = classic_new(s->in);
		if (!s->classic)
			error_set(reason, "cannot be read: out of memory");
	} else if (fit == CLASSIC_CUT || (pcapng && n < INPUT_AHEAD)) {
		error_set(reason, "ends in the middle of its header");
	} else if (fit == CLASSIC_VARIANT || pcapng) {
		s->savefile = savefile_new(s->in, reason);
	} else {
		source_explain_foreign(ahead, n, reason);
	}
	return s->classic || s->savefile;
}

static int source_link(const struct source *s)
{
	return s->classic ? classic_link(s->classic) : savefile_link(s->savefile);
}

/* Refuses a link type that is not decoded: otherwise a whole capture would be read for nothing. */
static bool source_check_link(const struct source *s, struct error *reason)
{
	int link = source_link(s);
	if (packet_link_known(link))
		return true;
	return error_set(reason, "has link type %d (%s), which is not decoded", link,
			 linktype_name(link));
}

/* Compiles the filter for both readers. libpcap's own filter step is not used, so that only
 * savefile.c depends on libpcap's buffer rules. */
static bool source_compile(struct source *s, const char *filter, struct error *why)
{
	pcap_t *dead = pcap_open_dead(linktype_to_dlt(source_link(s)), 256 << 10);
	s->filtered = dead && pcap_compile(dead, &s->program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!s->filtered)
		error_set(why, "the filter \"%.80s\" does not compile for %s: %s", filter, s->name,
			  dead ? pcap_geterr(dead) : "out of memory");
	if (dead)
		pcap_close(dead);
	return s->filtered;
}

/* Errors of the file come before errors of the filter: the link type decides which filters compile.
 */
static bool source_start(struct source *s, const char *path, const char *filter, struct error *why,
			 bool *usage)
{
	struct error reason = {0};
	source_name(s, path);
	s->in = input_open(path, &reason);
	if (!s->in || !source_choose(s, &reason) || !source_check_link(s, &reason))
		return error_set(why, "%s %s", s->name, reason.text);
	*usage = filter && !source_compile(s, filter, why);
	return !*usage;
}

struct source *source_open(const char *path, const char *filter, struct error *why, bool *usage)
{
	struct source *s = calloc(1, sizeof *s);
	*usage = false;
	if (!s)
		error_set(why, "out of memory");
	else if (!source_start(s, path, filter, why, usage)) {
		source_close(s);
		s = NULL;
	}
	return s;
}

int source_read(struct source *s, struct frame *frames, size_t n, struct error *why)
{
	struct error reason;
	assert(n > 0);
	const struct bpf_program *filter = s->filtered ? &s->program : NULL;
	int r = s->classic ? classic_read(s->classic, filter, frames, n, &reason)
			   : savefile_read(s->savefile, filter, frames, n, &reason);
	if (r < 0)
		error_set(why, "%s %s", s->name, reason.text);
	return r;
}

struct bytes source_secrets(struct source *s)
{
	return s->savefile ? savefile_secrets(s->savefile) : bytes_of(NULL, 0);
}

uint64_t source_progress(const struct source *s, uint64_t *size)
{
	return input_progress(s->in, size);
}

void source_stop(struct source *s)
{
	input_stop(s->in);
}

void source_close(struct source *s)
{
	if (!s)
		return;
	if (s->filtered)
		pcap_freecode(&s->program);
	classic_free(s->classic);
	savefile_free(s->savefile);
	input_close(s->in);
	free(s);
}
