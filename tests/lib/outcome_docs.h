/* outcome_docs.h - the outcomes of mails, as documents have them. */
#ifndef SMTPWATCH_TEST_OUTCOME_DOCS_H
#define SMTPWATCH_TEST_OUTCOME_DOCS_H

#include "text/buffer.h"

/* Append the rows of a table of Markdown, and the names for the shell completion. */
void outcome_docs_table(struct outbuf *b);
void outcome_docs_names(struct outbuf *b);

#endif
