/* seeds.c - captures become cases: usage: seeds FOLDER CAPTURE... */
#include "capture/source.h"
#include "fuzz/case.h"

#include <stdio.h>
#include <string.h>

static struct fuzz_case c;
static uint8_t arena[CASE_MAX], out[CASE_MAX];

static void capture_read(const char *path)
{
	struct error why;
	bool usage;
	size_t used = 0;
	struct frame f;
	struct source *s = source_open(path, NULL, &why, &usage);
	c.n = 0;
	while (s && c.n < CASE_FRAMES && source_read(s, &f, 1, &why) > 0) {
		if (f.caplen > sizeof arena - used)
			break;
		f.data = memcpy(arena + used, f.data, f.caplen);
		used += f.caplen;
		c.frames[c.n++] = f;
	}
	if (s)
		source_close(s);
}

static bool seed_write(const char *folder, const char *path)
{
	char name[1024];
	const char *base = strrchr(path, '/');
	snprintf(name, sizeof name, "%s/%s", folder, base ? base + 1 : path);
	size_t n = case_write(&c, out, sizeof out);
	FILE *file = fopen(name, "w");
	if (!file)
		return false;
	bool fine = fwrite(out, 1, n, file) == n;
	return fclose(file) == 0 && fine;
}

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		capture_read(argv[i]);
		if (!seed_write(argv[1], argv[i])) {
			perror(argv[1]);
			return 1;
		}
	}
	return 0;
}
