/* alert_list.h - the list of all alert kinds for --list-alerts. */
#ifndef SMTPWATCH_FORMAT_ALERT_LIST_H
#define SMTPWATCH_FORMAT_ALERT_LIST_H

#include "policy/alert_rules.h"
#include "text/buffer.h"

/* Appends a line for each alert kind, in the order of the catalogue, under a heading for each
 * category. A line has the id, the severity by the operator's rules, the headline, and the RFC
 * sections if there are any. A line "or" follows for each variant of a verdict. If memory is
 * exhausted, sets b->failed. */
void alert_list_put(struct outbuf *b, const struct alerting *alerting);

#endif
