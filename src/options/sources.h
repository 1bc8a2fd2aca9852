/* sources.h - reads the command line and the configuration file into settings, and tries them. */
#ifndef SMTPWATCH_OPTIONS_SOURCES_H
#define SMTPWATCH_OPTIONS_SOURCES_H

#include "options/row.h"

/*
 * Appends the options of argv to *to, in their order. The values are borrowed from argv.
 * Words that are no options, and exist as files or folders, are captures (--read). As with
 * tcpdump(8), the words behind them form the filter expression: *filter has them, joined by blanks,
 * or NULL if there are none. Caller frees *filter. Adds an error to *m for each
 * faulty word. (line.c)
 */
void option_line_read(struct settings *to, char **filter, int argc, char **argv,
		      struct config_errors *m);

/*
 * Reads m->file, a line "name = value" for each option, and appends its settings to *to. A "#"
 * begins a comment at the beginning of a line or after a blank. Adds an error to *m for each faulty
 * line. (file.c)
 *
 * *text holds the values. The caller frees *text after the last use of the settings. *text is NULL
 * if the file is empty or could not be read, which is an error.
 */
void option_file_read(struct settings *to, char **text, struct config_errors *m);

/*
 * Puts the captures of each folder of o->reads in the place of the folder, by name. Hidden files
 * and those that begin as no capture are left out. A folder without a capture stays. *names are the
 * new strings of o->reads, separated by NUL; NULL: none. Caller frees *names after the last use of
 * o. Adds an error to *m if memory is exhausted. (folders.c)
 */
void options_folders_expand(struct options *o, char **names, struct config_errors *m);

/*
 * Adds an error to *m for each output that would write over the captures that are read, the key
 * log, the configuration or the pid file, and for each two outputs to one file. Files are told by
 * device and inode; a file that is not there yet by its folder and name. Pipes and devices are no
 * files. Standard output counts where it is a file. (check.c)
 */
void options_files_check(const struct options *o, struct config_errors *m);

/*
 * Reads the rules of o->suppress into o->suppression. Adds an error to *m for each faulty rule and
 * if the file cannot be read; o->suppression is then NULL. line: of the configuration, where the
 * file is named; 0: the command line. (suppressions.c)
 */
void options_suppression_read(struct options *o, unsigned line, struct config_errors *m);

/*
 * The checks of -T (--test) beyond the form of the options: compiles the filter, which looks up the
 * names in it, and checks the targets of outputs and the user. Opens, makes and sends nothing. Adds
 * an error to *m for what can never work. Writes a warning to m->to for what would fail only in the
 * present state of this machine, such as a missing folder. (check.c)
 */
void options_check(const struct options *o, struct config_errors *m);

#endif
