/* tls_rules.h - which verdict holds of a session under TLS: for the catalogue (catalogue.c) alone.
 */
#ifndef SMTPWATCH_CORE_VERDICT_TLS_RULES_H
#define SMTPWATCH_CORE_VERDICT_TLS_RULES_H

#include "smtpwatch/ending.h"
#include "smtpwatch/severity.h"

/* The answer to six bytes was as long as this server's 221. */
bool verdict_tls_usual_221(const struct ending *e);

/* At most one of these holds. */
bool verdict_tls_broken_off(const struct ending *e);
bool verdict_tls_closed_unasked(const struct ending *e);
bool verdict_tls_handshake_failed(const struct ending *e);
bool verdict_tls_client_left(const struct ending *e);
bool verdict_tls_orderly(const struct ending *e);

/* The severity where the first, or the third, holds. */
enum severity verdict_tls_broken_off_grade(const struct ending *e);
enum severity verdict_tls_handshake_failed_grade(const struct ending *e);

#endif
