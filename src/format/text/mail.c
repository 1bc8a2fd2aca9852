/* mail.c - the messages of an alert, with names that the logs of both sides contain, and their
 * fate. */
#include "format/text/fate.h"
#include "format/text/text.h"

/* Bounds of an alert's text, as a list of hundreds would bury the rest. MESSAGES: messages of one
 * session in detail. NAMES: recipients and queue ids. */
enum { MESSAGES_SHOWN = 3, NAMES_SHOWN = 3 };

/* Example: " to <a>, <b>, <c> and 4 more". */
static void put_recipients(struct text *t, const struct transaction *m)
{
	struct string string;
	uint16_t pos = 0;
	uint32_t shown = 0;
	while (shown < NAMES_SHOWN && strings_next(&m->strings, &pos, &string)) {
		if (string.tag != STRING_RCPT)
			continue;
		outbuf_str(t->b, shown++ == 0 ? " to <" : ", <");
		escape_text(t->b, string.text);
		outbuf_char(t->b, '>');
	}
	if (shown > 0 && m->rcpt_count > shown)
		outbuf_format(t->b, " and %u more", (unsigned)(m->rcpt_count - shown));
	if (shown == 0 && m->rcpt_count > 0) {
		outbuf_str(t->b, " to ");
		text_count(t, m->rcpt_count, "recipient");
	}
}

static void put_string(struct text *t, const struct transaction *m, enum string_tag tag,
		       const char *before, const char *after)
{
	struct bytes text = strings_find(&m->strings, tag).text;
	if (!text.p)
		return;
	outbuf_str(t->b, before);
	escape_text(t->b, text);
	outbuf_str(t->b, after);
}

static void put_size(struct text *t, const struct transaction *m)
{
	if (!m->content_begun)
		return;
	outbuf_str(t->b, ", ");
	text_count(t, m->bytes, "byte");
	/* The acknowledged bytes matter only if the message was cut before its end. */
	if (!m->end_sent && m->bytes_acked < m->bytes) {
		outbuf_str(t->b, " (of which the server's system received ");
		outbuf_grouped(t->b, m->bytes_acked);
		outbuf_char(t->b, ')');
	}
}

/* Whether only some recipients took the message. LMTP and PRDR have a reply for each recipient
 * after the end of the message. */
static bool lmtp_partly(const struct session_info *info, const struct transaction *m)
{
	return (info->lmtp || m->lmtp_answered > 1) && m->end_sent && m->lmtp_accepted > 0 &&
	       m->lmtp_accepted < m->rcpt_accepted;
}

/* Writes how many recipients took the message, unless all have the same result. */
static void put_accepted(struct text *t, const struct session_info *info,
			 const struct transaction *m)
{
	if (lmtp_partly(info, m))
		outbuf_format(t->b, ", delivered for %u of %u recipients",
			      (unsigned)m->lmtp_accepted, (unsigned)m->rcpt_accepted);
	else if (m->rcpt_accepted > 0 && m->rcpt_deferred + m->rcpt_rejected > 0)
		outbuf_format(t->b, ", %u of %u recipients accepted", (unsigned)m->rcpt_accepted,
			      (unsigned)m->rcpt_count);
}

void text_message_words(struct text *t, const struct report *r, const struct transaction *m)
{
	const struct ending *e = r->record.ending;
	outbuf_str(t->b, "message");
	put_string(t, m, STRING_FROM, " from <", ">");
	put_recipients(t, m);
	put_string(t, m, STRING_MESSAGE_ID, ", Message-ID <", ">");
	put_string(t, m, STRING_QUEUE_ID, ", queue id ", "");
	put_size(t, m);
	put_accepted(t, r->record.session, m);
	outbuf_str(t->b, ": ");
	outbuf_str(t->b, lmtp_partly(r->record.session, m)
				 ? "for the others it is sent again, or bounced"
				 : fate_next(m->fate, e));
	if (m->taken == TAKEN_YES && m->fate != FATE_ACCEPTED)
		outbuf_str(t->b, "; yet the server took it");
	if (m->taken == TAKEN_UNKNOWN && m->fate == FATE_FALSELY_ACCEPTED &&
	    (e->by_221.maybe || e->by_2yz.maybe))
		outbuf_str(t->b, ", unless the server took it where nothing was captured");
}

void text_message(struct text *t, const struct report *r, const struct transaction *m)
{
	size_t from = t->b->n;
	outbuf_format(t->b, "%*s", TEXT_INDENT, "");
	text_message_words(t, r, m);
	outbuf_char(t->b, '.');
	text_wrap(t, from, TEXT_INDENT + 2);
}

/* Whether a message with this fate needs no attention. */
static bool fate_is_fine(enum fate f)
{
	return f == FATE_ACCEPTED || f == FATE_ABORTED || f == FATE_OPEN;
}

/* Example: "1 message of the same session had been accepted (queue id 4Xyz12)." */
static void put_good_messages(struct text *t, const struct session_info *info, uint64_t good)
{
	size_t from = t->b->n;
	const char *before = " (queue id ";

	outbuf_format(t->b, "%*s", TEXT_INDENT, "");
	text_count(t, good, "message");
	outbuf_str(t->b, " of the same session had been accepted");
	for (const struct transaction *m = info->first; m && good <= NAMES_SHOWN; m = m->next) {
		if (m->fate != FATE_ACCEPTED || lmtp_partly(info, m) ||
		    !strings_find(&m->strings, STRING_QUEUE_ID).text.p)
			continue;
		put_string(t, m, STRING_QUEUE_ID, before, "");
		before = ", ";
	}
	outbuf_str(t->b, before[0] == ',' ? ")." : ".");
	text_wrap(t, from, TEXT_INDENT + 2);
}

bool text_message_shown(const struct report *r, const struct transaction *m)
{
	const struct session_info *info = r->record.session;
	return !fate_is_fine(m->fate) || lmtp_partly(info, m);
}

void text_messages(struct text *t, const struct report *r)
{
	const struct session_info *info = r->record.session;
	uint64_t shown = 0, bad = 0, good = info->fates[FATE_ACCEPTED];
	for (unsigned f = 0; f < FATES; f++)
		bad += fate_is_fine((enum fate)f) ? 0 : info->fates[f];
	for (const struct transaction *m = info->first; m; m = m->next) {
		if (fate_is_fine(m->fate) && lmtp_partly(info, m)) {
			bad++;
			good -= good > 0;
		}
		if (text_message_shown(r, m) && shown < MESSAGES_SHOWN) {
			text_message(t, r, m);
			shown++;
		}
	}
	if (bad > shown) {
		outbuf_format(t->b, "%*sand ", TEXT_INDENT, "");
		text_count(t, bad - shown, "more message");
		outbuf_str(t->b, " of this session.\n");
	}
	if (good > 0)
		put_good_messages(t, info, good);
}
