/* alert_list.c - the catalogue of alerts for people. */
#include "format/alert_list.h"

/* Another severity that the operator gave is that of all. */
static void put_variants(struct outbuf *b, const struct alerting *alerting, unsigned signature)
{
	const struct verdict_variant *other;
	bool own = alerting->own >> signature & 1;

	for (size_t i = 0;
	     signature < VERDICTS && (other = verdict_variant((enum verdict)signature, i)); i++)
		outbuf_format(b, "    %-22s %-9s %s\n", "or",
			      severity_name(own ? alerting->of[signature] : other->severity),
			      other->words.headline);
}

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
		outbuf_format(b, "  %-24s %-9s %s%s%s%s\n", row->id, severity_name(alerting->of[s]),
			      row->headline, known ? " [" : "", known ? row->rfc : "",
			      known ? "]" : "");
		put_variants(b, alerting, s);
	}
}
