/* strings.h - the few texts that are kept of a session or a message: tagged, bounded, in one
 * borrowed block. */
#ifndef SMTPWATCH_STRINGS_H
#define SMTPWATCH_STRINGS_H

#include "smtpwatch/bytes.h"
#include "smtpwatch/pool.h"

/* What a note is about. Several notes may bear the same tag (recipients). */
enum note_tag {
	NOTE_VOID, /* replaced by a later one */
	NOTE_BANNER,
	NOTE_HELO,
	NOTE_AUTH,     /* the mechanism, never more */
	NOTE_REPLY,    /* text of the last reply (session), of the reply to the end of the message
			  (transaction); its lines are parted by LF */
	NOTE_FAREWELL, /* the same of the worst unasked 221 (session) */
	NOTE_UNCODED,  /* the server's last line that was no reply */
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

/* Bounds: one note's text, that of a reply (which may have several lines), and all notes of one
 * holder together. Longer is cut; beyond it `full` is set. */
enum { NOTE_TEXT_MAX = 320, NOTE_REPLY_MAX = 1024, NOTES_MAX = 12288, NOTES_NONE = 0xffff };

/* What a holder's texts come to, mostly: with such a block to begin with, it need not be moved to a
 * larger one again and again. */
enum { NOTES_SESSION = 112, NOTES_TRANSACTION = 192 };

/* Zero-filled before first use, but for room, which the holder may set. */
struct notes {
	uint8_t *block;
	uint16_t used, room; /* room: of the block; as long as there is none, what the first one is
				to have */
	uint16_t recent;     /* where the note is that was written last: no other with the same tag
				stands behind it */
	bool full;           /* something was left out */
	bool cut;            /* a text is shorter than its bound allows, for want of room */
};

struct note {
	enum note_tag tag;
	uint16_t value;
	struct bytes text; /* borrowed until the next change of the notes */
};

/* How long the text of a note may be; one of just that length may have been cut. */
size_t notes_text_max(enum note_tag tag);

/* Adds a note, and returns where it is for good, or NOTES_NONE if it was left out: pool exhausted,
 * or bound reached, of which the last 2 KiB are kept for notes_set. */
uint16_t notes_add(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
		   struct bytes text);

/* The same, in place of the last note with that tag, if there is one. Where there is no room for
 * all of the text, it is cut. */
void notes_set(struct notes *n, struct pool *pool, enum note_tag tag, uint16_t value,
	       struct bytes text);

/* Changes the value of the note that notes_add returned; NOTES_NONE is ignored. */
void notes_value(struct notes *n, uint16_t where, uint16_t value);

/* The last note with that tag; text.p is NULL if there is none. */
struct note notes_find(const struct notes *n, enum note_tag tag);

/* Walks over all notes in order: *pos is 0 at first. False at the end. */
bool notes_next(const struct notes *n, uint16_t *pos, struct note *out);

void notes_free(struct notes *n, struct pool *pool);

#endif
