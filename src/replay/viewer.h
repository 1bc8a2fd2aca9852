/* viewer.h - --top: the terminal view of a run over captures or on the network, and the actions of
 * its keys. */
#ifndef SMTPWATCH_REPLAY_VIEWER_H
#define SMTPWATCH_REPLAY_VIEWER_H

#include "base/error.h"
#include "options/options.h"
#include "replay/pcap_dir.h"
#include "trace/recent.h"

struct ladders;

/* VIEWER_TURN_MS: milliseconds between two pictures if there is
 * other work. */
enum { VIEWER_TURN_MS = 100 };

/* Functions of the owner of the packets. */
struct viewer_source {
	/* Draws the ladder of a session. Sets s->ladder to the filled ladder, or leaves it NULL,
	 * with a sentence in why. Returns what owns the ladder, possibly NULL; caller frees with
	 * ladders_free. */
	struct ladders *(*draw)(void *arg, struct stored_session *s, struct error *why);
	/* Writes the session's packets to a file, and its name to name. s->report is restored.
	 * Returns false with a sentence in why. */
	bool (*save)(void *arg, struct export *e, const struct stored_session *s,
		     char name[EXPORT_NAME], struct error *why);
	void *arg;
};

struct viewer;

/* Opens the terminal view and the directory for files. Call before root is given up. o and inputs
 * are borrowed until viewer_free; source is copied. Returns NULL with a sentence in why. */
struct viewer *viewer_new(const struct options *o, const char *inputs,
			  const struct viewer_source *source, struct error *why);

/* Restores the terminal, and frees v. NULL is allowed. */
void viewer_free(struct viewer *v);

/* Adds a session; call in the order in which sessions end. frames: of the session; may be empty. r:
 * its report. Copies all of them. */
void viewer_record(struct viewer *v, const struct record *record, const struct report *r,
		   struct session_frames frames);

/* Shows the open sessions of a part of the run, such as a worker: they stand in place of those that
 * this part had before. o: copied. */
void viewer_open(struct viewer *v, unsigned part, const struct open_sessions *o);

/* Sets the text at the right of the first line: "35 % read". Copies it. */
void viewer_state(struct viewer *v, const char *state);

/* Draws, waits for a key, and handles all keys that were pressed. timeout: milliseconds to wait at
 * most. Returns false if the program must end. */
bool viewer_turn(struct viewer *v, int timeout);

/* As viewer_turn without waiting, but at most every VIEWER_TURN_MS: else returns true at once. */
bool viewer_look(struct viewer *v);

/* viewer_source.draw and viewer_source.save for sessions whose packets are stored in memory.
 * config: of the monitors, copied. */
struct ladders *viewer_draw_stored(const struct monitor_config *config, struct stored_session *s,
				   struct error *why);
bool viewer_save_stored(struct export *e, const struct stored_session *s, char name[EXPORT_NAME],
			struct error *why);

#endif
