/* show.c - the lines of the text, and the rules of the check. */
#include "status/show.h"

#include "format/text/text.h"
#include "smtpwatch/frame.h"
#include "stats/tls_share.h"

#include <string.h>

static const char *const lost_words[STATUS_LOSSES] = {
	[STATUS_PACKETS] = "packet", [STATUS_SESSIONS] = "session", [STATUS_RECORDS] = "record"};

static void put(struct text *t, const char *text)
{
	escape_text(t->b, bytes_str(text));
}

/* Appends "3 s", "12 min", "5 h" or "8 days". */
static void put_duration(struct text *t, int64_t ns)
{
	uint64_t seconds = ns > 0 ? (uint64_t)(ns / FRAME_SECOND) : 0;
	if (seconds < 120)
		outbuf_format(t->b, "%llu s", (unsigned long long)seconds);
	else if (seconds < 120 * 60)
		outbuf_format(t->b, "%llu min", (unsigned long long)seconds / 60);
	else if (seconds < 48 * 3600)
		outbuf_format(t->b, "%llu h", (unsigned long long)seconds / 3600);
	else
		outbuf_format(t->b, "%llu days", (unsigned long long)seconds / 86400);
}

static void put_head(struct text *t, const struct status_view *v)
{
	size_t from = t->b->n;
	outbuf_str(t->b, "smtpwatch ");
	put(t, v->version);
	outbuf_format(t->b, ", process %llu, watches since ", (unsigned long long)v->pid);
	stamp_plain(&t->stamp, t->b, v->since);
	outbuf_str(t->b, " (");
	put_duration(t, v->now - v->since);
	outbuf_str(t->b, ").");
	text_wrap(t, from, 2);
	from = t->b->n;
	outbuf_str(t->b, "Configuration: ");
	put(t, v->configuration ? v->configuration : "none");
	text_wrap(t, from, 2);
}

static void put_interfaces(struct text *t, const struct status_view *v)
{
	outbuf_str(t->b, "Interfaces:\n");
	for (size_t i = 0; i < v->interfaces_n; i++) {
		const struct watched *w = &v->interfaces[i];
		size_t from = t->b->n;
		outbuf_str(t->b, "  ");
		put(t, w->name);
		outbuf_str(t->b, w->on ? ": watched, " : ": NOT WATCHED, ");
		text_count(t, w->packets, "packet");
		outbuf_str(t->b, ", ");
		outbuf_grouped(t->b, w->dropped);
		outbuf_str(t->b, " dropped");
		if (w->last > 0) {
			outbuf_str(t->b, ", the latest ");
			put_duration(t, v->now - w->last);
			outbuf_str(t->b, " ago");
		}
		text_wrap(t, from, 4);
	}
}

static void put_counts(struct text *t, const struct status_view *v)
{
	size_t from = t->b->n;
	outbuf_str(t->b, "Sessions: ");
	outbuf_grouped(t->b, v->sessions);
	outbuf_str(t->b, " so far, ");
	outbuf_grouped(t->b, v->open);
	outbuf_str(t->b, " connections open.");
	text_wrap(t, from, 2);
	from = t->b->n;
	outbuf_str(t->b, "TLS: ");
	tls_share_put(t->b, v->sessions, v->tls, v->decrypted);
	outbuf_str(t->b, v->keys ? "." : "; there are no keys.");
	text_wrap(t, from, 2);
	from = t->b->n;
	outbuf_str(t->b, "Alerts: ");
	outbuf_grouped(t->b, v->alerts);
	outbuf_str(t->b, v->alerts > 0 ? ": " : "");
	text_by_severity(t, v->severities);
	outbuf_char(t->b, '.');
	text_wrap(t, from, 2);
}

static void put_losses(struct text *t, const struct status_view *v)
{
	size_t from = t->b->n;
	const char *between = "Lost: ";
	for (unsigned i = 0; i < STATUS_LOSSES; i++) {
		if (v->losses[i].count == 0)
			continue;
		outbuf_str(t->b, between);
		text_count(t, v->losses[i].count, lost_words[i]);
		outbuf_str(t->b, " (the latest ");
		put_duration(t, v->now - v->losses[i].last);
		outbuf_str(t->b, " ago)");
		between = ", ";
	}
	outbuf_str(t->b, t->b->n == from ? "Lost: nothing." : ".");
	text_wrap(t, from, 2);
}

static void put_outputs(struct text *t, const struct status_view *v)
{
	outbuf_str(t->b, v->outputs_n > 0 ? "Outputs:\n" : "");
	for (size_t i = 0; i < v->outputs_n; i++) {
		const struct view_output *o = &v->outputs[i];
		size_t from = t->b->n;
		outbuf_str(t->b, "  ");
		put(t, o->name);
		outbuf_str(t->b, ": ");
		outbuf_grouped(t->b, o->offered);
		outbuf_str(t->b, " offered, ");
		outbuf_grouped(t->b, o->written);
		outbuf_str(t->b, " written, ");
		outbuf_grouped(t->b, o->lost);
		outbuf_str(t->b, " lost");
		text_wrap(t, from, 4);
	}
}

static void put_alerts(struct text *t, const struct status_view *v)
{
	outbuf_str(t->b, v->last_n > 0 ? "Latest alerts:\n" : "");
	for (size_t i = 0; i < v->last_n; i++) {
		const struct view_alert *a = &v->last[i];
		size_t from = t->b->n;
		outbuf_str(t->b, "  ");
		stamp_plain(&t->stamp, t->b, a->ts);
		outbuf_char(t->b, ' ');
		put(t, a->severity);
		outbuf_char(t->b, ' ');
		put(t, a->text);
		text_wrap(t, from, 4);
	}
}

void status_show_text(struct outbuf *b, const struct status_view *v, unsigned columns)
{
	struct text t = {.b = b, .columns = columns};
	put_head(&t, v);
	put_interfaces(&t, v);
	put_counts(&t, v);
	put_losses(&t, v);
	put_outputs(&t, v);
	put_alerts(&t, v);
	outbuf_free(&t.scratch);
}

/* A check's words: the problems so far, and the worst code. */
struct check {
	struct outbuf words;
	struct text text;
	enum nagios_code code;
};

static void problem_begin(struct check *c, enum nagios_code code)
{
	outbuf_str(&c->words, c->words.n > 0 ? "; " : "");
	c->code = code > c->code ? code : c->code;
}

static void check_interfaces(struct check *c, const struct status_view *v,
			     const struct nagios_rules *r)
{
	for (size_t i = 0; i < v->interfaces_n; i++) {
		const struct watched *w = &v->interfaces[i];
		int64_t last = w->last > v->since ? w->last : v->since;
		if (!w->on) {
			problem_begin(c, NAGIOS_CRITICAL);
			put(&c->text, w->name);
			outbuf_str(&c->words, " is not watched");
		} else if (r->silence > 0 && v->now - last >= r->silence) {
			problem_begin(c, NAGIOS_WARNING);
			put(&c->text, w->name);
			outbuf_str(&c->words, " had no packet for ");
			put_duration(&c->text, v->now - last);
		}
	}
	if (v->interfaces_n == 0) {
		problem_begin(c, NAGIOS_CRITICAL);
		outbuf_str(&c->words, "no interface is watched");
	}
}

static void check_losses(struct check *c, const struct status_view *v, const struct nagios_rules *r)
{
	for (unsigned i = 0; i < STATUS_LOSSES; i++) {
		const struct status_loss *one = &v->losses[i];
		if (one->last == 0 || v->now - one->last > r->recent)
			continue;
		problem_begin(c, i == STATUS_PACKETS ? NAGIOS_WARNING : NAGIOS_CRITICAL);
		text_count(&c->text, one->count, lost_words[i]);
		outbuf_str(&c->words,
			   i == STATUS_PACKETS ? " dropped, the latest " : " lost, the latest ");
		put_duration(&c->text, v->now - one->last);
		outbuf_str(&c->words, " ago");
	}
}

static const char *code_name(enum nagios_code code)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	return names[code];
}

static void put_figure(struct outbuf *b, const char *name, uint64_t v, const char *unit)
{
	outbuf_format(b, " %s=%llu%s;;;0", name, (unsigned long long)v, unit);
}

/* "c" is a counter that only grows. */
static void put_figures(struct outbuf *b, const struct status_view *v)
{
	uint64_t packets = 0;
	for (size_t i = 0; i < v->interfaces_n; i++)
		packets += v->interfaces[i].packets;
	outbuf_str(b, " |");
	put_figure(b, "packets", packets, "c");
	put_figure(b, "sessions", v->sessions, "c");
	put_figure(b, "open", v->open, "");
	put_figure(b, "tls", v->tls, "c");
	put_figure(b, "tls_read", v->decrypted, "c");
	put_figure(b, "alerts", v->alerts, "c");
	for (unsigned s = SEVERITIES; s-- > SEVERITY_INFO;)
		put_figure(b, severity_name((enum severity)s), v->severities[s], "c");
	put_figure(b, "dropped", v->losses[STATUS_PACKETS].count, "c");
	put_figure(b, "sessions_lost", v->losses[STATUS_SESSIONS].count, "c");
	put_figure(b, "records_lost", v->losses[STATUS_RECORDS].count, "c");
}

/* In the words a "|" would begin the performance data. */
static void put_words(struct outbuf *b, struct bytes words)
{
	for (size_t i = 0; i < words.n; i++)
		outbuf_char(b, words.p[i] == '|' ? '/' : (char)words.p[i]);
}

static void put_well(struct check *c, const struct status_view *v)
{
	for (size_t i = 0; i < v->interfaces_n; i++) {
		outbuf_str(&c->words, i > 0 ? ", " : "");
		put(&c->text, v->interfaces[i].name);
	}
	outbuf_str(&c->words, v->interfaces_n == 1 ? " is watched; " : " are watched; ");
	text_count(&c->text, v->sessions, "session");
	outbuf_str(&c->words, ", ");
	text_count(&c->text, v->alerts, "alert");
	outbuf_str(&c->words, " so far");
}

enum nagios_code status_show_nagios(struct outbuf *b, const struct status_view *v,
				    const struct nagios_rules *rules)
{
	struct check c = {.code = NAGIOS_OK};
	c.text.b = &c.words;
	check_interfaces(&c, v, rules);
	check_losses(&c, v, rules);
	if (c.code == NAGIOS_OK)
		put_well(&c, v);
	outbuf_format(b, "SMTPWATCH %s: ", code_name(c.code));
	put_words(b, bytes_of(c.words.p, c.words.n));
	put_figures(b, v);
	outbuf_char(b, '\n');
	outbuf_free(&c.words);
	outbuf_free(&c.text.scratch);
	return c.code;
}

void status_show_failure(struct outbuf *b, enum nagios_code code, const char *why)
{
	struct outbuf words = {0};
	escape_text(&words, bytes_str(why));
	outbuf_format(b, "SMTPWATCH %s: ", code_name(code));
	put_words(b, bytes_of(words.p, words.n));
	outbuf_char(b, '\n');
	outbuf_free(&words);
}
