/* alert_list.h - all that can be an alert as a table for people: --list-alerts. */
#ifndef SMTPWATCH_FORMAT_ALERT_LIST_H
#define SMTPWATCH_FORMAT_ALERT_LIST_H

#include "policy/alert_rules.h"
#include "text/buffer.h"

/* One line each, in the order of the catalogue: id, severity as the operator has it, headline, RFC
 * sections; under its category. */
void catalogue_put(struct outbuf *b, const struct alerting *alerting);

#endif
