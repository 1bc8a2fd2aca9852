/* check.h - what -T finds beyond the form of the options. */
#ifndef SMTPWATCH_OPTIONS_CHECK_H
#define SMTPWATCH_OPTIONS_CHECK_H

#include "options/config_errors.h"
#include "options/options.h"

/*
 * Compiles the filter (which looks up the names in it), and looks at the targets of outputs and at
 * the user, without opening, making or sending anything. What is wrong in itself is a mistake; what
 * only would fail on this machine as it is, such as a folder that is not there, is told on m->to
 * and is none.
 */
void options_check(const struct options *o, struct config_errors *m);

#endif
