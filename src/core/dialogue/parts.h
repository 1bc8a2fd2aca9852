/* parts.h - the client's half of a dialogue, the queue of what waits for a reply, and the
 * pairing. For dialogue/server.c and the other files of core/dialogue alone. */
#ifndef SMTPWATCH_CORE_DIALOGUE_PARTS_H
#define SMTPWATCH_CORE_DIALOGUE_PARTS_H

#include "core/dialogue/dialogue.h"

#include <assert.h>

/* pairing.c - a whole reply has come: finds what it answers, and tells the session. */
void dialogue_reply(struct dialogue *d, const struct smtp_reply *r, int64_t ts);

/* client.c */

/* Queues a command that ends at the offset read so far, and tells the session. NULL if there is no
 * room: the pairing is then lost. */
struct smtp_pending *dialogue_pend(struct dialogue *d, enum smtp_verb verb, struct bytes args,
				   int64_t ts);

/* Takes the oldest one off, and forgets it. */
void dialogue_unpend(struct dialogue *d);
void dialogue_unpend_all(struct dialogue *d);

/* Reads the client's bytes as far as their meaning is known; holds the rest. */
void dialogue_client_run(struct dialogue *d, struct bytes in, int64_t ts);

/* What was held has got a meaning (the mode was changed): reads it again, then the FIN behind it.
 */
void dialogue_client_resume(struct dialogue *d, int64_t ts);

/* What the client's held bytes are, more of them must tell: no reply will. */
bool dialogue_undecided(const struct dialogue *d);

/* The message under way has ended, at the offset read so far. */
struct smtp_pending *dialogue_client_end(struct dialogue *d, unsigned flaws, int64_t ts);

/* undecided.c */

/* What is held. */
static inline struct bytes dialogue_held(const struct dialogue *d)
{
	return d->held ? bytes_of(d->held->bytes, d->held->n) : bytes_of(NULL, 0);
}

/* Gives a block of held bytes back; h may be NULL. */
void dialogue_held_block_free(struct held *h, struct pool *pool);

/* dialogue_held_add keeps bytes; false: there is no room. dialogue_held_drop drops the first n,
 * dialogue_held_free all. */
bool dialogue_held_add(struct dialogue *d, struct bytes in);
void dialogue_held_drop(struct dialogue *d, size_t n);
void dialogue_held_free(struct dialogue *d);

/* The first n bytes mean nothing: they are passed over. */
void dialogue_held_forget(struct dialogue *d, size_t n);

/* Holds what the client says while dialogue_lost_holds. Of more than 4 KiB the last lines are held.
 */
void dialogue_lost_hold(struct dialogue *d, struct bytes in);

/* A hole comes behind what is held. */
void dialogue_lost_forget(struct dialogue *d);

/* dialogue/mask.c - what no output may have. */

/* Remembers the words of a text of the client's. */
void dialogue_said_text(struct dialogue *d, struct bytes text);

/* The same of an answer to a 334. */
void dialogue_said_login(struct dialogue *d, struct bytes text);

/* May there be a secret in such a command? A line that is no command may be an answer that nobody
 * asked for, or of a message that was refused. */
static inline bool dialogue_said_bears(enum smtp_verb verb)
{
	const uint32_t some = UINT32_C(1) << SMTP_AUTH | UINT32_C(1) << SMTP_X_EXPS |
			      UINT32_C(1) << SMTP_BURL | UINT32_C(1) << SMTP_NOT_SMTP |
			      UINT32_C(1) << SMTP_UNKNOWN;
	static_assert(SMTP_VERBS <= 32, "a bit each");
	return some >> verb & 1;
}

/* Remembers what is secret in a command that may bear it. */
void dialogue_said_command(struct dialogue *d, const struct smtp_command *c);

/* The text of a server's line without such words; it may be written to `to`. */
struct bytes dialogue_said_veil(struct dialogue *d, const struct smtp_reply *r,
				uint8_t to[SAID_TEXT]);

/* Nothing was said that may be secret, nor is there anything that was not read yet: nearly all
 * lines come then. */
static inline bool dialogue_said_nothing(const struct dialogue *d)
{
	return !d->said && !d->said_lost && !d->held && !d->line[CLIENT].half;
}

/* lost_pairing.c */

/* What the client says now means nothing until a reply comes. */
static inline bool dialogue_lost_holds(const struct dialogue *d)
{
	return d->lost && d->maybe_message && d->mode == MODE_COMMAND && !d->answered;
}

/* A reply has come: what it acknowledges are commands, the end of a message, or a part of one. The
 * commands are read, and await this reply. */
void dialogue_lost_reply(struct dialogue *d, uint16_t code, int64_t ts);

/* The client closes: if all that is held is one QUIT, it is read as a command. */
void dialogue_lost_quit(struct dialogue *d, int64_t ts);

/* The bytes of XEXCH50 begin; they are over. */
void dialogue_raw_begin(struct dialogue *d, int64_t ts);
void dialogue_raw_end(struct dialogue *d, int64_t ts);

/* A hole of len bytes. */
void dialogue_client_gap(struct dialogue *d, uint64_t len, int64_t ts);

/* The pairing is lost; tells the session once for each cause. */
void dialogue_lose(struct dialogue *d, enum side side, uint64_t len);

static inline void dialogue_tell_flaw(struct dialogue *d, unsigned flaws)
{
	if (flaws)
		d->env->listener->flaw(d, flaws);
}

void dialogue_tls(struct dialogue *d);
void dialogue_tls_bytes(struct dialogue *d, enum side side, struct bytes bytes, uint64_t len);

#endif
