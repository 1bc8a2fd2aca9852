/* mail.h - what the history keeps of a mail, and what can become of it. */
#ifndef SMTPWATCH_HISTORY_MAIL_H
#define SMTPWATCH_HISTORY_MAIL_H

#include "history/attempt.h"
#include "smtpwatch/judgement.h"
#include "smtpwatch/severity.h"

enum outcome {
#define OUTCOME(name, ...) OUTCOME_##name,
#include "history/outcomes.def"
	OUTCOMES
};

struct outcome_row {
	const char *name;
	enum severity severity;
	const char *sentence;
};

/* The row of outcomes.def. Static. */
const struct outcome_row *outcome_row(enum outcome outcome);

/* Returns OUTCOMES if there is no outcome of this name. */
enum outcome outcome_read(const char *name);

/* All that the engine keeps of a mail: 64 bytes. Hashes are 32 bits of the keys. */
struct mail {
	uint64_t rcpt, msgid;     /* msgid 0: not seen */
	int64_t first;            /* the first trouble, or else the first attempt; milliseconds */
	uint32_t sender, size;    /* hash; declared SIZE, saturated */
	uint32_t site, client;    /* hashes; of the first attempt */
	uint32_t domain;          /* hash, of the recipient */
	uint32_t flow;            /* hash, of the latest attempt */
	uint32_t last, settled;   /* latest attempt, acceptance: milliseconds after first */
	uint16_t tries, gap;      /* attempts; between the latest two, units of 8 s */
	unsigned fate : 4;        /* of the latest attempt */
	unsigned accepted : 2;    /* attempts whose sender knows; saturates */
	unsigned taken : 2;       /* further ones that the server accepted; saturates */
	unsigned maybe : 1;       /* an attempt that arrived whole and was never answered */
	unsigned elsewhere : 1;   /* another site accepted it afterwards */
	unsigned bounced : 1;     /* a message from <> to the sender followed */
	unsigned after : 1;       /* accepted after the first trouble */
	unsigned trouble : 1;     /* an attempt was not accepted */
	unsigned null_sender : 1; /* it is a bounce itself */
	unsigned small : 1;       /* under 300 bytes, or nothing was sent */
	unsigned by_mid : 1, by_env : 1; /* attempts were matched by that alone */
	unsigned indexed : 3;            /* which indexes have it */
	unsigned told : 4;               /* the outcome that `changed` was called with before */
	unsigned gateway : 6;            /* of the latest attempt */
};

/* A mail at a time. */
struct mail_view {
	const struct mail *mail; /* borrowed until the next call of the engine */
	enum outcome outcome;
	enum confidence confidence;
	int64_t delay; /* from the first trouble to the acceptance, milliseconds; -1: not accepted
			*/
	int64_t due;   /* pending: when the next try is due at the latest; else 0 */
	bool taken;    /* the server has it, though the sender was not told so */
};

/* GIVE_UP: RFC 5321 4.5.4.1. PATIENCE: the longest first pause of the usual servers. Milliseconds.
 */
#define OUTCOMES_GIVE_UP  (INT64_C(5) * 86400 * 1000)
#define OUTCOMES_PATIENCE (INT64_C(70) * 60 * 1000)

/* Returns the mail that an attempt would be the first of. */
struct mail mail_like(const struct attempt *a);

/* Whether sender, recipient and SIZE are the same. */
bool mail_same_envelope(const struct mail *a, const struct mail *b);

/* Returns the hash of a client, and that of an attempt's connection. */
uint32_t mail_client_hash(const struct ip_addr *client);
uint32_t mail_flow_hash(const struct attempt *a);

/* Returns whether an attempt belongs to the mail, or to the same message at another site. */
bool mail_has(const struct mail *m, const struct attempt *a, bool *same_site);

/* The hash of a key in struct mail. */
static inline uint32_t mail_hash(uint64_t key)
{
	uint32_t hash = (uint32_t)(key ^ key >> 32);
	return hash == 0 && key != 0 ? 1 : hash;
}

#endif
