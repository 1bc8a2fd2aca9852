/* fields.c - fields in the order of an output, and values as text. */
#include "format/fields.h"

#include "base/ascii.h"
#include "policy/acceptance.h"
#include "policy/alert_kind.h"
#include "smtpwatch/cause.h"
#include "text/escape.h"

#include <stdio.h>

/* Recipients in a field of an alert at most. */
enum { RECIPIENTS = 3 };

static const char prefix[] = "SMTPWATCH_";

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
