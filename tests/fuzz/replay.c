/* replay.c - inputs that fuzzers have found, once more through their rules: in place of libFuzzer,
 * with any compiler. usage: replay FILE... */
#include "fuzz/fuzz.h"

int main(int argc, char **argv)
{
	enum { ROOM = 1 << 20 };
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *all = malloc(ROOM), *exact;
		if (!f || !all) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(all, 1, ROOM, f);
		/* In memory of exactly its size: a sanitizer sees who reads beyond it. */
		exact = malloc(n ? n : 1);
		if (!exact)
			return 1;
		memcpy(exact, all, n);
		printf("# %s\n", argv[i]);
		fflush(stdout);
		LLVMFuzzerTestOneInput(exact, n);
		free(exact);
		free(all);
		fclose(f);
	}
	printf("ok 1 %d inputs\n", argc - 1);
	return 0;
}
