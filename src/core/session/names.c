/* names.c - the words for the facts of an ending. */
#include "smtpwatch/ending.h"

#include "smtpwatch/session_info.h"

#include <assert.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__})

const char *stage_name(enum stage s)
{
	assert(s < STAGES);
	return NAMES("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT",
		     "END-OF-MESSAGE", "IDLE", "QUIT", "DONE")[s];
}

const char *fate_name(enum fate f)
{
	assert(f < FATES);
	return NAMES("open", "accepted", "falsely-accepted", "unanswered", "cut", "deferred",
		     "rejected", "aborted", "unknown")[f];
}

const char *farewell_name(enum farewell f)
{
	assert(f < FAREWELLS);
	return NAMES("none", "221-after-quit", "221-unasked", "421", "refusal", "hidden",
		     "unknown")[f];
}

const char *seen_name(enum seen s)
{
	assert(s < SEENS);
	return NAMES("full", "no-handshake", "one-way", "gaps", "truncated", "unfinished")[s];
}

const char *closer_name(enum closer c)
{
	assert(c <= CLOSER_SERVER);
	return NAMES("nobody", "client", "server")[c];
}

const char *how_name(enum how h)
{
	assert(h <= HOW_CAPTURE_END);
	return NAMES("fin", "rst", "silence", "idle", "evicted", "capture-end")[h];
}

struct bytes session_farewell_text(const struct session_info *f)
{
	if (f->farewell_apart)
		return strings_find(&f->strings, STRING_FAREWELL).text;
	return f->farewell_code == f->last_code ? strings_find(&f->strings, STRING_REPLY).text
						: bytes_of(NULL, 0);
}

const char *starttls_name(enum starttls s)
{
	assert(s <= STARTTLS_STRIPPED);
	return NAMES("no", "offered", "used", "refused", "stripped")[s];
}
