/*
 * fuzz_smtp.c - what two sides say, through the SMTP stage: a session is told the same whether a run of bytes comes whole, byte by byte, or cut by dice; all memory comes back; and JSON and text of it hold no byte that
 * a terminal or a parser could stumble over.
 */
#include "core/dialogue.h"
#include "core/session.h"
#include "fuzz/fuzz.h"
#include "output/json_event.h"
#include "output/text.h"

enum cut { WHOLE, BYTES, DICE, CUTS };

enum how_bit { SURE = 1, LMTP = 2, TLS_PORT = 4, RESET = 8, UNFINISHED = 16 };

struct told {
	struct outbuf json, text;
};

static struct digest *digest;
static struct alerting alerting;

static void tell(struct told *t, const struct record *r)
{
	struct report report = report_make(&alerting, r, "fuzz");
	struct json j = {.b = &t->json, .digest = digest};
	struct text text = {.b = &t->text};
	json_event_record(&j, &report);
	for (unsigned i = 0; i < SIGNATURES; i++)
		if (report_raises(&report, i))
			text_alert(&text, &report, i);
	outbuf_free(&text.scratch);
}

static void piece(struct session *s, struct conn *c, const struct fuzz_script *script, struct bytes b)
{
	/* In memory of exactly its size, which is gone after the call. */
	uint8_t *exact = malloc(b.n);
	CHECK(exact);
	memcpy(exact, b.p, b.n);
	session_data(s, c, script->side, bytes_of(exact, b.n), script->ts);
	free(exact);
	c->flow[script->side].bytes += b.n;
}

static void happen(struct session *s, struct conn *c, const struct fuzz_script *script, const struct fuzz_event *e, enum cut cut,
		   uint64_t *dice)
{
	struct bytes b = e->bytes;
	c->last = script->ts;
	c->flow[script->side].acked = e->acked;
	if (e->act == FUZZ_GAP) {
		session_gap(s, c, script->side, e->len, script->ts);
		c->flow[script->side].gap += e->len;
	} else if (e->act == FUZZ_FIN) {
		c->flow[script->side].fin = true;
		session_fin(s, c, script->side, script->ts);
	}
	while (b.n > 0)
		piece(s, c, script, fuzz_take(&b, cut == WHOLE ? b.n : cut == BYTES ? 1 : 1 + fuzz_dice(dice) % 40));
}

static struct conn_end end_of(const struct conn *c, unsigned how, enum side first)
{
	struct conn_end e = {0};
	bool over = c->flow[CLIENT].fin || c->flow[SERVER].fin || how & RESET;
	e.closer = (uint8_t)(over ? (first == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER) & 3 : CLOSER_NOBODY) & 3;
	e.how = (uint8_t)(!over ? HOW_CAPTURE_END : how & RESET ? HOW_RST : HOW_FIN) & 7;
	e.over = e.how;
	e.by_rst = how & RESET;
	return e;
}

static void run(struct told *t, struct bytes in, unsigned how, enum cut cut)
{
	struct pool *pool = pool_new((size_t)16 << 20);
	struct dialogue_env *env = pool ? session_env(pool, NULL, NULL) : NULL;
	CHECK(env);
	size_t before = pool_used(pool);
	struct session *s = session_new(env, how & SURE, how & LMTP, how & TLS_PORT);
	struct conn_side sides[2] = {0};
	struct conn c = {.port = {40000, 25}, .start = INT64_C(1700000000000000000), .first = 1, .side = sides};
	struct fuzz_script script = {.in = in, .side = SERVER, .ts = c.start};
	struct fuzz_event e;
	enum side first = SERVER;
	uint64_t dice = in.n;
	c.addr[CLIENT].b[15] = 1;
	c.addr[SERVER].b[15] = 2;
	c.flow[CLIENT].syn = c.flow[SERVER].syn = how & SURE;
	CHECK(s);
	while ((e = fuzz_script_next(&script)).act != FUZZ_END) {
		if (e.act == FUZZ_FIN && !c.flow[side_other(script.side)].fin)
			first = script.side;
		happen(s, &c, &script, &e, cut, &dice);
	}
	struct conn_end end = end_of(&c, how, first);
	struct ending ending;
	struct cause cause = {.id = CAUSE_UNEXPLAINED};
	session_close(s, &c, &end, script.ts, &ending);
	struct record r = {.conn = &c,
			   .session = session_facts(s),
			   .ending = &ending,
			   .judgement = verdict_judge(&ending),
			   .cause = &cause,
			   .together = 1,
			   .end = script.ts};
	/* What the hand-over between threads reckons with (record.h). */
	CHECK(record_size(&r) <= 300 << 10);
	t->json.n = t->text.n = 0;
	tell(t, &r);
	session_free(s);
	CHECK(pool_used(pool) == before);
	pool_free(pool);
}

/* first byte: enum how_bit; then the script */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct told whole, other;
	struct bytes in = bytes_of(data, size);
	unsigned how = (unsigned)fuzz_number(&in, 1);
	if (!digest) {
		digest = digest_new();
		alerting = alerting_default();
		CHECK(digest);
	}
	run(&whole, in, how, WHOLE);
	fuzz_text_check(&whole.json, true);
	fuzz_text_check(&whole.text, true);
	for (enum cut cut = BYTES; cut < CUTS; cut++) {
		run(&other, in, how, cut);
		fuzz_same_text("cut otherwise", &whole.json, &other.json);
	}
	return 0;
}
