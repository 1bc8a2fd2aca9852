/* catalogue.c - the catalogue of verdicts for people. */
#include "output/catalogue.h"

void catalogue_put(struct outbuf *b, const struct alerting *alerting)
{
	const char *category = NULL;

	for (unsigned v = 0; v < VERDICTS; v++) {
		const struct verdict_row *row = verdict_row((enum verdict)v);
		bool known = row->rfc[0] != '-';

		if (category == NULL || strcmp(category, row->category) != 0) {
			category = row->category;
			outbuf_format(b, "%s%s:\n", v > 0 ? "\n" : "", category);
		}
		outbuf_format(b, "  %-24s %-9s %s%s%s%s\n", row->id, severity_name(alerting->of[v]), row->headline,
			      known ? " [" : "", known ? row->rfc : "", known ? "]" : "");
	}
}
