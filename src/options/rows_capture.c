/* rows_capture.c - the options of the packets: their source, and which of them. */
#include "options/value.h"

#include <net/if.h>
#include <stdlib.h>

/* libpcap takes the buffer's size as an int, and captures no more than 256 KiB of a packet. */
enum { SNAPLEN_MIN = 128, SNAPLEN_MAX = 262144, BUFFER_MIN = 1 << 20, BUFFER_MAX = 2047 << 20 };

static bool set_read(struct options *o, const char *value, struct error *why)
{
	return option_value_add(&o->reads, value, why);
}

/* Accepts a name that an interface can have. The interface need not exist yet. */
static bool set_interface(struct options *o, const char *value, struct error *why)
{
	size_t n = strlen(value);

	if (strchr(value, ',') != NULL)
		error_set(why,
			  "\"%.99s\" is no interface; several are given one by one, each by its "
			  "own option",
			  value);
	else if (n == 0 || n >= IFNAMSIZ || strpbrk(value, "/ \t") != NULL)
		error_set(why,
			  "\"%.99s\" is no interface; a name has 1 to %d characters, such as eth0; "
			  "any is all of them",
			  value, IFNAMSIZ - 1);
	else
		return option_value_add(&o->interfaces, value, why);
	return false;
}

struct port_word {
	const char *suffix;
	enum port_kind kind;
};

/* Reads one port of the list: digits, then an optional kind. */
static bool port_read(const char *text, size_t n, uint16_t *port, enum port_kind *kind)
{
	static const struct port_word kinds[] = {
		{"", PORT_SMTP}, {"/tls", PORT_TLS}, {"/lmtp", PORT_LMTP}};
	size_t digits = strspn(text, "0123456789");
	unsigned long number = digits > 0 && digits <= 5 ? strtoul(text, NULL, 10) : 0;

	if (digits > n || number == 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].suffix) == n - digits &&
		    memcmp(kinds[i].suffix, text + digits, n - digits) == 0) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool set_ports(struct options *o, const char *value, struct error *why)
{
	struct monitor_config *m = &o->monitor;

	m->any_port = false;
	memset(&m->ports, 0, sizeof(m->ports));
	memset(&m->tls_ports, 0, sizeof(m->tls_ports));
	memset(&m->lmtp_ports, 0, sizeof(m->lmtp_ports));
	o->ports = value;
	for (const char *at = value;; at++) {
		size_t n = strcspn(at, ",");
		enum port_kind kind;
		uint16_t port;

		bool any = n == 3 && memcmp(at, "any", n) == 0;

		m->any_port |= any;
		if (!any && !port_read(at, n, &port, &kind))
			return error_set(
				why,
				"\"%.*s\" is no port; a list reads 25,465/tls,24/lmtp or 25,any",
				n < 99 ? (int)n : 99, at);
		if (!any)
			monitor_config_port(m, port, kind);
		at += n;
		if (*at == '\0')
			return true;
	}
}

/* The filter is compiled later, when the link type is known. */
static bool set_filter(struct options *o, const char *value, struct error *why)
{
	(void)why;
	o->filter = value;
	return true;
}

static bool set_snaplen(struct options *o, const char *value, struct error *why)
{
	uint64_t n;

	if (!option_value_number(&n, value, SNAPLEN_MIN, SNAPLEN_MAX, why))
		return false;
	o->snaplen = (unsigned)n;
	return true;
}

static bool set_buffer(struct options *o, const char *value, struct error *why)
{
	return option_value_size(&o->buffer, value, BUFFER_MIN, BUFFER_MAX, why);
}

static bool set_promiscuous(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->promiscuous = true;
	return true;
}

static bool set_keylog(struct options *o, const char *value, struct error *why)
{
	(void)why;
	o->keylog = value;
	return true;
}

static bool set_checksum(struct options *o, const char *value, struct error *why)
{
	(void)value;
	(void)why;
	o->monitor.insist_checksum = true;
	return true;
}

const struct option_row option_rows_capture[] = {
	{"interface", 'i', "INTERFACE", NULL, OPTION_MANY | OPTION_RESTART | OPTION_SOURCE,
	 set_interface, "watch the network on it; any: on all; may be given several times", NULL},
	{"read", 'r', "FILE", NULL, OPTION_MANY | OPTION_RESTART | OPTION_SOURCE, set_read,
	 "a capture: pcap or pcapng, also compressed (gzip, zstd); - is standard input; may be "
	 "given several times",
	 NULL},
	{"ports", 'p', "LIST", "25,587", OPTION_RESTART, set_ports,
	 "the servers' ports; PORT/tls: TLS from the first byte; PORT/lmtp: LMTP; any: SMTP "
	 "wherever it is recognised",
	 NULL},
	{"filter", 0, "EXPRESSION", NULL, OPTION_RESTART, set_filter,
	 "only packets that pass it, as for tcpdump; the same as the words that are no options",
	 NULL},
	{"keylog", 0, "FILE", NULL, OPTION_RESTART, set_keylog,
	 "the secrets of TLS sessions (NSS key log format), a file that grows or a FIFO: these "
	 "sessions are read",
	 NULL},
	{"snaplen", 's', "N", "262144", OPTION_RESTART, set_snaplen,
	 "live: bytes taken of each packet, at most", NULL},
	{"buffer", 0, "SIZE", "64M", OPTION_RESTART, set_buffer,
	 "live: the kernel's buffer for packets that are not read yet, for each interface, all "
	 "workers together",
	 NULL},
	{"promiscuous", 0, NULL, NULL, OPTION_RESTART, set_promiscuous,
	 "live: packets too that are addressed to other machines", NULL},
	{"checksum", 0, NULL, NULL, OPTION_RESTART, set_checksum,
	 "leave out TCP segments with a wrong checksum", NULL},
	{0},
};
