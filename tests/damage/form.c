/* form.c - a scenario as it stands, with transcripts as bodies, in TLS; a capture without its keys
 * and with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "damage/form.h"

#include "capture/source.h"
#include "damage/transcript.h"
#include "decrypt/decryptor.h"
#include "lib/build.h"
#include "lib/tls_scenario.h"
#include "lib/weather.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 64, FRAMES_MAX = 4000, SESSIONS_WITH_KEYS = 8192, PORT_OF_TLS = 465 };

static void decryptor_make(struct items *items)
{
	if (items->decryptor)
		return;
	items->keys = keylog_new(SESSIONS_WITH_KEYS);
	items->decryptor = items->keys ? decryptor_new(items->keys, true) : NULL;
	assert_non_null(items->decryptor);
}

/* A new item; valid until the next one. */
static struct item *item_new(struct items *items, const char *name, enum form form)
{
	if (items->n == items->capacity) {
		items->capacity = items->capacity ? 2 * items->capacity : 256;
		items->all = realloc(items->all, items->capacity * sizeof *items->all);
		assert_non_null(items->all);
	}
	struct item *item = &items->all[items->n++];
	*item = (struct item){.name = strdup(name), .form = form};
	assert_non_null(item->name);
	return item;
}

struct text {
	char *p;
	size_t n;
};

static void text_add(struct text *t, const void *p, size_t n)
{
	t->p = realloc(t->p, t->n + n + 1);
	assert_non_null(t->p);
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

/* The newest item is whole, or of no use. */
static void item_done(struct items *items)
{
	struct item *item = &items->all[items->n - 1];
	if (item_finish(item))
		return;
	item_free(item);
	items->n--;
}

/* ... and the same with its keys, if there are any, which become the item's. */
static void item_done_twice(struct items *items, struct text *keys)
{
	if (keys->n == 0) {
		item_done(items);
		return;
	}
	struct item *opened = item_new(items, items->all[items->n - 1].name, FORM_OPENED),
		    *item = opened - 1;
	for (size_t i = 0; i < item->n; i++)
		item_add(opened, &item->frame[i]);
	memcpy(opened->port, item->port, sizeof opened->port);
	opened->ports = item->ports;
	opened->native = item->native;
	opened->keys = keys->p;
	opened->keys_n = keys->n;
	decryptor_make(items);
	opened->decryptor = items->decryptor;
	keylog_add(items->keys, bytes_of(keys->p, keys->n));
	*keys = (struct text){0};
	bool found = item_finish(item);
	if (item_finish(opened) && found)
		return;
	item_free(opened);
	item_free(item);
	items->n -= 2;
}

/* The file beside a capture. */
static void key_log_read(struct text *keys, const char *path)
{
	char part[1 << 12], *beside = NULL;
	const char *end = strrchr(path, '.');
	assert_true(asprintf(&beside, "%.*s.keylog",
			     (int)(end ? end - path : (ptrdiff_t)strlen(path)), path) > 0);
	FILE *in = fopen(beside, "r");
	for (size_t n; in && (n = fread(part, 1, sizeof part, in)) > 0;)
		text_add(keys, part, n);
	if (in)
		fclose(in);
	free(beside);
}

/* Of SMTP's ports only, and what names none. */
static bool is_of_use(const struct item *item, const struct frame *f)
{
	union packet_decoded p;
	struct monitor_config ports = monitor_config_default();
	for (unsigned i = 0; i < item->ports; i++)
		monitor_config_port(&ports, item->port[i].port, item->port[i].kind);
	enum packet_kind kind =
		packet_decode(&(struct packet_decoder){.ports = &ports.ports}, f, &p);
	return kind != PACKET_UNWATCHED && kind != PACKET_OTHER && kind != PACKET_MALFORMED &&
	       kind != PACKET_LINK;
}

static void capture_read(struct items *items, const char *path)
{
	struct frame frames[BATCH];
	struct error why;
	bool usage;
	struct source *s = source_open(path, NULL, &why, &usage);
	if (!s)
		return;
	struct item *item = item_new(items, path, FORM_CLEAR);
	item_port(item, 25, PORT_SMTP);
	item_port(item, 587, PORT_SMTP);
	item_port(item, 2525, PORT_SMTP);
	item_port(item, 24, PORT_LMTP);
	item_port(item, PORT_OF_TLS, PORT_TLS);
	struct text keys = {0};
	for (int n; item->n < FRAMES_MAX && (n = source_read(s, frames, BATCH, &why)) > 0;) {
		for (int i = 0; i < n; i++)
			if (is_of_use(item, &frames[i]))
				item_add(item, &frames[i]);
		for (struct bytes text; (text = source_secrets(s)).n > 0;)
			text_add(&keys, text.p, text.n);
	}
	source_close(s);
	key_log_read(&keys, path);
	item_done_twice(items, &keys);
	free(keys.p);
}

static void scenario_add(struct items *items, const struct scenario *s, const char *path,
			 enum form form)
{
	struct item *item = item_new(items, path, form);
	item->native = scenario_bars(s, "nids");
	struct trace t = build_trace(s);
	struct frames f = weather_frames(s, &t, weathers, 1);
	for (size_t i = 0; i < f.n; i++)
		item_add(item, &f.frame[i]);
	for (unsigned i = 0; i < s->scenes; i++)
		item_port(item, s->scene[i].port[SERVER], s->scene[i].kind);
	frames_free(&f);
	trace_free(&t);
	if (form != FORM_SEALED)
		item_done(items);
}

static const struct tls_way *way_find(const char *name)
{
	const struct tls_way *way = tls_ways;
	while (way->name && strcmp(way->name, name) != 0)
		way++;
	assert_non_null(way->name);
	return way;
}

/* TLS is closed too, by whoever closes, and a key update is answered: nothing is said behind the
 * first FIN, nobody resets, and nobody has vanished. */
static bool ends_in_order(const struct scenario *s)
{
	bool over[SCENARIO_SCENES] = {false};
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];
		if (over[step->scene] || (step->flags & TCP_RST) || step->kind == STEP_VANISH)
			return false;
		over[step->scene] = step->flags != 0;
	}
	return true;
}

static bool begins_with(const struct step *s, const char *text)
{
	size_t n = strlen(text);
	return s->n >= n && strncasecmp((const char *)s->data, text, n) == 0;
}

/* It goes into TLS by itself, or tries to. */
static bool is_sealed(const struct scenario *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (begins_with(&s->steps[i], "STARTTLS\r\n") ||
		    begins_with(&s->steps[i], "\x16\3"))
			return true;
	return false;
}

/* Versions, ways into TLS and what else happens there in turn. */
static void scenario_seal(struct items *items, struct scenario *s, const char *path)
{
	static const char *const suites[] = {"TLS_AES_128_GCM_SHA256",
					     "ECDHE-RSA-AES128-GCM-SHA256",
					     "TLS_CHACHA20_POLY1305_SHA256"};
	static const unsigned extras[] = {0, TLS_NOTIFIED, TLS_NOTIFIED, TLS_KEY_UPDATES,
					  TLS_LONG_HELLO};
	static unsigned turn;
	unsigned now = turn++;
	enum tls_begin begin = now % 4 == 0 ? TLS_FIRST_BYTE : TLS_STARTTLS;
	unsigned extra = extras[now % 5];
	if (extra != TLS_LONG_HELLO && !ends_in_order(s))
		extra = 0;
	tls_talk_keys_forget();
	if (is_sealed(s) || !tls_scenario_seal(s, way_find(suites[now % 3]), begin, extra))
		return;
	for (unsigned i = 0; i < s->scenes && begin == TLS_FIRST_BYTE; i++) {
		s->scene[i].port[SERVER] = PORT_OF_TLS;
		s->scene[i].kind = PORT_TLS;
	}
	scenario_add(items, s, path, FORM_SEALED);
	struct text keys = {0};
	text_add(&keys, tls_talk_keys().p, tls_talk_keys().n);
	item_done_twice(items, &keys);
	free(keys.p);
}

static void scenario_forms(struct items *items, const char *path)
{
	char why[SCENARIO_WHY];
	struct scenario *s = scenario_read(path, why);
	if (!s || scenario_bars(s, "loss")) {
		scenario_free(s);
		return;
	}
	scenario_add(items, s, path, FORM_CLEAR);
	scenario_seal(items, s, path);
	scenario_free(s);
	s = scenario_read(path, why);
	if (transcript_put(s))
		scenario_add(items, s, path, FORM_TRANSCRIPT);
	scenario_free(s);
}

void items_read(struct items *items, const char *path)
{
	const char *end = strrchr(path, '.');
	if (end && strcmp(end, ".smtp") == 0)
		scenario_forms(items, path);
	else
		capture_read(items, path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool items_read_folder(struct items *items, const char *folder)
{
	char *name = strdup(folder), *roots[] = {name, NULL};
	FTS *tree = name ? fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name) : NULL;
	bool found = false;
	for (const FTSENT *e; tree && (e = fts_read(tree));)
		if (e->fts_info == FTS_F) {
			items_read(items, e->fts_path);
			found = true;
		}
	if (tree)
		fts_close(tree);
	free(name);
	return found;
}

void items_free(struct items *items)
{
	for (size_t i = 0; i < items->n; i++)
		item_free(&items->all[i]);
	free(items->all);
	decryptor_free(items->decryptor);
	keylog_free(items->keys);
	*items = (struct items){0};
}
