/* columns.h - a session as one row of a table: the field table of the outputs csv, zeek and ecs. */
#ifndef SMTPWATCH_FORMAT_COLUMNS_H
#define SMTPWATCH_FORMAT_COLUMNS_H

#include "format/fields.h"

/* The type of a value. ADDR and PORT are types of Zeek; the other formats write them as WORD and
 * NUMBER. */
enum column_kind {
	COLUMN_WORD,
	COLUMN_NUMBER,   /* decimal, not negative */
	COLUMN_INTERVAL, /* seconds with six decimals */
	COLUMN_TIME,     /* seconds since the epoch with six decimals */
	COLUMN_BOOL,     /* "true" or "false" */
	COLUMN_LIST, /* elements with a line feed between two; no element contains a line feed */
	COLUMN_ADDR,
	COLUMN_PORT
};

enum column_format { COLUMN_CSV, COLUMN_ZEEK, COLUMN_ECS, COLUMN_FORMATS };

/* One field of the table. */
struct column {
	const char *name[COLUMN_FORMATS]; /* NULL: the format does not have the field */
	enum column_kind kind;
	/* As in struct alert_field. NULL: the value is that of the alert field with the CSV name.
	 */
	bool (*put)(struct outbuf *b, const struct alert_view *v);
};

/* The field table, terminated by a row whose names are NULL. A new field gets its row here; `make
 * docs` writes docs/columns.md from the table. */
extern const struct column columns[];

/* Returns the next field that format f has, or NULL after the last one. *at is the position; set
 * *at to 0 before the first call. */
const struct column *columns_next(enum column_format f, size_t *at);

/* Returns Zeek's name of the type, such as "vector[string]". */
const char *column_type(enum column_kind kind);

/* Appends the value: valid UTF-8 without control bytes, except the line feeds of a list. Returns
 * false if the value is not known; the caller then discards what was appended. */
bool column_value(const struct column *c, struct outbuf *b, const struct alert_view *v);

#endif
