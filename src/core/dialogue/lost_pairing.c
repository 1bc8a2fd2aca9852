/*
 * lost_pairing.c - what the client says while the pairing is lost: a line may be a command, or one
 * of a message whose DATA is missing. It is held until a reply tells: to a line in the middle of a
 * message there is none, so that what a 2yz or 3yz acknowledges ends with a command, or with the
 * dot.
 */
#include "base/ascii.h"
#include "core/dialogue/parts.h"

/* What is held, as far as the server had it when it replied. Counts are of the lines behind the
 * last one that can be no command. */
struct undecided_lines {
	size_t from, upto; /* those lines; the last of them is whole */
	unsigned commands;
	enum smtp_verb last;
	unsigned lines; /* all of them */
	bool tail;      /* the first is the rest of one that began in a hole */
	bool pure;      /* no other line was passed over */
	bool ended;     /* the last is a lone dot */
};

static struct bytes line_at(struct bytes text, size_t *next)
{
	const uint8_t *lf = memchr(text.p, '\n', text.n);
	size_t n = lf ? (size_t)(lf - text.p) : text.n;
	*next = lf ? n + 1 : 0;
	return bytes_of(text.p, n > 0 && text.p[n - 1] == '\r' ? n - 1 : n);
}

/* The chunk behind a line of BDAT; more than there is: a server answers the chunk, not the line. */
static uint64_t chunk_behind(const struct smtp_command *c)
{
	uint64_t size = 0;
	bool last;
	if (c->verb == SMTP_BDAT && !smtp_bdat_read(c->args, &size, &last))
		return 0;
	return size;
}

static void line_take(struct undecided_lines *h, struct bytes line, bool tail)
{
	h->lines++;
	struct smtp_command c = smtp_command_read(line);
	if (bytes_equal(line, bytes_str("."))) {
		h->from = h->upto;
		h->commands = 1;
		h->pure = h->ended = true;
	} else if (c.verb != SMTP_UNKNOWN && c.verb != SMTP_NOT_SMTP) {
		h->commands++;
		h->ended = false;
		h->last = c.verb;
	} else {
		h->commands = 0;
		h->pure &= tail;
		h->ended = false;
	}
}

static struct undecided_lines lines_read(const struct dialogue *d, struct bytes text)
{
	bool tail = d->skip[CLIENT] || !line_idle(&d->line[CLIENT]);
	struct undecided_lines h = {.pure = true, .tail = tail};
	for (size_t next; h.upto < text.n; tail = false) {
		struct bytes line = line_at(bytes_from(text, h.upto), &next);
		if (next == 0)
			break;
		struct smtp_command c = smtp_command_read(line);
		uint64_t chunk = chunk_behind(&c);
		line_take(&h, line, tail);
		h.upto += next;
		if (h.commands == 0 && !tail)
			h.from = h.upto;
		if (chunk > text.n - h.upto)
			return (struct undecided_lines){.upto = text.n};
		h.upto += (size_t)chunk;
	}
	return h;
}

/* A refusal or a farewell may come inside a message too: it is believed to answer no more than one
 * command, or QUIT behind others. */
static bool is_answered(const struct undecided_lines *h, uint16_t code)
{
	if (h->commands == 0)
		return false;
	if (code == 221)
		return !h->ended && h->last == SMTP_QUIT && h->pure;
	return h->ended || code < 400 || (h->commands == 1 && h->pure);
}

/* The first n bytes that are held are what they look like. */
static void read_on(struct dialogue *d, size_t n, int64_t ts)
{
	struct undecided *undecided = d->undecided;
	d->undecided = NULL;
	d->answered = true;
	d->maybe_message = false;
	dialogue_client_run(d, bytes_of(undecided->bytes, n), ts);
	d->answered = false;
	if (n < undecided->n)
		dialogue_client_run(d, bytes_of(undecided->bytes + n, undecided->n - n), ts);
	dialogue_undecided_block_free(undecided, d->env->pool);
}

/* 354 is said to DATA alone, and what comes behind that is the message, whatever it looks like (RFC
 * 5321 4.1.1.4). Nothing else is outstanding then: DATA ends its group (RFC 2920 3.1). */
static void data_was_sent(struct dialogue *d, const struct undecided_lines *h, size_t acked,
			  int64_t ts)
{
	bool seen = h->commands > 0 && h->last == SMTP_DATA && h->upto == acked;
	if (seen) {
		dialogue_undecided_skip(d, h->from);
		read_on(d, acked - h->from, ts);
		return;
	}
	/* DATA is inferred only where no other whole line of the client's could have got this 354:
	 * some servers say 354 to other commands. */
	bool hidden = d->offset[CLIENT] > 0 && (acked == 0 || (h->lines == 1 && h->tail));
	dialogue_undecided_skip(d, acked);
	if (!hidden || (d->tail && d->tail->end == d->offset[CLIENT]))
		return;
	dialogue_unpend_all(d);
	struct smtp_pending *p = dialogue_pend(d, SMTP_DATA, bytes_of(NULL, 0), ts);
	if (p)
		p->inferred = true;
}

void dialogue_lost_reply(struct dialogue *d, uint16_t code, int64_t ts)
{
	uint64_t acked = d->acked[SERVER] > d->offset[CLIENT] ? d->acked[SERVER] - d->offset[CLIENT]
							      : 0;
	struct bytes undecided = dialogue_undecided(d);
	/* What this reply answers was not captured, or comes later: of what is held it tells
	 * nothing. */
	if (acked > undecided.n)
		return;
	size_t n = (size_t)acked;
	struct undecided_lines h = lines_read(d, bytes_first(undecided, n));
	if (code == 354) {
		data_was_sent(d, &h, n, ts);
	} else if (is_answered(&h, code)) {
		dialogue_undecided_skip(d, h.from);
		read_on(d, h.upto - h.from, ts);
	} else {
		dialogue_undecided_skip(d, h.upto);
	}
}

void dialogue_lost_quit(struct dialogue *d, int64_t ts)
{
	struct bytes undecided = dialogue_undecided(d);
	struct undecided_lines h = lines_read(d, undecided);
	if (h.upto == undecided.n && h.commands == 1 && h.pure && h.last == SMTP_QUIT)
		read_on(d, undecided.n, ts);
}
