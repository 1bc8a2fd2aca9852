/* outcome_docs.c - the outcomes of mails, out of their table. */
#include "lib/outcome_docs.h"

#include "history/mail.h"

void outcome_docs_table(struct outbuf *b)
{
	outbuf_str(b, "| outcome | severity | meaning |\n|---|---|---|\n");
	for (unsigned i = 0; i < OUTCOMES; i++)
		outbuf_format(b, "| `%s` | %s | %s |\n", outcome_row(i)->name,
			      severity_name(outcome_row(i)->severity), outcome_row(i)->sentence);
}

void outcome_docs_names(struct outbuf *b)
{
	outbuf_str(b, "_smtpwatch_outcomes=\"open twice later elsewhere all");
	for (unsigned i = 0; i < OUTCOMES; i++)
		outbuf_format(b, "%s%s", i % 6 == 5 ? "\n\t" : " ", outcome_row(i)->name);
	outbuf_str(b, "\"\n");
}
