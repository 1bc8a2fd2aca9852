/* suppression.h - the operator's rules that hold alerts back: which sessions, when, and why. */
#ifndef SMTPWATCH_POLICY_SUPPRESSION_H
#define SMTPWATCH_POLICY_SUPPRESSION_H

#include "policy/session_report.h"
#include "policy/suppression_time.h"

/* Bounds of a file of rules. RULES: rules. LINE: bytes of a line. TEXT: bytes of the file.
 * MISTAKES: mistakes that are told. */
enum {
	SUPPRESSION_RULES = 1024,
	SUPPRESSION_LINE = 1024,
	SUPPRESSION_TEXT = 1 << 20,
	SUPPRESSION_MISTAKES = 20
};

/* An address, or the network of its first `bits` bits; of IPv4 they count from the mapped address,
 * 96 and more. given: the rule has it. */
struct suppression_net {
	bool given;
	struct ip_addr addr;
	unsigned bits;
};

/* One rule. A session must fulfil all conditions that are given. */
struct suppression_rule {
	unsigned line; /* of the file */
	char *text;    /* owned: the line, in which the strings below point */
	struct suppression_net server, client;
	const char *sender, *recipient; /* a domain, or "*." and a domain; NULL: any */
	unsigned kind;                  /* enum alert_kind; ALERT_KINDS: any */
	unsigned cause;                 /* enum cause_id; CAUSES: any */
	bool lost_mail;                 /* it may also hold back the loss of a mail */
	struct suppression_time time;
	const char *comment;
	uint64_t held; /* alerts that it held back */
	bool told;     /* suppression_expired has returned it */
};

/* The rules in the order of the file. The first that holds for an alert counts it. */
struct suppression {
	size_t n;
	struct suppression_rule rules[SUPPRESSION_RULES];
};

/* Gets a mistake. line: of the file; text: a sentence, borrowed for the call. */
typedef void suppression_mistake(void *arg, unsigned line, const char *text);

/* Reads the rules of a text, a line each (docs/suppression.md). Calls bad for each mistake in the
 * order of the lines, SUPPRESSION_MISTAKES times at most, then once more if there are further ones.
 * Returns the rules, or NULL if there was a mistake or memory is exhausted, which is a mistake of
 * line 0. suppression_free frees them, and allows NULL. (suppression_file.c) */
struct suppression *suppression_read(struct bytes text, suppression_mistake *bad, void *arg);
void suppression_free(struct suppression *s);

/* Moves the alerts that a rule holds back from r->raised to r->suppressed, counts them, and sets
 * r->suppression to the comment of the first such rule, borrowed from s. The time is that of the
 * session's end. unredacted: the session as it was before redaction. */
void suppression_apply(struct suppression *s, const struct record *unredacted, struct report *r);

/* Takes the counts of the rules of `from` over to rules of the same text, once each. */
void suppression_continue(struct suppression *s, const struct suppression *from);

/* Returns a rule that has expired at now, nanoseconds since the epoch, and was not returned before;
 * NULL: there is none. */
const struct suppression_rule *suppression_expired(struct suppression *s, int64_t now);

#endif
