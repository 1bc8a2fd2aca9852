/* target_state.c - the sentences about a target that takes nothing. */
#include "transport/target_state.h"

#include <stdio.h>

void outage_begin(struct outage *o, const char *why)
{
	if (o->on)
		return;
	o->on = true;
	o->before = o->lost;
	fprintf(stderr,
		"smtpwatch: %s: %s; it is tried again, and what finds no room meanwhile is lost\n",
		o->name, why);
}

void outage_give_up(struct outage *o, const char *why)
{
	if (!o->on)
		o->before = o->lost;
	o->on = true;
	fprintf(stderr, "smtpwatch: %s: %s; nothing more goes there\n", o->name, why);
}

void outage_lose(struct outage *o)
{
	outage_begin(o, "takes records more slowly than they come");
	o->lost++;
}

void outage_too_long(struct outage *o)
{
	if (!o->long_said)
		fprintf(stderr,
			"smtpwatch: %s: a record is too long for it, and is lost; said once\n",
			o->name);
	o->long_said = true;
	o->lost++;
}

static void outage_say(struct outage *o, const char *how)
{
	if (o->on)
		fprintf(stderr, "smtpwatch: %s: %s; records lost: %llu\n", o->name, how,
			(unsigned long long)(o->lost - o->before));
	o->on = false;
}

void outage_end(struct outage *o)
{
	outage_say(o, "takes records again");
}

void outage_close(struct outage *o)
{
	outage_say(o, "took nothing more until the end");
}
