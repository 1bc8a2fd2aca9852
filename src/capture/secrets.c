/* secrets.c - a text that grows, and that is wiped wherever it was. */
#include "capture/secrets.h"

#include <stdlib.h>

/* The most bytes of key logs that were not taken. */
enum { SECRETS_MAX = 16 << 20 };

void secrets_add(struct secrets *s, struct bytes part)
{
	if (part.n > SECRETS_MAX - s->n)
		return;
	if (s->n + part.n > s->capacity) {
		size_t capacity = 2 * (s->n + part.n);
		char *text = malloc(capacity);
		if (!text)
			return;
		if (s->n > 0)
			memcpy(text, s->text, s->n);
		if (s->text)
			explicit_bzero(s->text, s->n);
		free(s->text);
		s->text = text;
		s->capacity = capacity;
	}
	if (part.n > 0)
		memcpy(s->text + s->n, part.p, part.n);
	s->n += part.n;
}

struct bytes secrets_take(struct secrets *s)
{
	struct bytes text = bytes_of(s->text, s->n);
	s->n = 0;
	return text;
}

void secrets_free(struct secrets *s)
{
	if (s->text)
		explicit_bzero(s->text, s->capacity);
	free(s->text);
	*s = (struct secrets){0};
}
