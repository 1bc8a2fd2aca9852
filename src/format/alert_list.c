/* alert_list.c - the list of alert kinds, from the catalogue. */
#include "format/alert_list.h"
#include "policy/alert_kind.h"

/* If the operator has set the severity of a verdict, all its variants have that severity. */
static void put_variants(struct outbuf *b, const struct alerting *alerting, unsigned kind)
{
	const struct verdict_variant *other;
	bool own = alerting->own >> kind & 1;
	for (size_t i = 0; kind < VERDICTS && (other = verdict_variant((enum verdict)kind, i)); i++)
		outbuf_format(b, "    %-22s %-9s %s\n", "or",
			      severity_name(own ? alerting->of[kind] : other->severity),
			      other->words.headline);
}

void alert_list_put(struct outbuf *b, const struct alerting *alerting)
{
	const char *category = NULL;
	for (unsigned s = 0; s < ALERT_KINDS; s++) {
		const struct verdict_row *row = alert_kind_row(s);
		bool known = row->rfc[0] != '-';
		if (!category || strcmp(category, row->category) != 0) {
			category = row->category;
			outbuf_format(b, "%s%s:\n", s > 0 ? "\n" : "", category);
		}
		outbuf_format(b, "  %-24s %-9s %s%s%s%s\n", row->id, severity_name(alerting->of[s]),
			      row->headline, known ? " [" : "", known ? row->rfc : "",
			      known ? "]" : "");
		put_variants(b, alerting, s);
	}
}
