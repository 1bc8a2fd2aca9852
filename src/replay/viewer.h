/* viewer.h - --top: the terminal view of a run over captures or on the network, and what its keys
 * ask for. */
#ifndef SMTPWATCH_REPLAY_VIEWER_H
#define SMTPWATCH_REPLAY_VIEWER_H

#include "options/options.h"
#include "replay/pcap_dir.h"
#include "trace/recent.h"
#include "trace/worst.h"

struct ladders;

/* VIEWER_TURN_MS: a picture and a look for keys so often, where there is something else to do. */
enum { VIEWER_WHY = 512, VIEWER_TURN_MS = 100 };

/* What only whoever has the packets can do. */
struct viewer_source {
	/* The ladder of a session, filled; it goes with what is returned, by ladders_free. NULL,
	 * with a sentence in why. clean, clean_arg: as for ladder_new (ladder.h). */
	struct ladders *(*draw)(void *arg, const struct recent_session *s, session_cleaner *clean,
				void *clean_arg, struct ladder **out, char why[VIEWER_WHY]);
	/* Its packets into a file of this name. False, with a sentence in why. */
	bool (*save)(void *arg, struct export *e, const struct recent_session *s,
		     const struct report *r, char why[VIEWER_WHY]);
	void *arg;
};

struct viewer;

/* Takes the terminal; with the rights of the start. o, inputs are borrowed, source is copied. NULL,
 * with a sentence in why. */
struct viewer *viewer_new(const struct options *o, const struct alerting *alerting,
			  const char *inputs, const struct viewer_source *source,
			  char why[VIEWER_WHY]);

/* Gives the terminal back. NULL: nothing. */
void viewer_free(struct viewer *v);

/* Each session, in order. input is borrowed for v's life. frames: as frame_store_copy wrote them,
 * or empty. */
void viewer_record(struct viewer *v, const struct record *record, const char *input,
		   struct bytes frames, uint32_t omitted);

/* What stands at the right of the first line: "35 % read". */
void viewer_state(struct viewer *v, const char *state);

/* Draws, waits for a key for at most so many milliseconds, and does what all that were pressed ask
 * for. False: to end. */
bool viewer_turn(struct viewer *v, int timeout);

/* The same without waiting, if it is time again; cheap where it is not. */
bool viewer_look(struct viewer *v);

/* For viewer_source.draw and .save: they are of a session whose packets are kept in memory. config:
 * as of the monitors. */
struct ladders *viewer_draw_stored(const struct monitor_config *config,
				   const struct recent_session *s, session_cleaner *clean,
				   void *clean_arg, struct ladder **out, char why[VIEWER_WHY]);
bool viewer_save_stored(struct export *e, const struct recent_session *s, const struct report *r,
			char why[VIEWER_WHY]);

#endif
