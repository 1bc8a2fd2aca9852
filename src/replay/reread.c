/* reread.c - reads from the input in which a session began until some time after its end. */
#include "replay/reread.h"

#include "capture/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAMES = 64 };

/* Frames of a session come no later. Clocks of merged captures differ by less. */
static const int64_t behind = 10 * FRAME_SECOND;

bool reread_init(struct reread *r, const struct options *o, const struct monitor_config *config)
{
	*r = (struct reread){o, config, calloc(o->reads.n, sizeof *r->inputs)};
	return r->inputs;
}

void reread_free(struct reread *r)
{
	free(r->inputs);
}

void reread_hold(struct reread *r, size_t i)
{
	int fd = open(r->o->reads.all[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		snprintf(r->inputs[i].path, sizeof r->inputs[i].path, "/dev/fd/%d", fd);
}

void takers_frames(const struct takers *t, size_t input, const struct frame *frames, size_t n)
{
	if (t->extract)
		extract_frames(t->extract, (uint32_t)input, frames, n);
	if (t->ladders)
		ladders_frames(t->ladders, (uint32_t)input, frames, n);
}

void takers_skip(const struct takers *t, uint64_t n)
{
	if (t->extract)
		extract_skip(t->extract, n);
	if (t->ladders)
		ladders_skip(t->ladders, n);
}

/* Returns true if any frame comes before `until`: a single frame may have a wrong time. */
static bool begins_before(const struct frame *frames, int n, int64_t until)
{
	int i = 0;
	while (i < n && frames[i].ts > until)
		i++;
	return i < n;
}

/* Reads one input. Returns true if the session may continue in the next one. After an error sets
 * why. */
static bool input_read(const struct reread *r, size_t i, const struct takers *t, int64_t until,
		       struct error *why)
{
	const char *path = r->inputs[i].path[0] != '\0' ? r->inputs[i].path : r->o->reads.all[i];
	uint64_t left = *r->inputs[i].counted;
	struct frame frames[FRAMES];
	bool usage, more = true;
	struct source *s = source_open(path, r->o->filter, why, &usage);
	int n;
	if (!s)
		return false;
	while (more && left > 0 &&
	       (n = source_read(s, frames, left < FRAMES ? (size_t)left : FRAMES, why)) > 0) {
		takers_frames(t, i, frames, (size_t)n);
		left -= (uint64_t)n;
		more = begins_before(frames, n, until);
	}
	source_close(s);
	takers_skip(t, left);
	return more;
}

/* Reads all inputs of a session. Returns false with a sentence in why if one cannot be read to the
 * end. */
static bool session_read(const struct reread *r, const struct stored_session *s,
			 const struct takers *t, struct error *why)
{
	uint32_t first = s->record->conn->input;
	for (size_t i = 0; i < first; i++)
		takers_skip(t, *r->inputs[i].counted);
	why->text[0] = '\0';
	for (size_t i = first; i<r->o->reads.n && * r->inputs[i].counted> 0; i++)
		if (!input_read(r, i, t, s->record->end + behind, why))
			break;
	return why->text[0] == '\0';
}

static bool is_standard_input(const struct reread *r, const struct stored_session *s,
			      struct error *why)
{
	error_set(why, "standard input cannot be read twice");
	return strcmp(r->o->reads.all[s->record->conn->input], "-") == 0;
}

struct ladders *reread_draw(void *arg, struct stored_session *s, struct error *why)
{
	const struct reread *r = arg;
	struct takers t = {0};
	if (is_standard_input(r, s, why))
		return NULL;
	t.ladders = ladders_new(r->config);
	error_set(why, "no memory");
	if (!t.ladders)
		return NULL;
	if (ladders_want(t.ladders, s, s->record->conn->first) && !session_read(r, s, &t, why))
		s->ladder = NULL;
	ladders_finish(t.ladders);
	return t.ladders;
}

bool reread_save(void *arg, struct export *e, const struct stored_session *s,
		 char name[EXPORT_NAME], struct error *why)
{
	const struct reread *r = arg;
	struct takers t = {0};
	uint64_t written = export_written(e);
	const char *noted = NULL;
	bool whole;
	if (is_standard_input(r, s, why))
		return false;
	error_set(why, "no memory");
	t.extract = extract_new(e, r->config->any_port ? NULL : &r->config->ports,
				r->config->stream.seed);
	if (t.extract && (noted = extract_note(t.extract, &s->report)))
		snprintf(name, EXPORT_NAME, "%s", noted);
	whole = noted && session_read(r, s, &t, why);
	if (t.extract)
		extract_finish(t.extract, whole);
	extract_free(t.extract);
	if (whole && export_written(e) == written)
		error_set(why, "the file cannot be made");
	return export_written(e) > written;
}
