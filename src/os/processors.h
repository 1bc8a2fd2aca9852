/* processors.h - how many workers -j means. */
#ifndef SMTPWATCH_OS_PROCESSORS_H
#define SMTPWATCH_OS_PROCESSORS_H

/* wanted, or, where that is 0, one for each processor; at least one. */
unsigned processors_or(unsigned wanted);

#endif
