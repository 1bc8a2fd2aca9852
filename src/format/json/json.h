/* json.h - writes JSON from tables with a row for each field, without a tree in between. */
#ifndef SMTPWATCH_FORMAT_JSON_JSON_H
#define SMTPWATCH_FORMAT_JSON_JSON_H

#include "format/session_id.h"
#include "policy/session_report.h"
#include "text/escape.h"
#include "text/timestamp.h"

#include <limits.h>

/* The objects that contain fields. writer.c has the name and the parent of each. */
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
 * Bounds in bytes; a queue of lines relies on them.
 * - RCPT: the list of a message's recipients; those beyond it are counted.
 * - MESSAGE: a message.
 * - LINE: an event "session" or "alert". Beside texts of the wire, a line has the names of the
 * input and of a pcap file.
 */
enum {
	JSON_RCPT_MAX = 24 << 10,
	JSON_MESSAGE_MAX = JSON_RCPT_MAX + ESCAPE_MAX * (3 * STRING_TEXT_MAX + STRING_REPLY_MAX) +
			   1024,
	JSON_LINE_MAX = SESSION_TRANSACTIONS * JSON_MESSAGE_MAX +
			ESCAPE_MAX * (STRINGS_MAX + 2 * PATH_MAX) + (16 << 10)
};

/* The source of the fields: a session, or one message of a session. Borrowed. */
struct json_view {
	const struct report *report;
	const struct transaction *transaction; /* for json_transaction_rows; else NULL */
};

/* A writer. Set b and digest, zero-fill the rest. */
struct json {
	struct outbuf *b;      /* borrowed */
	enum json_group group; /* the innermost open object */
	struct stamp stamp;
	struct digest *digest; /* borrowed */
	unsigned rcpt_omitted; /* recipients left out of the list that was written last */
	/* Cache: the mask of extensions that was written last, and its text. */
	uint32_t extensions;
	size_t extensions_n; /* bytes of extensions_text; 0: none */
	char extensions_text[256];
};

/* One field. */
struct json_row {
	enum json_group group;
	uint8_t key_n; /* bytes of key */
	char key[32];  /* as JSON_ROW makes it: with comma, quotation marks and colon */
	/* Writes the value. Returns false if the value is not known; json_members then discards
	 * what was written, and the key. */
	bool (*put)(struct json *j, const struct json_view *v);
};

#define JSON_ROW(group, name, put)                                                                 \
	{                                                                                          \
		group, sizeof(",\"" name "\":") - 1, ",\"" name "\":", put                         \
	}

/* The field tables, each terminated by a row whose put is NULL. A new field gets a row in
 * json/fields.c, json/tls.c, json/net.c or json/message.c, and an entry in docs/schema.json. */
extern const struct json_row json_session_rows[], json_tls_rows[], json_net_rows[],
	json_transaction_rows[];

/* Writes the members of all rows whose value is known, and opens and closes the objects that
 * contain them. The caller has opened the object around all members, and closes it. A put function
 * may call json_members for an object of its own. */
void json_members(struct json *j, const struct json_row *rows, const struct json_view *v);

/* Writes a comma if one is due, the name and a colon. name must need no escaping. */
void json_key(struct json *j, const char *name);

/* Writes a comma, unless the last byte of j->b opens an object or a list. */
void json_comma(struct json *j);

/*
 * Each function writes one value.
 * - json_string: escapes text.
 * - json_word: word must need no escaping.
 * - json_time: nanoseconds since the epoch, as ISO 8601.
 * - json_bits: a list of the names of the bits that are set in mask, lowest bit first.
 */
void json_string(struct json *j, struct bytes text);
void json_word(struct json *j, const char *word);
void json_number(struct json *j, uint64_t v);
void json_time(struct json *j, int64_t ns);
void json_bits(struct json *j, uint64_t mask, const char *(*name)(unsigned bit));
void json_addr(struct json *j, const struct ip_addr *a);

/*
 * Each function writes one value and returns true, or returns false if the value is not known.
 * - json_put_tagged: the first string with the tag.
 * - json_put_code: a reply code; 0: not known.
 * - json_put_enhanced: an enhanced status code such as "5.7.1" (RFC 3463); class 0: not known.
 */
bool json_put_tagged(struct json *j, const struct strings *strings, enum string_tag tag);
bool json_put_code(struct json *j, uint16_t code);
bool json_put_enhanced(struct json *j, struct smtp_enhanced e);

/* json_put_time: a time. json_put_wait: the seconds between two times. Arguments are nanoseconds
 * since the epoch; 0: not known. Return value as above. */
bool json_put_time(struct json *j, int64_t ns);
bool json_put_wait(struct json *j, int64_t from, int64_t to);

#endif
