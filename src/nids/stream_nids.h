/* stream_nids.h - libnids as a reassembly engine: the reference of the differential tests, and
 * `--engine nids`. */
#ifndef SMTPWATCH_NIDS_STREAM_NIDS_H
#define SMTPWATCH_NIDS_STREAM_NIDS_H

#include "smtpwatch/stream.h"

/* One instance in a process, because libnids works on globals: `new` returns NULL while another
 * instance exists. Limits: docs/engines.md. */
extern const struct stream_engine stream_nids;

#endif
