/* made.c - a record made by hand. */
#include "lib/made.h"
#include "smtpwatch/cause.h"
#include "smtpwatch/verdict.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

/* 2026-11-23T10:00:00Z */
#define MADE_START (INT64_C(1795428000) * FRAME_SECOND)

struct ip_addr made_addr(const char *text)
{
	struct ip_addr a = {{[10] = 0xff, [11] = 0xff}};
	bool read = inet_pton(AF_INET, text, a.b + 12) == 1 || inet_pton(AF_INET6, text, a.b) == 1;

	assert(read);
	return a;
}

void made_string(struct made *m, struct strings *strings, enum string_tag tag, uint16_t value,
		 const char *text)
{
	strings_add(strings, m->pool, tag, value, bytes_str(text));
}

void made_verdict(struct made *m, enum verdict v, uint64_t also)
{
	m->record.judgement = (struct judgement){v, also};
	made_report(m);
}

void made_report(struct made *m)
{
	m->report = report_make(&m->alerting, &m->record, m->input);
}

void made_cause(struct made *m, enum cause_id id, enum confidence confidence, const char *one,
		const char *two)
{
	m->cause = (struct cause){.id = id, .confidence = confidence};
	for (const char *text = one; text != NULL && m->cause.evidences < 2; text = two)
		snprintf(m->cause.evidence[m->cause.evidences++], CAUSE_EVIDENCE_TEXT, "%s", text);
}

void made_init_bare(struct made *m)
{
	*m = (struct made){
		.pool = pool_new(1 << 20), .alerting = alerting_default(), .input = "made.pcap"};
	m->conn = (struct conn){.addr = {made_addr("192.0.2.10"), made_addr("198.51.100.25")},
				.port = {40313, 25},
				.start = MADE_START,
				.last = MADE_START,
				.side = m->sides};
	m->ending = (struct ending){.closer = CLOSER_CLIENT, .how = HOW_FIN, .connected = true};
	m->cause.id = CAUSE_UNEXPLAINED;
	m->record = (struct record){.conn = &m->conn,
				    .session = &m->info,
				    .ending = &m->ending,
				    .cause = &m->cause,
				    .together = 1,
				    .end = MADE_START};
	made_verdict(m, VERDICT_PROBE, 0);
}

void made_init(struct made *m)
{
	made_init_bare(m);
	m->conn.port[CLIENT] = 40312;
	m->record.end = MADE_START + 13 * FRAME_SECOND / 4;
	m->ending = (struct ending){.closer = CLOSER_SERVER,
				    .how = HOW_FIN,
				    .farewell = FAREWELL_221_UNASKED,
				    .stage = STAGE_END_OF_MESSAGE,
				    .stage_221 = STAGE_END_OF_MESSAGE,
				    .unasked_221 = PLACE_MESSAGE,
				    .spoke = true,
				    .connected = true};
	m->info.commands = 5;
	m->info.replies = 6;
	m->info.last_command = SMTP_END;
	m->info.last_code = 221;
	m->info.last_enhanced = (struct smtp_enhanced){2, 0, 0};
	made_string(m, &m->info.strings, STRING_BANNER, 0, "mx.example.net ESMTP");
	made_string(m, &m->info.strings, STRING_HELO, 0, "out.example.org");
	made_string(m, &m->info.strings, STRING_REPLY, 0, "closing");
	made_verdict(m, VERDICT_221_FOR_MESSAGE, 0);
}

struct transaction *made_message(struct made *m, enum fate fate, const char *from, const char *rcpt)
{
	struct transaction *t = &m->messages[m->n];

	assert(m->n < MADE_MESSAGES);
	if (m->n > 0)
		m->messages[m->n - 1].next = t;
	else
		m->info.first = t;
	m->n++;
	m->info.fates[fate]++;
	*t = (struct transaction){.fate = fate,
				  .mail_accepted = true,
				  .content_begun = true,
				  .rcpt_count = 1,
				  .rcpt_accepted = 1,
				  .bytes = 1234,
				  .bytes_acked = 1234};
	made_string(m, &t->strings, STRING_FROM, 0, from);
	made_string(m, &t->strings, STRING_RCPT, 250, rcpt);
	return t;
}

struct transaction *made_slow_message(struct made *m, int64_t waited)
{
	struct transaction *t = made_message(m, FATE_ACCEPTED, "a@example.org", "b@example.net");

	t->end_sent = t->answered = true;
	t->ts_end = m->conn.start;
	t->ts_reply = t->ts_end + waited;
	return t;
}

void made_free(struct made *m)
{
	pool_free(m->pool);
}
