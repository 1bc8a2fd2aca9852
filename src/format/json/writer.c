/* writer.c - writes the rows of a field table as JSON. One record must cost less than two
 * microseconds, so that no library with a tree is used. */
#include "format/json/json.h"

/* The name of each object and the object that contains it. */
static const struct {
	enum json_group parent;
	const char *key;
} groups[JSON_GROUPS] = {
	[JSON_ROOT] = {JSON_ROOT, ""},
	[JSON_ENDING] = {JSON_ROOT, "ending"},
	[JSON_CAUSE] = {JSON_ROOT, "cause"},
	[JSON_SMTP] = {JSON_ROOT, "smtp"},
	[JSON_LAST_REPLY] = {JSON_SMTP, "last_reply"},
	[JSON_FAREWELL] = {JSON_SMTP, "farewell"},
	[JSON_LATENCY] = {JSON_SMTP, "latency"},
	[JSON_PROXIED] = {JSON_SMTP, "proxied_client"},
	[JSON_TLS] = {JSON_ROOT, "tls"},
	[JSON_TLS_ALERT] = {JSON_TLS, "alert"},
	[JSON_CERTIFICATE] = {JSON_TLS, "certificate"},
	[JSON_NET] = {JSON_ROOT, "net"},
	[JSON_REPLY] = {JSON_ROOT, "reply"},
	[JSON_TIMES] = {JSON_ROOT, "times"},
};

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

static bool group_within(enum json_group inner, enum json_group outer)
{
	while (inner != outer && inner != JSON_ROOT)
		inner = groups[inner].parent;
	return inner == outer;
}

static void group_leave(struct json *j)
{
	outbuf_char(j->b, '}');
	j->group = groups[j->group].parent;
}

/* Closes and opens objects until j->group is `to`. */
static void group_enter(struct json *j, enum json_group to)
{
	while (!group_within(to, j->group))
		group_leave(j);
	while (j->group != to) {
		enum json_group next = to;

		while (groups[next].parent != j->group)
			next = groups[next].parent;
		json_key(j, groups[next].key);
		outbuf_char(j->b, '{');
		j->group = next;
	}
}

/* Copies the key, without its comma if none is due. The full length of row->key is copied, because
 * a copy of constant length needs no call. */
static inline void key_put(struct json *j, const struct json_row *row)
{
	char *at = outbuf_reserve(j->b, sizeof(row->key));
	bool comma = comma_due(j);

	if (at != NULL) {
		memcpy(at, row->key + 1 - comma, sizeof(row->key) - 1);
		j->b->n += row->key_n - 1u + comma;
	}
}

void json_members(struct json *j, const struct json_row *rows, const struct json_view *v)
{
	enum json_group outside = j->group;

	j->group = JSON_ROOT;
	for (const struct json_row *row = rows; row->put != NULL; row++) {
		enum json_group group = j->group;
		size_t n = j->b->n;

		if (group != row->group)
			group_enter(j, row->group);
		key_put(j, row);
		if (!row->put(j, v)) {
			/* Not known: discards the key, and the object that was opened for it. */
			j->b->n = n;
			j->group = group;
		}
	}
	while (j->group != JSON_ROOT)
		group_leave(j);
	j->group = outside;
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

	if (at == NULL)
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

void json_bits(struct json *j, uint64_t mask, const char *(*name)(unsigned bit))
{
	outbuf_char(j->b, '[');
	for (; mask != 0; mask &= mask - 1) {
		json_comma(j);
		json_word(j, name((unsigned)__builtin_ctzll(mask)));
	}
	outbuf_char(j->b, ']');
}

void json_addr(struct json *j, const struct ip_addr *a)
{
	char text[IP_ADDR_TEXT];

	json_word(j, ip_addr_text(a, text));
}

bool json_put_time(struct json *j, int64_t ns)
{
	if (ns == 0)
		return false;
	json_time(j, ns);
	return true;
}

bool json_put_wait(struct json *j, int64_t from, int64_t to)
{
	if (from == 0 || to == 0)
		return false;
	outbuf_seconds(j->b, to - from);
	return true;
}

bool json_put_tagged(struct json *j, const struct strings *strings, enum string_tag tag)
{
	struct bytes text = strings_find(strings, tag).text;

	if (text.p == NULL)
		return false;
	json_string(j, text);
	return true;
}

bool json_put_code(struct json *j, uint16_t code)
{
	if (code == 0)
		return false;
	json_number(j, code);
	return true;
}

bool json_put_enhanced(struct json *j, struct smtp_enhanced e)
{
	const uint16_t part[3] = {e.class, e.subject, e.detail};

	if (e.class == 0)
		return false;
	outbuf_char(j->b, '"');
	for (unsigned i = 0; i < 3; i++) {
		if (i > 0)
			outbuf_char(j->b, '.');
		json_number(j, part[i]);
	}
	outbuf_char(j->b, '"');
	return true;
}
