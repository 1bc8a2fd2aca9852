/* scenario_word.c - sides, numbers, times, quoted bytes and addresses of a scenario's line. */
#include "lib/scenario_word.h"

#include <arpa/inet.h>
#include <stdlib.h>

const char *word_peek(char **p)
{
	*p += strspn(*p, " \t");
	return *p;
}

char *word_next(char **p)
{
	if (!*word_peek(p))
		return NULL;
	char *word = *p;
	*p += strcspn(*p, " \t");
	if (**p)
		*(*p)++ = 0;
	return word;
}

bool word_is(char **p, const char *word)
{
	word_peek(p);
	size_t n = strcspn(*p, " \t");
	if (n != strlen(word) || memcmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

bool word_choice(char **p, const char *const *words, int64_t *which)
{
	for (*which = 0; words[*which]; ++*which)
		if (word_is(p, words[*which]))
			return true;
	return false;
}

/* A number and the unit that is glued to it. */
static bool number_with(char **p, int64_t *number, size_t *unit)
{
	char *end;
	word_peek(p);
	*number = strtoll(*p, &end, 10);
	*unit = strcspn(end, " \t");
	if (end == *p)
		return false;
	*p = end;
	return true;
}

bool word_number(char **p, int64_t *number)
{
	char *was = *p;
	size_t unit;
	if (number_with(p, number, &unit) && unit == 0)
		return true;
	*p = was;
	return false;
}

bool word_time(char **p, int64_t *ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = {{"ms", FRAME_MS},
		     {"s", FRAME_SECOND},
		     {"m", 60 * FRAME_SECOND},
		     {"us", FRAME_MS / 1000}};
	char *was = *p;
	size_t n;
	if (number_with(p, ns, &n))
		for (size_t i = 0; i < sizeof units / sizeof *units; i++)
			if (word_is(p, units[i].unit)) {
				*ns *= units[i].ns;
				return true;
			}
	*p = was;
	return false;
}

bool word_side(char **p, enum side *side, bool *joined)
{
	static const char *const words[] = {"C", "S", "C+", "S+", NULL};
	int64_t which;
	if (!word_choice(p, words, &which))
		return false;
	*side = which & 1 ? SERVER : CLIENT;
	*joined = which > 1;
	return true;
}

/* The byte that stands behind a backslash. */
static int escaped(const char **q)
{
	static const char names[] = "rnt\\\"", values[] = "\r\n\t\\\"";
	const char *found = **q ? strchr(names, **q) : NULL;
	if (found) {
		++*q;
		return values[found - names];
	}
	char hex[3] = {**q == 'x' ? (*q)[1] : 0, 0, 0};
	hex[1] = hex[0] ? (*q)[2] : 0;
	char *end;
	long value = strtol(hex, &end, 16);
	if (end != hex + 2)
		return -1;
	*q += 3;
	return (int)value;
}

bool word_quoted(char **p, uint8_t **data, size_t *n)
{
	if (*word_peek(p) != '"')
		return false;
	const char *q = *p + 1;
	uint8_t *out = malloc(strlen(q) + 1);
	size_t used = 0;
	while (*q && *q != '"') {
		int c = (unsigned char)*q++;
		if (c == '\\' && (c = escaped(&q)) < 0)
			break;
		out[used++] = (uint8_t)c;
	}
	if (*q != '"' || used == 0) {
		free(out);
		return false;
	}
	*p += q + 1 - *p;
	*data = out;
	*n = used;
	return true;
}

bool word_endpoint(char **p, uint8_t addr[4], uint16_t *port)
{
	char *word = word_next(p);
	char *colon = word ? strchr(word, ':') : NULL;
	if (colon) {
		char *end;
		unsigned long value = strtoul(colon + 1, &end, 10);
		if (*end || value == 0 || value > 65535)
			return false;
		*port = (uint16_t)value;
		*colon = 0;
	}
	return word && inet_pton(AF_INET, word, addr) == 1;
}
