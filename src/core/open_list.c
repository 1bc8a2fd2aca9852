/* open_list.c - keeps the sessions that wait longest. */
#include "core/open_list.h"

int open_session_compare(const struct open_session *a, const struct open_session *b)
{
	bool late = a->awaited == AWAITED_HANDSHAKE, later = b->awaited == AWAITED_HANDSHAKE;
	if (late != later)
		return late ? 1 : -1;
	return a->since < b->since ? -1 : a->since > b->since;
}

static void swap(struct open_session *a, struct open_session *b)
{
	struct open_session was = *a;
	*a = *b;
	*b = was;
}

/* The new one, at the end, rises. */
static void sift_up(struct open_sessions *o)
{
	for (uint32_t at = o->n - 1, above; at > 0; at = above) {
		above = (at - 1) / 2;
		if (open_session_compare(&o->all[at], &o->all[above]) <= 0)
			return;
		swap(&o->all[at], &o->all[above]);
	}
}

static void sift_down(struct open_sessions *o)
{
	for (uint32_t at = 0, child; (child = 2 * at + 1) < o->n; at = child) {
		if (child + 1 < o->n &&
		    open_session_compare(&o->all[child + 1], &o->all[child]) > 0)
			child++;
		if (open_session_compare(&o->all[child], &o->all[at]) <= 0)
			return;
		swap(&o->all[at], &o->all[child]);
	}
}

static bool listed(const struct open_sessions *o, uint32_t number)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->all[i].number == number)
			return true;
	return false;
}

/* The root is compared first: nearly all that come later wait too short. */
void open_list_add(struct open_sessions *o, const struct open_session *one)
{
	bool full = o->n == OPEN_SESSIONS;
	if ((full && open_session_compare(one, &o->all[0]) >= 0) || listed(o, one->number))
		return;
	if (full) {
		o->all[0] = *one;
		sift_down(o);
		return;
	}
	o->all[o->n++] = *one;
	sift_up(o);
}
