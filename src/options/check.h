/* check.h - the checks of -T (--test) beyond the form of the options. */
#ifndef SMTPWATCH_OPTIONS_CHECK_H
#define SMTPWATCH_OPTIONS_CHECK_H

#include "options/config_errors.h"
#include "options/options.h"

/*
 * Compiles the filter, which looks up the names in it, and checks the targets of outputs and the
 * user. Opens, makes and sends nothing. Adds an error to *m for what can never work. Writes a
 * warning to m->to for what would fail only in the present state of this machine, such as a missing
 * folder.
 */
void options_check(const struct options *o, struct config_errors *m);

#endif
