/* source.c - chooses the reader for a capture, and words every refusal as a sentence with the
 * capture's name. */
#include "capture/source.h"

#include "capture/filters.h"
#include "capture/linktype.h"
#include "capture/reader.h"
#include "smtpwatch/packet.h"

#include <assert.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEGUN_NOT = -2 };

struct source {
	struct input *in;
	const struct reader *reader;
	void *state;             /* of the reader; NULL: none is open */
	const char *expression;  /* of the filter; NULL: there is none */
	struct filters *filters; /* NULL: there is none */
	uint64_t filtered;       /* frames left out by the filter */
	int undecoded;           /* the first link type, while none so far is decoded; else -1 */
	struct error refusal;    /* the filter does not compile for a link type that came late; else
				    empty */
	int begun;               /* what the reader returned to source_begin; BEGUN_NOT: no call */
	struct frame first;      /* if begun is 1 */
	struct error trouble;    /* if begun is -1 */
	char name[184];          /* the sentence has room for a reason too */
};

/* Files that people take for captures, or that contain one. hint: the predicate of a sentence. */
static const struct foreign {
	const char *magic;
	size_t n;
	const char *hint;
} foreigns[] = {
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

static const struct reader *const readers[] = {&classic_reader, &pcapng_reader, &snoop_reader};

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
	error_set(reason, "is no capture file (pcap, pcapng or snoop): it begins with");
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

static bool source_choose(struct source *s, struct error *reason)
{
	size_t n;
	const uint8_t *ahead = input_ahead(s->in, &n);
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
		enum reader_fit fit = readers[i]->fits(ahead, n);
		if (fit == READER_CUT)
			return error_set(reason, "ends in the middle of its header");
		if (fit == READER_NO)
			continue;
		s->reader = readers[i];
		s->state = s->reader->open(s->in, reason);
		return s->state != NULL;
	}
	source_explain_foreign(ahead, n, reason);
	return false;
}

/* Refuses a capture of which no link type is decoded. */
static bool undecoded_refuse(const struct source *s, struct error *reason)
{
	return error_set(reason, "has link type %d (%s), which is not decoded", s->undecoded,
			 linktype_name(s->undecoded));
}

/* Where no other link type can follow, all of it would be read for nothing. */
static bool source_check_links(struct source *s, struct error *reason)
{
	int link;
	s->undecoded = s->reader->link(s->state, 0);
	for (size_t i = 0; (link = s->reader->link(s->state, i)) >= 0; i++)
		if (packet_link_known(link))
			s->undecoded = -1;
	return s->undecoded < 0 || s->reader->more_links || undecoded_refuse(s, reason);
}

static void links_note(struct source *s, const struct frame *frames, int n)
{
	for (int i = 0; i < n && s->undecoded >= 0; i++)
		if (packet_link_known(frames[i].link))
			s->undecoded = -1;
}

/* Returns the filter for a link type. After an error, sets a sentence. */
static const struct bpf_program *source_filter(struct source *s, int link, struct error *why)
{
	struct error words;
	const struct bpf_program *program = filters_link(s->filters, link, &words);
	if (!program)
		error_set(why, "the filter \"%.80s\" does not compile for %s: %s", s->expression,
			  s->name, words.text);
	return program;
}

/* Compiles the filter for all link types that are known so far. */
static bool source_compile(struct source *s, const char *expression, struct error *why)
{
	int link;
	s->expression = expression;
	s->filters = filters_new_file(expression);
	if (!s->filters)
		return error_set(why, "out of memory");
	for (size_t i = 0; (link = s->reader->link(s->state, i)) >= 0; i++)
		if (packet_link_known(link) && !source_filter(s, link, why))
			return false;
	return true;
}

/* Errors of the file come before errors of the filter: the link type decides which filters compile.
 */
static bool source_start(struct source *s, const char *path, const char *filter,
			 const struct input_follow *follow, struct error *why, bool *usage)
{
	struct error reason = {0};
	source_name(s, path);
	s->begun = BEGUN_NOT;
	s->in = input_open_growing(path, follow, &reason);
	if (!s->in || !source_choose(s, &reason) || !source_check_links(s, &reason))
		return error_set(why, "%s %s", s->name, reason.text);
	*usage = filter && !source_compile(s, filter, why);
	return !*usage;
}

struct source *source_open(const char *path, const char *filter, struct error *why, bool *usage)
{
	return source_open_growing(path, filter, NULL, why, usage);
}

struct source *source_open_growing(const char *path, const char *filter,
				   const struct input_follow *follow, struct error *why,
				   bool *usage)
{
	struct source *s = calloc(1, sizeof *s);
	*usage = false;
	if (!s)
		error_set(why, "out of memory");
	else if (!source_start(s, path, filter, follow, why, usage)) {
		source_close(s);
		s = NULL;
	}
	return s;
}

static bool frame_passes(const struct bpf_program *filter, const struct frame *f)
{
	struct pcap_pkthdr h = {.caplen = f->caplen, .len = f->len};
	return pcap_offline_filter(filter, &h, f->data);
}

/* Keeps the frames that pass the filter. Returns their number. If the filter does not compile, sets
 * s->refusal, and keeps only frames before. */
static size_t source_sift(struct source *s, struct frame *frames, size_t n)
{
	const struct bpf_program *filter = NULL;
	size_t kept = 0;
	int link = -1;
	for (size_t i = 0; i < n; i++) {
		if (frames[i].link != link) {
			link = frames[i].link;
			filter = packet_link_known(link) ? source_filter(s, link, &s->refusal)
							 : NULL;
		}
		if (s->refusal.text[0])
			break;
		if (!filter || frame_passes(filter, &frames[i]))
			frames[kept++] = frames[i];
		else
			s->filtered++;
	}
	return kept;
}

bool source_begin(struct source *s, int64_t *ts)
{
	s->begun = s->reader->read(s->state, &s->first, 1, &s->trouble);
	if (s->begun == 0)
		s->begun = BEGUN_NOT;
	else if (s->begun > 0)
		*ts = s->first.ts;
	return s->begun > 0;
}

/* As the reader's read. What source_begin has read comes first. */
static int source_take(struct source *s, struct frame *frames, size_t n, struct error *reason)
{
	int begun = s->begun;
	s->begun = BEGUN_NOT;
	if (begun == BEGUN_NOT)
		return s->reader->read(s->state, frames, n, reason);
	frames[0] = s->first;
	*reason = s->trouble;
	return begun;
}

int source_read(struct source *s, struct frame *frames, size_t n, struct error *why)
{
	struct error reason;
	int r = 1, kept = 0;
	assert(n > 0);
	while (r > 0 && kept == 0 && !s->refusal.text[0]) {
		r = source_take(s, frames, n, &reason);
		links_note(s, frames, r);
		kept = r > 0 && s->filters ? (int)source_sift(s, frames, (size_t)r) : r;
	}
	if (s->refusal.text[0] && kept <= 0) {
		*why = s->refusal;
		return -1;
	}
	if (r == 0 && s->undecoded >= 0) {
		undecoded_refuse(s, &reason);
		kept = r = -1;
	}
	if (r < 0)
		error_set(why, "%s %s", s->name, reason.text);
	return kept;
}

bool source_suits(const char *path)
{
	struct error reason;
	struct input *in = input_open(path, &reason);
	bool suits = !in;
	size_t n;
	const uint8_t *ahead = in ? input_ahead(in, &n) : NULL;
	for (size_t i = 0; in && i < sizeof readers / sizeof *readers; i++)
		suits |= readers[i]->fits(ahead, n) != READER_NO;
	input_close(in);
	return suits;
}

struct bytes source_secrets(struct source *s)
{
	return s->reader->secrets ? s->reader->secrets(s->state) : bytes_of(NULL, 0);
}

struct source_counts source_counts(const struct source *s)
{
	struct reader_drops drops = {0};
	if (s->reader->drops)
		s->reader->drops(s->state, &drops);
	return (struct source_counts){s->filtered, drops.system, drops.interfaces};
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
	filters_free(s->filters);
	if (s->state)
		s->reader->free(s->state);
	input_close(s->in);
	free(s);
}
