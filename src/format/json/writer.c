/* writer.c - writes the rows of a field table as JSON. One record must cost less than two
 * microseconds, so that no library with a tree is used. */
#include "format/json/json.h"

#include "smtpwatch/cause.h"

static inline bool comma_due(const struct json *j)
{
	char last = j->b->n > 0 ? j->b->p[j->b->n - 1] : '{';

	return last != '{' && last != '[';
}

void json_comma(struct json *j)
{
	if (comma_due(j))
		outbuf_char(j->b, ',');
}

void json_key(struct json *j, const char *name)
{
	json_comma(j);
	json_word(j, name);
	outbuf_char(j->b, ':');
}

static bool group_within(enum field_group inner, enum field_group outer)
{
	while (inner != outer && inner != field_groups[inner].parent)
		inner = field_groups[inner].parent;
	return inner == outer;
}

static void group_leave(struct json *j)
{
	outbuf_char(j->b, '}');
	j->group = field_groups[j->group].parent;
}

/* Closes and opens objects until j->group is `to`. */
static void group_enter(struct json *j, enum field_group to)
{
	while (!group_within(to, j->group))
		group_leave(j);
	while (j->group != to) {
		enum field_group next = to;
		while (field_groups[next].parent != j->group)
			next = field_groups[next].parent;
		json_key(j, field_groups[next].key);
		outbuf_char(j->b, '{');
		j->group = next;
	}
}

/* Copies the key, without its comma if none is due. The full length of row->key is copied, because
 * a copy of constant length needs no call. */
static inline void key_put(struct json *j, const struct field *row)
{
	char *at = outbuf_reserve(j->b, sizeof row->key);
	bool comma = comma_due(j);
	if (at) {
		memcpy(at, row->key + 1 - comma, sizeof row->key - 1);
		j->b->n += row->key_n - 1u + comma;
	}
}

void json_string(struct json *j, struct bytes text)
{
	outbuf_char(j->b, '"');
	escape_json(j->b, text);
	outbuf_char(j->b, '"');
}

void json_word(struct json *j, const char *word)
{
	size_t n = strlen(word);
	char *at = outbuf_reserve(j->b, n + 2);
	if (!at)
		return;
	at[0] = '"';
	memcpy(at + 1, word, n);
	at[n + 1] = '"';
	j->b->n += n + 2;
}

void json_number(struct json *j, uint64_t v)
{
	outbuf_number(j->b, v);
}

void json_time(struct json *j, int64_t ns)
{
	outbuf_char(j->b, '"');
	stamp_iso(&j->stamp, j->b, ns);
	outbuf_char(j->b, '"');
}

void json_addr(struct json *j, const struct ip_addr *a)
{
	char text[IP_ADDR_TEXT];
	json_word(j, ip_addr_text(a, text));
}

static void put_pair(struct json *j, const uint64_t pair[2])
{
	outbuf_char(j->b, '[');
	json_number(j, pair[CLIENT]);
	outbuf_char(j->b, ',');
	json_number(j, pair[SERVER]);
	outbuf_char(j->b, ']');
}

/* Lists are written even if they are empty, so that a reader can loop over them without a test. */
static void put_bits(struct json *j, uint64_t mask, const char *(*name)(unsigned bit))
{
	size_t from = j->b->n, n;
	if (mask != 0 && mask == j->bits && name == j->bits_name && j->bits_n > 0) {
		outbuf_bytes(j->b, j->bits_text, j->bits_n);
		return;
	}
	outbuf_char(j->b, '[');
	for (uint64_t left = mask; left != 0; left &= left - 1) {
		json_comma(j);
		json_word(j, name((unsigned)__builtin_ctzll(left)));
	}
	outbuf_char(j->b, ']');
	n = j->b->n - from;
	if (mask == 0 || j->b->failed || n > sizeof j->bits_text)
		return;
	memcpy(j->bits_text, j->b->p + from, n);
	j->bits_n = n;
	j->bits = mask;
	j->bits_name = name;
}

static void put_numbers(struct json *j, const uint16_t *at, unsigned n)
{
	outbuf_char(j->b, '[');
	for (unsigned i = 0; i < n; i++) {
		json_comma(j);
		json_number(j, at[i]);
	}
	outbuf_char(j->b, ']');
}

static void put_sentences(struct json *j, const struct cause *c)
{
	outbuf_char(j->b, '[');
	for (unsigned i = 0; i < c->evidences; i++) {
		json_comma(j);
		json_string(j, bytes_str(c->evidence[i]));
	}
	outbuf_char(j->b, ']');
}

/* Writes an object of its own as an element of a list. */
static void put_object(struct json *j, enum field_group root, const struct field *rows,
		       struct field_view *v)
{
	json_comma(j);
	outbuf_char(j->b, '{');
	json_members(j, root, rows, v);
	outbuf_char(j->b, '}');
}

/* Writes the recipients that were kept, up to JSON_RCPT_MAX bytes, and counts the others in
 * v->rcpt_omitted. */
static void put_recipients(struct json *j, const struct strings *strings, struct field_view *v)
{
	size_t begin = j->b->n;
	uint16_t pos = 0;
	v->rcpt_omitted = 0;
	outbuf_char(j->b, '[');
	while (strings_next(strings, &pos, &v->recipient)) {
		size_t n = j->b->n;
		if (v->recipient.tag != STRING_RCPT)
			continue;
		if (v->rcpt_omitted == 0)
			put_object(j, FIELD_RECIPIENT, field_recipient, v);
		if (j->b->n == n || j->b->n - begin >= JSON_RCPT_MAX) {
			j->b->n = n;
			v->rcpt_omitted++;
		}
	}
	outbuf_char(j->b, ']');
}

static void put_resets(struct json *j, const struct conn_side *sides, struct field_view *v)
{
	outbuf_char(j->b, '[');
	for (v->side = CLIENT; v->side <= SERVER; v->side++)
		if (sides[v->side].reset.seen)
			put_object(j, FIELD_RESET, field_reset, v);
	outbuf_char(j->b, ']');
}

static void put_messages(struct json *j, const struct transaction *first, struct field_view *v)
{
	outbuf_char(j->b, '[');
	for (v->message = first; v->message; v->message = v->message->next) {
		v->rcpt_omitted = 0;
		put_object(j, FIELD_MESSAGE, field_message, v);
	}
	outbuf_char(j->b, ']');
}

static void put_list(struct json *j, enum field_type type, const struct value *value,
		     struct field_view *v)
{
	static const char *const taken[] = {
		[TAKEN_UNKNOWN] = "null", [TAKEN_NO] = "false", [TAKEN_YES] = "true"};
	if (type == FIELD_RECIPIENTS)
		put_recipients(j, value->strings, v);
	else if (type == FIELD_MESSAGES)
		put_messages(j, value->message, v);
	else if (type == FIELD_RESETS)
		put_resets(j, value->side, v);
	else if (type == FIELD_SENTENCES)
		put_sentences(j, value->cause);
	else if (type == FIELD_NUMBERS)
		put_numbers(j, value->numbers.at, value->numbers.n);
	else if (type == FIELD_TAKEN)
		outbuf_str(j->b, taken[value->number]);
}

static inline void put_value(struct json *j, enum field_type type, const struct value *value,
			     struct field_view *v)
{
	switch (type) {
	case FIELD_WORD:
		json_word(j, value->word);
		break;
	case FIELD_TEXT:
	case FIELD_LINES:
		json_string(j, value->text);
		break;
	case FIELD_NUMBER:
	case FIELD_CODE:
	case FIELD_PORT:
		json_number(j, value->number);
		break;
	case FIELD_BOOL:
		outbuf_str(j->b, value->number != 0 ? "true" : "false");
		break;
	case FIELD_PAIR:
		put_pair(j, value->pair);
		break;
	case FIELD_TIME:
		json_time(j, value->ns);
		break;
	case FIELD_SECONDS:
		outbuf_seconds(j->b, value->ns);
		break;
	case FIELD_ADDR:
		json_addr(j, value->addr);
		break;
	case FIELD_BITS:
		put_bits(j, value->bits.mask, value->bits.name);
		break;
	case FIELD_ENHANCED:
		outbuf_char(j->b, '"');
		field_put_enhanced(j->b, value->enhanced);
		outbuf_char(j->b, '"');
		break;
	default:
		put_list(j, type, value, v);
	}
}

void json_members(struct json *j, enum field_group root, const struct field *rows,
		  struct field_view *v)
{
	enum field_group outside = j->group;
	struct value value;
	j->group = root;
	for (const struct field *row = rows; row->get; row++) {
		if (!row->get(&value, v))
			continue;
		if (j->group != row->group)
			group_enter(j, row->group);
		key_put(j, row);
		put_value(j, row->type, &value, v);
	}
	while (j->group != root)
		group_leave(j);
	j->group = outside;
}
