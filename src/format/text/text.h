/* text.h - alerts and the closing summary for people. */
#ifndef SMTPWATCH_FORMAT_TEXT_TEXT_H
#define SMTPWATCH_FORMAT_TEXT_TEXT_H

#include "policy/throttle.h"
#include "stats/daily.h"
#include "text/escape.h"
#include "text/timestamp.h"

/* A text under way. What is shown is at most TEXT_COLUMNS wide, but for words that are wider;
 * TEXT_INDENT is where an alert's paragraphs begin. */
enum { TEXT_COLUMNS = 100, TEXT_INDENT = 17 };
struct text {
	struct outbuf *b;
	struct outbuf scratch; /* freed by whoever has the text */
	bool colour;
	struct stamp stamp;
};

/* Parts that can be forwarded as they are: when, how bad, who; what happened; why; what it means
 * for the mail; what to look at next. */
void text_alert(struct text *t, const struct report *r, unsigned kind);

/* An alert that another one tells, of the same event or in a sum: who, and what became of the
 * session's messages. how: "same event". */
void text_again(struct text *t, const struct report *r, unsigned kind, const char *how);

/* What the throttle kept back, and the latest of it. A day. */
void text_repeat(struct text *t, const struct throttle_repeat *repeat);
void text_daily(struct text *t, const struct daily *day);

/* The messages of a session that need attention, a paragraph each, and how many more there are
 * (text/mail.c). */
void text_messages(struct text *t, const struct report *r);
void text_message(struct text *t, const struct report *r, const struct transaction *m);

/* Whether a message needs attention; and the same paragraph without its indentation, full stop and
 * line ends. */
bool text_message_shown(const struct report *r, const struct transaction *m);
void text_message_words(struct text *t, const struct report *r, const struct transaction *m);

/* The whole run: sessions by verdict, messages by fate, the worst servers, the capture and what was
 * missing from it. */
void text_summary(struct text *t, const struct summary *s);

/*
 * The same in a few words and without a line end, for outputs whose records are lines
 * (brief.c): an alert with the messages that need attention; one that is told elsewhere (how:
 * as above); a sum; a day; a run.
 */
void text_brief_alert(struct text *t, const struct report *r, unsigned kind);
void text_brief_again(struct text *t, const struct report *r, unsigned kind, const char *how);
void text_brief_repeat(struct text *t, const struct throttle_repeat *repeat);
void text_brief_daily(struct text *t, const struct daily *day);
void text_brief_stats(struct text *t, const struct summary *s);

/*
 * What all need. text_count: "1 session", "1,234 sessions". text_severity: in its colour, in
 * capitals if wanted, filled up with blanks to `width`. text_by_severity: "1 critical, 2 warning".
 * text_wrap: ends the line that began at offset `from` of the buffer, broken at blanks where it is
 * too wide; what is broken off begins at column `indent`.
 */
void text_count(struct text *t, uint64_t n, const char *what);
void text_severity(struct text *t, enum severity s, bool capitals, int width);
void text_by_severity(struct text *t, const uint64_t counts[SEVERITIES]);
/* text_uncoded: a sentence with a blank before it, where the server's last words were no reply;
 * nothing otherwise. */
void text_uncoded(struct outbuf *b, const struct session_info *info);
void text_endpoint(struct text *t, const struct ip_addr *addr, uint16_t port);
void text_wrap(struct text *t, size_t from, size_t indent);

/*
 * Names what was not decoded, if that may be why mail is missing, and returns whether it does.
 * Ordinary packets (ARP, UDP that is no tunnel) are named only where there was no TCP at all.
 * Others are named where no session was found, or where they are at least half as many as the
 * segments of mail: one direction may be among them. text_undecoded_words: without line ends.
 */
bool text_undecoded(struct text *t, const struct summary *s);
bool text_undecoded_words(struct text *t, const struct summary *s);

/* Of such a number: what it is the number of ("ethertype"), and the number as it is usually
 * written. */
const char *undecoded_space(enum packet_space space);
void undecoded_number(struct outbuf *b, struct packet_other what);

#endif
