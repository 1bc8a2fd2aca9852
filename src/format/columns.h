/* columns.h - a session as one row of a table: what the outputs csv, zeek and ecs have in common, a
 * row for each field. */
#ifndef SMTPWATCH_FORMAT_COLUMNS_H
#define SMTPWATCH_FORMAT_COLUMNS_H

#include "format/fields.h"

/* LIST: elements with a line feed between them, which none of them has. INTERVAL: seconds. ADDR and
 * PORT are Zeek's types; to the others words and numbers. */
enum column_kind {
	COLUMN_WORD,
	COLUMN_NUMBER,
	COLUMN_INTERVAL,
	COLUMN_TIME,
	COLUMN_BOOL,
	COLUMN_LIST,
	COLUMN_ADDR,
	COLUMN_PORT
};

enum column_format { COLUMN_CSV, COLUMN_ZEEK, COLUMN_ECS, COLUMN_FORMATS };

/* put: as in struct alert_field; NULL: the fact of the name that the row has in CSV. */
struct column {
	const char *name[COLUMN_FORMATS]; /* NULL: the format does not have it */
	enum column_kind kind;
	bool (*put)(struct outbuf *b, const struct alert_view *v);
};

/* Ended by a row whose names are NULL. A field is added here; docs/columns.md shows them all (make
 * docs). */
extern const struct column columns[];

/* The next field that a format has, from *at on, which is 0 at first; NULL: no more. */
const struct column *columns_next(enum column_format f, size_t *at);

/* Zeek's name of the type. */
const char *column_type(enum column_kind kind);

/* The value: valid UTF-8 without control bytes (but for a list's line feeds). False: it is not
 * known. */
bool column_value(const struct column *c, struct outbuf *b, const struct alert_view *v);

#endif
