/* viewer.c - connects the view, which has no packets and no files, with their owners. */
#include "replay/viewer.h"

#include "core/frame_store.h"
#include "format/text/explain.h"
#include "replay/ladder_pass.h"
#include "text/clock.h"
#include "text/wrap.h"
#include "tui/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct viewer {
	const struct options *o;
	struct viewer_source source;
	struct recent *recent;
	struct open_merge *open;
	struct top *top;
	struct export *export; /* NULL: nothing can be saved */
	const char *folder;
	char message[SCREEN_MESSAGE]; /* the latest line of standard error that was shown */
	struct error no_export;
	struct outbuf text;
	int64_t looked; /* time of the latest turn, monotonic nanoseconds */
};

struct viewer *viewer_new(const struct options *o, const char *inputs,
			  const struct viewer_source *source, struct error *why)
{
	struct viewer *v = calloc(1, sizeof *v);
	error_set(why, "no memory for --top");
	if (!v)
		return NULL;
	v->o = o;
	v->source = *source;
	v->recent = recent_new(&o->redaction);
	v->open = open_merge_new();
	v->top = v->recent && v->open ? top_new(v->recent, v->open, inputs) : NULL;
	v->folder = o->write_pcap ? o->write_pcap : ".";
	v->export = export_open(v->folder, o->user, &v->no_export);
	if (v->top && screen_open(why))
		return v;
	viewer_free(v);
	return NULL;
}

void viewer_free(struct viewer *v)
{
	if (!v)
		return;
	screen_close();
	top_free(v->top);
	recent_free(v->recent);
	open_merge_free(v->open);
	export_close(v->export);
	outbuf_free(&v->text);
	free(v);
}

void viewer_record(struct viewer *v, const struct record *record, const struct report *r,
		   struct session_frames frames)
{
	recent_add(v->recent, record, r, frames);
}

void viewer_open(struct viewer *v, unsigned part, const struct open_sessions *o)
{
	open_merge_take(v->open, part, o);
}

void viewer_state(struct viewer *v, const char *state)
{
	snprintf(v->top->state, sizeof v->top->state, "%s", state);
}

/* Writes the explanation of a session to v->text, with its dialogue, or with the reason why there
 * is none. */
static void text_make(struct viewer *v, struct stored_session *s, unsigned columns)
{
	struct error why = {0};
	struct ladders *all = v->source.draw(v->source.arg, s, &why);
	v->text.n = 0;
	explain_put(&v->text, stored_restore(s), s->report.number, s->ladder,
		    (struct explain_style){.columns = columns});
	if (!s->ladder)
		outbuf_format(&v->text, "The dialogue cannot be shown: %s.\n", why.text);
	ladders_free(all);
	s->ladder = NULL;
}

/* Wraps lines that are wider than the terminal. */
static void text_wrap_lines(struct outbuf *to, struct bytes text, unsigned columns)
{
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		if (n > columns)
			wrap_put(to, bytes_first(text, n), columns, 2);
		else
			outbuf_bytes(to, text.p, n);
		if (n <= columns)
			outbuf_char(to, '\n');
		text = bytes_from(text, n + (end != NULL));
	}
}

static void session_open(struct viewer *v, struct stored_session *s)
{
	unsigned columns = screen_size().columns;
	struct outbuf wrapped = {0};
	text_make(v, s, columns);
	text_wrap_lines(&wrapped, bytes_of(v->text.p, v->text.n), columns);
	top_open(v->top, s, bytes_of(wrapped.p, wrapped.n));
	outbuf_free(&wrapped);
}

static bool can_save(struct viewer *v)
{
	if (v->export)
		return true;
	top_message(v->top, "%.200s", v->no_export.text);
	return false;
}

static void packets_save(struct viewer *v, struct stored_session *s)
{
	char name[EXPORT_NAME];
	struct error why = {0};
	stored_restore(s);
	if (v->o->redaction.mode != REDACT_NONE)
		top_message(v->top,
			    "Packets cannot be redacted: without --redact they can be saved");
	else if (can_save(v) && v->source.save(v->source.arg, v->export, s, name, &why))
		top_message(v->top, "Saved: %.40s/%.190s", v->folder, name);
	else if (v->export)
		top_message(v->top, "Not saved: %.200s", why.text);
}

static bool file_write(struct viewer *v, const char *name)
{
	char temp[EXPORT_TEMP];
	int fd = export_begin(v->export, temp);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool whole;
	if (!f)
		return false;
	whole = fwrite(v->text.p, 1, v->text.n, f) == v->text.n;
	if (fclose(f) == 0 && whole)
		return export_end(v->export, temp, name);
	export_fail(v->export, temp);
	return false;
}

/* Saves the explanation under the name of the packet file, but with ".txt". */
static void words_save(struct viewer *v, struct stored_session *s)
{
	char name[EXPORT_NAME];
	if (!can_save(v) || !export_name(v->export, stored_restore(s), name))
		return;
	memcpy(strrchr(name, '.'), ".txt", sizeof ".txt");
	text_make(v, s, 0);
	if (file_write(v, name))
		top_message(v->top, "Saved: %.40s/%.190s", v->folder, name);
	else
		top_message(v->top, "Not saved: %.200s: %s", v->folder, strerror(errno));
}

/* Handles one key. Returns false if the program must end. */
static bool key_take(struct viewer *v, int key)
{
	enum top_request request = top_key(v->top, key);
	struct stored_session *s = request > TOP_QUIT ? top_selected(v->top) : NULL;
	if (request > TOP_QUIT && !s)
		top_message(v->top, "There is no session here, or it is not kept any more");
	else if (request == TOP_OPEN)
		session_open(v, s);
	else if (request == TOP_SAVE_PACKETS)
		packets_save(v, s);
	else if (request == TOP_SAVE_WORDS)
		words_save(v, s);
	return request != TOP_QUIT;
}

/* Shows a new line of standard error in the last line, until the next key. */
static void message_show(struct viewer *v)
{
	char message[SCREEN_MESSAGE];
	const char *line = screen_message(message);
	struct outbuf text = {0};
	if (strcmp(line, v->message) == 0)
		return;
	snprintf(v->message, sizeof v->message, "%s", line);
	escape_text(&text, bytes_str(line));
	top_message(v->top, "%.*s", (int)text.n, text.p);
	outbuf_free(&text);
}

bool viewer_turn(struct viewer *v, int timeout)
{
	int key;
	message_show(v);
	top_draw(v->top);
	while ((key = screen_key(timeout)) != SCREEN_NONE) {
		if (key == SCREEN_GONE || !key_take(v, key))
			return false;
		top_draw(v->top);
		timeout = 0;
	}
	v->looked = clock_read(CLOCK_MONOTONIC);
	return true;
}

bool viewer_look(struct viewer *v)
{
	return clock_read(CLOCK_MONOTONIC) - v->looked < VIEWER_TURN_MS * FRAME_MS ||
	       viewer_turn(v, 0);
}

static const char not_kept[] =
	"live, packets are kept of sessions that are alerts, as far as there is room";

/* Stored frames are numbered from 1. */
struct ladders *viewer_draw_stored(const struct monitor_config *config, struct stored_session *s,
				   struct error *why)
{
	struct bytes block = s->frames.block;
	struct ladders *all = block.n > 0 ? ladders_new(config) : NULL;
	struct frame frame;
	error_set(why, "%s", not_kept);
	if (!all)
		return NULL;
	if (ladders_want(all, s, 1))
		while (frame_store_next(&block, &frame))
			ladders_frames(all, 0, &frame, 1);
	ladders_finish(all);
	return all;
}

bool viewer_save_stored(struct export *e, const struct stored_session *s, char name[EXPORT_NAME],
			struct error *why)
{
	uint32_t omitted = s->frames.omitted;
	error_set(why, "%s", s->frames.block.n > 0 ? "it cannot be written" : not_kept);
	return s->frames.block.n > 0 && export_name(e, &s->report, name) &&
	       export_save(e, name, s->frames.block, &omitted);
}
