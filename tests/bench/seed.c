/* seed.c - a getrandom that always gives the same bytes, preloaded by tests/bench/count: with
 * another seed the flow table has other collisions, and the count is another one. */
#include <string.h>
#include <sys/random.h>

__attribute__((visibility("default"))) ssize_t getrandom(void *buffer, size_t n, unsigned flags)
{
	(void)flags;
	memset(buffer, 0x5a, n);
	return (ssize_t)n;
}
