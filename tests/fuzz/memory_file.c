/* memory_file.c - a memfd, opened once for the life of the process. */
#include "fuzz/memory_file.h"

#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

static int fd = -1;

const char *memory_file(struct bytes content)
{
	static char path[64];
	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		CHECK(fd >= 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	CHECK(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	memory_file_more(content);
	return path;
}

void memory_file_more(struct bytes content)
{
	while (content.n > 0) {
		ssize_t n = write(fd, content.p, content.n);
		CHECK(n > 0);
		content = bytes_from(content, (size_t)n);
	}
}
