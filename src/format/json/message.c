/* message.c - the fields of one message: a function and a row for each. */
#include "format/json/json.h"

static bool put_fate(struct json *j, const struct json_view *v)
{
	json_word(j, fate_name(v->transaction->fate));
	return true;
}

static bool put_from(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->transaction->strings, STRING_FROM);
}

/* Writes one recipient. string->value: the code of the reply to RCPT; 0: not yet answered. */
static void put_recipient(struct json *j, const struct string *string)
{
	json_comma(j);
	outbuf_str(j->b, "{\"to\":");
	json_string(j, string->text);
	if (string->value != 0) {
		outbuf_str(j->b, ",\"code\":");
		json_number(j, string->value);
	}
	outbuf_char(j->b, '}');
}

/* Writes the recipients that were kept, up to JSON_RCPT_MAX bytes, and counts the others in
 * j->rcpt_omitted. Returns false if no recipient is known, for example because recipients are
 * redacted. */
static bool put_rcpt(struct json *j, const struct json_view *v)
{
	size_t begin = j->b->n;
	struct string string;
	uint16_t pos = 0;
	bool any = false;

	j->rcpt_omitted = 0;
	outbuf_char(j->b, '[');
	while (strings_next(&v->transaction->strings, &pos, &string)) {
		size_t n = j->b->n;

		if (string.tag != STRING_RCPT)
			continue;
		any = true;
		if (j->rcpt_omitted == 0)
			put_recipient(j, &string);
		if (j->b->n == n || j->b->n - begin >= JSON_RCPT_MAX) {
			j->b->n = n;
			j->rcpt_omitted++;
		}
	}
	outbuf_char(j->b, ']');
	return any;
}

static bool put_rcpt_omitted(struct json *j, const struct json_view *v)
{
	(void)v;
	if (j->rcpt_omitted == 0)
		return false;
	json_number(j, j->rcpt_omitted);
	return true;
}

static bool put_number(struct json *j, uint64_t n)
{
	json_number(j, n);
	return true;
}

static bool put_rcpt_count(struct json *j, const struct json_view *v)
{
	return put_number(j, v->transaction->rcpt_count);
}

static bool put_rcpt_accepted(struct json *j, const struct json_view *v)
{
	return put_number(j, v->transaction->rcpt_accepted);
}

static bool put_message_id(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->transaction->strings, STRING_MESSAGE_ID);
}

static bool put_queue_id(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->transaction->strings, STRING_QUEUE_ID);
}

/* Whether the server accepted the message, whatever the client believes; null: not known. */
static bool put_taken(struct json *j, const struct json_view *v)
{
	static const char *const words[] = {
		[TAKEN_UNKNOWN] = "null", [TAKEN_NO] = "false", [TAKEN_YES] = "true"};

	outbuf_str(j->b, words[v->transaction->taken]);
	return true;
}

static bool put_size_declared(struct json *j, const struct json_view *v)
{
	return v->transaction->size_declared > 0 && put_number(j, v->transaction->size_declared);
}

static bool put_bytes(struct json *j, const struct json_view *v)
{
	return put_number(j, v->transaction->bytes);
}

/* Bytes that the server's system acknowledged, whatever became of the message later. */
static bool put_bytes_acked(struct json *j, const struct json_view *v)
{
	return put_number(j, v->transaction->bytes_acked);
}

/* LMTP (RFC 2033) and PRDR have a reply for each recipient after the message. The two fields count
 * the replies, and those that accept. */
static bool reply_each(const struct json_view *v)
{
	return v->report->record.session->lmtp || v->transaction->lmtp_answered > 1;
}

static bool put_lmtp_accepted(struct json *j, const struct json_view *v)
{
	return reply_each(v) && put_number(j, v->transaction->lmtp_accepted);
}

static bool put_lmtp_answered(struct json *j, const struct json_view *v)
{
	return reply_each(v) && put_number(j, v->transaction->lmtp_answered);
}

static bool put_reply_code(struct json *j, const struct json_view *v)
{
	return json_put_code(j, v->transaction->code);
}

static bool put_reply_enhanced(struct json *j, const struct json_view *v)
{
	return json_put_enhanced(j, v->transaction->enhanced);
}

static bool put_reply_text(struct json *j, const struct json_view *v)
{
	return json_put_tagged(j, &v->transaction->strings, STRING_REPLY);
}

static bool put_time_mail(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_mail);
}

static bool put_time_mail_reply(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_mail_reply);
}

static bool put_time_rcpt(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_rcpt);
}

static bool put_time_rcpt_reply(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_rcpt_reply);
}

static bool put_time_data(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_data);
}

static bool put_time_end(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_end);
}

static bool put_time_reply(struct json *j, const struct json_view *v)
{
	return json_put_time(j, v->transaction->ts_reply);
}

const struct json_row json_transaction_rows[] = {
	JSON_ROW(JSON_ROOT, "fate", put_fate),
	JSON_ROW(JSON_ROOT, "taken", put_taken),
	JSON_ROW(JSON_ROOT, "from", put_from),
	JSON_ROW(JSON_ROOT, "rcpt", put_rcpt),
	JSON_ROW(JSON_ROOT, "rcpt_omitted", put_rcpt_omitted),
	JSON_ROW(JSON_ROOT, "rcpt_count", put_rcpt_count),
	JSON_ROW(JSON_ROOT, "rcpt_accepted", put_rcpt_accepted),
	JSON_ROW(JSON_ROOT, "message_id", put_message_id),
	JSON_ROW(JSON_ROOT, "queue_id", put_queue_id),
	JSON_ROW(JSON_ROOT, "size_declared", put_size_declared),
	JSON_ROW(JSON_ROOT, "bytes", put_bytes),
	JSON_ROW(JSON_ROOT, "bytes_acked", put_bytes_acked),
	JSON_ROW(JSON_ROOT, "lmtp_accepted", put_lmtp_accepted),
	JSON_ROW(JSON_ROOT, "lmtp_answered", put_lmtp_answered),
	JSON_ROW(JSON_REPLY, "code", put_reply_code),
	JSON_ROW(JSON_REPLY, "enhanced", put_reply_enhanced),
	JSON_ROW(JSON_REPLY, "text", put_reply_text),
	JSON_ROW(JSON_TIMES, "mail", put_time_mail),
	JSON_ROW(JSON_TIMES, "mail_reply", put_time_mail_reply),
	JSON_ROW(JSON_TIMES, "rcpt", put_time_rcpt),
	JSON_ROW(JSON_TIMES, "rcpt_reply", put_time_rcpt_reply),
	JSON_ROW(JSON_TIMES, "data", put_time_data),
	JSON_ROW(JSON_TIMES, "end", put_time_end),
	JSON_ROW(JSON_TIMES, "reply", put_time_reply),
	{0},
};
