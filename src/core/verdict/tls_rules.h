/* tls_rules.h - the rules that decide the verdict of a session under TLS without keys. The
 * rows of verdict/tls.def name them. Private to core/verdict. */
#ifndef SMTPWATCH_CORE_VERDICT_TLS_RULES_H
#define SMTPWATCH_CORE_VERDICT_TLS_RULES_H

#include "smtpwatch/ending.h"
#include "smtpwatch/judgement.h"
#include "smtpwatch/severity.h"

/* Whether the verdict holds. At most one of the five holds. */
bool verdict_tls_broken_off(const struct ending *e);
bool verdict_tls_closed_unasked(const struct ending *e);
bool verdict_tls_handshake_failed(const struct ending *e);
bool verdict_tls_client_left(const struct ending *e);
bool verdict_tls_orderly(const struct ending *e);

/* Returns the severity of the verdict, if it holds. */
enum severity verdict_tls_broken_off_grade(const struct ending *e);
enum severity verdict_tls_handshake_failed_grade(const struct ending *e);

/* Returns how sure the verdict is, if it holds. */
enum confidence verdict_tls_broken_off_sure(const struct ending *e);
enum confidence verdict_tls_closed_unasked_sure(const struct ending *e);
enum confidence verdict_tls_client_left_sure(const struct ending *e);
enum confidence verdict_tls_orderly_sure(const struct ending *e);

#endif
