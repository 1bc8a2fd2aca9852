/* server.c - the beginning and the end of a dialogue, and the server's half of it: lines, and the
 * replies that they make. */
#include "base/ascii.h"
#include "core/dialogue/dialogue.h"
#include "core/dialogue/ehlo_cache.h"
#include "core/dialogue/parts.h"
#include "core/tls/record.h"

#include <assert.h>

void dialogue_init(struct dialogue *d, const struct dialogue_env *env, bool sure, bool first)
{
	memset(d, 0, sizeof *d);
	d->env = env;
	if (sure) {
		dialogue_pend(d, SMTP_CONNECT, bytes_of(NULL, 0), 0);
		return;
	}
	d->lost = d->holed = d->started = true;
	d->maybe_message = !first;
}

void dialogue_inside(struct dialogue *d, bool greeting)
{
	dialogue_unpend_all(d);
	line_reset(&d->line[CLIENT], d->env->pool);
	line_reset(&d->line[SERVER], d->env->pool);
	d->mode = MODE_COMMAND;
	d->started = true;
	d->lost = d->hole = d->skip[CLIENT] = d->skip[SERVER] = false;
	d->code = d->early = 0;
	if (greeting)
		dialogue_pend(d, SMTP_CONNECT, bytes_of(NULL, 0), 0);
}

void dialogue_free(struct dialogue *d)
{
	dialogue_unpend_all(d);
	line_reset(&d->line[CLIENT], d->env->pool);
	line_reset(&d->line[SERVER], d->env->pool);
	dialogue_undecided_free(d);
	secret_words_free(d->secrets, d->env->pool);
	d->secrets = NULL;
}

static bool foreign_pending(const struct dialogue *d)
{
	const struct smtp_pending *p = d->head;
	if (p && p->verb == SMTP_CONNECT)
		p = p->next;
	return p && p->verb == SMTP_NOT_SMTP;
}

/* True: the reply goes on. */
static inline bool reply_take(struct dialogue *d, const struct line_out *line, struct smtp_reply r,
			      int64_t ts)
{
	unsigned flaws = (line->flaws & LINE_BARE_LF ? FLAW_BARE_LF : 0u) |
			 (line->flaws & LINE_NUL ? FLAW_NUL : 0u) |
			 (line->flaws & LINE_LONG ? FLAW_LONG_LINE : 0u);
	if (r.code == 0 || (d->code != 0 && r.code != d->code))
		flaws |= dialogue_tls_is_due(d) ? FLAW_STARTTLS_RESPONSE_INJECTION : FLAW_BAD_REPLY;
	dialogue_emit_flaw(d, flaws);
	if (r.code == 0) {
		if (!d->lost)
			d->env->listener->uncoded(d, r.text);
		/* The server answers another protocol's words in that protocol (HTTP's CONNECT): if
		 * SMTP follows, it begins with what comes then, and nothing before it counts. */
		if (foreign_pending(d)) {
			dialogue_unpend_all(d);
			dialogue_lose(d, SERVER, 0);
		}
		return false;
	}
	if (r.more) {
		d->code = r.code;
		d->env->listener->reply_line(d, d->head, &r);
		return true;
	}
	d->code = 0;
	dialogue_reply(d, &r, ts);
	return false;
}

static bool reply_line(struct dialogue *d, const struct line_out *line, int64_t ts)
{
	return reply_take(d, line, smtp_reply_read(line->text), ts);
}

/* The same, where the client has said what may be secret. A function apart for its stack. */
static __attribute__((noinline)) void reply_line_veiled(struct dialogue *d,
							const struct line_out *line, int64_t ts)
{
	uint8_t text[MASKED_TEXT_MAX];
	struct smtp_reply r = smtp_reply_read(line->text);
	r.text = dialogue_mask(d, &r, text);
	reply_take(d, line, r, ts);
}

/* A line that begins as the one before it, of a reply that goes on, is read as that was: of EHLO
 * there are a dozen. False: it wants a closer look. */
static bool reply_repeats(struct dialogue *d, const struct line_out *line, const uint8_t *before)
{
	enum { HEAD = 4 /* "250-" */ };
	if (line->flaws || line->text.n <= HEAD || memcmp(line->text.p, before, HEAD) != 0)
		return false;
	struct bytes text = ascii_trim(bytes_from(line->text, HEAD));
	if (smtp_enhanced_begins(text))
		return false;
	d->env->listener->reply_line(
		d, d->head, &(struct smtp_reply){.code = d->code, .more = true, .text = text});
	return true;
}

/* The first line of a reply was read. If it answers EHLO, the ordinary lines behind it that are at
 * hand are read in one step. */
static inline void hello_lines(struct dialogue *d, struct bytes *in)
{
	const struct smtp_pending *p = d->head;
	if (!d->env->ehlo || d->code != 250 || !p || (p->verb != SMTP_EHLO && p->verb != SMTP_LHLO))
		return;
	struct ehlo_lines lines = ehlo_cache_read(d->env->ehlo, *in);
	if (lines.n == 0)
		return;
	d->env->listener->offer(d, &lines.offer);
	d->offset[SERVER] += lines.n;
	*in = bytes_from(*in, lines.n);
}

/* A server whose first word is an alert speaks TLS: the client did not. */
static bool alert_comes_first(const struct dialogue *d, struct bytes in)
{
	return d->offset[SERVER] == 0 && in.n > 0 && in.p[0] == TLS_ALERT && d->mode != MODE_TLS &&
	       !d->lost && line_idle(&d->line[SERVER]);
}

/* A server that answers a TLS record with one speaks TLS. */
static bool tls_answered(const struct dialogue *d, struct bytes in)
{
	return (d->mode == MODE_FOREIGN || d->mode == MODE_TLS_DUE) &&
	       line_idle(&d->line[SERVER]) && in.n > 0 &&
	       (in.p[0] == TLS_HANDSHAKE || in.p[0] == TLS_ALERT);
}

static void tls_begins(struct dialogue *d, int64_t ts)
{
	dialogue_tls(d);
	dialogue_client_resume(d, ts);
}

/* A function apart, so that the client's bytes, which are far more, do without its stack. */
static __attribute__((noinline)) void server_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	struct line_out line;
	const uint8_t *before =
		NULL; /* the last line, if it was handed on where it lies, and its reply goes on */
	if (alert_comes_first(d, in))
		tls_begins(d, ts);
	while (in.n > 0 && d->mode != MODE_TURNED) {
		/* After each line, for TLS may begin in the segment of the 220. */
		if (tls_answered(d, in))
			tls_begins(d, ts);
		if (d->mode == MODE_TLS) {
			dialogue_tls_bytes(d, SERVER, in, in.n);
			return;
		}
		const uint8_t *at = in.p;
		size_t left = in.n;
		bool whole = line_next(&d->line[SERVER], d->env->pool, &in, &line);
		d->offset[SERVER] += left - in.n;
		if (!whole)
			return;
		/* What comes behind a hole that began within a line may be the rest of it, or, as a
		 * rule where a snaplen cut it, the next one. */
		bool rest = d->skip[SERVER] && smtp_reply_read(line.text).code == 0;
		d->skip[SERVER] = false;
		if (!dialogue_no_secrets(d)) {
			if (!rest)
				reply_line_veiled(d, &line, ts);
			before = NULL;
		} else if (!rest && (!before || !reply_repeats(d, &line, before))) {
			bool begins = d->code == 0;
			before = reply_line(d, &line, ts) && line.text.p == at ? at : NULL;
			if (begins && before)
				hello_lines(d, &in);
		}
		line_reset(&d->line[SERVER], d->env->pool);
	}
	d->offset[SERVER] += in.n;
}

void dialogue_data(struct dialogue *d, enum side side, struct bytes data, uint64_t acked,
		   int64_t ts)
{
	d->acked[side] = acked;
	if (d->mode == MODE_TLS)
		dialogue_tls_bytes(d, side, data, data.n);
	else if (side == SERVER)
		server_run(d, data, ts);
	else
		dialogue_client_run(d, data, ts);
}

/* Replies are missing: of what is outstanding nothing is known any more. The client's own position
 * in a message is. */
static void server_gap(struct dialogue *d, uint64_t len, int64_t ts)
{
	if (d->mode == MODE_TLS) {
		dialogue_tls_bytes(d, SERVER, bytes_of(NULL, 0), len);
		return;
	}
	d->offset[SERVER] += len;
	d->skip[SERVER] = !line_idle(&d->line[SERVER]);
	line_reset(&d->line[SERVER], d->env->pool);
	d->code = 0;
	if (dialogue_lost_waits(d))
		dialogue_lost_skip(d);
	bool maybe_message = d->mode != MODE_COMMAND || (d->lost && d->maybe_message) ||
			     (d->tail && ((smtp_verbs[d->tail->verb].traits & SMTP_AWAITS) ||
					  d->tail->verb == SMTP_UNKNOWN));
	dialogue_lose(d, SERVER, len);
	d->maybe_message = maybe_message;
	dialogue_unpend_all(d);
	if (d->mode == MODE_CONTENT || d->mode == MODE_CHUNK || d->mode == MODE_RAW ||
	    d->mode == MODE_FOREIGN || d->mode == MODE_TURNED)
		return;
	d->mode = MODE_COMMAND;
	dialogue_client_resume(d, ts);
}

void dialogue_gap(struct dialogue *d, enum side side, uint64_t len, int64_t ts)
{
	if (side == SERVER)
		server_gap(d, len, ts);
	else
		dialogue_client_gap(d, len, ts);
}

/* An unended line at the end of a server's stream. What accepts a message must be whole: a client
 * takes half an acceptance as none. */
static void server_rest(struct dialogue *d, int64_t ts)
{
	struct line_out line;
	if (d->mode == MODE_TLS || !line_rest(&d->line[SERVER], d->env->pool, &line) ||
	    d->skip[SERVER])
		return;
	dialogue_emit_flaw(d, FLAW_UNENDED_REPLY);
	struct smtp_reply r = smtp_reply_read(line.text);
	bool acceptance = d->head && d->head->last && r.code / 100 == 2;
	if (!acceptance)
		reply_line_veiled(d, &line, ts);
}

void dialogue_fin(struct dialogue *d, enum side side, uint64_t acked, int64_t ts)
{
	d->acked[side] = acked;
	if (side == SERVER) {
		server_rest(d, ts);
		d->server_over = true;
	} else if (dialogue_lost_waits(d)) {
		dialogue_lost_quit(d, ts);
	} else if (d->undecided && !dialogue_waits_for_bytes(d)) {
		d->fin_waits = true;
		return;
	} else if (d->undecided) {
		d->started = true;
		d->mode = d->mode == MODE_REFUSED ? MODE_CHUNK : MODE_COMMAND;
		dialogue_client_resume(d, ts);
	}
	d->env->listener->fin(d, side);
}

void dialogue_close(struct dialogue *d, uint64_t acked, int64_t ts)
{
	d->acked[SERVER] = acked > d->acked[SERVER] ? acked : d->acked[SERVER];
	server_rest(d, ts);
}
