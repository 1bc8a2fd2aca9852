/* strings.h - the texts that are kept of a session or a message (notes): tagged and bounded, in one
 * block. */
#ifndef SMTPWATCH_STRINGS_H
#define SMTPWATCH_STRINGS_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/* The tag of a note: the meaning of its text. Several notes may have the same tag (recipients). */
enum note_tag {
	NOTE_VOID, /* the note was replaced by a later one */
	NOTE_BANNER,
	NOTE_HELO,
	NOTE_AUTH, /* the mechanism only, never a secret */
	/* Session: text of the last reply. Transaction: text of the reply to the end of the
	 * message. Lines are separated by LF. */
	NOTE_REPLY,
	/* Session: text of the worst unasked 221, in the same form. */
	NOTE_FAREWELL,
	NOTE_UNCODED, /* the server's last line that was no reply */
	NOTE_FROM,
	NOTE_RCPT, /* value: the reply's code, 0 while it is outstanding */
	NOTE_MESSAGE_ID,
	NOTE_QUEUE_ID,
	NOTE_NOT_SMTP,     /* the first line that was no SMTP */
	NOTE_TLS_NAME,     /* from here on of TLS: the server name that the client asked for */
	NOTE_TLS_PROTOCOL, /* ALPN, chosen or, where that is hidden, offered first */
	NOTE_TLS_SUBJECT,  /* of the server's certificate */
	NOTE_TLS_ISSUER
};

/* Bounds in bytes: of the text of a note, of the text of a reply, and of all notes of one holder.
 * Longer texts are cut. If a note finds no room, `full` is set. */
enum { NOTE_TEXT_MAX = 320, NOTE_REPLY_MAX = 1024, NOTES_MAX = 12288, NOTES_NONE = 0xffff };

/* Usual sizes of the block of a session and of a transaction. A block of this size at first seldom
 * has to be moved to a larger one. */
enum { NOTES_SESSION = 112, NOTES_TRANSACTION = 192 };

/* Zero-filled before first use, except `room`, which the holder may set. */
struct notes {
	uint8_t *block;
	/* Bytes used, and bytes of the block. While there is no block, room is the size of the
	 * first one. */
	uint16_t used, room;
	/* Place of the note that was written last. No other note with the same tag stands behind.
	 */
	uint16_t recent;
	bool full; /* a note was left out */
	/* A text was cut below its own bound, for lack of room. */
	bool cut;
};

struct note {
	enum note_tag tag;
	uint16_t value;
	struct bytes text; /* borrowed until the next change of the notes */
};

/* Returns the maximal length of a note's text, in bytes. A text of exactly this length may have
 * been cut. */
size_t notes_text_max(enum note_tag tag);

/* Adds a note; text is copied. Returns the note's place, which later changes do not move. Returns
 * NOTES_NONE if the note was left out, because the pool is exhausted or the bound is reached. The
 * last 2 KiB of the bound are reserved for notes_set. */
uint16_t notes_add(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
		   struct bytes text);

/* Replaces the last note with that tag, or adds one if there is none. If the room does not suffice
 * for the text, the text is cut. */
void notes_set(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
	       struct bytes text);

/* Changes the value of the note at `where`, as notes_add returned it. Does nothing for NOTES_NONE.
 */
void notes_value(struct notes *n, uint16_t where, uint16_t value);

/* Returns the last note with that tag; text.p is NULL if there is none. The text is borrowed until
 * the next change of n. */
struct note notes_find(const struct notes *n, enum note_tag tag);

/* Iterates over all notes in order; start with *pos = 0. Returns false at the end. */
bool notes_next(const struct notes *n, uint16_t *pos, struct note *out);

/* Gives the block back to the pool, and clears n. */
void notes_free(struct notes *n, struct pool *pool);

#endif
