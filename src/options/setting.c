/* setting.c - the list of options as they were given. */
#include "options/setting.h"

#include <stdlib.h>

void settings_add(struct settings *s, struct setting one, struct config_errors *m)
{
	struct setting *all = realloc(s->all, (s->n + 1) * sizeof(*all));

	if (all == NULL) {
		config_errors_add(m, one.line, "no memory");
		return;
	}
	all[s->n++] = one;
	s->all = all;
}

const struct setting *settings_next(const struct settings *s, const struct option_row *row,
				    size_t *at)
{
	while (*at < s->n) {
		const struct setting *one = &s->all[(*at)++];

		if (one->row == row)
			return one;
	}
	return NULL;
}

void settings_free(struct settings *s)
{
	free(s->all);
	*s = (struct settings){0};
}
