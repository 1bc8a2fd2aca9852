/* trace.c - a session that is watched from within: each event is told, and then goes its
 * usual way. Sessions that nobody watches do not come by here. */
#include "core/session/trace.h"
#include "core/dialogue/ehlo_cache.h"
#include "core/session/state.h"

static enum stage stage_of(const struct session *s, const struct smtp_pending *p)
{
	return p ? session_stage_of(s, p) : session_stage_now(s, true);
}

static void emit(struct dialogue *d, struct trace_event e)
{
	e.offset = e.offset ? e.offset : d->offset[e.side];
	e.holed = d->holed;
	trace_emit(d->env->trace, &e);
}

/* What a command is about is known when the session has taken it. */
static void on_command(struct dialogue *d, const struct smtp_event *e)
{
	session_listener.command(d, e);
	emit(d, (struct trace_event){.kind = TRACE_COMMAND,
				     .side = CLIENT,
				     .stage = stage_of(session_of(d), e->pending),
				     .ts = e->ts,
				     .offset = e->pending->end,
				     .text = e->text,
				     .pending = e->pending});
}

static void on_reply_line(struct dialogue *d, const struct smtp_pending *p,
			  const struct smtp_reply *line)
{
	enum stage stage = stage_of(session_of(d), p);
	emit(d, (struct trace_event){.kind = TRACE_REPLY_LINE,
				     .side = SERVER,
				     .stage = stage,
				     .text = line->text,
				     .pending = p});
	session_listener.reply_line(d, p, line);
}

static void on_uncoded(struct dialogue *d, struct bytes text)
{
	const struct session *s = session_of(d);
	enum stage stage = stage_of(s, d->head);
	emit(d, (struct trace_event){.kind = TRACE_UNCODED,
				     .side = SERVER,
				     .stage = stage,
				     .ts = s->last_byte[SERVER],
				     .text = text});
	session_listener.uncoded(d, text);
}

static void on_skipped(struct dialogue *d, struct smtp_pending *p)
{
	session_listener.skipped(d, p);
}

static void on_reply(struct dialogue *d, const struct smtp_event *e)
{
	const struct session *s = session_of(d);
	bool quit = e->pending ? e->pending->verb == SMTP_QUIT : s->fin[CLIENT];
	emit(d, (struct trace_event){.kind = TRACE_REPLY,
				     .side = SERVER,
				     .stage = stage_of(s, e->pending),
				     .ts = e->ts,
				     .text = e->text,
				     .pending = e->pending,
				     .reply = e->reply,
				     .unasked = e->reply->code == 221 && !e->lost && !quit,
				     .behind_quit = s->quit_sent && !s->quit_answered,
				     .early = e->early});
	session_listener.reply(d, e);
}

static void on_content(struct dialogue *d, struct bytes text, uint64_t len)
{
	const struct session *s = session_of(d);
	enum stage stage = s->sending && s->sending->chunked ? STAGE_BDAT : STAGE_DATA;
	emit(d, (struct trace_event){.kind = TRACE_CONTENT,
				     .side = CLIENT,
				     .stage = stage,
				     .ts = s->last_byte[CLIENT],
				     .bytes = len});
	session_listener.content(d, text, len);
}

static void on_end(struct dialogue *d, struct smtp_pending *p, int64_t ts)
{
	session_listener.end(d, p, ts);
	emit(d, (struct trace_event){.kind = TRACE_END,
				     .side = CLIENT,
				     .stage = STAGE_END_OF_MESSAGE,
				     .ts = ts,
				     .offset = p ? p->end : 0,
				     .pending = p});
}

static void on_lost(struct dialogue *d, enum side side, uint64_t len)
{
	emit(d, (struct trace_event){.kind = TRACE_LOST,
				     .side = side,
				     .stage = session_stage_now(session_of(d), true),
				     .bytes = len});
	session_listener.lost(d, side, len);
}

static void on_tls(struct dialogue *d)
{
	struct session *s = session_of(d);
	session_listener.tls(d);
	emit(d, (struct trace_event){.kind = TRACE_TLS,
				     .side = CLIENT,
				     .stage = STAGE_STARTTLS,
				     .ts = s->last_byte[CLIENT]});
}

static void on_proxy(struct dialogue *d, const struct proxy_header *header)
{
	session_listener.proxy(d, header);
}

static void on_tls_bytes(struct dialogue *d, enum side side, struct bytes text, uint64_t len)
{
	session_listener.tls_bytes(d, side, text, len);
}

static void on_fin(struct dialogue *d, enum side side)
{
	session_listener.fin(d, side);
}

static void on_flaw(struct dialogue *d, unsigned flaws)
{
	session_listener.flaw(d, flaws);
}

static const struct dialogue_listener traced = {
	.command = on_command,
	.reply_line = on_reply_line,
	.uncoded = on_uncoded,
	.skipped = on_skipped,
	.reply = on_reply,
	.content = on_content,
	.end = on_end,
	.lost = on_lost,
	.proxy = on_proxy,
	.tls = on_tls,
	.tls_bytes = on_tls_bytes,
	.fin = on_fin,
	.flaw = on_flaw,
};

struct dialogue_env *session_env(struct pool *pool, const struct tls_decryptor *decryptor,
				 const struct trace_observer *trace, const uint64_t seed[2])
{
	struct dialogue_env *env = pool_get(pool, sizeof *env);
	if (env)
		*env = (struct dialogue_env){.pool = pool,
					     .listener = trace ? &traced : &session_listener,
					     .decryptor = decryptor,
					     .trace = trace,
					     .ehlo = trace ? NULL : ehlo_cache_new(pool),
					     .seed = {seed[0], seed[1]}};
	return env;
}
