/* processors.h - the number of workers (option -j). */
#ifndef SMTPWATCH_OS_PROCESSORS_H
#define SMTPWATCH_OS_PROCESSORS_H

/* Returns wanted if it is not 0, else the number of processors that are online, at least 1. */
unsigned processors_or(unsigned wanted);

#endif
