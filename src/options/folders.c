/* folders.c - the captures of a folder. */
#include "options/sources.h"

#include "capture/source.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static bool is_folder(const char *path)
{
	struct stat st;
	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Appends "folder/name" and a NUL if that is a capture. Returns 1 if so, else 0. */
static size_t name_add(struct outbuf *names, const char *folder, const char *name)
{
	size_t from = names->n, n = strlen(folder);
	struct stat st;
	outbuf_format(names, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", name);
	outbuf_char(names, '\0');
	if (names->failed || (stat(names->p + from, &st) == 0 && S_ISREG(st.st_mode) &&
			      source_suits(names->p + from)))
		return 1;
	names->n = from;
	return 0;
}

/* Appends the names of the folder's captures. Returns their number. */
static size_t folder_list(struct outbuf *names, const char *folder)
{
	struct dirent **all = NULL;
	int n = scandir(folder, &all, is_visible, by_name);
	size_t found = 0;
	for (int i = 0; i < n; i++) {
		found += name_add(names, folder, all[i]->d_name);
		free(all[i]);
	}
	free(all);
	return found;
}

void options_folders_expand(struct options *o, char **names, struct config_errors *m)
{
	struct outbuf b = {0};
	const char **all;
	size_t n = 0;
	bool folders = false;
	*names = NULL;
	for (size_t i = 0; i < o->reads.n; i++)
		folders |= is_folder(o->reads.all[i]);
	if (!folders)
		return;
	for (size_t i = 0; i < o->reads.n; i++) {
		size_t found = is_folder(o->reads.all[i]) ? folder_list(&b, o->reads.all[i]) : 0;
		if (found == 0) {
			outbuf_str(&b, o->reads.all[i]);
			outbuf_char(&b, '\0');
		}
		n += found > 0 ? found : 1;
	}
	all = b.failed ? NULL : calloc(n, sizeof *all);
	if (!all) {
		config_errors_add(m, 0, "no memory");
		outbuf_free(&b);
		return;
	}
	const char *at = b.p;
	for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
		all[i] = at;
	free(o->reads.all);
	o->reads = (struct options_list){all, n};
	*names = b.p;
}
