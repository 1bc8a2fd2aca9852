/* file.h - the configuration file: "name = value" a line, the names of the long options. */
#ifndef SMTPWATCH_OPTIONS_FILE_H
#define SMTPWATCH_OPTIONS_FILE_H

#include "options/config_errors.h"
#include "options/row.h"

/* Reads m->file. *text, to be freed by the caller when nothing points into it any more, holds the
 * values; NULL: it could not be read. A comment is "#" and what follows it, at the beginning of a
 * line or behind a blank. */
void option_file_read(struct settings *to, char **text, struct config_errors *m);

#endif
