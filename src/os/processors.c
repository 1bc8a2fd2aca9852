/* processors.c - asks the system for its processors. */
#include "os/processors.h"

#include <unistd.h>

unsigned processors_or(unsigned wanted)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return wanted > 0 ? wanted : n > 1 ? (unsigned)n : 1;
}
