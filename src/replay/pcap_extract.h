/* pcap_extract.h - the second pass over captures: the frames of the sessions that the first one has
 * noted, each session's into its file. */
#ifndef SMTPWATCH_REPLAY_PCAP_EXTRACT_H
#define SMTPWATCH_REPLAY_PCAP_EXTRACT_H

#include "replay/pcap_dir.h"
#include "smtpwatch/packet.h"

struct extract;

/* e and ports (NULL: every port) are borrowed. NULL where there is no memory. */
struct extract *extract_new(struct export *e, const struct port_set *ports, const uint64_t seed[2]);
void extract_free(struct extract *x);

/* First pass. The file's name, valid as long as x; NULL: it will get none, which has been said. */
const char *extract_note(struct extract *x, const struct report *r);

/*
 * Second pass: all frames once more, in the same order. extract_skip: so many of those that there
 * were cannot be read any more. A connection's own are its segments, ICMP errors that quote it, and
 * fragments of IP between its two hosts (and these from a second before), from the frame that it
 * began with to a second after its end, or to the next connection of the same ports.
 */
void extract_frames(struct extract *x, uint32_t input, const struct frame *frames, size_t n);
void extract_skip(struct extract *x, uint64_t n);

/* Whether there is anything to look for. */
bool extract_wanted(const struct extract *x);

/* The files are whole, and get their names; not whole: what there is of them goes. False: some are
 * missing, which has been said. */
bool extract_finish(struct extract *x, bool whole);

#endif
