/* mail_table.h - the mails that the engine keeps, and three indexes of them. Private to
 * src/history. */
#ifndef SMTPWATCH_HISTORY_MAIL_TABLE_H
#define SMTPWATCH_HISTORY_MAIL_TABLE_H

#include "history/mail.h"

/* MID: by Message-ID and recipient, all mails with a Message-ID. ENV: by sender, recipient and
 * SIZE, and BOUNCE: by sender and client: mails in trouble that no acceptance has ended. */
enum mail_index { MAIL_MID, MAIL_ENV, MAIL_BOUNCE, MAIL_INDEXES };

struct mail_table {
	struct mail *all; /* owned; tries 0: free */
	uint32_t capacity, used, count;
	uint32_t free; /* number of the first free one among the used, plus 1; 0: none */
	uint32_t hand; /* where the next search for a victim begins */
	uint32_t places;
	uint32_t *index[MAIL_INDEXES]; /* owned; number of a mail, plus 1; 0: free */
};

/* Returns false if memory is exhausted. mail_table_free frees what *t points to. */
bool mail_table_init(struct mail_table *t, uint32_t capacity);
void mail_table_free(struct mail_table *t);

/* Returns a new mail, all zero, or NULL if there is no room. */
struct mail *mail_table_add(struct mail_table *t);

/* Takes the mail out of all indexes, and frees it. */
void mail_table_remove(struct mail_table *t, struct mail *m);

/* Puts a mail into an index, or takes it out; does nothing if it is there, or is not. What the
 * index is made of must not change while the mail is in it. Too many mails that look alike are left
 * out. */
void mail_index_put(struct mail_table *t, enum mail_index index, struct mail *m);
void mail_index_take(struct mail_table *t, enum mail_index index, struct mail *m);

/* The mails of an index that may be like *key, each once. Start with *at = 0. Returns NULL at the
 * end. The caller compares. */
struct mail *mail_index_next(const struct mail_table *t, enum mail_index index,
			     const struct mail *key, uint32_t *at);

#endif
