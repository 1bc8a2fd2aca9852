/* undecoded.h - counts, by number, the headers that the decoder does not follow. Bounded. */
#ifndef SMTPWATCH_UNDECODED_H
#define SMTPWATCH_UNDECODED_H

#include "smtpwatch/packet.h"

enum { UNDECODED_ROWS = 16 };

struct undecoded_row {
	uint64_t packets; /* 0: the row is free */
	struct packet_other what;
};

/* Zero-filled before first use. The sum of all rows and `others` is the number of packets counted.
 */
struct undecoded {
	struct undecoded_row row[UNDECODED_ROWS];
	/* Packets of numbers without a row. If no row is free, the row with the fewest packets is
	 * given to the new number. */
	uint64_t others;
};

/* Counts `packets` packets of one number. A UDP port that has no name is counted as IP protocol 17.
 */
void undecoded_count(struct undecoded *u, struct packet_other what, uint64_t packets);

/* Adds the counts of `one` to `to`. */
void undecoded_add(struct undecoded *to, const struct undecoded *one);

/* Copies the rows that are in use to out, sorted by packets, most first. Returns how many. */
size_t undecoded_sorted(const struct undecoded *u, struct undecoded_row out[UNDECODED_ROWS]);

/* Returns the name of a number; NULL if the number has none. The text is static. */
const char *undecoded_name(struct packet_other what);

/* Returns true for traffic that is on every network and holds no mail: ARP, spanning trees, UDP
 * that is no tunnel. All LLC counts as such, and so do PPP's link protocols (0x8000 and above). */
bool undecoded_ordinary(struct packet_other what);

#endif
