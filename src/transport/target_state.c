/* target_state.c - the sentences about a target that takes nothing. */
#include "transport/target_state.h"

#include "base/log.h"

void target_state_down(struct target_state *o, const char *why)
{
	if (o->on)
		return;
	o->on = true;
	o->before = o->lost;
	log_line("%s: %s; it is tried again, and what finds no room meanwhile is lost", o->name,
		 why);
}

void target_state_give_up(struct target_state *o, const char *why)
{
	if (!o->on)
		o->before = o->lost;
	o->on = true;
	log_line("%s: %s; nothing more goes there", o->name, why);
}

void target_state_lose(struct target_state *o)
{
	target_state_down(o, "takes records more slowly than they come");
	o->lost++;
}

void target_state_too_long(struct target_state *o)
{
	if (!o->long_logged)
		log_line("%s: a record is too long for it, and is lost; said once", o->name);
	o->long_logged = true;
	o->lost++;
}

static void state_log(struct target_state *o, const char *how)
{
	if (o->on)
		log_line("%s: %s; records lost: %llu", o->name, how,
			 (unsigned long long)(o->lost - o->before));
	o->on = false;
}

void target_state_up(struct target_state *o)
{
	state_log(o, "takes records again");
}

void target_state_close(struct target_state *o)
{
	state_log(o, "took nothing more until the end");
}

void target_state_sum(struct target_state *o, bool live)
{
	o->lost = o->offered - o->written;
	target_state_close(o);
	if (live && o->lost > 0)
		log_line("%s: records offered: %llu, written: %llu, lost: %llu", o->name,
			 (unsigned long long)o->offered, (unsigned long long)o->written,
			 (unsigned long long)o->lost);
}
