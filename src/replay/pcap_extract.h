/* pcap_extract.h - a second pass over captures, which writes the frames of noted sessions, one file
 * for each. */
#ifndef SMTPWATCH_REPLAY_PCAP_EXTRACT_H
#define SMTPWATCH_REPLAY_PCAP_EXTRACT_H

#include "replay/pcap_dir.h"
#include "smtpwatch/packet.h"

struct extract;

/* e and ports are borrowed until extract_free. ports: NULL: every port. seed: secret key of the
 * hash tables. Returns NULL if memory is exhausted. */
struct extract *extract_new(struct export *e, const struct port_set *ports, const uint64_t seed[2]);

/* Frees x. NULL is allowed. Call extract_finish before. */
void extract_free(struct extract *x);

/* First pass: notes a session. Returns the name of its file, borrowed until extract_free. Returns
 * NULL if the session gets no file; that is counted as lost and reported as in pcap_dir.h. */
const char *extract_note(struct extract *x, const struct report *r);

/*
 * Second pass: pass all frames once more, in the same order. input: number of the input.
 * extract_skip: n frames of the first pass cannot be read any more.
 *
 * A session's file gets the segments of the connection, and ICMP errors that quote them. It also
 * gets IP fragments between the two hosts, from a second before the start on. The file ends a
 * second after the session's end, or with the next connection of the same ports.
 */
void extract_frames(struct extract *x, uint32_t input, const struct frame *frames, size_t n);
void extract_skip(struct extract *x, uint64_t n);

/* Returns true if a session was noted. */
bool extract_wanted(const struct extract *x);

/* Closes the files. whole: true: names them; false: removes them. Returns false if the directory
 * has lost a file, which was reported. */
bool extract_finish(struct extract *x, bool whole);

#endif
