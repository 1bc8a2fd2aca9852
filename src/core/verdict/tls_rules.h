/* tls_rules.h - the rules that decide the verdict of a session under TLS without keys. Private to
 * core/verdict (catalogue.c). */
#ifndef SMTPWATCH_CORE_VERDICT_TLS_RULES_H
#define SMTPWATCH_CORE_VERDICT_TLS_RULES_H

#include "smtpwatch/ending.h"
#include "smtpwatch/severity.h"

/* Whether a turn of six bytes was answered by as many bytes as this server's usual 221. */
bool verdict_tls_usual_221(const struct ending *e);

/* Whether the verdict holds. At most one of the five holds. */
bool verdict_tls_broken_off(const struct ending *e);
bool verdict_tls_closed_unasked(const struct ending *e);
bool verdict_tls_handshake_failed(const struct ending *e);
bool verdict_tls_client_left(const struct ending *e);
bool verdict_tls_orderly(const struct ending *e);

/* Returns the severity of the verdict, if it holds. */
enum severity verdict_tls_broken_off_grade(const struct ending *e);
enum severity verdict_tls_handshake_failed_grade(const struct ending *e);

#endif
