/* clock.c - which of the times that people set a silence or an age comes to. */
#include "core/cause/signs.h"

/* What servers wait for a command: defaults and the round figures that people set. Seconds. */
static const uint16_t idle_times[] = {10,  15,  20,  30,  45,  60,   90,   120,
				      180, 240, 300, 600, 900, 1200, 1800, 3600};

/* At what age servers end a session however busy it is. */
static const uint16_t session_times[] = {300, 600, 900, 1200, 1800, 3600};

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* A message that waited for its answer for so long was what the session was about. */
static const int64_t slow = 30 * FRAME_SECOND;

/* Which of the times it is within half a second or a hundredth; 0: none. */
unsigned cause_clock_near(int64_t ns, const uint16_t *times, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t time = times[i] * FRAME_SECOND,
			slack = time / 100 > FRAME_SECOND / 2 ? time / 100 : FRAME_SECOND / 2;
		if (ns >= time - slack && ns <= time + slack)
			return times[i];
	}
	return 0;
}

/* It was the client's turn. Without a greeting it never is; after a message's end it is the
 * server's. */
bool cause_clock_clients_turn(const struct cause_input *f)
{
	const struct ending *e = f->ending;
	if (f->session->replies == 0 || e->end_unanswered || e->stage == STAGE_END_OF_MESSAGE ||
	    (e->quit_sent && !e->unasked_221))
		return false;
	return e->farewell != FAREWELL_NONE || e->content_open || !cause_rules_client_spoke_last(f);
}

unsigned cause_time_idled(const struct cause_input *f)
{
	return cause_clock_clients_turn(f)
		       ? cause_clock_near(cause_rules_silence(f), idle_times, ROWS(idle_times))
		       : 0;
}

/* Where the server was owed an answer by the client, or owed it one, for most of the time,
 * something else was the matter. */
unsigned cause_time_aged(const struct cause_input *f)
{
	int64_t life = f->end - f->conn->start, silence = cause_rules_silence(f);
	const struct ending *e = f->ending;
	bool waited = e->end_unanswered && e->waited >= slow;
	if (cause_time_idled(f) || silence > life / 10 * 9 || waited)
		return 0;
	return cause_clock_near(life, session_times, ROWS(session_times));
}

bool cause_time_measured(const struct cause_input *f)
{
	return cause_rules_by_server(f) && (cause_time_idled(f) || cause_time_aged(f));
}
