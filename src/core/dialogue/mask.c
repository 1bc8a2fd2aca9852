/* mask.c - what of the client's lines may be a password or a part of a message, and the
 * server's lines without it. */
#include "base/ascii.h"
#include "core/dialogue/parts.h"
#include "core/smtp/sasl.h"

/* Of what is held no more is looked at: what a server repeats is what it could not read, and that
 * is the first of it. */
enum { LOOK = 4096 };

/* False: there is no room for it, and the words that came are lost for good. */
static bool has_set(struct dialogue *d)
{
	if (!d->secrets && !d->secrets_lost) {
		d->secrets = secret_words_new(d->env->pool);
		d->secrets_lost = !d->secrets;
	}
	return d->secrets;
}

static void take(struct dialogue *d, struct bytes text, bool login)
{
	if (text.n >= SECRET_WORD_MIN && has_set(d))
		secret_words_add(&d->secrets, d->env->pool, d->env->seed, text, login);
}

void dialogue_secret_text(struct dialogue *d, struct bytes text)
{
	take(d, text, false);
}

void dialogue_secret_content(struct dialogue *d, struct bytes text)
{
	if (has_set(d))
		secret_words_add_content(&d->secrets, d->env->pool, d->env->seed, text);
}

void dialogue_secret_login(struct dialogue *d, struct bytes text)
{
	take(d, text, true);
}

/* Nearly all MAIL and RCPT have no parameter but SIZE and BODY. */
static void params_take(struct dialogue *d, struct bytes args)
{
	if (args.n == 0 || !memchr(args.p, '=', args.n))
		return;
	struct bytes params = smtp_path_read(args).params;
	for (struct bytes value; smtp_param_secret(&params, &value);)
		take(d, value, false);
}

void dialogue_secret_command(struct dialogue *d, const struct smtp_command *c)
{
	struct bytes args = c->args;
	switch ((enum smtp_args)smtp_verbs[c->verb].args) {
	case SMTP_ARGS_SASL:
		sasl_mechanism(c->args, &args);
		take(d, args, true);
		break;
	case SMTP_ARGS_URL:
		take(d, args, true);
		break;
	case SMTP_ARGS_PATH:
		params_take(d, args);
		break;
	case SMTP_ARGS_LOGIN:
		if (smtp_param(c->args, "LOGIN", &args))
			take(d, args, true);
		break;
	case SMTP_ARGS_UNKNOWN:
		take(d, args, false);
		break;
	default:
		break;
	}
}

static struct bytes line_next_of(struct bytes *text)
{
	const uint8_t *lf = memchr(text->p, '\n', text->n);
	size_t n = lf ? (size_t)(lf - text->p) : text->n;
	struct bytes line = ascii_trim(bytes_first(*text, n));
	*text = bytes_from(*text, lf ? n + 1 : n);
	return line;
}

/* A lone dot: what lies before it is a message that the server has taken, and no command. */
static bool has_dot(struct bytes text)
{
	while (text.n > 0)
		if (bytes_equal(line_next_of(&text), bytes_str(".")))
			return true;
	return false;
}

/* answer: the first line may be one to a 334. */
static void lines_take(struct dialogue *d, struct bytes text, bool answer)
{
	for (; text.n > 0; answer = false) {
		struct bytes line = line_next_of(&text);
		struct smtp_command c = smtp_command_read(line);
		if (answer)
			dialogue_secret_login(d, line);
		else
			dialogue_secret_command(d, &c);
	}
}

/* What the client has said and is not read yet: half a line, or lines whose meaning is not known.
 * Once for each byte, or nearly so. */
static void unread_take(struct dialogue *d)
{
	struct bytes undecided = bytes_first(dialogue_undecided(d), LOOK);
	const struct line *line = &d->line[CLIENT];
	bool lost = dialogue_lost_waits(d), lines = d->mode == MODE_COMMAND || d->mode == MODE_AUTH;
	uint64_t end = d->offset[CLIENT] + undecided.n;
	if (!lines && d->mode != MODE_WAIT && d->mode != MODE_CONTENT)
		return;
	if (!has_set(d) || secret_words_upto(d->secrets) >= end)
		return;
	secret_words_upto_set(d->secrets, end);
	dialogue_secret_text(d, secret_words_unended(d->secrets));
	if (line->partial && lines)
		lines_take(d, bytes_of(line->partial, line->n), d->mode == MODE_AUTH);
	if (undecided.n > 0 && (lost ? !has_dot(undecided) : d->mode == MODE_WAIT))
		lines_take(d, undecided, d->tail && d->tail->verb == SMTP_AUTH);
}

/* What accepts a command that bears no secret repeats none: nearly all lines behind an AUTH are of
 * this kind. */
static bool is_ordinary(const struct dialogue *d, const struct smtp_reply *r)
{
	const struct smtp_pending *p = d->head;
	if (!p || d->lost || r->code == 0 || r->code >= 400 ||
	    (r->code == 221 && p->verb != SMTP_QUIT))
		return false;
	return smtp_verbs[p->sent_verb].args <= SMTP_ARGS_NONE;
}

struct bytes dialogue_mask(struct dialogue *d, const struct smtp_reply *r,
			   uint8_t to[MASKED_TEXT_MAX])
{
	if (is_ordinary(d, r))
		return r->text;
	bool refusal = r->code == 0 || r->code >= 400;
	if (refusal)
		unread_take(d);
	return d->secrets || d->secrets_lost
		       ? secret_words_mask(d->secrets, d->env->seed, r->text, refusal, to)
		       : r->text;
}
