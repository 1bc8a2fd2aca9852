/* floor.c - what no reader of a capture can save: the file read in blocks, and a step from packet
 * header to packet header. usage: floor FILE */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 320 << 10, FILE_HEADER = 24, RECORD_HEADER = 16 };

static uint8_t block[BLOCK];
static uint64_t packets, sum;

/* Steps over the whole records from head on; where the first one begins that is not whole. */
static size_t records_step(size_t head, size_t tail)
{
	while (tail - head >= RECORD_HEADER) {
		uint32_t caplen;
		memcpy(&caplen, block + head + 8, sizeof caplen);
		if (tail - head - RECORD_HEADER < caplen)
			break;
		sum += caplen;
		packets++;
		head += RECORD_HEADER + caplen;
	}
	return head;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	if (fd < 0 || lseek(fd, FILE_HEADER, SEEK_SET) < 0) {
		fprintf(stderr, "usage: floor FILE\n");
		return 2;
	}
	size_t left = 0;
	for (ssize_t n; (n = read(fd, block + left, BLOCK - left)) > 0;) {
		size_t tail = left + (size_t)n, head = records_step(0, tail);
		left = tail - head;
		memmove(block, block + head, left);
	}
	printf("%llu packets, %llu bytes\n", (unsigned long long)packets, (unsigned long long)sum);
	return 0;
}
