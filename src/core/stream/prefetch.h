/* prefetch.h - the native engine announces which connections its listener will be called for, so
 * that the listener prefetches memory and cache misses overlap. */
#ifndef SMTPWATCH_CORE_STREAM_PREFETCH_H
#define SMTPWATCH_CORE_STREAM_PREFETCH_H

#include "smtpwatch/stream.h"

/* What comes soon: bytes, or a FIN or RST, for an open connection; or the release of a closed one.
 */
enum coming { COMING_BYTES, COMING_END, COMING_RELEASE };

struct stream_expected {
	const struct conn *conn;
	enum coming coming;
};

/* Called three times for n connections, with step 0 to 2: each step follows the pointers that the
 * step before has prefetched. */
typedef void stream_prefetch(const struct stream_expected *expected, size_t n, int step);

/* s: a stream of stream_native. Without this call nothing is announced. */
void stream_native_prefetch(struct stream *s, stream_prefetch *prefetch);

#endif
