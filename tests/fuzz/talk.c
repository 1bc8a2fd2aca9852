/* talk.c - one session through the SMTP stage, without connections below it. */
#include "fuzz/talk.h"

#include "core/dialogue/dialogue.h"
#include "format/json/event.h"
#include "format/text/text.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

/* RECORD: what the hand-over between threads reckons with (smtpwatch/record.h). */
enum { MEMORY = 16 << 20, RECORD = 300 << 10 };

static struct digest *digest;
static struct alerting alerting;

static void tell(struct talk_told *t, const struct record *r)
{
	struct report report = report_make(&alerting, r, "fuzz");
	struct json j = {.b = &t->json, .digest = digest};
	struct text text = {.b = &t->text};
	t->json.n = t->text.n = 0;
	json_event_record(&j, &report);
	for (unsigned i = 0; i < ALERT_KINDS; i++)
		if (report_raises(&report, i))
			text_alert(&text, &report, i);
	outbuf_free(&text.scratch);
}

static void once(void)
{
	if (digest)
		return;
	digest = digest_new();
	alerting = alerting_default();
	CHECK(digest);
}

void talk_begin(struct talk *t, const struct tls_decryptor *decryptor, unsigned how,
		enum talk_cut cut)
{
	once();
	*t = (struct talk){.pool = pool_new(MEMORY),
			   .how = how,
			   .cut = cut,
			   .first = SERVER,
			   .ts = TALK_START,
			   .dice = 1};
	struct dialogue_env *env =
		t->pool ? session_env(t->pool, decryptor, NULL, (const uint64_t[2]){0}) : NULL;
	CHECK(env);
	t->before = pool_used(t->pool);
	t->session = session_new(env, how & TALK_SURE, how & TALK_SURE, how & TALK_LMTP,
				 how & TALK_TLS_PORT);
	CHECK(t->session);
	t->conn = (struct conn){.port = {40000, 25}, .start = t->ts, .first = 1, .side = t->sides};
	t->conn.addr[CLIENT].b[15] = 1;
	t->conn.addr[SERVER].b[15] = 2;
	t->conn.flow[CLIENT].syn = t->conn.flow[SERVER].syn = how & TALK_SURE;
}

static void heard(struct talk *t, enum side side, uint64_t acked)
{
	t->conn.last = t->ts;
	t->conn.flow[side].acked = acked;
}

static void piece(struct talk *t, enum side side, struct bytes b)
{
	/* In memory of exactly its size, which is gone after the call. */
	uint8_t *exact = malloc(b.n);
	CHECK(exact);
	memcpy(exact, b.p, b.n);
	session_data(t->session, &t->conn, side, bytes_of(exact, b.n), t->ts);
	free(exact);
	t->conn.flow[side].bytes += b.n;
}

void talk_bytes(struct talk *t, enum side side, struct bytes b, uint64_t acked)
{
	heard(t, side, acked);
	while (b.n > 0) {
		size_t n = t->cut == TALK_WHOLE   ? b.n
			   : t->cut == TALK_BYTES ? 1
						  : 1 + fuzz_dice(&t->dice) % 40;
		piece(t, side, fuzz_take(&b, n));
	}
}

void talk_gap(struct talk *t, enum side side, uint64_t len, uint64_t acked)
{
	heard(t, side, acked);
	session_gap(t->session, &t->conn, side, len, t->ts);
	t->conn.flow[side].gap += len;
}

void talk_fin(struct talk *t, enum side side, uint64_t acked)
{
	heard(t, side, acked);
	if (!t->conn.flow[side_other(side)].fin)
		t->first = side;
	t->conn.flow[side].fin = true;
	session_fin(t->session, &t->conn, side, t->ts);
}

static struct conn_end end_of(const struct talk *t)
{
	struct conn_end e = {0};
	bool reset = t->how & TALK_RESET,
	     over = t->conn.flow[CLIENT].fin || t->conn.flow[SERVER].fin || reset;
	e.closer = (uint8_t)(over ? (t->first == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER) & 3
				  : CLOSER_NOBODY) &
		   3;
	e.how = (uint8_t)(!over ? HOW_CAPTURE_END : reset ? HOW_RST : HOW_FIN) & 7;
	e.over = e.how;
	e.by_rst = reset;
	return e;
}

void talk_end(struct talk *t, struct talk_told *told)
{
	struct conn_end end = end_of(t);
	struct cause cause = {.id = CAUSE_UNEXPLAINED};
	const struct session_end *over = session_close(t->session, &t->conn, &end, t->ts);
	if (!over)
		over = session_wait_over(t->session, &t->conn);
	struct record r = {.conn = &t->conn,
			   .session = session_info(t->session),
			   .ending = &over->ending,
			   .judgement = verdict_judge(&over->ending),
			   .cause = &cause,
			   .together = 1,
			   .end = t->ts};
	CHECK(record_size(&r) <= RECORD);
	tell(told, &r);
	session_free(t->session);
	CHECK(pool_used(t->pool) == t->before);
	pool_free(t->pool);
}
