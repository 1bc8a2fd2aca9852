/* reread.h - reads captures once more for a single session that the user looks at. */
#ifndef SMTPWATCH_REPLAY_REREAD_H
#define SMTPWATCH_REPLAY_REREAD_H

#include "base/error.h"
#include "replay/ladder_pass.h"
#include "replay/pcap_extract.h"
#include "replay/viewer.h"

/* Who gets the frames of a second pass; NULL: nobody. */
struct takers {
	struct ladders *ladders;
	struct extract *extract;
};

/* Pass all frames once more, in the same order, as for ladder_pass.h and pcap_extract.h. */
void takers_frames(const struct takers *t, size_t input, const struct frame *frames, size_t n);
void takers_skip(const struct takers *t, uint64_t n);

/* One capture of the run. */
struct reread_input {
	char path[32]; /* "/dev/fd/N" of a descriptor that stays open; empty: use the input's own
			  name */
	uint64_t *counted; /* frames read from it so far; borrowed, set by the caller */
};

/* o and config are borrowed. inputs: one for each of o->reads. */
struct reread {
	const struct options *o;
	const struct monitor_config *config;
	struct reread_input *inputs;
};

/* Returns false if memory is exhausted. */
bool reread_init(struct reread *r, const struct options *o, const struct monitor_config *config);

/* Frees the inputs. Descriptors of reread_hold stay open until the program ends. */
void reread_free(struct reread *r);

/* Keeps capture i open, so that it can be read after root is given up. Call before that. If the
 * capture cannot be opened, does nothing. */
void reread_hold(struct reread *r, size_t i);

/* The functions of struct viewer_source. r: a struct reread, whose counters (reread_input.counted)
 * are set. Standard input cannot be read again. */
struct ladders *reread_draw(void *r, struct stored_session *s, struct error *why);
bool reread_save(void *r, struct export *e, const struct stored_session *s, char name[EXPORT_NAME],
		 struct error *why);

#endif
