/* schema.h - the program's lists of names and its fields, as docs/schema.json has them. */
#ifndef SMTPWATCH_TEST_SCHEMA_H
#define SMTPWATCH_TEST_SCHEMA_H

#include "text/buffer.h"

#include <stdio.h>

/* Appends the schema f to b, with each $defs.NAME.enum that is one of the program's lists made
 * anew, and so the members that the field table and the counters have. f has
 * two blanks a level, and a line for each member and element. Returns the name of a list that has
 * no place in the schema; NULL: all have. */
const char *schema_make(FILE *f, struct outbuf *b);

#endif
