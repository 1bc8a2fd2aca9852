/* filters.h - the compiled filters of a live run or of a capture file, one for each link type. */
#ifndef SMTPWATCH_CAPTURE_FILTERS_H
#define SMTPWATCH_CAPTURE_FILTERS_H

#include "base/error.h"
#include "smtpwatch/packet.h"

/*
 * The sandbox forbids name look-ups, but libpcap resolves the names of hosts and ports when it
 * compiles. An interface that reappears is opened inside the sandbox. Therefore compiled filters
 * are kept, and filters_prepare compiles those that an interface may need later.
 */
struct filters;
struct pcap;
struct bpf_program;

/* user: the operator's expression; NULL: none. ports: of the default filter; NULL: all. Both are
 * borrowed until filters_free. Returns NULL if memory is exhausted. */
struct filters *filters_new(const char *user, const struct port_set *ports);

/* As filters_new, for a capture file: without the default filter. */
struct filters *filters_new_file(const char *user);

/* Returns the filter for frames of a LINKTYPE_ in a file. Borrowed until the next filters_link for
 * f. Returns NULL with libpcap's words in why. */
struct bpf_program *filters_link(struct filters *f, int link, struct error *why);

/* Frees all filters. NULL is allowed. */
void filters_free(struct filters *f);

/* Compiles the filters for common link types. Call after the present interfaces were opened, and
 * before the sandbox starts. A filter that does not compile is left out: filters_get then tries
 * again. */
void filters_prepare(struct filters *f);

/* Returns the filter for the open interface p. Borrowed until the next filters_get for f. Returns
 * NULL with a sentence in why. */
struct bpf_program *filters_get(struct filters *f, struct pcap *p, struct error *why);

/* Checks without an interface whether the operator's expression compiles. Returns false with a
 * sentence in why. */
bool filters_check(const char *user, struct error *why);

#endif
