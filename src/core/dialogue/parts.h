/* parts.h - the client's half of a dialogue, the queue of pending commands, and the pairing of
 * replies. Private to the files of core/dialogue. */
#ifndef SMTPWATCH_CORE_DIALOGUE_PARTS_H
#define SMTPWATCH_CORE_DIALOGUE_PARTS_H

#include "core/dialogue/dialogue.h"

#include <assert.h>

/* pairing.c - a complete reply has come: finds the command that it answers, and calls the
 * listener. */
void dialogue_reply(struct dialogue *d, const struct smtp_reply *r, int64_t ts);

/* client.c */

/* Queues a command that ends at the offset read so far, and calls the listener. Returns NULL if
 * there is no room: the pairing is then lost. */
struct smtp_pending *dialogue_pend(struct dialogue *d, enum smtp_verb verb, struct bytes args,
				   int64_t ts);

/* dialogue_unpend removes the oldest pending command and frees it; dialogue_unpend_all removes
 * all. */
void dialogue_unpend(struct dialogue *d);
void dialogue_unpend_all(struct dialogue *d);

/* Reads the client's bytes as far as their meaning is known; holds the rest. */
void dialogue_client_run(struct dialogue *d, struct bytes in, int64_t ts);

/* Call after the mode has changed: reads the held bytes again, then delivers the FIN behind them.
 */
void dialogue_client_resume(struct dialogue *d, int64_t ts);

/* Whether only more of the client's bytes, and no reply, can decide what the held bytes are. */
bool dialogue_waits_for_bytes(const struct dialogue *d);

/* The message under way has ended, at the offset read so far. Returns the pending command that
 * awaits the reply, or NULL. */
struct smtp_pending *dialogue_client_end(struct dialogue *d, unsigned flaws, int64_t ts);

/* undecided.c */

/* Returns the undecided input; borrowed until the held bytes change. */
static inline struct bytes dialogue_undecided(const struct dialogue *d)
{
	return d->undecided ? bytes_of(d->undecided->bytes, d->undecided->n) : bytes_of(NULL, 0);
}

/* Returns a block of held bytes to the pool; h may be NULL. */
void dialogue_undecided_block_free(struct undecided *h, struct pool *pool);

/* dialogue_undecided_add appends bytes and returns false if there is no room.
 * dialogue_undecided_drop removes the first n bytes; dialogue_undecided_free removes all. */
bool dialogue_undecided_add(struct dialogue *d, struct bytes in);
void dialogue_undecided_drop(struct dialogue *d, size_t n);
void dialogue_undecided_free(struct dialogue *d);

/* Skips the first n held bytes: they are counted as read and have no meaning. */
void dialogue_undecided_skip(struct dialogue *d, size_t n);

/* Holds the client's bytes while dialogue_lost_waits: at most the last 4 KiB, from the beginning of
 * a line, or from within a longer one. What comes before is skipped. */
void dialogue_lost_add(struct dialogue *d, struct bytes in);

/* Skips all held bytes, because a gap comes behind them. */
void dialogue_lost_skip(struct dialogue *d);

/* mask.c - the words that no output may show. */

/* Remembers the words of a text that the client sent. */
void dialogue_secret_text(struct dialogue *d, struct bytes text);

/* Remembers the words of a message's text, which goes on with the next call. */
void dialogue_secret_content(struct dialogue *d, struct bytes text);

/* Remembers the words of an answer to a 334: none of them counts as an ordinary word. */
void dialogue_secret_login(struct dialogue *d, struct bytes text);

/* Remembers the secret words of a command, by the kind of its arguments (enum smtp_args). */
void dialogue_secret_command(struct dialogue *d, const struct smtp_command *c);

/* Returns the text of a server's line with the client's secret words masked: r->text itself, or a
 * text written to `to`. Both are borrowed. */
struct bytes dialogue_mask(struct dialogue *d, const struct smtp_reply *r,
			   uint8_t to[MASKED_TEXT_MAX]);

/* Whether there is nothing to mask: the client has said no secret word, and no byte of the
 * client's waits. True for nearly all lines. */
static inline bool dialogue_no_secrets(const struct dialogue *d)
{
	return !d->secrets && !d->secrets_lost && !d->undecided && !d->line[CLIENT].partial;
}

/* lost_pairing.c */

/* Whether the client's bytes are held until the next reply, because the pairing is lost and they
 * may be commands or a message. */
static inline bool dialogue_lost_waits(const struct dialogue *d)
{
	return d->lost && d->maybe_message && d->mode == MODE_COMMAND && !d->answered;
}

/* A reply has come while bytes are held. The bytes that it acknowledges are commands, the end of a
 * message, or a part of one. Commands are read, and await this reply. */
void dialogue_lost_reply(struct dialogue *d, uint16_t code, int64_t ts);

/* The client closes: if a QUIT is the only line held, it is read as a command. */
void dialogue_lost_quit(struct dialogue *d, int64_t ts);

/* dialogue_raw_begin: XEXCH50 was accepted, and its bytes begin. dialogue_raw_end: all its bytes
 * have come. */
void dialogue_raw_begin(struct dialogue *d, int64_t ts);
void dialogue_raw_end(struct dialogue *d, int64_t ts);

/* A gap of len bytes in the client's stream. */
void dialogue_client_gap(struct dialogue *d, uint64_t len, int64_t ts);

/* The pairing is lost by a gap of len bytes in the stream of `side`. Calls the listener once for
 * each cause. */
void dialogue_lose(struct dialogue *d, enum side side, uint64_t len);

static inline void dialogue_emit_flaw(struct dialogue *d, unsigned flaws)
{
	if (flaws)
		d->env->listener->flaw(d, flaws);
}

void dialogue_tls(struct dialogue *d);
void dialogue_tls_bytes(struct dialogue *d, enum side side, struct bytes bytes, uint64_t len);

#endif
