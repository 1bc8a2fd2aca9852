/* view.h - the document of a daemon (document.h), read again. */
#ifndef SMTPWATCH_STATUS_VIEW_H
#define SMTPWATCH_STATUS_VIEW_H

#include "base/error.h"
#include "smtpwatch/bytes.h"
#include "smtpwatch/severity.h"
#include "stats/totals.h"
#include "status/record.h"

/* VIEW_OUTPUTS: that are shown; of more the document tells. */
enum { VIEW_OUTPUTS = 64 };

struct view_output {
	const char *name;
	uint64_t offered, written, lost;
};

struct view_alert {
	int64_t ts;
	const char *signature, *severity, *text;
};

/* Times are nanoseconds since the epoch; 0: never. Texts are valid UTF-8, and may have control
 * characters: who prints them escapes them. */
struct status_view {
	void *root; /* owns all texts */
	const char *version;
	const char *configuration; /* NULL: none */
	uint64_t pid;
	int64_t now, since;
	struct watched interfaces[WATCHED_MAX];
	size_t interfaces_n;
	uint64_t open, sessions, alerts, severities[SEVERITIES], tls, decrypted;
	bool keys;
	struct status_loss losses[STATUS_LOSSES];
	struct view_output outputs[VIEW_OUTPUTS];
	size_t outputs_n;
	struct view_alert last[STATUS_ALERTS];
	size_t last_n;
};

/* Reads a document. What is missing in it is 0, an empty text or an empty list. Returns false with
 * a sentence in why if it is no JSON, or no status. Call status_view_free in any case. */
bool status_view_read(struct status_view *v, struct bytes document, struct error *why);
void status_view_free(struct status_view *v);

#endif
