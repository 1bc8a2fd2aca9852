/* engine_run.c - the fixture of the engines' tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "lib/engine_run.h"

struct engine_run *engine_run_new(const struct stream_engine *engine)
{
	struct engine_run *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->engine = engine;
	port_set_add(&r->ports, 25);
	r->config = stream_config_default();
	r->config.max_conns = 1000;
	r->config.ports = &r->ports;
	return r;
}

struct engine_run *engine_run_talk(const struct stream_engine *engine, struct talk *t)
{
	struct engine_run *r = engine_run_new(engine);
	assert_non_null(r);
	*t = talk_v4(&r->in, 1);
	return r;
}

void engine_run_free(struct engine_run *r)
{
	segments_free(&r->in);
	transcript_free(&r->out);
	free(r);
}

void engine_run_batches(struct engine_run *r, size_t batch)
{
	transcript_free(&r->out);
	r->stats = transcript_run(&r->out, r->engine, &r->config, r->in.packets, r->in.n, batch);
}

struct heard *engine_run_one(struct engine_run *r)
{
	engine_run_batches(r, SIZE_MAX);
	assert_int_equal(r->out.n, 1);
	return r->out.heard[0];
}

void assert_end(const struct heard *h, enum closer closer, enum how how, enum how over)
{
	assert_int_equal(h->end.closer, closer);
	assert_int_equal(h->end.how, how);
	assert_int_equal(h->end.over, over);
}

void assert_mail(const struct heard *h)
{
	assert_true(heard_equals(h, CLIENT, "EHLO a\r\nQUIT\r\n"));
	assert_true(heard_equals(h, SERVER, "220 mx\r\n250 mx\r\n221 bye\r\n"));
	assert_int_equal(h->gap[CLIENT] + h->gap[SERVER], 0);
}
