/* reread.h - captures that were read, or are being read, once more for a single session that
 * somebody looks at. */
#ifndef SMTPWATCH_REPLAY_REREAD_H
#define SMTPWATCH_REPLAY_REREAD_H

#include "replay/viewer.h"

struct reread_input {
	char path[32];     /* of a descriptor that is held; empty: the input's own */
	uint64_t *counted; /* frames that were read of it so far; borrowed */
};

/* o, config are borrowed; inputs: one for each of o->reads. */
struct reread {
	const struct options *o;
	const struct monitor_config *config;
	struct reread_input *inputs;
};

/* False where there is no memory. */
bool reread_init(struct reread *r, const struct options *o, const struct monitor_config *config);
void reread_free(struct reread *r);

/* With the rights of the start: keeps the i-th capture open, so that it can be read by whoever the
 * program will be. */
void reread_hold(struct reread *r, size_t i);

/* As in struct viewer_source; r: a struct reread. */
struct ladders *reread_draw(void *r, const struct recent_session *s, session_cleaner *clean,
			    void *clean_arg, struct ladder **out, char why[VIEWER_WHY]);
bool reread_save(void *r, struct export *e, const struct recent_session *s,
		 const struct report *report, char why[VIEWER_WHY]);

#endif
