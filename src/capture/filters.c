/* filters.c - compiled filters by link type: some for an open interface, some in advance without
 * one. */
#include "capture/filters.h"

#include "capture/default_filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum { FILTERS = 16, SNAPLEN = 262144 };

struct made {
	int dlt;
	struct bpf_program program;
};

struct filters {
	const char *user;
	const struct port_set *ports;
	unsigned n;
	struct made all[FILTERS];
};

/* The link types of most Linux interfaces: Ethernet, "any" (cooked), tun, PPP. */
static const int usual[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW, DLT_PPP};

struct filters *filters_new(const char *user, const struct port_set *ports)
{
	struct filters *f = calloc(1, sizeof *f);
	if (f)
		*f = (struct filters){.user = user, .ports = ports};
	return f;
}

void filters_free(struct filters *f)
{
	for (unsigned i = 0; f && i < f->n; i++)
		pcap_freecode(&f->all[i].program);
	free(f);
}

static struct bpf_program *find(struct filters *f, int dlt)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->all[i].dlt == dlt)
			return &f->all[i].program;
	return NULL;
}

static struct bpf_program *compile(struct filters *f, pcap_t *p, struct error *why)
{
	int dlt = pcap_datalink(p);
	struct made *m = &f->all[f->n < FILTERS ? f->n : FILTERS - 1];
	struct bpf_program program;
	char *text = default_filter(dlt, f->ports, f->user);
	if (!text || pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		error_set(why, "the filter \"%.80s\" does not compile: %.300s",
			  f->user ? f->user : "default", text ? pcap_geterr(p) : "out of memory");
		free(text);
		return NULL;
	}
	free(text);
	if (f->n == FILTERS)
		pcap_freecode(&m->program);
	else
		f->n++;
	*m = (struct made){dlt, program};
	return &m->program;
}

static void prepare(struct filters *f, int dlt)
{
	pcap_t *dead = find(f, dlt) ? NULL : pcap_open_dead(dlt, SNAPLEN);
	if (!dead)
		return;
	compile(f, dead, NULL);
	pcap_close(dead);
}

/* Without an operator's expression there are no names to resolve. On an open interface `vlan` means
 * another offset, because the kernel has removed the tag: such a filter is compiled by filters_get.
 */
void filters_prepare(struct filters *f)
{
	if (!f->user || strstr(f->user, "vlan"))
		return;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		prepare(f, usual[i]);
}

struct bpf_program *filters_get(struct filters *f, pcap_t *p, struct error *why)
{
	struct bpf_program *made = find(f, pcap_datalink(p));
	return made ? made : compile(f, p, why);
}

/* Compiles for Ethernet, which accepts every expression that another link type accepts. */
bool filters_check(const char *user, struct error *why)
{
	struct bpf_program program;
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	bool fine = dead && pcap_compile(dead, &program, user, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (fine)
		pcap_freecode(&program);
	else
		error_set(why, "the filter \"%.80s\" does not compile: %.300s", user,
			  dead ? pcap_geterr(dead) : "out of memory");
	if (dead)
		pcap_close(dead);
	return fine;
}
