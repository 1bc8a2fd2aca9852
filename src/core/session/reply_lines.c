/* reply_lines.c - replies of several lines (RFC 5321 4.2.1: the text is all of them), and lines
 * of a server that are no replies. */
#include "core/session/state.h"

/* X.0.0 and X.7.0 tell nothing that the code does not (RFC 3463 3.1, 3.8). */
static bool is_specific(struct smtp_enhanced e)
{
	return e.class != 0 && e.detail != 0;
}

/* The more specific of two. */
static struct smtp_enhanced enhanced_better(struct smtp_enhanced a, struct smtp_enhanced b)
{
	return is_specific(a) || b.class == 0 || (a.class != 0 && !is_specific(b)) ? a : b;
}

static struct session_lines *lines_new(struct pool *pool)
{
	struct session_lines *l = pool_get(pool, sizeof *l);
	if (l)
		l->n = l->code = 0;
	return l;
}

/* Another code begins another reply (RFC 5321 4.2.1): postscreen's greeting of two parts is one,
 * and its refusal in between. */
static void lines_begin(struct session_lines *l, uint16_t code)
{
	if (l->code == code)
		return;
	l->n = 0;
	l->code = code;
	l->enhanced = (struct smtp_enhanced){0};
}

/* Adds a line as far as there is room. */
static void lines_add(struct session_lines *l, struct bytes text)
{
	if (l->n > 0 && l->n < sizeof l->text)
		l->text[l->n++] = '\n';
	text = bytes_first(text, sizeof l->text - l->n);
	if (text.n > 0)
		memcpy(l->text + l->n, text.p, text.n);
	l->n = (uint16_t)(l->n + text.n);
}

/* What was said last of a size counts, if it is one; of STARTTLS, what was said first. */
void session_offer(struct dialogue *d, const struct smtp_offer *offer)
{
	struct session_info *info = &session_of(d)->info;
	info->extensions |= offer->extensions;
	if (offer->size)
		info->size_limit = offer->size;
	if (info->starttls == STARTTLS_NO &&
	    (offer->extensions & (SMTP_EXT_STARTTLS | SMTP_EXT_MASKED)))
		info->starttls = offer->masked ? STARTTLS_STRIPPED : STARTTLS_OFFERED;
}

void session_extensions_read(struct session *s, struct bytes text)
{
	struct smtp_offer offer = {0};
	smtp_offer_add(&offer, text);
	session_offer(&s->dialogue, &offer);
}

/* The lines of a greeted EHLO are its extensions, which are kept as such. */
void session_reply_line(struct dialogue *d, const struct smtp_pending *p,
			const struct smtp_reply *line)
{
	struct session *s = session_of(d);
	bool hello = p && (p->verb == SMTP_EHLO || p->verb == SMTP_LHLO) && line->code / 100 == 2;
	if (hello)
		session_extensions_read(s, line->text);
	else if (p && p->verb == SMTP_CONNECT &&
		 !strings_find(&s->info.strings, STRING_BANNER).text.p)
		strings_set(&s->info.strings, session_pool(s), STRING_BANNER, 0, line->text);
	if (hello)
		return;
	if (!s->lines)
		s->lines = lines_new(session_pool(s));
	if (!s->lines)
		return;
	lines_begin(s->lines, line->code);
	lines_add(s->lines, line->text);
	s->lines->enhanced = enhanced_better(s->lines->enhanced, line->enhanced);
}

void session_lines_join(struct session *s, struct smtp_reply *r)
{
	if (!s->lines)
		return;
	lines_begin(s->lines, r->code);
	lines_add(s->lines, r->text);
	r->text = bytes_of(s->lines->text, s->lines->n);
	r->enhanced = enhanced_better(r->enhanced, s->lines->enhanced);
}

void session_lines_forget(struct session *s)
{
	pool_put(session_pool(s), s->lines, sizeof *s->lines);
	s->lines = NULL;
}

void session_uncoded(struct dialogue *d, struct bytes text)
{
	struct session *s = session_of(d);
	if (text.n == 0)
		return;
	strings_set(&s->info.strings, session_pool(s), STRING_UNCODED, 0, text);
	s->info.uncoded = true;
}

void session_lines_end(struct session *s)
{
	if (s->lines->n > 0)
		session_uncoded(&s->dialogue, bytes_of(s->lines->text, s->lines->n));
}
