/* client.c - what the client's bytes are: commands, answers to 334, messages, chunks, TLS;
 * and what must wait until a reply tells. */
#include "base/ascii.h"
#include "core/dialogue/parts.h"
#include "core/tls/record.h"

#include <assert.h>

/* How much of what may be a refused chunk is looked at for a command line (RFC 5321 4.5.3.1.4). */
enum { REFUSED_LOOK = 512 };

/* TLS_PREFIX: the bytes that show it. */
enum { TLS_MAJOR = 3, TLS_PREFIX = 2 };

void dialogue_tls(struct dialogue *d)
{
	if (dialogue_tls_is_due(d) && !line_idle(&d->line[SERVER]))
		dialogue_emit_flaw(d, FLAW_STARTTLS_RESPONSE_INJECTION);
	d->mode = MODE_TLS;
	d->env->listener->tls(d);
}

void dialogue_tls_bytes(struct dialogue *d, enum side side, struct bytes bytes, uint64_t len)
{
	d->offset[side] += len;
	d->env->listener->tls_bytes(d, side, bytes, len);
}

void dialogue_lose(struct dialogue *d, enum side side, uint64_t len)
{
	d->lost = d->holed = d->maybe_message = true;
	d->fitted = 0;
	d->env->listener->lost(d, side, len);
}

/* Queues what awaits a reply, and tells nobody. */
static inline __attribute__((always_inline)) struct smtp_pending *
pending_add(struct dialogue *d, enum smtp_verb verb, int64_t ts)
{
	struct smtp_pending *p = d->pendings < DIALOGUE_PENDING ? pool_get(d->env->pool, sizeof *p)
								: NULL;
	if (!p) {
		dialogue_emit_flaw(d, FLAW_MANY_PENDING);
		bool maybe_message = d->lost && d->maybe_message;
		if (!d->lost)
			dialogue_lose(d, CLIENT, 0);
		d->maybe_message = maybe_message;
		return NULL;
	}
	*p = (struct smtp_pending){
		.end = d->offset[CLIENT], .knew = d->acked[CLIENT], .ts = ts, .due = 1};
	p->verb = smtp_verbs[verb].acts_as;
	p->sent_verb = (uint8_t)verb;
	p->unsure = d->lost;
	if (d->tail)
		d->tail->next = p;
	else
		d->head = p;
	d->tail = p;
	d->pendings++;
	return p;
}

struct smtp_pending *dialogue_pend(struct dialogue *d, enum smtp_verb verb, struct bytes args,
				   int64_t ts)
{
	struct smtp_pending *p = pending_add(d, verb, ts);
	if (p && verb != SMTP_CONNECT && verb != SMTP_END)
		d->env->listener->command(
			d, &(struct smtp_event){.ts = ts, .pending = p, .text = args});
	return p;
}

void dialogue_unpend(struct dialogue *d)
{
	struct smtp_pending *p = d->head;
	d->head = p->next;
	if (!d->head)
		d->tail = NULL;
	d->pendings--;
	d->before_hole -= d->before_hole > 0;
	pool_put(d->env->pool, p, sizeof *p);
}

void dialogue_unpend_all(struct dialogue *d)
{
	while (d->head)
		dialogue_unpend(d);
}

/* No reply told what the client's bytes are, and no more can be held: the likeliest is taken, and
 * beyond a command it is not trusted. */
static void wait_guess(struct dialogue *d)
{
	if (!d->started) {
		d->started = true;
		return;
	}
	if (d->mode == MODE_REFUSED) {
		d->mode = MODE_CHUNK;
		return;
	}
	if (d->mode == MODE_TLS_DUE || d->mode == MODE_TLS_MAY) {
		d->mode = MODE_COMMAND;
		return;
	}
	bool soft = d->mode == MODE_SOFT;
	d->hard_only = soft;
	bool raw = d->tail && d->tail->verb == SMTP_XEXCH50 && d->chunk > 0;
	d->mode = soft || (d->tail && d->tail->verb == SMTP_DATA) ? MODE_CONTENT
		  : raw                                           ? MODE_RAW
								  : MODE_COMMAND;
	if (!soft)
		dialogue_lose(d, CLIENT, 0);
}

static void content_emit(struct dialogue *d, struct bytes bytes, uint64_t len)
{
	if (len > 0)
		d->env->listener->content(d, bytes, len);
}

struct smtp_pending *dialogue_client_end(struct dialogue *d, unsigned flaws, int64_t ts)
{
	d->mode = MODE_COMMAND;
	d->hole = d->hard_only = false;
	dialogue_emit_flaw(d, flaws);
	struct smtp_pending *p = dialogue_pend(d, SMTP_END, bytes_of(NULL, 0), ts);
	if (p) {
		p->last = true;
		p->read = d->early;
	}
	d->early = 0;
	secret_words_content_end(d->secrets, d->env->pool);
	d->env->listener->end(d, p, ts);
	return p;
}

static size_t content_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	size_t used;
	enum content_end end = content_scan(&d->content, in, &used);
	d->offset[CLIENT] += used;
	/* A server that has spoken inside it may read the rest as commands. */
	if (d->early)
		dialogue_secret_content(d, bytes_first(in, used));
	content_emit(d, bytes_first(in, used), used);
	if (end == CONTENT_END) {
		dialogue_client_end(d, 0, ts);
	} else if (end == CONTENT_SOFT_END && !d->hard_only) {
		d->mode = MODE_SOFT;
		d->probe = d->content;
	}
	return used;
}

/* A chunk is complete: the LAST one ends the message. */
static void chunk_done(struct dialogue *d, int64_t ts)
{
	d->mode = MODE_COMMAND;
	struct smtp_pending *p = d->tail;
	if (p && p->verb == SMTP_BDAT && p->last) {
		p->end = d->server_over ? p->end : d->offset[CLIENT];
		p->knew = d->acked[CLIENT];
		p->ts = ts;
		d->env->listener->end(d, p, ts);
	}
}

static void chunk_begin(struct dialogue *d, struct smtp_pending *p, struct bytes args, int64_t ts)
{
	uint64_t size;
	bool last;
	if (!smtp_bdat_read(args, &size, &last)) {
		dialogue_emit_flaw(d, FLAW_BAD_CHUNK);
		return;
	}
	if (p)
		p->last = last;
	d->chunk = size;
	d->mode = MODE_CHUNK;
	if (size == 0)
		chunk_done(d, ts);
}

/* BURL ... LAST (RFC 4468 3): BDAT whose bytes the server fetches itself. */
static void burl_begin(struct dialogue *d, struct smtp_pending *p, struct bytes args, int64_t ts)
{
	enum { LAST = 4 /* letters */ };
	if (p)
		p->last = args.n > LAST && ascii_blank(args.p[args.n - LAST - 1]) &&
			  ascii_begins(bytes_from(args, args.n - LAST), "LAST");
	d->chunk = 0;
	chunk_done(d, ts);
}

/* The bytes that XEXCH50 announced have come: they have a reply of their own. */
void dialogue_raw_end(struct dialogue *d, int64_t ts)
{
	d->mode = MODE_COMMAND;
	pending_add(d, SMTP_XEXCH50, ts);
}

void dialogue_raw_begin(struct dialogue *d, int64_t ts)
{
	if (d->chunk == 0)
		dialogue_raw_end(d, ts);
}

static size_t raw_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	size_t used = in.n < d->chunk ? in.n : (size_t)d->chunk;
	d->offset[CLIENT] += used;
	d->chunk -= used;
	if (d->chunk == 0)
		dialogue_raw_end(d, ts);
	return used;
}

static size_t chunk_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	size_t used = in.n < d->chunk ? in.n : (size_t)d->chunk;
	d->offset[CLIENT] += used;
	d->chunk -= used;
	d->hole = false;
	content_emit(d, bytes_first(in, used), used);
	if (d->chunk == 0)
		chunk_done(d, ts);
	return used;
}

/* Line flaws have the same meaning as the session's, one bit each. */
static unsigned line_flaws(unsigned flaws)
{
	return (flaws & LINE_BARE_LF ? FLAW_BARE_LF : 0u) |
	       (flaws & LINE_LONE_CR ? FLAW_LONE_CR : 0u) | (flaws & LINE_NUL ? FLAW_NUL : 0u) |
	       (flaws & LINE_LONG ? FLAW_LONG_LINE : 0u);
}

/* What the command makes of the client's next bytes. */
static void command_goes_on(struct dialogue *d, const struct smtp_command *c,
			    struct smtp_pending *p, int64_t ts)
{
	switch (c->verb) {
	case SMTP_BDAT:
		chunk_begin(d, p, c->args, ts);
		return;
	case SMTP_BURL:
		burl_begin(d, p, c->args, ts);
		return;
	case SMTP_XEXCH50: {
		struct bytes args = c->args;
		/* As of a verb that nobody knows, what follows cannot be told. */
		if (!smtp_number(ascii_word(&args), &d->chunk) && p)
			p->verb = SMTP_UNKNOWN;
		break;
	}
	default:
		break;
	}
	bool awaits = p && (smtp_verbs[p->verb].traits & SMTP_AWAITS);
	if (awaits && !d->lost)
		d->mode = MODE_WAIT;
	d->maybe_message |= awaits;
}

static void command_line(struct dialogue *d, const struct line_out *line, int64_t ts)
{
	struct smtp_command c = smtp_command_read(line->text);
	/* While the pairing is lost a lone dot is most likely the end of a message whose beginning
	 * was missed. */
	if (d->lost && c.verb == SMTP_UNKNOWN && bytes_equal(line->text, bytes_str("."))) {
		dialogue_client_end(d, 0, ts);
		return;
	}
	if (smtp_verbs[c.verb].args > SMTP_ARGS_NONE)
		dialogue_secret_command(d, &c);
	/* ... and what is no SMTP is most likely a line of that message. */
	if (d->lost && (c.verb == SMTP_UNKNOWN || c.verb == SMTP_NOT_SMTP))
		return;
	unsigned flaws = line_flaws(line->flaws);
	if (d->tail && !d->lost && !d->server_over &&
	    (smtp_verbs[d->tail->verb].traits & SMTP_ENDS_GROUP))
		flaws |= FLAW_BAD_PIPELINING;
	if (d->head && d->head->verb == SMTP_CONNECT && !d->server_over)
		flaws |= FLAW_PREGREET;
	if (c.verb == SMTP_NOT_SMTP)
		flaws |= FLAW_NOT_SMTP;
	dialogue_emit_flaw(d, flaws);
	struct smtp_pending *p = dialogue_pend(d, c.verb, c.args, ts);
	if (p)
		p->blank = c.verb == SMTP_UNKNOWN && ascii_trim(c.args).n == 0;
	command_goes_on(d, &c, p, ts);
}

/* Of what answers a 334 hashes of its words are kept, and it is looked at for one thing: whether it
 * may be a QUIT that was meant as such. */
static void auth_line(struct dialogue *d, const struct line_out *line, int64_t ts)
{
	struct smtp_pending *p = dialogue_pend(d, SMTP_AUTH_LINE, bytes_of(NULL, 0), ts);
	dialogue_secret_login(d, line->text);
	if (p)
		p->maybe_quit = smtp_command_read(line->text).verb == SMTP_QUIT;
	d->mode = p && !d->lost ? MODE_WAIT : MODE_COMMAND;
}

static bool is_command(struct bytes line)
{
	enum smtp_verb verb = smtp_command_read(line).verb;
	return verb != SMTP_UNKNOWN && verb != SMTP_NOT_SMTP;
}

/* What comes behind a hole that began within a line may be the rest of that one, or the next one,
 * which can be told where it is a command. */
static size_t line_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	struct bytes rest = in;
	struct line_out line;
	bool whole = line_next(&d->line[CLIENT], d->env->pool, &rest, &line);
	d->offset[CLIENT] += in.n - rest.n;
	if (!whole)
		return in.n;
	bool tail = d->skip[CLIENT] && !is_command(line.text);
	d->skip[CLIENT] = false;
	if (d->mode == MODE_AUTH && !tail)
		auth_line(d, &line, ts);
	else if (!tail)
		command_line(d, &line, ts);
	line_reset(&d->line[CLIENT], d->env->pool);
	return in.n - rest.n;
}

/* The first bytes of a client, or those after STARTTLS, that are the beginning of a TLS record (RFC
 * 8446 5.1). */
static bool tls_begins(const struct dialogue *d, struct bytes in)
{
	return line_idle(&d->line[CLIENT]) && in.n >= TLS_PREFIX && in.p[0] == TLS_HANDSHAKE &&
	       in.p[1] == TLS_MAJOR;
}

/* One byte more must tell. */
static bool tls_may_begin(const struct dialogue *d, struct bytes in)
{
	return line_idle(&d->line[CLIENT]) && in.n == 1 && in.p[0] == TLS_HANDSHAKE;
}

static size_t first_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	bool sure = d->mode == MODE_TLS_DUE, due = sure || d->mode == MODE_TLS_MAY;
	if (due && tls_may_begin(d, in))
		return 0;
	if (tls_begins(d, in)) {
		dialogue_tls_bytes(d, CLIENT, in, in.n);
		if (due) {
			dialogue_tls(d);
		} else {
			d->mode = MODE_FOREIGN;
			dialogue_emit_flaw(d, FLAW_NOT_SMTP);
			struct smtp_pending *p =
				dialogue_pend(d, SMTP_NOT_SMTP, bytes_str("TLS ClientHello"), ts);
			/* How much of it came at once must not matter: these told what it is. */
			if (p)
				p->end = d->offset[CLIENT] - in.n + TLS_PREFIX;
		}
		return in.n;
	}
	if (due) {
		d->mode = MODE_COMMAND;
		dialogue_emit_flaw(d, sure ? FLAW_STARTTLS_PLAINTEXT : 0);
		if (dialogue_lost_waits(d))
			return 0;
	}
	return line_run(d, in, ts);
}

/* The very first bytes: a PROXY header in front of the dialogue has no reply of its own. */
static size_t start_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	struct proxy_header header;
	enum proxy proxy = proxy_read(in, &header);
	if (proxy == PROXY_SHORT || (proxy == PROXY_NONE && tls_may_begin(d, in)))
		return 0;
	d->started = true;
	if (proxy == PROXY_NONE)
		return first_run(d, in, ts);
	d->offset[CLIENT] += header.length;
	d->env->listener->proxy(d, &header);
	return header.length;
}

/* RFC 3030 2: the refused chunk's bytes still follow. A client that knows better sends a command
 * instead, and no chunk begins with the line of one. */
static size_t refused_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	/* No farther, or what it is would depend on how much came at once. */
	size_t upto = d->chunk < REFUSED_LOOK ? (size_t)d->chunk : REFUSED_LOOK;
	const uint8_t *lf = memchr(in.p, '\n', in.n < upto ? in.n : upto);
	if (!lf && in.n < upto)
		return 0;
	bool command = lf && is_command(bytes_of(in.p, (size_t)(lf - in.p) -
							       (lf > in.p && lf[-1] == '\r')));
	d->mode = command ? MODE_COMMAND : MODE_CHUNK;
	if (!command) /* the server may */
		dialogue_secret_text(d, bytes_first(in, upto));
	return command ? line_run(d, in, ts) : chunk_run(d, in, ts);
}

/* Reads the next piece; 0: its meaning is not known yet. */
static size_t piece_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	switch ((enum dialogue_mode)d->mode) {
	case MODE_COMMAND:
		if (dialogue_lost_waits(d))
			return 0;
		return d->started ? line_run(d, in, ts) : start_run(d, in, ts);
	case MODE_TLS_DUE:
	case MODE_TLS_MAY:
		return first_run(d, in, ts);
	case MODE_RAW:
		return raw_run(d, in, ts);
	case MODE_AUTH:
		return line_run(d, in, ts);
	case MODE_CONTENT:
		return content_run(d, in, ts);
	case MODE_CHUNK:
		return chunk_run(d, in, ts);
	case MODE_REFUSED:
		return refused_run(d, in, ts);
	case MODE_TURNED:
	case MODE_ANSWER:
		d->offset[CLIENT] += in.n;
		return in.n;
	case MODE_WAIT:
	case MODE_SOFT:
		return 0;
	case MODE_FOREIGN:
	case MODE_TLS:
		break;
	}
	dialogue_tls_bytes(d, CLIENT, in, in.n);
	return in.n;
}

/*
 * While a soft end is doubtful, a hard one among the bytes that follow settles it: a server that
 * does not take the soft one sees one message up to there, and one that does would have answered
 * before. The dot with a bare LF inside is what smuggling is made of.
 */
static bool soft_settled(struct dialogue *d, struct bytes more)
{
	size_t used;
	enum content_end end;
	do {
		end = content_scan(&d->probe, more, &used);
		more = bytes_from(more, used);
	} while (end == CONTENT_SOFT_END);
	return end == CONTENT_END;
}

bool dialogue_waits_for_bytes(const struct dialogue *d)
{
	return !d->started || d->mode == MODE_REFUSED || d->mode == MODE_TLS_DUE ||
	       d->mode == MODE_TLS_MAY;
}

void dialogue_client_run(struct dialogue *d, struct bytes in, int64_t ts)
{
	/* What was held for being too short to be known is read again with what has come. */
	if (dialogue_waits_for_bytes(d) && d->undecided && dialogue_undecided_add(d, in)) {
		dialogue_client_resume(d, ts);
		return;
	}
	while (in.n > 0) {
		size_t used = piece_run(d, in, ts);
		in = bytes_from(in, used);
		if (used > 0)
			continue;
		if (dialogue_lost_waits(d)) {
			dialogue_lost_add(d, in);
			return;
		}
		if (d->mode == MODE_WAIT && d->tail && d->tail->verb != SMTP_STARTTLS)
			dialogue_emit_flaw(d, FLAW_BAD_PIPELINING);
		if (dialogue_undecided_add(d, in)) {
			if (d->mode != MODE_SOFT || !soft_settled(d, in))
				return;
			dialogue_emit_flaw(d, FLAW_SMUGGLING);
			d->mode = MODE_CONTENT;
			d->hard_only = true;
			dialogue_client_resume(d, ts);
			return;
		}
		wait_guess(d);
		dialogue_client_resume(d, ts);
	}
}

void dialogue_client_resume(struct dialogue *d, int64_t ts)
{
	struct undecided *undecided = d->undecided;
	d->undecided = NULL;
	if (undecided)
		dialogue_client_run(d, bytes_of(undecided->bytes, undecided->n), ts);
	dialogue_undecided_block_free(undecided, d->env->pool);
	if (d->fin_waits && (!d->undecided || dialogue_lost_waits(d)) && d->mode != MODE_WAIT &&
	    d->mode != MODE_SOFT) {
		d->fin_waits = false;
		d->env->listener->fin(d, CLIENT);
	}
}

/* The part of a hole that lies in the chunk: where that ends is known all the same. Returns the
 * rest. */
static uint64_t chunk_gap(struct dialogue *d, uint64_t len, int64_t ts)
{
	uint64_t inside = len < d->chunk ? len : d->chunk;
	d->chunk -= inside;
	if (d->mode == MODE_RAW) {
		d->offset[CLIENT] += inside;
		if (d->chunk == 0)
			dialogue_raw_end(d, ts);
		return len - inside;
	}
	d->hole = true; /* its last byte may be no byte but the FIN */
	d->offset[CLIENT] += inside;
	content_emit(d, bytes_of(NULL, 0), inside);
	if (d->chunk == 0)
		chunk_done(d, ts);
	return len - inside;
}

void dialogue_client_gap(struct dialogue *d, uint64_t len, int64_t ts)
{
	switch ((enum dialogue_mode)d->mode) {
	case MODE_CHUNK:
	case MODE_RAW:
		len = chunk_gap(d, len, ts);
		if (len == 0)
			return;
		break;
	case MODE_ANSWER:
		d->offset[CLIENT] += len;
		return;
	case MODE_CONTENT:
		d->hole = true;
		d->offset[CLIENT] += len;
		content_gap(&d->content);
		secret_words_content_end(d->secrets, d->env->pool);
		content_emit(d, bytes_of(NULL, 0), len);
		return;
	case MODE_TLS:
		dialogue_tls_bytes(d, CLIENT, bytes_of(NULL, 0), len);
		return;
	default:
		break;
	}
	if (d->undecided && !dialogue_lost_waits(d)) {
		wait_guess(d);
		dialogue_client_resume(d, ts);
	}
	d->skip[CLIENT] = !line_idle(&d->line[CLIENT]);
	if (dialogue_lost_waits(d))
		dialogue_lost_skip(d);
	dialogue_undecided_free(d);
	d->offset[CLIENT] += len;
	d->mode = MODE_COMMAND;
	d->started = true;
	line_reset(&d->line[CLIENT], d->env->pool);
	d->before_hole = d->pendings;
	dialogue_lose(d, CLIENT, len);
}
