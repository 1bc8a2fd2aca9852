/* variant.c - verdicts that came about otherwise than the row of verdicts.def says: with words
 * and a severity of their own. */
#include "smtpwatch/verdict.h"

static bool all_taken(const struct ending_premature *p)
{
	return p->taken && !p->lost && !p->maybe;
}

static bool maybe_taken(const struct ending_premature *p)
{
	return p->maybe && !p->lost;
}

static bool is_221_and_taken(const struct ending *e)
{
	return all_taken(&e->by_221);
}

static bool is_221_maybe_taken(const struct ending *e)
{
	return maybe_taken(&e->by_221);
}

static bool is_250_and_taken(const struct ending *e)
{
	return all_taken(&e->by_2yz);
}

static bool is_250_maybe_taken(const struct ending *e)
{
	return maybe_taken(&e->by_2yz);
}

static bool is_taken_unanswered(const struct ending *e)
{
	return e->taken_unanswered;
}

static bool is_ungreeted(const struct ending *e)
{
	return e->ungreeted;
}

/* Of those of a verdict the first that holds counts. */
static const struct verdict_variant variants[] = {
	{VERDICT_221_FOR_MESSAGE,
	 SEVERITY_ERROR,
	 is_221_and_taken,
	 {"the server said 221 (closing) where the sender reads the answer to its message, and "
	  "took the message all the same",
	  "nothing is lost: the sender counts it as delivered, and the server has it; another "
	  "client might have sent it again",
	  "the receiving server (or the filter or proxy in front of it) for the reason of the "
	  "221"}},
	{VERDICT_221_FOR_MESSAGE,
	 SEVERITY_ERROR,
	 is_221_maybe_taken,
	 {"what the server did with the message was not captured, and where its sender reads the "
	  "answer it said 221 (closing)",
	  "the sending server counts it as delivered and deletes its copy: unless the server took "
	  "it, the mail is lost",
	  "the receiving server's log: if it has no such message, for the reason of the 221, and "
	  "ask the sender to send it again"}},
	{VERDICT_250_IN_MESSAGE,
	 SEVERITY_ERROR,
	 is_250_and_taken,
	 {"the server said 250 (accepted) before it had the whole message, and took it in the end",
	  "nothing is lost this time: had it refused the message, the sender would not have known",
	  "the receiving server (or the filter or proxy in front of it) for the reply that came "
	  "too early"}},
	{VERDICT_250_IN_MESSAGE,
	 SEVERITY_ERROR,
	 is_250_maybe_taken,
	 {"the server said 250 (accepted) before it had the whole message; whether it took it in "
	  "the end was not captured",
	  "the sending server counts it as delivered and deletes its copy: unless the server took "
	  "it, the mail is lost",
	  "the receiving server's log: if it has no such message, ask the sender to send it again; "
	  "and what replied too early"}},
	{VERDICT_CLIENT_GAVE_UP,
	 SEVERITY_ERROR,
	 is_taken_unanswered,
	 {"the client closed the connection while it waited for the answer to a whole message, and "
	  "the server then took it",
	  "the sender does not know that the server has the message, and sends it again: the "
	  "recipient gets it twice",
	  "what kept the server from answering in time (a slow filter?), and the client's "
	  "time-out, which should be ten minutes"}},
	{VERDICT_CLIENT_GAVE_UP,
	 SEVERITY_WARNING,
	 is_ungreeted,
	 {"the client closed the connection after it had waited in vain for the server's greeting",
	  "nothing was sent; the sender tries again, or another server",
	  "what keeps the server from greeting: no free process, a slow look-up of names or block "
	  "lists, a balancer without a "
	  "server behind it"}},
};

enum { VARIANTS = sizeof variants / sizeof *variants };

const struct verdict_variant *verdict_variant(enum verdict v, size_t i)
{
	for (const struct verdict_variant *row = variants; row < variants + VARIANTS; row++)
		if (row->verdict == v && i-- == 0)
			return row;
	return NULL;
}

const struct verdict_variant *verdict_variant_of(enum verdict v, const struct ending *e)
{
	size_t i = 0;
	while (i < VARIANTS && (variants[i].verdict != v || !variants[i].holds(e)))
		i++;
	return i < VARIANTS ? &variants[i] : NULL;
}
