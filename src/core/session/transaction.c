/* transaction.c - what is remembered of a message, and how replies settle its fate. */
#include "core/session/transaction.h"

#include "core/smtp/queue_id.h"

struct transaction *transaction_new(struct pool *pool, struct bytes mail_args, int64_t ts)
{
	struct transaction *t = pool_get(pool, sizeof *t);
	if (!t)
		return NULL;
	memset(t, 0, sizeof *t);
	t->ts_mail = ts;
	t->strings.capacity = STRINGS_TRANSACTION;
	struct smtp_path from = smtp_path_read(mail_args);
	struct bytes size;
	if (from.ok)
		strings_add(&t->strings, pool, STRING_FROM, 0, from.address);
	if (smtp_param(from.params, "SIZE", &size) && !smtp_number(size, &t->size_declared))
		t->size_declared = 0;
	return t;
}

void transaction_free(struct transaction *t, struct pool *pool)
{
	strings_free(&t->strings, pool);
	pool_put(pool, t, sizeof *t);
}

uint16_t transaction_rcpt(struct transaction *t, struct pool *pool, struct bytes args)
{
	struct smtp_path to = smtp_path_read(args);
	t->rcpt_count++;
	return to.ok ? strings_add(&t->strings, pool, STRING_RCPT, 0, to.address) : STRINGS_NONE;
}

static void code_keep(struct transaction *t, const struct smtp_reply *r)
{
	t->code = r->code;
	t->enhanced = r->enhanced;
}

bool transaction_without_rcpt(const struct transaction *t)
{
	return t->rcpt_count > 0 && t->rcpt_deferred + t->rcpt_rejected == t->rcpt_count;
}

void transaction_rcpt_reply(struct transaction *t, uint16_t string, const struct smtp_reply *r)
{
	strings_value(&t->strings, string, r->code);
	if (r->code < 300)
		t->rcpt_accepted += r->code != 221;
	else if (r->code < 500)
		t->rcpt_deferred++;
	else
		t->rcpt_rejected++;
	if (transaction_without_rcpt(t))
		transaction_refused(t, r);
	else if (r->code < 300)
		t->refused = false;
}

bool transaction_open(const struct transaction *t)
{
	return t->fate == FATE_OPEN && !t->refused;
}

void transaction_refused(struct transaction *t, const struct smtp_reply *r)
{
	t->refused = true;
	code_keep(t, r);
}

static void queue_id_note(struct transaction *t, struct pool *pool, const struct smtp_reply *r)
{
	struct bytes id = t->taken == TAKEN_YES ? queue_id_read(r->text) : bytes_of(NULL, 0);
	if (id.n > 0)
		strings_set(&t->strings, pool, STRING_QUEUE_ID, 0, id);
}

void transaction_answered(struct transaction *t, struct pool *pool, const struct smtp_reply *r,
			  int64_t ts)
{
	t->answered = true;
	t->ts_reply = ts;
	code_keep(t, r);
	strings_set(&t->strings, pool, STRING_REPLY, 0, r->text);
	if (r->code == 221)
		t->fate = FATE_FALSELY_ACCEPTED;
	else if (r->code < 300)
		t->fate = FATE_ACCEPTED;
	else
		t->fate = r->code < 400   ? FATE_UNKNOWN
			  : r->code < 500 ? FATE_DEFERRED
					  : FATE_REJECTED;
	t->taken = t->fate == FATE_ACCEPTED  ? TAKEN_YES
		   : t->fate == FATE_UNKNOWN ? TAKEN_UNKNOWN
					     : TAKEN_NO;
	queue_id_note(t, pool, r);
}

void transaction_answered_early(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts)
{
	t->early = r->code;
	if (r->code == 421) {
		code_keep(t, r);
		strings_set(&t->strings, pool, STRING_REPLY, 0, r->text);
		return;
	}
	transaction_answered(t, pool, r, ts);
	if (t->fate == FATE_ACCEPTED) {
		t->fate = FATE_FALSELY_ACCEPTED;
		t->taken = TAKEN_UNKNOWN;
	}
}

void transaction_answered_again(struct transaction *t, struct pool *pool,
				const struct smtp_reply *r, int64_t ts)
{
	bool took = smtp_code_accepts(r->code);
	t->taken = took ? TAKEN_YES : TAKEN_NO;
	queue_id_note(t, pool, r);
	if (!took || t->fate != FATE_FALSELY_ACCEPTED)
		return;
	t->fate = FATE_ACCEPTED;
	t->ts_reply = ts;
	code_keep(t, r);
	strings_set(&t->strings, pool, STRING_REPLY, 0, r->text);
}

void transaction_over(struct transaction *t, enum fate otherwise)
{
	if (t->fate != FATE_OPEN)
		return;
	if (t->refused) {
		t->fate = t->code < 500 ? FATE_DEFERRED : FATE_REJECTED;
		t->taken = TAKEN_NO;
	} else {
		t->fate = t->hole ? FATE_UNKNOWN : otherwise;
	}
}
