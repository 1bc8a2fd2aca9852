/* live.c - an interface, read through libpcap's ring in memory shared with the kernel (TPACKET_V3).
 */
#include "capture/live.h"

#include "capture/linktype.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum {
	SNAPLEN_MAX = 262144, /* libpcap's bound */
	BLOCK_MS =
		100, /* after this time the kernel hands out a block of its ring that is not full */
	ARENA = 256 << 10
};

/*
 * Frames are copied out of the ring. As soon as the last frame of a block was called back, libpcap
 * returns the block to the kernel. This happens inside a call that may continue with the next
 * block. A pointer kept for a batch would point into memory that the kernel overwrites, above all
 * when the ring is full. The copy stays in the cache until it is read, and frees the ring early.
 */
struct live {
	pcap_t *pcap;
	int link;
	int64_t unit;  /* nanoseconds per unit of a time stamp's fraction */
	int64_t begin; /* earlier frames are left out; INT64_MIN: none */
	unsigned index;
	char name[IFNAMSIZ];
	uint32_t last[3]; /* libpcap's counters, which have 32 bits */
	struct live_counts counts;
	uint64_t taken; /* frames that left the ring */
	/* During pcap_dispatch only. */
	struct frame *frames;
	size_t got, used;
	uint8_t arena[ARENA + SNAPLEN_MAX];
};

static bool is_any(const struct live *l)
{
	return strcmp(l->name, "any") == 0;
}

/* Returns the index of the interface; 0: no interface has the name. */
static unsigned index_of(const struct live *l)
{
	struct ifreq r = {0};
	memcpy(r.ifr_name, l->name, sizeof r.ifr_name);
	return ioctl(pcap_fileno(l->pcap), SIOCGIFINDEX, &r) == 0 ? (unsigned)r.ifr_ifindex : 0;
}

/* Applies the settings that must precede pcap_activate. Returns 0 or libpcap's status. */
static int settings_apply(struct live *l, const struct live_config *c)
{
	size_t buffer = c->buffer < INT32_MAX ? c->buffer : INT32_MAX;
	int status = pcap_set_snaplen(l->pcap, c->snaplen > 0 && c->snaplen < SNAPLEN_MAX
						       ? (int)c->snaplen
						       : SNAPLEN_MAX);
	if (status == 0)
		status = pcap_set_promisc(l->pcap, c->promiscuous && !is_any(l));
	if (status == 0)
		status = pcap_set_timeout(l->pcap, BLOCK_MS);
	if (status == 0)
		status = pcap_set_immediate_mode(l->pcap, 0);
	if (status == 0)
		status = pcap_set_buffer_size(l->pcap, (int)buffer);
	l->unit = pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO) == 0 ? 1 : 1000;
	return status;
}

static enum live_trouble activation_explain(const struct live *l, int status, struct error *why)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		error_set(why, "there is no interface %s", l->name);
		return LIVE_ABSENT;
	case PCAP_ERROR_IFACE_NOT_UP:
		error_set(why, "the interface %s is down", l->name);
		return LIVE_ABSENT;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		error_set(why,
			  "no permission to capture on %s: that takes root, or the capability "
			  "CAP_NET_RAW",
			  l->name);
		return LIVE_REFUSED;
	}
	error_set(why, "cannot capture on %s: %.300s", l->name, pcap_geterr(l->pcap));
	return LIVE_BROKEN;
}

/* libpcap compiles no filter for NFLOG: the core alone sorts out such frames. */
static bool filter_install(struct live *l, const struct live_config *c, enum live_trouble *trouble,
			   struct error *why)
{
	struct bpf_program *program;
	if (pcap_datalink(l->pcap) == DLT_NFLOG && !c->filtered)
		return true;
	program = filters_get(c->filters, l->pcap, why);
	if (!program) {
		*trouble = c->filtered ? LIVE_FILTER : LIVE_BROKEN;
		return false;
	}
	if (pcap_setfilter(l->pcap, program) == 0)
		return true;
	return error_set(why, "cannot set the filter on %s: %.300s", l->name, pcap_geterr(l->pcap));
}

static bool live_start(struct live *l, const struct live_config *c, enum live_trouble *trouble,
		       struct error *why)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	*trouble = LIVE_BROKEN;
	l->pcap = pcap_create(c->interface, words);
	if (!l->pcap)
		return error_set(why, "cannot capture on %s: %.300s", l->name, words);
	int status = settings_apply(l, c);
	if (status == 0)
		status = pcap_activate(l->pcap);
	if (status < 0) {
		*trouble = activation_explain(l, status, why);
		return false;
	}
	l->link = linktype_of_dlt(pcap_datalink(l->pcap));
	l->index = index_of(l);
	if (!packet_link_known(l->link))
		return error_set(why, "%s has link type %d (%s), which is not decoded", l->name,
				 l->link, linktype_name(l->link));
	if (!filter_install(l, c, trouble, why))
		return false;
	if (pcap_setnonblock(l->pcap, 1, words) == 0)
		return true;
	return error_set(why, "cannot capture on %s: %.300s", l->name, words);
}

struct live *live_open(const struct live_config *config, enum live_trouble *trouble,
		       struct error *why)
{
	*trouble = LIVE_ABSENT;
	if (strlen(config->interface) >= IFNAMSIZ) {
		error_set(why, "there is no interface %.99s: a name has at most %d letters",
			  config->interface, IFNAMSIZ - 1);
		return NULL;
	}
	struct live *l = malloc(sizeof *l);
	if (!l) {
		error_set(why, "no memory to capture on %s", config->interface);
		return NULL;
	}
	memset(l, 0, offsetof(struct live, arena));
	memcpy(l->name, config->interface, strlen(config->interface) + 1);
	l->begin = INT64_MIN;
	if (live_start(l, config, trouble, why))
		return l;
	live_close(l);
	return NULL;
}

/*
 * The hash is the kernel's symmetric one, over addresses and ports in order of size. The order of
 * joining determines which member a hash value selects. The kernel chooses the number of a new
 * group, so that it differs from every other program's.
 */
bool live_join(struct live *l, int *group, struct error *why)
{
	unsigned how = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG, id = 0;
	socklen_t n = sizeof id;
	int fd = pcap_fileno(l->pcap);
	unsigned wanted = *group < 0 ? (how | PACKET_FANOUT_FLAG_UNIQUEID) << 16
				     : how << 16 | (unsigned)*group;
	if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &wanted, sizeof wanted) != 0 ||
	    (*group < 0 && getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &id, &n) != 0))
		return error_set(why, "cannot share %s among workers: %s", l->name,
				 strerror(errno));
	if (*group < 0)
		*group = (int)(id & 0xffff);
	return true;
}

void live_begin(struct live *l, int64_t ts)
{
	l->begin = ts;
}

int live_descriptor(const struct live *l)
{
	return pcap_get_selectable_fd(l->pcap);
}

static void frame_take(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct live *l = (struct live *)user;
	int64_t ts = h->ts.tv_sec * FRAME_SECOND + h->ts.tv_usec * l->unit;
	l->taken++;
	if (ts < l->begin)
		return;
	uint8_t *to = l->arena + l->used;
	l->frames[l->got++] = (struct frame){.data = memcpy(to, bytes, h->caplen),
					     .caplen = h->caplen,
					     .len = h->len > h->caplen ? h->len : h->caplen,
					     .ts = ts,
					     .link = l->link};
	l->used += h->caplen;
	/* The rest of the arena has room for one more frame of any length. */
	if (l->used > ARENA)
		pcap_breakloop(l->pcap);
}

int live_read(struct live *l, struct frame *frames, size_t n)
{
	l->frames = frames;
	l->got = l->used = 0;
	int r = pcap_dispatch(l->pcap, (int)n, frame_take, (u_char *)l);
	l->frames = NULL;
	/* Frames read before an error are returned first; the next call returns the error. */
	return l->got > 0 || r >= 0 || r == PCAP_ERROR_BREAK ? (int)l->got : -1;
}

const char *live_reason(const struct live *l)
{
	return pcap_geterr(l->pcap);
}

bool live_counts(struct live *l, struct live_counts *out)
{
	struct pcap_stat now;
	uint64_t *const counts[] = {&l->counts.received, &l->counts.dropped,
				    &l->counts.dropped_by_interface};
	if (pcap_stats(l->pcap, &now) != 0)
		return false;
	const uint32_t read[] = {now.ps_recv, now.ps_drop, now.ps_ifdrop};
	for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
		*counts[i] += read[i] - l->last[i];
		l->last[i] = read[i];
	}
	*out = l->counts;
	return true;
}

uint64_t live_unread(const struct live *l)
{
	uint64_t gone = l->counts.dropped + l->taken;
	return l->counts.received > gone ? l->counts.received - gone : 0;
}

/* Asks the system: libpcap reports a removed interface only sometimes, and a new one of the same
 * name never. */
enum live_link live_link(const struct live *l)
{
	struct ifreq r = {0};
	if (is_any(l))
		return LIVE_UP;
	if (index_of(l) != l->index)
		return LIVE_GONE;
	memcpy(r.ifr_name, l->name, sizeof r.ifr_name);
	return ioctl(pcap_fileno(l->pcap), SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_UP)
		       ? LIVE_DOWN
		       : LIVE_UP;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	if (l->pcap)
		pcap_close(l->pcap);
	free(l);
}
