/* tls_scenario.h - a scenario's dialogue moved into TLS: the same steps on the wire, with records
 * in place of lines. */
#ifndef SMTPWATCH_TESTS_TLS_SCENARIO_H
#define SMTPWATCH_TESTS_TLS_SCENARIO_H

#include "lib/scenario.h"
#include "lib/tls_talk.h"

enum tls_begin { TLS_FIRST_BYTE, TLS_STARTTLS };

/* What happens in TLS beside the dialogue, as far as the version knows it. */
enum tls_extra {
	TLS_KEY_UPDATES = 1,
	TLS_RESUMED = 2,
	TLS_RENEGOTIATED = 4,
	TLS_ONE_RECORD_A_BYTE = 8,
	TLS_EARLY_REFUSED = 16,
	TLS_EARLY_TAKEN = 32,
	TLS_LONG_HELLO = 128, /* the client's hello has some 1.5 kB: two segments */
	TLS_NOTIFIED = 64 /* who closes sends close_notify; the other side answers it with its own,
			     and is the first to send a FIN */
};

/*
 * False: something in it has no meaning inside TLS (holes are of other bytes, retransmissions are
 * repeated with other ones), and it is as it was. With TLS_STARTTLS a dialogue in clear comes
 * before it, and the greeting goes.
 */
bool tls_scenario_seal(struct scenario *s, const struct tls_way *way, enum tls_begin begin,
		       unsigned extra);

#endif
