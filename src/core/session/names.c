/* names.c - the words for the facts of an ending. */
#include "smtpwatch/ending.h"

#include "smtpwatch/session_info.h"

#include <assert.h>

#define NAME(id, name) name,
#define STAGE          NAME
static const char *const stages[] = {
#include "smtpwatch/ending.def"
};
#define FATE NAME
static const char *const fates[] = {
#include "smtpwatch/ending.def"
};
#define FAREWELL NAME
static const char *const farewells[] = {
#include "smtpwatch/ending.def"
};
#define SEEN NAME
static const char *const seens[] = {
#include "smtpwatch/ending.def"
};

const char *stage_name(enum stage s)
{
	assert(s < STAGES);
	return stages[s];
}

const char *fate_name(enum fate f)
{
	assert(f < FATES);
	return fates[f];
}

const char *farewell_name(enum farewell f)
{
	assert(f < FAREWELLS);
	return farewells[f];
}

const char *seen_name(enum seen s)
{
	assert(s < SEENS);
	return seens[s];
}

const char *closer_name(enum closer c)
{
	static const char *const names[] = {
		[CLOSER_NOBODY] = "nobody", [CLOSER_CLIENT] = "client", [CLOSER_SERVER] = "server"};
	assert(c <= CLOSER_SERVER);
	return names[c];
}

const char *how_name(enum how h)
{
	static const char *const names[] = {
		[HOW_FIN] = "fin",   [HOW_RST] = "rst",         [HOW_SILENCE] = "silence",
		[HOW_IDLE] = "idle", [HOW_EVICTED] = "evicted", [HOW_CAPTURE_END] = "capture-end"};
	assert(h <= HOW_CAPTURE_END);
	return names[h];
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
	static const char *const names[] = {[STARTTLS_NO] = "no",
					    [STARTTLS_OFFERED] = "offered",
					    [STARTTLS_USED] = "used",
					    [STARTTLS_REFUSED] = "refused",
					    [STARTTLS_STRIPPED] = "stripped"};
	assert(s <= STARTTLS_STRIPPED);
	return names[s];
}
