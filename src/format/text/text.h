/* text.h - alerts, sums and summaries for people. */
#ifndef SMTPWATCH_FORMAT_TEXT_TEXT_H
#define SMTPWATCH_FORMAT_TEXT_TEXT_H

#include "policy/throttle.h"
#include "stats/daily.h"
#include "text/escape.h"
#include "text/timestamp.h"

/* COLUMNS: lines are at most so wide, unless a single word is wider or text.columns says otherwise.
 * NARROW: the narrowest text. INDENT: the column at which the paragraphs of an alert begin. */
enum { TEXT_COLUMNS = 100, TEXT_NARROW = 40, TEXT_INDENT = 17 };

/* A writer of text. Set b and colour, zero-fill the rest. If memory is exhausted, b->failed or
 * scratch.failed is set. */
struct text {
	struct outbuf *b;      /* borrowed */
	struct outbuf scratch; /* the caller frees it (outbuf_free) */
	bool colour;           /* with terminal escape sequences */
	bool several;          /* inputs: each alert says which one it is of */
	unsigned columns;      /* 0: TEXT_COLUMNS */
	struct stamp stamp;
};

/* Appends an alert in parts that can be forwarded as they are. A head has the time, the severity,
 * the kind and both endpoints. Paragraphs follow: names, what happened, the cause, what it means
 * for the mail, what to look at, the packets. kind: enum alert_kind. */
void text_alert(struct text *t, const struct report *r, unsigned kind);

/* Appends an alert that another one reports: the endpoints and the messages that need attention.
 * how: the reason, "again" (rate-limited) or "same event" (grouped). */
void text_again(struct text *t, const struct report *r, unsigned kind, const char *how);

/* Append a sum of rate-limited alerts with the latest of them, and a daily summary. */
void text_repeat(struct text *t, const struct throttle_repeat *repeat);
void text_daily(struct text *t, const struct daily *day);

/*
 * - text_messages (mail.c): appends a paragraph for each of the first messages that need attention,
 * and the numbers of further and of accepted messages.
 * - text_message: appends the paragraph of one message.
 */
void text_messages(struct text *t, const struct report *r);
void text_message(struct text *t, const struct report *r, const struct transaction *m);

/*
 * - text_message_shown: returns true if a message needs attention. Its fate is then neither
 * accepted, aborted nor open, or only some of its LMTP recipients took it.
 * - text_message_words: appends the words of the paragraph, without indentation, full stop and line
 * end.
 */
bool text_message_shown(const struct report *r, const struct transaction *m);
void text_message_words(struct text *t, const struct report *r, const struct transaction *m);

/* summary.c: appends the summary of a run: sessions by verdict, messages by fate, the worst
 * servers, the capture, and what the capture lacks. */
void text_summary(struct text *t, const struct summary *s);

/* What a capture lacks, and what mends that (summary.c). Appends one sentence without its line end,
 * and returns whether there is something to say. which: below TEXT_ADVICES. */
enum { TEXT_ADVICES = 3 };
bool text_advice(struct text *t, const struct summary *s, unsigned which);

/*
 * The same on one line without its line end, for outputs whose records are lines (brief.c).
 * - text_brief_alert: an alert with its messages.
 * - text_brief_again: an alert that another one reports; how: as above.
 * - text_brief_repeat: a sum. text_brief_daily: a daily summary. text_brief_stats: a run.
 */
void text_brief_alert(struct text *t, const struct report *r, unsigned kind);
void text_brief_again(struct text *t, const struct report *r, unsigned kind, const char *how);
void text_brief_repeat(struct text *t, const struct throttle_repeat *repeat);
void text_brief_daily(struct text *t, const struct daily *day);
void text_brief_stats(struct text *t, const struct summary *s);

/* Returns true if the only evidence of an unexplained ending is that nothing explains it, without a
 * figure (cause_unexplained): not worth a "Why". */
bool text_says_nothing(const struct cause *c);

/*
 * The parts of all texts (words.c). Each function appends:
 * - text_count: "1 session", "1,234 sessions".
 * - text_severity: the name, in its colour if t->colour is set, in capitals if wanted, filled with
 * blanks to width columns.
 * - text_by_severity: "1 critical, 2 warning".
 * - text_uncoded: a sentence after a blank if the server's last line was no reply, else nothing.
 * - text_endpoint: "192.0.2.1:25", "[2001:db8::1]:25".
 *
 * text_wrap ends the line that begins at offset from of t->b, and breaks it at blanks into lines of
 * TEXT_COLUMNS. Each line after a break begins at column indent.
 */
void text_count(struct text *t, uint64_t n, const char *what);
void text_severity(struct text *t, enum severity s, bool capitals, int width);
void text_by_severity(struct text *t, const uint64_t counts[SEVERITIES]);
void text_uncoded(struct outbuf *b, const struct session_info *info);
void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port);
void text_wrap(struct text *t, size_t from, size_t indent);

/*
 * Append which packets were not decoded, if mail may be missing for that reason (undecoded.c).
 * Return whether something was appended. text_undecoded_words appends no line end.
 *
 * Ordinary packets (ARP, UDP that is no tunnel) are named only if there was neither a session nor
 * TCP. Other packets are named if there was no session. With sessions, they are named if they are
 * at least half as many as the TCP packets on watched ports.
 */
bool text_undecoded(struct text *t, const struct summary *s);
bool text_undecoded_words(struct text *t, const struct summary *s);

/* Returns what the number of an undecoded packet is: "ethertype", "UDP port". Static. */
const char *undecoded_space(enum packet_space space);

/* Appends the number as it is usually written: "0x22f3", "4500". */
void undecoded_number(struct outbuf *b, struct packet_other what);

#endif
