/* memory_file.h - a file that has a path and lies in memory: for what opens its input itself. */
#ifndef SMTPWATCH_TESTS_FUZZ_MEMORY_FILE_H
#define SMTPWATCH_TESTS_FUZZ_MEMORY_FILE_H

#include "smtpwatch/bytes.h"

/* One file, written anew by each call; its path. */
const char *memory_file(struct bytes content);

/* Appends to it. */
void memory_file_more(struct bytes content);

#endif
