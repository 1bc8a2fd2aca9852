/* cause_words.h - what the words of a reply say of the cause: the vocabulary of cause_words.def, held against one text. */
#ifndef SMTPWATCH_CORE_CAUSE_WORDS_H
#define SMTPWATCH_CORE_CAUSE_WORDS_H

#include "core/bytes.h"
#include "core/cause.h"

/* What an entry of the vocabulary is worth. */
enum cause_weight {
	CAUSE_WEIGHT_SPECIFIC, /* names one cause */
	CAUSE_WEIGHT_WEAK,     /* no more than possible: any code or measured sign is better */
	CAUSE_WEIGHT_NOTHING,  /* politeness: gives no reason */
	CAUSE_WEIGHT_TROUBLE   /* the server's own trouble, or the mailbox's: none of the causes */
};

/* Entries in all, and the most words of a text that are read. */
enum { CAUSE_ENTRIES_MAX = 256, CAUSE_WORDS_MAX = 160 };

/* What stands in one text. */
struct cause_words {
	enum cause_id cause;      /* of the first entry of the greatest weight; CAUSE_UNEXPLAINED: none */
	enum cause_weight weight; /* of that entry: specific or weak */
	const char *name;         /* of that entry: "session time limit" */
	bool trouble;             /* an entry of CAUSE_WEIGHT_TROUBLE stands there */
};

/*
 * Reads a reply's text, its lines joined by LF, in one walk. code: the reply's, 0 for a line without one; the text of a 220, 221 or 421 begins with the server's name
 * (RFC 5321 4.2.3), which says nothing, and so does host, the first word of the greeting (empty: not known), wherever it stands. A 5yz is never about the time.
 */
void cause_words_read(uint16_t code, struct bytes text, struct bytes host, struct cause_words *out);

/* For the tests of the table: how many words it has, each in the order of the alphabet; how many entries, and what they are called. */
unsigned cause_words_count(void);
const char *cause_words_stem(unsigned i);
unsigned cause_entries_count(void);
const char *cause_entry_name(unsigned i);

#endif
