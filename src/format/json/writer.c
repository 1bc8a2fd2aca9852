/* writer.c - writes single values as JSON. */
#include "format/json/json.h"

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
