/* filters.c - compiled filters by link type: some for an open interface, some in advance without
 * one. */
#include "capture/filters.h"

#include "capture/default_filter.h"
#include "capture/linktype.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

/* FILTERS: more than there are link types that the core decodes. */
enum { FILTERS = 32, SNAPLEN = 262144 };

struct made {
	int link;
	struct bpf_program program;
};

struct filters {
	const char *user;
	bool file; /* without the default filter */
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

struct filters *filters_new_file(const char *user)
{
	struct filters *f = filters_new(user, NULL);
	if (f)
		f->file = true;
	return f;
}

void filters_free(struct filters *f)
{
	for (unsigned i = 0; f && i < f->n; i++)
		pcap_freecode(&f->all[i].program);
	free(f);
}

static struct bpf_program *find(struct filters *f, int link)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->all[i].link == link)
			return &f->all[i].program;
	return NULL;
}

/* why: libpcap's words. */
static struct bpf_program *compile(struct filters *f, pcap_t *p, struct error *why)
{
	int dlt = pcap_datalink(p);
	struct made *m = &f->all[f->n < FILTERS ? f->n : FILTERS - 1];
	struct bpf_program program;
	char *text = f->file ? strdup(f->user) : default_filter(dlt, f->ports, f->user);
	if (!text || pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
		error_set(why, "%.300s", text ? pcap_geterr(p) : "out of memory");
		free(text);
		return NULL;
	}
	free(text);
	if (f->n == FILTERS)
		pcap_freecode(&m->program);
	else
		f->n++;
	*m = (struct made){linktype_of_dlt(dlt), program};
	return &m->program;
}

/* Opens an empty file of a link type. libpcap compiles for files otherwise than for interfaces: for
 * DLT_NULL it knows the address families of other systems, and it refuses what only a kernel can
 * tell. */
static pcap_t *file_open(int link, char words[PCAP_ERRBUF_SIZE])
{
	struct pcap_file_header header = {.magic = 0xa1b2c3d4,
					  .version_major = PCAP_VERSION_MAJOR,
					  .version_minor = PCAP_VERSION_MINOR,
					  .snaplen = SNAPLEN,
					  .linktype = (bpf_u_int32)link};
	FILE *file = fmemopen(&header, sizeof header, "r");
	pcap_t *p = file ? pcap_fopen_offline(file, words) : NULL;
	if (!file)
		snprintf(words, PCAP_ERRBUF_SIZE, "out of memory");
	else if (!p)
		fclose(file);
	return p;
}

struct bpf_program *filters_link(struct filters *f, int link, struct error *why)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program *made = find(f, link);
	pcap_t *p = made ? NULL : file_open(link, words);
	if (p) {
		made = compile(f, p, why);
		pcap_close(p);
	} else if (!made) {
		error_set(why, "%.300s", words);
	}
	return made;
}

static void prepare(struct filters *f, int dlt)
{
	pcap_t *dead = find(f, linktype_of_dlt(dlt)) ? NULL : pcap_open_dead(dlt, SNAPLEN);
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
	struct error words;
	struct bpf_program *made = find(f, linktype_of_dlt(pcap_datalink(p)));
	if (!made)
		made = compile(f, p, &words);
	if (!made)
		error_set(why, "the filter \"%.80s\" does not compile: %.300s",
			  f->user ? f->user : "default", words.text);
	return made;
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
