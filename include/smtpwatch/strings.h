/* strings.h - the texts that are kept of a session or a message (strings): tagged and bounded, in
 * one block. */
#ifndef SMTPWATCH_STRINGS_H
#define SMTPWATCH_STRINGS_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/* The tag of a string: the meaning of its text. Several strings may have the same tag (recipients).
 */
enum string_tag {
	STRING_VOID, /* the string was replaced by a later one */
	STRING_BANNER,
	STRING_HELO,
	STRING_AUTH, /* the mechanism only, never a secret */
	/* Session: text of the last reply. Transaction: text of the reply to the end of the
	 * message. Lines are separated by LF. */
	STRING_REPLY,
	/* Session: text of the worst unasked 221, in the same form. */
	STRING_FAREWELL,
	STRING_UNCODED, /* the server's last line that was no reply */
	STRING_FROM,
	STRING_RCPT, /* value: the reply's code, 0 while it is outstanding */
	STRING_MESSAGE_ID,
	STRING_QUEUE_ID,
	STRING_NOT_SMTP,     /* the first line that was no SMTP */
	STRING_TLS_NAME,     /* from here on of TLS: the server name that the client asked for */
	STRING_TLS_PROTOCOL, /* ALPN, chosen or, where that is hidden, offered first */
	STRING_TLS_SUBJECT,  /* of the server's certificate */
	STRING_TLS_ISSUER
};

/* Bounds in bytes: of the text of a string, of the text of a reply, and of all strings of one
 * holder. Longer texts are cut. If a string finds no room, `full` is set. */
enum { STRING_TEXT_MAX = 320, STRING_REPLY_MAX = 1024, STRINGS_MAX = 12288, STRINGS_NONE = 0xffff };

/* Usual sizes of the block of a session and of a transaction. A block of this size at first seldom
 * has to be moved to a larger one. */
enum { STRINGS_SESSION = 112, STRINGS_TRANSACTION = 192 };

/* Zero-filled before first use, except `capacity`, which the holder may set. */
struct strings {
	uint8_t *block;
	/* Bytes used, and bytes of the block. While there is no block, capacity is the size of the
	 * first one. */
	uint16_t used, capacity;
	/* Place of the string that was written last. No other string with the same tag stands
	 * behind.
	 */
	uint16_t recent;
	bool full; /* a string was left out */
	/* A text was cut below its own bound, for lack of room. */
	bool cut;
};

struct string {
	enum string_tag tag;
	uint16_t value;
	struct bytes text; /* borrowed until the next change of the strings */
};

/* Returns the maximal length of a string's text, in bytes. A text of exactly this length may have
 * been cut. */
size_t strings_text_max(enum string_tag tag);

/* Adds a string; text is copied. Returns the string's place, which later changes do not move.
 * Returns STRINGS_NONE if the string was left out, because the pool is exhausted or the bound is
 * reached. The last 2 KiB of the bound are reserved for strings_set. */
uint16_t strings_add(struct strings *n, struct pool *pool, enum string_tag tag, uint16_t value,
		     struct bytes text);

/* Replaces the last string with that tag, or adds one if there is none. If the room does not
 * suffice for the text, the text is cut. */
void strings_set(struct strings *n, struct pool *pool, enum string_tag tag, uint16_t value,
		 struct bytes text);

/* Changes the value of the string at `where`, as strings_add returned it. Does nothing for
 * STRINGS_NONE.
 */
void strings_value(struct strings *n, uint16_t where, uint16_t value);

/* Returns the last string with that tag; text.p is NULL if there is none. The text is borrowed
 * until the next change of n. */
struct string strings_find(const struct strings *n, enum string_tag tag);

/* Iterates over all strings in order; start with *pos = 0. Returns false at the end. */
bool strings_next(const struct strings *n, uint16_t *pos, struct string *out);

/* Gives the block back to the pool, and clears n. */
void strings_free(struct strings *n, struct pool *pool);

#endif
