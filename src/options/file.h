/* file.h - reads the configuration file: a line "name = value" for each option; the names are those
 * of the long options. */
#ifndef SMTPWATCH_OPTIONS_FILE_H
#define SMTPWATCH_OPTIONS_FILE_H

#include "options/config_errors.h"
#include "options/row.h"

/*
 * Reads m->file and appends its settings to *to. A "#" begins a comment at the beginning of a line
 * or after a blank. Adds an error to *m for each faulty line.
 *
 * *text holds the values. The caller frees *text after the last use of the settings. *text is NULL
 * if the file is empty or could not be read, which is an error.
 */
void option_file_read(struct settings *to, char **text, struct config_errors *m);

#endif
