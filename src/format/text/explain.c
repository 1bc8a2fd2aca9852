/* explain.c - joins sentences of the tables and values of the session into one paragraph. */
#include "format/text/explain.h"

#include "base/ascii.h"
#include "format/text/explain_words.h"
#include "format/text/text.h"
#include "smtpwatch/frame.h"
#include "text/wrap.h"

enum { USUAL = 100, NARROW = 40 };

/* Writes a clause of the catalogue as a sentence after a blank. */
static void put_sentence(struct outbuf *b, const char *begin, const char *clause)
{
	outbuf_char(b, ' ');
	outbuf_str(b, begin);
	if (begin[0] == '\0' && clause[0] != '\0')
		outbuf_char(b, (char)ascii_upper((uint8_t)*clause++));
	outbuf_str(b, clause);
	outbuf_char(b, '.');
}

static void put_seconds(struct outbuf *b, int64_t ns)
{
	if (ns < 10 * FRAME_MS)
		outbuf_format(b, "%.2f ms", (double)ns / (double)FRAME_MS);
	else if (ns < FRAME_SECOND)
		outbuf_format(b, "%.1f ms", (double)ns / (double)FRAME_MS);
	else
		outbuf_format(b, "%.1f s", (double)ns / (double)FRAME_SECOND);
}

/* Example: " Packet 14, 120.5 ms after the beginning and at stage DATA, ". */
static void put_place(struct outbuf *b, const struct ladder *l, const struct ladder_line *line)
{
	if (line->packet > 0)
		outbuf_format(b, " Packet %llu, ", (unsigned long long)line->packet);
	else
		outbuf_str(b, " What was seen ");
	put_seconds(b, line->ts > ladder_start(l) ? line->ts - ladder_start(l) : 0);
	outbuf_format(b, " after the beginning and at stage %s, ", stage_name(line->stage));
}

/* Writes the line of the ladder that has the fault. */
static void put_fault(struct outbuf *b, const struct ladder *l, const struct ladder_line *line)
{
	static const char *const who[] = {[CLIENT] = "client", [SERVER] = "server"};
	put_place(b, l, line);
	if (line->kind == LADDER_NOTE)
		outbuf_format(b, "is where it stops being known: %s", line->text);
	else if (line->flags == (LADDER_AGAIN | LADDER_FAULT))
		outbuf_format(b, "is the first of what the %s sent again", who[line->side]);
	else if (line->kind == LADDER_TCP)
		outbuf_format(b, "is the %s's %s", who[line->side], line->text);
	else
		outbuf_format(b, "is what the %s said: \"%s\"", who[line->side], line->text);
	if (line->answers && line->waited > 0) {
		outbuf_format(b, ", in answer to %s, after ", line->answers);
		put_seconds(b, line->waited);
	}
	outbuf_char(b, '.');
}

/* Returns the last message before the fault that had no positive reply, or NULL. The verdict
 * depends on this message. */
static const struct ladder_line *message_before(const struct ladder *l,
						const struct ladder_line *fault)
{
	const struct ladder_line *found = NULL;
	for (size_t i = 0; i < ladder_count(l) && ladder_line(l, i) != fault; i++)
		if (ladder_line(l, i)->kind == LADDER_MESSAGE)
			found = ladder_line(l, i);
		else if (ladder_line(l, i)->kind == LADDER_REPLY && found &&
			 ladder_line(l, i)->code / 100 == 2 && ladder_line(l, i)->code != 221)
			found = NULL; /* the message has its reply */
	return found;
}

static void put_message(struct outbuf *b, const struct ladder *l, const struct ladder_line *fault)
{
	const struct ladder_line *m = message_before(l, fault);
	if (!m || m->packet == 0)
		return;
	outbuf_str(b, m->last > m->packet ? " Packets " : " Packet ");
	ladder_put_packets(b, m);
	outbuf_format(b, m->last > m->packet ? " hold " : " holds ");
	outbuf_grouped(b, m->bytes);
	outbuf_str(b, m->stage == STAGE_END_OF_MESSAGE ? " bytes of the message, with its end."
						       : " bytes of the message, but not its end.");
}

static void put_cause(struct outbuf *b, const struct cause *c)
{
	static const char *const sure[] = {[CONFIDENCE_POSSIBLE] = "Possibly ",
					   [CONFIDENCE_LIKELY] = "Probably ",
					   [CONFIDENCE_CERTAIN] = "Certainly "};
	if (!c)
		return;
	if (c->id != CAUSE_UNEXPLAINED) {
		put_sentence(b, sure[c->confidence], cause_row(c->id)->meaning);
		outbuf_str(b, " We think so because of this: ");
		for (unsigned i = 0; i < c->evidences; i++) {
			outbuf_str(b, i > 0 ? "; " : "");
			escape_text(b, bytes_str(c->evidence[i]));
		}
		outbuf_char(b, '.');
	}
	outbuf_format(b, " %s", explain_cause_of(c->id)->how);
}

/* The cause's advice comes before the verdict's, because it is more precise. */
static void put_check(struct outbuf *b, const struct cause *c, const struct explain_words *words)
{
	const char *cause = c ? explain_cause_of(c->id)->check : "";
	bool first = c && c->id != CAUSE_UNEXPLAINED;
	if (first)
		outbuf_format(b, " %s", cause);
	outbuf_format(b, " %s", words->check);
	if (c && !first)
		outbuf_format(b, " %s", cause);
}

static void put_happened(struct outbuf *b, const struct report *r, const struct ladder *l)
{
	unsigned worst = report_worst(r);
	const char *headline =
		worst < VERDICTS ? verdict_words((enum verdict)worst, r->record.ending).headline
				 : alert_kind_row(worst)->headline;
	const struct ladder_line *fault = l ? ladder_fault(l) : NULL;
	char reason[512] = "";
	outbuf_char(b, (char)ascii_upper((uint8_t)headline[0]));
	outbuf_str(b, headline + 1);
	outbuf_char(b, '.');
	if (fault) {
		put_message(b, l, fault);
		put_fault(b, l, fault);
	}
	text_uncoded(b, r->record.session);
	verdict_reason(r->record.ending, &r->record.judgement, reason, sizeof reason);
	if (reason[0] != '\0')
		put_sentence(b, "", reason);
}

/* Hands a part on, without the blank that sentences begin with, and empties b. */
static void part_end(struct outbuf *b, const char *label, explain_part *part, void *arg)
{
	bool blank = b->n > 0 && b->p[0] == ' ';
	if (b->n > 0)
		part(arg, label, bytes_of(b->p + blank, b->n - blank));
	b->n = 0;
}

void explain_parts(const struct report *r, const struct ladder *l, explain_part *part, void *arg)
{
	const struct explain_words *words = explain_words_of(report_worst(r));
	const char *rfc = alert_kind_row(report_worst(r))->rfc;
	const struct cause *c = report_cause(r);
	struct outbuf b = {0};
	put_happened(&b, r, l);
	part_end(&b, "What happened", part, arg);
	if (c && !text_says_nothing(c))
		put_cause(&b, c);
	part_end(&b, "Why", part, arg);
	if (strcmp(rfc, "-") != 0)
		outbuf_format(&b, "%s: ", rfc);
	outbuf_str(&b, words->rule);
	part_end(&b, "The rule", part, arg);
	outbuf_format(&b, "What the sender will have done: %s", words->sender);
	part_end(&b, "The mail", part, arg);
	put_check(&b, c, words);
	part_end(&b, "Look at", part, arg);
	outbuf_free(&b);
}

void explain_brief(struct outbuf *b, const struct report *r, uint64_t number)
{
	struct text t = {.b = b};
	const struct conn *conn = r->record.conn;
	outbuf_format(b, "%6llu  ", (unsigned long long)number);
	stamp_plain(&t.stamp, b, r->record.end);
	outbuf_format(b, "  %-8s  %s  ", severity_name(report_severity(r, report_worst(r))),
		      alert_kind_row(report_worst(r))->id);
	text_endpoint(&t, &conn->addr[CLIENT], conn->port[CLIENT]);
	outbuf_str(b, " -> ");
	text_endpoint(&t, &conn->addr[SERVER], conn->port[SERVER]);
	outbuf_char(b, '\n');
}

static void put_heading(struct text *t, const struct report *r, uint64_t number)
{
	char client[SERVER_NAME], server[SERVER_NAME];
	const struct session_info *info = r->record.session;
	unsigned worst = report_worst(r);
	server_name(strings_find(&info->strings, STRING_HELO).text, client);
	server_name(strings_find(&info->strings, STRING_BANNER).text, server);
	outbuf_format(t->b, "Session %llu of ", (unsigned long long)number);
	escape_text(t->b, bytes_str(r->input));
	outbuf_str(t->b, ", ");
	stamp_plain(&t->stamp, t->b, r->record.conn->start);
	outbuf_str(t->b, t->colour ? ": \033[1m" : ": ");
	outbuf_str(t->b, alert_kind_row(worst)->id);
	outbuf_str(t->b, t->colour ? "\033[0m, " : ", ");
	text_severity(t, report_severity(r, worst), false, 0);
	outbuf_format(t->b, "\nWho: client %s%s", client, client[0] != '\0' ? " " : "");
	text_endpoint(t, &r->record.conn->addr[CLIENT], r->record.conn->port[CLIENT]);
	outbuf_format(t->b, ", server %s%s", server, server[0] != '\0' ? " " : "");
	text_endpoint(t, &r->record.conn->addr[SERVER], r->record.conn->port[SERVER]);
	if (r->suppression) {
		outbuf_str(t->b, "\nheld back by a rule of --suppress: ");
		escape_text(t->b, bytes_str(r->suppression));
	}
	outbuf_str(t->b, "\n\n");
}

/* A part on the screen, its label in a column of its own where there is room for that. */
struct page {
	struct outbuf *b;
	unsigned width;
};

static void page_part(void *arg, const char *label, struct bytes text)
{
	const struct page *p = arg;
	bool wide = p->width > 3 * TEXT_INDENT;
	struct outbuf line = {0};
	outbuf_format(&line, "%s:", label);
	wrap_blanks(&line, wide ? TEXT_INDENT - 2 - (unsigned)line.n : 1);
	outbuf_bytes(&line, text.p, text.n);
	wrap_put(p->b, bytes_of(line.p, line.n), p->width, wide ? TEXT_INDENT - 2 : 2);
	outbuf_free(&line);
}

/* Writes each message that needs attention. */
static void put_messages(struct text *t, const struct report *r, struct page *page)
{
	struct outbuf words = {0}, *b = t->b;
	for (const struct transaction *m = r->record.session->first; m; m = m->next) {
		if (!text_message_shown(r, m))
			continue;
		words.n = 0;
		t->b = &words;
		text_message_words(t, r, m);
		outbuf_char(&words, '.');
		t->b = b;
		page_part(page, "The mail", bytes_of(words.p, words.n));
	}
	outbuf_free(&words);
}

void explain_put(struct outbuf *b, const struct report *r, uint64_t number, const struct ladder *l,
		 struct explain_style style)
{
	struct text t = {.b = b, .colour = style.colour};
	unsigned width = style.columns > NARROW ? style.columns
			 : style.columns > 0    ? NARROW
						: USUAL;
	struct page page = {b, width < USUAL ? width : USUAL};
	put_heading(&t, r, number);
	explain_parts(r, l, page_part, &page);
	put_messages(&t, r, &page);
	outbuf_char(b, '\n');
	if (l)
		ladder_text(b, l, style.columns, style.colour);
	outbuf_free(&t.scratch);
}
