/* catalogue.c - the catalogue of alerts for people. */
#include "output/catalogue.h"

void catalogue_put(struct outbuf *b, const struct alerting *alerting)
{
	const char *category = NULL;

	for (unsigned s = 0; s < SIGNATURES; s++) {
		const struct verdict_row *row = signature_row(s);
		bool known = row->rfc[0] != '-';

		if (category == NULL || strcmp(category, row->category) != 0) {
			category = row->category;
			outbuf_format(b, "%s%s:\n", s > 0 ? "\n" : "", category);
		}
		outbuf_format(b, "  %-24s %-9s %s%s%s%s\n", row->id, severity_name(alerting->of[s]), row->headline,
			      known ? " [" : "", known ? row->rfc : "", known ? "]" : "");
	}
}
