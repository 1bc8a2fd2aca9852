/* fate.c - the fates in words. The sender's next step is what RFC 5321 demands and usual senders
 * do. */
#include "format/text/fate.h"

#include <assert.h>

static const struct {
	const char *next, *tally;
} fates[FATES] = {
	[FATE_OPEN] = {"still under way", "under way"},
	[FATE_ACCEPTED] = {"accepted; the sender deletes its copy", "accepted"},
	[FATE_FALSELY_ACCEPTED] =
		{"never accepted, though the sender believes so: lost, and nobody is told",
		 "falsely accepted (lost, and nobody is told)"},
	[FATE_UNANSWERED] = {"never answered; it will be sent again, and may arrive twice",
			     "unanswered (may arrive twice)"},
	[FATE_CUT] = {"cut off before its end: late, but not lost", "cut off (late)"},
	[FATE_DEFERRED] = {"put off by the server: it will be sent again later", "deferred"},
	[FATE_REJECTED] = {"refused by the server: it goes back to its author", "rejected"},
	[FATE_ABORTED] = {"given up by the sending side itself", "aborted by the client"},
	[FATE_UNKNOWN] = {"its reply is missing from the capture: nobody can say what became of it",
			  "unknown"},
};

const char *fate_next(enum fate f, const struct ending *e)
{
	assert(f < FATES);
	/* Senders read a 221 as the reply to a command in different ways (RFC 5321 4.3.2: by its
	 * first digit). */
	if (f == FATE_CUT && e->unasked_221 != 0)
		return "cut off before its end: the sender bounces it, or sends it again";
	if (f == FATE_CUT && e->closer == CLOSER_CLIENT)
		return "broken off by the client itself before its end";
	return fates[f].next;
}

const char *fate_tally(enum fate f)
{
	assert(f < FATES);
	return fates[f].tally;
}
