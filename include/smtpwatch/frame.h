/* frame.h - one captured frame as the core receives it: bytes, lengths, time, link type. */
#ifndef SMTPWATCH_FRAME_H
#define SMTPWATCH_FRAME_H

#include <stdint.h>

/* One captured frame. The bytes are borrowed until the call that received the frame returns. Times
 * may jump in either direction, because captures are merged and clocks are stepped. */
struct frame {
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t len;    /* bytes that were on the wire, at least caplen */
	int64_t ts;      /* nanoseconds since the epoch, 0 to FRAME_TIME_MAX */
	int link; /* a LINKTYPE_ value as written in files (tcpdump.org/linktypes.html), not a DLT_
		   */
};

#define FRAME_SECOND INT64_C(1000000000)
#define FRAME_MS     INT64_C(1000000)

/* In the year 2116. Every source of frames keeps to this bound. So neither the difference of two
 * times nor the sum of a time and a limit overflows. */
#define FRAME_TIME_MAX (INT64_MAX / 2)

#endif
