/* background.h - what else is on a link: TCP and UDP to port 443, DNS. */
#ifndef SMTPWATCH_BENCH_BACKGROUND_H
#define SMTPWATCH_BENCH_BACKGROUND_H

#include "bench/mail.h"
#include "bench/wire.h"

struct background;

struct background *background_new(uint64_t seed);

/* One packet of one of the flows. */
void background_put(struct background *b, struct wire *w, const struct mail *mail, int64_t now);

void background_free(struct background *b);

#endif
