/* session.c - the list of alerted sessions: a line for each, which unfolds to an explanation and
 * the ladder. */
#include "format/html/html.h"

#include "format/text/explain.h"

/* Lines of one ladder: half from its beginning, half from its end. The fault is shown in addition.
 */
enum { LINES = 200 };

void html_sessions(struct html *h, const struct summary *s)
{
	html_section(h, "sessions", "Alerted sessions");
	if (s->worst == 0)
		html_str(h, "<p>There are none.</p>\n");
	else
		html_str(h, "<p>The worst first; each unfolds to what happened, why, and what was "
			    "said.");
	if (s->worst_omitted > 0) {
		html_str(h, " Of ");
		html_number(h, s->worst + s->worst_omitted);
		html_str(h, " sessions with an alert, or of an event that has one, these are the "
			    "worst ");
		html_number(h, s->worst);
		html_str(h, "; <code>-o json</code> tells all.");
	}
	html_str(h, s->worst > 0 ? "</p>\n<ol class=\"sessions\">\n"
				 : "<ol class=\"sessions\" hidden>\n");
}

static void put_endpoint(struct html *h, const struct conn *conn, enum side side,
			 enum string_tag tag, const struct report *r)
{
	char name[SERVER_NAME];
	text_endpoint(&h->text, &conn->addr[side], conn->port[side]);
	server_name(strings_find(&r->record.session->strings, tag).text, name);
	if (name[0] != '\0')
		outbuf_format(&h->words, " (%s)", name);
	html_words(h);
}

static void put_summary(struct html *h, const struct stored_session *one)
{
	const struct report *r = &one->report;
	unsigned worst = report_worst(r);
	html_str(h, "<summary>");
	html_badge(h, report_severity(r, worst));
	outbuf_format(h->b, " <strong>%s</strong> <span class=\"who\">", alert_kind_row(worst)->id);
	html_time(h, r->record.end);
	html_str(h, ", ");
	put_endpoint(h, r->record.conn, CLIENT, STRING_HELO, r);
	html_str(h, " to ");
	put_endpoint(h, r->record.conn, SERVER, STRING_BANNER, r);
	html_str(h, "</span></summary>\n");
}

static void put_messages(struct html *h, const struct report *r)
{
	for (const struct transaction *m = r->record.session->first; m; m = m->next) {
		if (!text_message_shown(r, m))
			continue;
		html_str(h, "<p><strong>The mail:</strong> ");
		text_message_words(&h->text, r, m);
		html_words(h);
		html_str(h, ".</p>\n");
	}
}

static const char *class_of(const struct ladder_line *line)
{
	static const char *const classes[2][2] = {{"client", "client fault"},
						  {"server", "server fault"}};
	bool fault = line->flags & LADDER_FAULT;
	if (line->kind == LADDER_NOTE)
		return fault ? "note fault" : "note";
	return classes[line->side][fault];
}

static void put_text(struct html *h, const struct ladder_line *line)
{
	if (line->flags & LADDER_FAULT)
		html_str(h, "<span class=\"mark\">The fault:</span> ");
	ladder_put_words(&h->words, line);
	html_words(h);
}

static void put_line(struct html *h, const struct ladder *l, const struct ladder_line *line)
{
	outbuf_format(h->b, "<tr class=\"%s\"><th scope=\"row\" class=\"t n\">", class_of(line));
	ladder_put_time(h->b, l, line);
	html_str(h, "</th><td class=\"p n\">");
	ladder_put_packets(h->b, line);
	outbuf_format(h->b, "</td><td class=\"s\">%s</td>", stage_name(line->stage));
	html_str(h, line->kind == LADDER_NOTE ? "<td colspan=\"2\">"
		    : line->side == CLIENT    ? "<td class=\"c\">"
					      : "<td></td><td class=\"v\">");
	put_text(h, line);
	html_str(h, line->kind != LADDER_NOTE && line->side == CLIENT ? "</td><td></td></tr>\n"
								      : "</td></tr>\n");
}

static void put_omitted(struct html *h, uint64_t n)
{
	if (n == 0)
		return;
	html_str(h, "<tr class=\"note\"><td colspan=\"5\">");
	text_count(&h->text, n, "line");
	html_words(h);
	html_str(h, " left out here; <code>--explain</code> shows more.</td></tr>\n");
}

static void put_lines(struct html *h, const struct ladder *l)
{
	size_t n = ladder_count(l), cut = 0;
	uint64_t omitted = ladder_omitted(l, &cut), left = 0;
	for (size_t i = 0; i < n; i++) {
		const struct ladder_line *line = ladder_line(l, i);
		left += omitted > 0 && i == cut ? omitted : 0;
		if (i >= LINES / 2 && n - i > LINES / 2 && (line->flags & LADDER_FAULT) == 0) {
			left++;
			continue;
		}
		put_omitted(h, left);
		left = 0;
		put_line(h, l, line);
	}
	put_omitted(h, left);
}

static void put_ladder(struct html *h, const struct stored_session *one)
{
	const struct ladder *l = one->ladder;
	if (!l || ladder_count(l) == 0) {
		html_str(h, "<p class=\"dim\">What was said is not drawn: that takes a capture "
			    "which can be read a second time.</p>\n");
		return;
	}
	html_str(h, "<div class=\"wide\" role=\"region\" tabindex=\"0\" "
		    "aria-label=\"Dialogue\">\n<table class=\"ladder\">\n<caption>");
	html_str(h, "The dialogue; times are seconds from ");
	html_time(h, ladder_start(l));
	html_str(h, "</caption>\n<thead><tr><th scope=\"col\" class=\"t n\">Time</th><th "
		    "scope=\"col\" class=\"p n\">Packet</th>"
		    "<th scope=\"col\" class=\"s\">Stage</th><th scope=\"col\">Client</th><th "
		    "scope=\"col\">Server</th></tr></thead>\n"
		    "<tbody>\n");
	put_lines(h, l);
	html_table_end(h);
}

static void put_part(void *arg, const char *label, struct bytes text)
{
	struct html *h = arg;
	html_str(h, "<p><strong>");
	html_str(h, label);
	html_str(h, ":</strong> ");
	html_text(h, text);
	html_str(h, "</p>\n");
}

void html_session(struct html *h, const struct stored_session *one)
{
	const struct report *r = &one->report;
	outbuf_format(h->b, "<li id=\"session-%llu\"><details>\n", (unsigned long long)r->number);
	put_summary(h, one);
	explain_parts(r, one->ladder, put_part, h);
	put_messages(h, r);
	outbuf_format(h->b, "<p class=\"dim\">Session %llu of ", (unsigned long long)r->number);
	html_text(h, bytes_str(r->input));
	if (r->pcap) {
		html_str(h, "; its packets are in <code>");
		html_text(h, bytes_str(r->pcap));
		html_str(h, "</code>");
	}
	html_str(h, ".</p>\n");
	put_ladder(h, one);
	html_str(h, "</details></li>\n");
}

void html_end(struct html *h)
{
	html_str(h, "</ol>\n");
	html_section_end(h);
	html_str(h, "</main>\n<footer><p>Made by smtpwatch " SMTPWATCH_VERSION
		    ". What it says is only what it saw: where packets are missing that could "
		    "change a verdict, the verdict is "
		    "unknown.</p></footer>\n</body>\n</html>\n");
}
