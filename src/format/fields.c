/* fields.c - the tables of fields.def: a getter and a row for each field; and values as text. */
#include "format/fields.h"

#include "base/ascii.h"
#include "core/tls/record.h"
#include "core/tls/suite.h"
#include "format/session_id.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "text/escape.h"

#include <inttypes.h>
#include <stdio.h>

/* Recipients in a field of an alert at most. */
enum { RECIPIENTS = 3 };

static const char prefix[] = "SMTPWATCH_";

/* Values that take statements. room: VALUE_ROOM bytes for their text. */

static const char *alert_kind_name(unsigned bit)
{
	return alert_kind_row(bit)->id;
}

static const char *side_name(unsigned side)
{
	return side == CLIENT ? "client" : "server";
}

static const char *pending_name(unsigned pending)
{
	static const char *const names[] = {"nothing", "command", "message"};
	return names[pending];
}

static const char *community_id(const struct field_view *v, char *room)
{
	identity_community(v->digest, v->report->record.conn, room);
	return room;
}

static const char *session_id(const struct field_view *v, char *room)
{
	if (v->session_id)
		return v->session_id;
	identity_session(v->digest, v->report->record.conn, room);
	return room;
}

static const char *alert_id(const struct field_view *v, char *room)
{
	identity_session(v->digest, v->report->record.conn, room);
	field_alert_id(room + IDENTITY_SESSION - 1, VALUE_ROOM - IDENTITY_SESSION, v->kind, v->sum);
	return room;
}

static struct bytes reason(const struct field_view *v, char *room)
{
	const struct record *r = &v->report->record;
	room[0] = '\0';
	verdict_reason(r->ending, &r->judgement, room, VALUE_ROOM);
	return room[0] != '\0' ? bytes_str(room) : bytes_of(NULL, 0);
}

static const char *cipher_name(uint16_t suite)
{
	const struct tls_suite *row = tls_suite_find(suite);
	return row ? row->name : NULL;
}

static const char *cipher_or_number(const struct field_view *v, char *room)
{
	uint16_t suite = v->report->record.session->tls_suite;
	const char *name = cipher_name(suite);
	snprintf(room, VALUE_ROOM, "0x%04x", suite);
	return name ? name : room;
}

static const char *endpoint(const struct field_view *v, enum side side, char *room)
{
	const struct conn *conn = v->report->record.conn;
	char text[IP_ADDR_TEXT];
	snprintf(room, VALUE_ROOM, ip_addr_is_v4(&conn->addr[side]) ? "%s:%u" : "[%s]:%u",
		 ip_addr_text(&conn->addr[side], text), (unsigned)conn->port[side]);
	return room;
}

static enum severity severity_of(const struct field_view *v)
{
	return v->sum ? v->sum->worst : report_severity(v->report, v->kind);
}

static uint64_t messages_of(const struct session_info *info)
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
	static bool get_##group##_##name(struct value *out, const struct field_view *v)            \
	{                                                                                          \
		(void)v;                                                                           \
		WHEN_##known(set_##type(out, what))                                                \
	}
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

/* The rows. */
#define IS_ALWAYS            true
#define IS_SET               false
#define IS_IF(condition)     false
#define IS_SET_IF(condition) false
#define IS_WITH(condition)   true

#define OF(list)     .of = list
#define SCHEMA(text) .schema = text
#define TABLE(place, csv, zeek, ecs)                                                               \
	.table = place, .name[FIELD_CSV] = csv, .name[FIELD_ZEEK] = zeek, .name[FIELD_ECS] = ecs
#define ALERT(place, title) .alert = place, .name[FIELD_ALERT_NAME] = title

#define FIELDS(table) const struct field field_##table[] = {
#define FIELDS_END                                                                                 \
	{                                                                                          \
		0                                                                                  \
	}                                                                                          \
	}                                                                                          \
	;
#define FIELD(in, title, as, known, what, ...)                                                     \
	{__VA_ARGS__,                                                                              \
	 .key = ",\"" #title "\":",                                                                \
	 .key_n = sizeof ",\"" #title "\":" - 1,                                                   \
	 .group = FIELD_##in,                                                                      \
	 .type = FIELD_##as,                                                                       \
	 .always = IS_##known,                                                                     \
	 .get = get_##in##_##title},
#include "format/fields.def"
#undef FIELDS
#undef FIELDS_END
#undef FIELD

const struct field_group_row field_groups[FIELD_GROUPS] = {
#define GROUP(id, in, ...) [FIELD_##id] = {FIELD_##in, __VA_ARGS__},
#define FIELDS(table)
#define FIELDS_END
#define FIELD(...)
#include "format/fields.def"
};

static const struct transaction *message_of(const struct report *report, unsigned kind)
{
	const struct transaction *last = NULL;
	if (kind == ALERT_SLOW_ACCEPTANCE)
		return acceptance_slowest(&report->record).message;
	for (const struct transaction *t = report->record.session->first; t; t = t->next) {
		last = t;
		if (t->fate != FATE_ACCEPTED && t->fate != FATE_ABORTED)
			break;
	}
	return last;
}

void field_alert_id(char *to, size_t size, unsigned kind, const struct throttle_repeat *sum)
{
	int n = snprintf(to, size, "-%s", alert_kind_row(kind)->id);
	if (sum)
		snprintf(to + n, size - (size_t)n, "-%" PRIu64, sum->count);
}

struct field_view field_view_of(const struct report *report, unsigned kind, struct digest *digest,
				struct stamp *stamp)
{
	return (struct field_view){.report = report,
				   .kind = kind,
				   .message = message_of(report, kind),
				   .digest = digest,
				   .stamp = stamp};
}

static unsigned place_of(const struct field *f, enum field_output output)
{
	return output == FIELD_ALERT_NAME ? f->alert : f->table;
}

struct field_list field_list_of(enum field_output output)
{
	static const struct field *const tables[] = {field_session, field_tls, field_net,
						     field_message, field_other};
	struct field_list list = {.n = 0};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct field *f = tables[i]; f->get; f++) {
			size_t at = list.n;
			if (!f->name[output] || list.n == FIELDS_MAX)
				continue;
			for (; at > 0 && place_of(list.at[at - 1], output) > place_of(f, output);
			     at--)
				list.at[at] = list.at[at - 1];
			list.at[at] = f;
			list.n++;
		}
	return list;
}

/* From FIELD_MESSAGE on, groups are of a message. */
bool field_get(const struct field *f, struct value *out, const struct field_view *v)
{
	return (v->message || f->group < FIELD_MESSAGE) && f->get(out, v);
}

const char *field_zeek_type(const struct field *f)
{
	static const char *const types[FIELD_TYPES] = {
		[FIELD_NUMBER] = "count", [FIELD_CODE] = "count",       [FIELD_PAIR] = "count",
		[FIELD_PORT] = "port",    [FIELD_ADDR] = "addr",        [FIELD_BOOL] = "bool",
		[FIELD_EPOCH] = "time",   [FIELD_SECONDS] = "interval",
	};
	return field_is_list(f) ? "vector[string]" : types[f->type] ? types[f->type] : "string";
}

void field_put_enhanced(struct outbuf *b, struct smtp_enhanced e)
{
	outbuf_number(b, e.class);
	outbuf_char(b, '.');
	outbuf_number(b, e.subject);
	outbuf_char(b, '.');
	outbuf_number(b, e.detail);
}

/* Sets *element to the element of a list behind *at, which counts them. Returns false behind the
 * last one. */
static bool next_element(enum field_type type, struct value *value, unsigned *at, uint16_t *pos,
			 struct bytes *element)
{
	struct string string;
	if (type == FIELD_BITS) {
		if (value->bits.mask == 0)
			return false;
		*element = bytes_str(value->bits.name((unsigned)__builtin_ctzll(value->bits.mask)));
		value->bits.mask &= value->bits.mask - 1;
	} else if (type == FIELD_SENTENCES) {
		if (*at == value->cause->evidences)
			return false;
		*element = bytes_str(value->cause->evidence[*at]);
	} else if (type == FIELD_NUMBERS) {
		if (*at == value->numbers.n)
			return false;
		snprintf(value->room, VALUE_ROOM, "%u", (unsigned)value->numbers.at[*at]);
		*element = bytes_str(value->room);
	} else {
		do {
			if (!strings_next(value->strings, pos, &string))
				return false;
		} while (string.tag != STRING_RCPT);
		*element = string.text;
	}
	++*at;
	return true;
}

static bool list_text(enum field_type type, struct outbuf *b, struct value *value,
		      const char *between, unsigned most)
{
	struct bytes element;
	unsigned at = 0;
	uint16_t pos = 0;
	while (at < most && next_element(type, value, &at, &pos, &element)) {
		outbuf_str(b, at > 1 ? between : "");
		escape_text(b, element);
	}
	return at > 0;
}

bool field_text(const struct field *f, struct outbuf *b, const struct field_view *v,
		const char *between, unsigned most)
{
	struct value value;
	char text[IP_ADDR_TEXT];
	if (!field_get(f, &value, v))
		return false;
	switch ((enum field_type)f->type) {
	case FIELD_WORD:
	case FIELD_WORDS:
		outbuf_str(b, value.word);
		return true;
	case FIELD_TEXT:
		escape_text(b, value.text);
		return true;
	case FIELD_LINES:
		escape_lines(b, value.text);
		return true;
	case FIELD_NUMBER:
	case FIELD_CODE:
	case FIELD_PORT:
		outbuf_number(b, value.number);
		return true;
	case FIELD_BOOL:
		outbuf_str(b, value.number != 0 ? "true" : "false");
		return true;
	case FIELD_PAIR:
		outbuf_number(b, value.pair[CLIENT] + value.pair[SERVER]);
		return true;
	case FIELD_TIME:
		stamp_iso(v->stamp, b, value.ns);
		return true;
	case FIELD_EPOCH:
	case FIELD_SECONDS:
		outbuf_seconds(b, value.ns);
		return value.ns >= 0;
	case FIELD_ADDR:
		outbuf_str(b, ip_addr_text(value.addr, text));
		return true;
	case FIELD_ENHANCED:
		field_put_enhanced(b, value.enhanced);
		return true;
	case FIELD_TAKEN:
		outbuf_str(b, value.number == TAKEN_YES ? "true" : "false");
		return value.number != TAKEN_UNKNOWN;
	case FIELD_RESETS:
	case FIELD_MESSAGES:
	case FIELD_TYPES:
		return false;
	default:
		return list_text(f->type, b, &value, between, most);
	}
}

/* Shortens to max bytes. The cut is between two characters and marked with "...". */
static void cut(struct outbuf *b, size_t max)
{
	if (b->n <= max)
		return;
	b->n = max - 3;
	while (b->n > 0 && (b->p[b->n] & 0xc0) == 0x80)
		b->n--;
	outbuf_str(b, "...");
}

void alert_fields_each(const struct field_list *list, const struct field_view *v, size_t max,
		       struct outbuf *scratch,
		       void (*each)(void *arg, const char *name, struct bytes value), void *arg)
{
	for (size_t i = 0; i < list->n; i++) {
		scratch->n = 0;
		if (!field_text(list->at[i], scratch, v, ",", RECIPIENTS) || scratch->failed)
			continue;
		cut(scratch, max);
		outbuf_char(scratch, '\0');
		if (!scratch->failed)
			each(arg, list->at[i]->name[FIELD_ALERT_NAME],
			     bytes_of(scratch->p, scratch->n - 1));
	}
	scratch->failed = false;
}

char *alert_field_upper(const char *name, char out[ALERT_FIELD_NAME])
{
	size_t n = (size_t)snprintf(out, ALERT_FIELD_NAME, "%s%s", prefix, name);
	for (size_t i = 0; i < n && i < ALERT_FIELD_NAME; i++)
		out[i] = (char)ascii_upper((uint8_t)out[i]);
	return out;
}

bool alert_field_is_variable(const char *text)
{
	size_t n = sizeof prefix - 1, name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	return strncmp(text, prefix, n) == 0 && name > n && text[name] == '=';
}
