/* catalogue.h - all that can be an alert as a table for people: --list-alerts. */
#ifndef SMTPWATCH_OUTPUT_CATALOGUE_H
#define SMTPWATCH_OUTPUT_CATALOGUE_H

#include "output/alerting.h"
#include "output/outbuf.h"

/* One line each, in the order of the catalogue: id, severity as the operator has it, headline, RFC
 * sections; under its category. */
void catalogue_put(struct outbuf *b, const struct alerting *alerting);

#endif
