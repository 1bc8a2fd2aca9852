/* text_alert.c - one alert, as an administrator can read and forward it. The sentences are the catalogue's; here they are put together with what was seen. */
#include "output/fate.h"
#include "output/text.h"

/* So many messages of one session are told one by one. */
enum { MESSAGES_TOLD = 3 };

static void put_headline(struct text *t, const struct report *r)
{
	const struct conn *conn = r->record.conn;
	char name[SERVER_NAME];

	stamp_plain(&t->stamp, t->b, r->record.end);
	outbuf_char(t->b, ' ');
	text_severity(t, r->severity, true, 0);
	outbuf_format(t->b, t->colour ? " \033[1m%s\033[0m  " : " %s  ", verdict_row(r->record.judgement.verdict)->id);
	text_endpoint(t, &conn->addr[CLIENT], conn->port[CLIENT]);
	outbuf_str(t->b, " -> ");
	text_endpoint(t, &conn->addr[SERVER], conn->port[SERVER]);
	if (server_name(r->record.session, name)[0] != '\0')
		outbuf_format(t->b, " (%s)", name);
	outbuf_char(t->b, '\n');
}

static void put_enhanced(struct text *t, struct smtp_enhanced e)
{
	if (e.class != 0)
		outbuf_format(t->b, " %u.%u.%u", (unsigned)e.class, (unsigned)e.subject, (unsigned)e.detail);
}

static void put_last_reply(struct text *t, const struct session_facts *facts)
{
	struct bytes text = notes_find(&facts->notes, NOTE_REPLY).text;

	if (facts->last_code == 0)
		return;
	outbuf_format(t->b, " The server's last reply was \"%u", (unsigned)facts->last_code);
	put_enhanced(t, facts->last_enhanced);
	outbuf_str(t->b, text.n > 0 ? " " : "");
	escape_text(t->b, text);
	outbuf_str(t->b, "\".");
}

static void put_happened(struct text *t, const struct report *r)
{
	char reason[512] = "";

	outbuf_str(t->b, "  What happened: ");
	outbuf_str(t->b, verdict_row(r->record.judgement.verdict)->headline);
	/* The reason names the stage. */
	verdict_reason(r->record.ending, &r->record.judgement, reason, sizeof(reason));
	outbuf_format(t->b, reason[0] != '\0' ? "; %s." : ".", reason);
	put_last_reply(t, r->record.session);
	outbuf_char(t->b, '\n');
}

/* One is named: a list of hundreds would bury the rest. */
static void put_recipients(struct text *t, const struct transaction *m)
{
	struct note note;
	uint16_t pos = 0;

	while (notes_next(&m->notes, &pos, &note)) {
		if (note.tag != NOTE_RCPT)
			continue;
		outbuf_str(t->b, " to <");
		escape_text(t->b, note.text);
		outbuf_char(t->b, '>');
		if (m->rcpt_count > 1)
			outbuf_format(t->b, " and %u more", (unsigned)m->rcpt_count - 1);
		return;
	}
	if (m->rcpt_count > 0) {
		outbuf_str(t->b, " to ");
		text_count(t, m->rcpt_count, "recipient");
	}
}

static void put_note(struct text *t, const struct transaction *m, enum note_tag tag, const char *before, const char *after)
{
	struct bytes text = notes_find(&m->notes, tag).text;

	if (text.p == NULL)
		return;
	outbuf_str(t->b, before);
	escape_text(t->b, text);
	outbuf_str(t->b, after);
}

static void put_message(struct text *t, const struct transaction *m)
{
	outbuf_str(t->b, "                 message");
	put_note(t, m, NOTE_FROM, " from <", ">");
	put_recipients(t, m);
	put_note(t, m, NOTE_MESSAGE_ID, ", Message-ID <", ">");
	put_note(t, m, NOTE_QUEUE_ID, ", queue id ", "");
	if (m->content_begun) {
		outbuf_str(t->b, ", ");
		text_count(t, m->bytes, "byte");
	}
	/* Of a message that was sent in full the server has all that matters. */
	if (m->content_begun && !m->end_sent && m->bytes_acked < m->bytes) {
		outbuf_str(t->b, " (of which the server's system received ");
		outbuf_grouped(t->b, m->bytes_acked);
		outbuf_char(t->b, ')');
	}
	outbuf_format(t->b, ": %s.\n", fate_next(m->fate));
}

/* Messages that need nobody's attention. */
static bool fate_is_fine(enum fate f)
{
	return f == FATE_ACCEPTED || f == FATE_ABORTED || f == FATE_OPEN;
}

/* What was not told one by one: the other bad ones, and what went well. */
static void put_other_messages(struct text *t, const struct session_facts *facts, uint64_t told)
{
	uint64_t bad = 0;

	for (unsigned f = 0; f < FATES; f++)
		if (!fate_is_fine((enum fate)f))
			bad += facts->fates[f];
	if (bad > told) {
		outbuf_str(t->b, "                 and ");
		text_count(t, bad - told, "more message");
		outbuf_str(t->b, " of this session.\n");
	}
	if (facts->fates[FATE_ACCEPTED] > 0) {
		outbuf_str(t->b, "                 ");
		text_count(t, facts->fates[FATE_ACCEPTED], "message");
		outbuf_str(t->b, " of the same session had been accepted.\n");
	}
}

static void put_mail(struct text *t, const struct report *r)
{
	uint64_t told = 0;

	outbuf_format(t->b, "  The mail:      %s.\n", verdict_row(r->record.judgement.verdict)->meaning);
	for (const struct transaction *m = r->record.session->first; m != NULL && told < MESSAGES_TOLD; m = m->next)
		if (!fate_is_fine(m->fate)) {
			put_message(t, m);
			told++;
		}
	put_other_messages(t, r->record.session, told);
}

void text_alert(struct text *t, const struct report *r)
{
	put_headline(t, r);
	put_happened(t, r);
	put_mail(t, r);
	outbuf_format(t->b, "  Look at:       %s.\n\n", verdict_row(r->record.judgement.verdict)->advice);
}
