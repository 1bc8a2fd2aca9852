/* post.c - writes the files of a made history. */
#include "history/post.h"

#include "history/store/folder.h"

#include <stdlib.h>

static const uint8_t site_key[DIGEST_KEY] = "the key of the history's tests";

static struct {
	struct day_file *files[GATEWAYS][DAYS];
	struct history_keys *keys;
	FILE *truth;
	uint64_t dice, serial;
} post;

static void must(bool fine, const char *why)
{
	if (fine)
		return;
	fprintf(stderr, "generate: %s\n", why);
	exit(1);
}

/* SplitMix64 (Steele, Lea, Flood, 2014). */
uint64_t chance(uint64_t n)
{
	uint64_t z = (post.dice += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % n;
}

static void watched_write(struct day_file *d, int64_t start, int64_t end)
{
	struct day_watched w = {.start = start, .end = end};
	enum day_fault fault;
	struct error why;
	must(day_put_watched(d, &w, &fault, &why), why.text);
}

static void file_open(const char *folder, unsigned gateway, unsigned day)
{
	char name[FOLDER_NAME_MAX], path[4096], gateway_name[8];
	enum day_fault fault;
	struct error why = {"no memory"};
	int64_t start = POST_BEGIN + day * POST_DAY, end = start + POST_DAY - 1;
	snprintf(gateway_name, sizeof gateway_name, "mx%u", gateway);
	folder_name(name, start / FOLDER_DAY_MS, gateway_name, history_keys_id(post.keys));
	snprintf(path, sizeof path, "%s/%s", folder, name);
	struct day_file *d =
		day_open(path, DAY_WRITE, gateway_name, history_keys_id(post.keys), &fault, &why);
	must(d && day_begin(d, &fault, &why), why.text);
	post.files[gateway][day] = d;
	if (gateway == HOLE_GATEWAY && POST_HOLE / POST_DAY == start / POST_DAY) {
		watched_write(d, start, POST_HOLE);
		watched_write(d, POST_HOLE + POST_HOUR, end);
	} else {
		watched_write(d, start, end);
	}
}

void post_open(const char *folder, const char *truth, uint64_t seed)
{
	post.dice = seed;
	post.keys = history_keys_new(site_key);
	post.truth = fopen(truth, "w");
	must(post.keys && post.truth, "the file of the truth cannot be written");
	for (unsigned g = 0; g < GATEWAYS; g++)
		for (unsigned d = 0; d < DAYS; d++)
			file_open(folder, g, d);
}

void post_close(void)
{
	for (unsigned i = 0; i < GATEWAYS * DAYS; i++) {
		struct day_file *d = post.files[i / DAYS][i % DAYS];
		enum day_fault fault;
		struct error why;
		must(day_commit(d, &fault, &why), why.text);
		day_close(d, true);
	}
	must(fclose(post.truth) == 0, "the file of the truth cannot be written");
	history_keys_free(post.keys);
}

struct letter letter_new(unsigned from, unsigned to)
{
	uint64_t n = ++post.serial, span = (uint64_t)(to - from) * DAYS * POST_DAY / 1000;
	struct letter l = {.size = (unsigned)(800 + chance(200000)),
			   .site = (unsigned)chance(SITES),
			   .client = (unsigned)chance(CLIENTS),
			   .port = 25,
			   .at = POST_BEGIN + from * DAYS * POST_DAY / 1000 +
				 (int64_t)chance(span)};
	snprintf(l.from, sizeof l.from, "User%llu@Sender%llu.example",
		 (unsigned long long)chance(SENDERS), (unsigned long long)chance(50));
	snprintf(l.to, sizeof l.to, "rcpt%llu@site%u.example", (unsigned long long)n, l.site);
	snprintf(l.msgid, sizeof l.msgid, "%llu.%llx@sender.example", (unsigned long long)n,
		 (unsigned long long)chance(UINT32_MAX));
	return l;
}

/* The sender as it stands in MAIL: its signature and time stamp differ from try to try. */
static void envelope(const struct letter *l, char *out, size_t size)
{
	const char *at = strchr(l->from, '@');
	unsigned long long sign = chance(0xffffff);
	if (!at)
		snprintf(out, size, "%s", l->from);
	else if (l->srs)
		snprintf(out, size, "SRS0=%06llx=AB=%s=%.*s@forwarder.example", sign, at + 1,
			 (int)(at - l->from), l->from);
	else if (l->size % 3 == 0)
		snprintf(out, size, "prvs=0%06llx=%s", sign, l->from);
	else
		snprintf(out, size, "%s", l->from);
}

static struct ip_addr address(unsigned net, unsigned number)
{
	return (struct ip_addr){
		{[10] = 0xff, 0xff, 10, (uint8_t)net, (uint8_t)(number >> 8), (uint8_t)number}};
}

static struct attempt attempt_of(const struct letter *l, enum attempt_fate fate, unsigned code,
				 unsigned flags)
{
	char from[192], site[64];
	struct attempt a = {.at = l->at,
			    .rcpt = history_key_address(post.keys, bytes_str(l->to)),
			    .domain = history_key(post.keys, bytes_str(strchr(l->to, '@') + 1)),
			    .size = l->size,
			    .bytes = l->bare ? 0 : l->size,
			    .client = address(1, l->client),
			    .server = address(2, l->site * 4 + (unsigned)chance(3)),
			    .client_port = (uint16_t)(1024 + chance(60000)),
			    .server_port = (uint16_t)l->port,
			    .code = (uint16_t)code,
			    .fate = (uint8_t)fate,
			    .flags = (uint8_t)flags};
	envelope(l, from, sizeof from);
	a.sender = history_key_address(post.keys, bytes_str(from));
	a.flags |= from[0] == '\0' ? ATTEMPT_NULL_SENDER : 0;
	a.msgid = l->bare ? 0 : history_key(post.keys, bytes_str(l->msgid));
	snprintf(site, sizeof site, "site%u.example:%u", l->site, l->port);
	a.site = history_key(post.keys, bytes_str(site));
	if (fate == ATTEMPT_ACCEPTED)
		snprintf(a.queue, sizeof a.queue, "%010llX",
			 (unsigned long long)chance(1ULL << 40));
	else
		snprintf(a.verdict, sizeof a.verdict, "drop-in-message");
	return a;
}

static bool captures(unsigned gateway, int64_t at)
{
	return gateway != HOLE_GATEWAY || at < POST_HOLE || at >= POST_HOLE + POST_HOUR;
}

static void row_write(unsigned gateway, const struct attempt *a)
{
	int64_t day = (a->at - POST_BEGIN) / POST_DAY;
	enum day_fault fault;
	struct error why;
	must(day >= 0 && day < DAYS, "a time outside of the eight days");
	if (captures(gateway, a->at))
		must(day_put(post.files[gateway][day], a, &fault, &why), why.text);
}

void attempt_through(unsigned gateway, const struct letter *l, enum attempt_fate fate,
		     unsigned code, unsigned flags)
{
	struct attempt a = attempt_of(l, fate, code, flags);
	if (l->at < POST_BEGIN + DAYS * POST_DAY)
		row_write(gateway, &a);
}

/* One in fifty connections passes two gateways. */
void attempt_write(const struct letter *l, enum attempt_fate fate, unsigned code, unsigned flags)
{
	struct attempt a = attempt_of(l, fate, code, flags);
	unsigned gateway = (unsigned)chance(GATEWAYS);
	if (l->at >= POST_BEGIN + DAYS * POST_DAY)
		return;
	if (!captures(gateway, l->at))
		gateway = 0;
	row_write(gateway, &a);
	if (chance(50) == 0 && (gateway + 1) % GATEWAYS != HOLE_GATEWAY)
		row_write((gateway + 1) % GATEWAYS, &a);
}

void unread_write(const struct letter *l)
{
	struct attempt a = attempt_of(l, ATTEMPT_UNKNOWN, 0, 0);
	struct attempt_unread u = {.at = l->at, .site = a.site, .client = a.client};
	int64_t day = (l->at - POST_BEGIN) / POST_DAY;
	enum day_fault fault;
	struct error why;
	must(day_put_unread(post.files[0][day], &u, &fault, &why), why.text);
}

void truth_write(const char *to, const char *outcome)
{
	fprintf(post.truth, "%s\t%s\n", to, outcome);
}
