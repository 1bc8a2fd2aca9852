/* check.c - tries filter, outputs and user without opening, making or sending anything. */
#include "options/sources.h"

#include "capture/filters.h"
#include "os/privilege.h"
#include "sink/sink.h"
#include "transport/site_key.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is there or will be. */
struct file_place {
	bool exists;
	struct stat st;      /* of the file, or of its folder */
	char name[NAME_MAX]; /* within the folder; empty if the file exists */
};

/* Returns false for what is no regular file, and where not even the folder is there. */
static bool place_of(struct file_place *p, const char *path)
{
	char whole[PATH_MAX], again[PATH_MAX];
	*p = (struct file_place){0};
	p->exists = stat(path, &p->st) == 0;
	if (p->exists)
		return S_ISREG(p->st.st_mode);
	if ((size_t)snprintf(whole, sizeof whole, "%s", path) >= sizeof whole)
		return false;
	memcpy(again, whole, sizeof again);
	snprintf(p->name, sizeof p->name, "%s", basename(again));
	return stat(dirname(whole), &p->st) == 0;
}

static bool is_same_place(const struct file_place *a, const struct file_place *b)
{
	return a->exists == b->exists && a->st.st_dev == b->st.st_dev &&
	       a->st.st_ino == b->st.st_ino && strcmp(a->name, b->name) == 0;
}

/* fd: what "-" means. */
static bool place_or_standard(struct file_place *p, const char *path, int fd)
{
	if (path && strcmp(path, "-") != 0)
		return place_of(p, path);
	*p = (struct file_place){0};
	p->exists = fstat(fd, &p->st) == 0;
	return p->exists && S_ISREG(p->st.st_mode);
}

/* The file of an output; false: it has none. */
static bool output_place(struct file_place *p, const char *spec)
{
	const char *target;
	const struct sink_kind *kind = sink_kind_read(spec, &target);
	return kind && kind->to_file && !(target && strncmp(target, "unix:", 5) == 0) &&
	       place_or_standard(p, target, STDOUT_FILENO);
}

static bool is_file(const struct file_place *p, const char *path)
{
	struct file_place other;
	return path && place_of(&other, path) && is_same_place(p, &other);
}

/* Outputs that share standard output were asked to. */
static bool is_standard(const char *spec)
{
	const char *target;
	return sink_kind_read(spec, &target) && (!target || strcmp(target, "-") == 0);
}

/* What an output would write over; NULL: nothing. */
static const char *victim_of(const struct options *o, const struct file_place *output)
{
	struct file_place read;
	for (size_t i = 0; i < o->reads.n; i++)
		if (place_or_standard(&read, o->reads.all[i], STDIN_FILENO) &&
		    is_same_place(output, &read))
			return "the capture that is read";
	return is_file(output, o->keylog)     ? "the key log"
	       : is_file(output, o->config)   ? "the configuration"
	       : is_file(output, o->suppress) ? "the rules of --suppress"
	       : is_file(output, o->pid_file) ? "the pid file"
					      : NULL;
}

void options_files_check(const struct options *o, struct config_errors *m)
{
	const struct options_list *all = &o->outputs;
	struct file_place one, other;
	const char *victim;
	if (all->n == 0 && place_or_standard(&one, NULL, STDOUT_FILENO) &&
	    (victim = victim_of(o, &one)))
		config_errors_add(m, 0, "standard output would overwrite %s", victim);
	for (size_t i = 0; i < all->n; i++) {
		if (!output_place(&one, all->all[i]))
			continue;
		victim = victim_of(o, &one);
		if (victim)
			config_errors_add(m, 0, "%s would overwrite %s", all->all[i], victim);
		for (size_t k = 0; k < i; k++)
			if (output_place(&other, all->all[k]) && is_same_place(&one, &other) &&
			    !(is_standard(all->all[k]) && is_standard(all->all[i])))
				config_errors_add(m, 0, "%s and %s would mix in one file",
						  all->all[k], all->all[i]);
	}
}

static bool filter_try(const struct options *o, const char *value, struct error *why)
{
	(void)o;
	return filters_check(value, why);
}

static bool user_try(const struct options *o, const char *value, struct error *why)
{
	(void)o;
	if (privilege_user_known(value))
		return true;
	return error_set(why, "there is no user \"%.99s\"", value);
}

static bool site_key_try(const struct options *o, const char *value, struct error *why)
{
	(void)o;
	return site_key_check(value, geteuid(), why);
}

static bool output_try(const struct options *o, const char *value, struct error *why)
{
	const struct run_mode mode = {.live = o->reads.n == 0};
	const char *target;
	const struct sink_kind *kind = sink_kind_read(value, &target);
	return !kind || !kind->check || kind->check(target, &mode, why);
}

/* How to try a value. If the value can never work, try_ returns false with a sentence. If it would
 * fail on this machine now, try_ returns true with a sentence. */
struct trial {
	const char *option;
	bool (*try_)(const struct options *o, const char *value, struct error *why);
};

static const struct trial trials[] = {
	{"filter", filter_try},
	{"output", output_try},
	{"site-key", site_key_try},
	{"user", user_try},
};

static void value_check(const struct options *o, const struct trial *t, const struct setting *s,
			struct config_errors *m)
{
	struct error why = {0};
	bool fine = t->try_(o, s->value, &why);
	if (!fine)
		config_errors_add(m, s->line, s->line > 0 ? "%s: %s" : "--%s: %s", t->option,
				  why.text);
	else if (why.text[0] != '\0' && s->line > 0)
		fprintf(m->to, "smtpwatch: %s:%u: %s: as things are: %s\n", m->file, s->line,
			t->option, why.text);
	else if (why.text[0] != '\0')
		fprintf(m->to, "smtpwatch: --%s: as things are: %s\n", t->option, why.text);
}

void options_check(const struct options *o, struct config_errors *m)
{
	for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) {
		const struct option_row *row =
			option_row_named(trials[i].option, strlen(trials[i].option));
		size_t at = 0;
		for (const struct setting *s; (s = settings_next(&o->settings, row, &at));)
			value_check(o, &trials[i], s, m);
	}
}
