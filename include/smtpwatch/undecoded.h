/* undecoded.h - what the decoder did not follow, counted by its number within a bound. */
#ifndef SMTPWATCH_UNDECODED_H
#define SMTPWATCH_UNDECODED_H

#include "smtpwatch/packet.h"

enum { UNDECODED_ROWS = 16 };

struct undecoded_row {
	uint64_t packets; /* 0: free */
	struct packet_other what;
};

/* All 0 at first. The packets of all rows and others are all that were counted. */
struct undecoded {
	struct undecoded_row row[UNDECODED_ROWS];
	uint64_t others; /* of numbers that found no room, or lost it to another: the row with the
			    fewest packets gives way */
};

/* Counts packets of one number. A UDP port without a name is counted as IP protocol 17. */
void undecoded_count(struct undecoded *u, struct packet_other what, uint64_t packets);

/* Adds what another has counted. */
void undecoded_add(struct undecoded *to, const struct undecoded *one);

/* The rows that are not free, the most packets first; returns how many. */
size_t undecoded_sorted(const struct undecoded *u, struct undecoded_row out[UNDECODED_ROWS]);

/* NULL if it has none. */
const char *undecoded_name(struct packet_other what);

/* Whether it is on every net, and holds no mail: ARP, spanning trees, UDP that is no tunnel. Any
 * LLC is, and so is what PPP says of the link itself (0x8000 and above). */
bool undecoded_ordinary(struct packet_other what);

#endif
