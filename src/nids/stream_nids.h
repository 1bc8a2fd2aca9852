/* stream_nids.h - libnids as an engine: the second opinion of the differential tests, and `--engine
 * nids`. */
#ifndef SMTPWATCH_NIDS_STREAM_NIDS_H
#define SMTPWATCH_NIDS_STREAM_NIDS_H

#include "smtpwatch/stream.h"

/* One at a time in a process: libnids works on process globals. new returns NULL while one lives.
 * Its limits: docs/engines.md. */
extern const struct stream_engine stream_nids;

#endif
