/* getters.h - the getters of fields.def, one for each row, as functions that a caller can inline:
 * for the rows of fields.c, and for JSON, where a call for each value would cost as much as its
 * text. */
#ifndef SMTPWATCH_FORMAT_GETTERS_H
#define SMTPWATCH_FORMAT_GETTERS_H

#include "core/tls/record.h"
#include "core/tls/suite.h"
#include "format/fields.h"
#include "format/session_id.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"

#include <stdio.h>

/* Values that take statements. room: VALUE_ROOM bytes for their text. */

static inline const char *alert_kind_name(unsigned bit)
{
	return alert_kind_row(bit)->id;
}

static inline const char *side_name(unsigned side)
{
	return side == CLIENT ? "client" : "server";
}

static inline const char *pending_name(unsigned pending)
{
	static const char *const names[] = {"nothing", "command", "message"};
	return names[pending];
}

static inline const char *community_id(const struct field_view *v, char *room)
{
	identity_community(v->digest, v->report->record.conn, room);
	return room;
}

static inline const char *session_id(const struct field_view *v, char *room)
{
	if (v->session_id)
		return v->session_id;
	identity_session(v->digest, v->report->record.conn, room);
	return room;
}

static inline const char *alert_id(const struct field_view *v, char *room)
{
	identity_session(v->digest, v->report->record.conn, room);
	identity_alert(room + IDENTITY_SESSION - 1, VALUE_ROOM - IDENTITY_SESSION, v->kind, v->sum);
	return room;
}

static inline struct bytes reason(const struct field_view *v, char *room)
{
	const struct record *r = &v->report->record;
	room[0] = '\0';
	verdict_reason(r->ending, &r->judgement, room, VALUE_ROOM);
	return room[0] != '\0' ? bytes_str(room) : bytes_of(NULL, 0);
}

static inline const char *cipher_name(uint16_t suite)
{
	const struct tls_suite *row = tls_suite_find(suite);
	return row ? row->name : NULL;
}

static inline const char *cipher_or_number(const struct field_view *v, char *room)
{
	uint16_t suite = v->report->record.session->tls_suite;
	const char *name = cipher_name(suite);
	snprintf(room, VALUE_ROOM, "0x%04x", suite);
	return name ? name : room;
}

static inline const char *endpoint(const struct field_view *v, enum side side, char *room)
{
	const struct conn *conn = v->report->record.conn;
	char text[IP_ADDR_TEXT];
	snprintf(room, VALUE_ROOM, ip_addr_is_v4(&conn->addr[side]) ? "%s:%u" : "[%s]:%u",
		 ip_addr_text(&conn->addr[side], text), (unsigned)conn->port[side]);
	return room;
}

static inline enum severity severity_of(const struct field_view *v)
{
	return v->sum ? v->sum->worst : report_severity(v->report, v->kind);
}

static inline uint64_t messages_of(const struct session_info *info)
{
	uint64_t n = info->transactions_omitted;
	for (const struct transaction *t = info->first; t; t = t->next)
		n++;
	return n;
}

/* Setters, one for each type. Return false if the value is none. */

static inline bool set_WORD(struct value *out, const char *word)
{
	out->word = word;
	return word;
}

static inline bool set_TEXT(struct value *out, struct bytes text)
{
	out->text = text;
	return text.p;
}

static inline bool set_NUMBER(struct value *out, uint64_t number)
{
	out->number = number;
	return number != 0;
}

static inline bool set_PAIR(struct value *out, uint64_t client, uint64_t server)
{
	out->pair[CLIENT] = client;
	out->pair[SERVER] = server;
	return client != 0 || server != 0;
}

static inline bool set_TIME(struct value *out, int64_t ns)
{
	out->ns = ns;
	return ns != 0;
}

static inline bool set_SECONDS(struct value *out, int64_t ns)
{
	out->ns = ns;
	return ns > 0;
}

static inline bool set_ADDR(struct value *out, const struct ip_addr *addr)
{
	out->addr = addr;
	return true;
}

static inline bool set_ENHANCED(struct value *out, struct smtp_enhanced enhanced)
{
	out->enhanced = enhanced;
	return enhanced.class != 0;
}

static inline bool set_BITS(struct value *out, uint64_t mask, const char *(*name)(unsigned bit))
{
	out->bits.mask = mask;
	out->bits.name = name;
	return mask != 0;
}

static inline bool set_NUMBERS(struct value *out, const uint16_t *at, unsigned n)
{
	out->numbers.at = at;
	out->numbers.n = n;
	return n > 0;
}

static inline bool set_SENTENCES(struct value *out, const struct cause *cause)
{
	out->cause = cause;
	return cause;
}

static inline bool set_RECIPIENTS(struct value *out, const struct strings *strings)
{
	out->strings = strings;
	return strings_find(strings, STRING_RCPT).text.p;
}

static inline bool set_RESETS(struct value *out, const struct conn_side *side)
{
	out->side = side;
	return side[CLIENT].reset.seen || side[SERVER].reset.seen;
}

static inline bool set_MESSAGES(struct value *out, const struct transaction *first)
{
	out->message = first;
	return first;
}

#define set_WORDS set_WORD
#define set_LINES set_TEXT
#define set_CODE  set_NUMBER
#define set_PORT  set_NUMBER
#define set_BOOL  set_NUMBER
#define set_TAKEN set_NUMBER
#define set_EPOCH set_TIME

/* What values are of. */
#define REPORT  (v->report)
#define RECORD  (&v->report->record)
#define CONN    (v->report->record.conn)
#define INFO    (v->report->record.session)
#define ENDING  (v->report->record.ending)
#define CAUSE   report_cause(v->report)
#define MESSAGE (v->message)
#define RST     (&CONN->side[v->side].reset)

#define BOTH(a, b)            a, b
#define OF_BOTH(side, member) (side)[CLIENT].member, (side)[SERVER].member
#define SAID(holder, tag)     strings_find(&(holder)->strings, tag).text

/* LMTP (RFC 2033) and PRDR have a reply for each recipient after the message. */
#define REPLY_EACH (INFO->lmtp || MESSAGE->lmtp_answered > 1)

/* The getters. What is known stands before its list of arguments: WHEN_IF(condition)(set). */
#define WHEN_ALWAYS(set)                                                                           \
	set;                                                                                       \
	return true;
#define WHEN_SET(set) return set;
#define WHEN_IF(condition)                                                                         \
	if (!(condition))                                                                          \
		return false;                                                                      \
	WHEN_ALWAYS
#define WHEN_SET_IF(condition)                                                                     \
	if (!(condition))                                                                          \
		return false;                                                                      \
	WHEN_SET
#define WHEN_WITH WHEN_IF

#define FIELDS(table)
#define FIELDS_END
#define FIELD(group, name, type, known, what, ...)                                                 \
	static inline bool get_##group##_##name(struct value *out, const struct field_view *v)     \
	{                                                                                          \
		(void)v;                                                                           \
		WHEN_##known(set_##type(out, what))                                                \
	}
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

#endif
