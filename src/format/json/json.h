/* json.h - JSON rendered from tables: a row for each fact, straight into a buffer. */
#ifndef SMTPWATCH_FORMAT_JSON_JSON_H
#define SMTPWATCH_FORMAT_JSON_JSON_H

#include "format/session_id.h"
#include "policy/session_report.h"
#include "text/escape.h"
#include "text/timestamp.h"

#include <limits.h>

/* The objects that facts stand in. Which stands in which is told in writer.c. */
enum json_group {
	JSON_ROOT,
	JSON_ENDING,
	JSON_CAUSE,
	JSON_SMTP,
	JSON_LAST_REPLY,
	JSON_FAREWELL,
	JSON_LATENCY,
	JSON_PROXIED,
	JSON_TLS,
	JSON_TLS_ALERT,
	JSON_CERTIFICATE,
	JSON_NET,
	JSON_REPLY,
	JSON_TIMES,
	JSON_GROUPS
};

/*
 * No more bytes are written for the list of a message's recipients (those that it has no room for
 * are counted), for a message, for a line of a session or an alert: whoever makes room for lines
 * may rely on it. Beside texts off the wire a line has the names of the input and of a file of
 * packets.
 */
enum {
	JSON_RCPT_MAX = 24 << 10,
	JSON_MESSAGE_MAX = JSON_RCPT_MAX + ESCAPE_MAX * (3 * STRING_TEXT_MAX + STRING_REPLY_MAX) +
			   1024,
	JSON_LINE_MAX = SESSION_TRANSACTIONS * JSON_MESSAGE_MAX +
			ESCAPE_MAX * (STRINGS_MAX + 2 * PATH_MAX) + (16 << 10)
};

/* What is rendered: a session, or one message of it. */
struct json_view {
	const struct report *report;
	const struct transaction *transaction;
};

/* A rendering under way. */
struct json {
	struct outbuf *b;
	enum json_group group; /* the innermost open object */
	struct stamp stamp;
	struct digest *digest;
	unsigned rcpt_omitted; /* of the message whose recipients were rendered last */
	uint32_t extensions;   /* the list of their names that was rendered last */
	size_t extensions_n;
	char extensions_text[256];
};

/* One fact. put writes its value, and returns false where the fact is not known: then nothing of it
 * is written, not even its name. */
struct json_row {
	enum json_group group;
	uint8_t key_n;
	char key[32]; /* with comma, quotation marks and colon, ready to be copied: JSON_ROW sees to
			 that */
	bool (*put)(struct json *j, const struct json_view *v);
};

#define JSON_ROW(group, name, put)                                                                 \
	{                                                                                          \
		group, sizeof(",\"" name "\":") - 1, ",\"" name "\":", put                         \
	}

/* Ended by a row without put. A fact is added here (json/fields.c, json/tls.c, net.c,
 * message.c), and in docs/schema.json. */
extern const struct json_row json_session_rows[], json_tls_rows[], json_net_rows[],
	json_transaction_rows[];

/* The members that the rows yield, objects of their own opened and closed, into an object that the
 * caller has opened and will close. */
void json_members(struct json *j, const struct json_row *rows, const struct json_view *v);

/* A name within an object, with the comma if it needs one. name is ours and needs no escaping. */
void json_key(struct json *j, const char *name);

/* The comma between two values of a list. */
void json_comma(struct json *j);

/* Values. json_word: a name of ours, that needs no escaping. json_bits: the list of the names of a
 * mask's bits. */
void json_string(struct json *j, struct bytes text);
void json_word(struct json *j, const char *word);
void json_number(struct json *j, uint64_t v);
void json_time(struct json *j, int64_t ns);
void json_bits(struct json *j, uint64_t mask, const char *(*name)(unsigned bit));
void json_addr(struct json *j, const struct ip_addr *a);

/* Put functions for what several tables need: true if there was something to write. */
bool json_put_tagged(struct json *j, const struct strings *strings, enum string_tag tag);
bool json_put_code(struct json *j, uint16_t code);
bool json_put_enhanced(struct json *j, struct smtp_enhanced e);

/* A time, 0: did not happen. The time from one to another, in seconds: not known if either did not
 * happen. */
bool json_put_time(struct json *j, int64_t ns);
bool json_put_wait(struct json *j, int64_t from, int64_t to);

#endif
