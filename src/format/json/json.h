/* json.h - writes JSON from the tables of fields.def, without a tree in between. */
#ifndef SMTPWATCH_FORMAT_JSON_JSON_H
#define SMTPWATCH_FORMAT_JSON_JSON_H

#include "format/fields.h"
#include "policy/suppression.h"
#include "text/escape.h"

#include <limits.h>

/*
 * Bounds in bytes; a queue of lines relies on them.
 * - RCPT: the list of a message's recipients; those beyond it are counted.
 * - MESSAGE: a message.
 * - LINE: an event "session" or "alert". Beside texts of the wire, a line has the names of the
 * input and of a pcap file, and the comment of a suppression.
 */
enum {
	JSON_RCPT_MAX = 24 << 10,
	JSON_MESSAGE_MAX = JSON_RCPT_MAX + ESCAPE_MAX * (3 * STRING_TEXT_MAX + STRING_REPLY_MAX) +
			   1024,
	JSON_LINE_MAX = SESSION_TRANSACTIONS * JSON_MESSAGE_MAX +
			ESCAPE_MAX * (STRINGS_MAX + 2 * PATH_MAX + SUPPRESSION_LINE) + (16 << 10)
};

/* Room that a table of fields.def needs, beside its texts, in bytes. */
enum { JSON_ROOM = 8192 };

/* A writer. Set b and digest, zero-fill the rest. */
struct json {
	struct outbuf *b; /* borrowed */
	struct stamp stamp;
	struct digest *digest; /* borrowed */
	/* Cache: the names of bits that were written last, and their text. Neighbouring sessions
	 * often have the same nine or ten extensions. */
	const char *(*bits_name)(unsigned bit);
	uint64_t bits;
	size_t bits_n; /* bytes of bits_text; 0: none */
	char bits_text[256];
	/* For rows.c alone: the end of the room that was reserved, and where it writes what has no
	 * room. */
	const char *limit;
	char spare[JSON_ROOM + 1];
};

/* Writes the members of a session: the rows of fields.def whose value is known, and the objects
 * between. The caller has opened the object around them, and closes it. */
void json_session(struct json *j, struct field_view *v);

/* Writes a comma if one is due, the name and a colon. name must need no escaping. */
void json_key(struct json *j, const char *name);

/* Writes a comma, unless the last byte of j->b opens an object or a list. */
void json_comma(struct json *j);

/*
 * Each function writes one value.
 * - json_string: escapes text.
 * - json_word: word must need no escaping.
 * - json_time: nanoseconds since the epoch, as ISO 8601.
 */
void json_string(struct json *j, struct bytes text);
void json_word(struct json *j, const char *word);
void json_number(struct json *j, uint64_t v);
void json_time(struct json *j, int64_t ns);
void json_addr(struct json *j, const struct ip_addr *a);

#endif
