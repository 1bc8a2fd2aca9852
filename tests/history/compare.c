/* compare.c - what the engine says of each mail of a made history against its truth.
 * usage: compare FOLDER TRUTH
 * Prints the counts of each outcome and what differs; exits with 1 if anything does. */
#include "history/report/archive.h"

#include <stdio.h>
#include <stdlib.h>

static const uint8_t site_key[DIGEST_KEY] = "the key of the history's tests";

enum { SHOWN = 20 };

struct ended {
	uint64_t rcpt;
	enum outcome outcome;
};

struct list {
	struct ended *all;
	size_t n, capacity;
};

static void list_add(struct list *l, uint64_t rcpt, enum outcome outcome)
{
	if (l->n == l->capacity) {
		l->capacity = l->capacity ? 2 * l->capacity : 1 << 16;
		l->all = realloc(l->all, l->capacity * sizeof *l->all);
		if (!l->all)
			exit(1);
	}
	l->all[l->n++] = (struct ended){rcpt, outcome};
}

static int by_rcpt(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;
	if (x->rcpt != y->rcpt)
		return x->rcpt < y->rcpt ? -1 : 1;
	return (int)x->outcome - (int)y->outcome;
}

static void on_attempt(void *arg, const struct attempt *a, unsigned gateway)
{
	outcomes_attempt(arg, a, gateway);
}

static void on_mail(void *arg, const struct mail_view *v)
{
	list_add(arg, v->mail->rcpt, v->outcome);
}

static void truth_read(const char *path, struct list *l)
{
	struct history_keys *k = history_keys_new(site_key);
	FILE *f = fopen(path, "r");
	char line[256];
	while (f && k && fgets(line, sizeof line, f)) {
		char *tab = strchr(line, '\t');
		if (!tab)
			continue;
		tab[strcspn(tab, "\n")] = '\0';
		*tab = '\0';
		list_add(l, history_key_address(k, bytes_str(line)), outcome_read(tab + 1));
	}
	if (f)
		fclose(f);
	history_keys_free(k);
}

static void said_read(const char *path, struct list *l)
{
	struct error why = {"no memory"};
	struct outcomes_config config = {
		.mails = 4000000, .give_up = OUTCOMES_GIVE_UP, .forgotten = on_mail, .arg = l};
	struct archive *a = archive_open(path, &why);
	struct outcomes *o = a ? outcomes_new(&config) : NULL;
	if (!o) {
		fprintf(stderr, "compare: %s\n", why.text);
		exit(1);
	}
	archive_watched(a, archive_key(a, 0), 0, archive_end(a), o);
	archive_read(a, archive_key(a, 0), &(struct day_query){0}, archive_end(a), on_attempt, o);
	outcomes_each(o, archive_end(a), on_mail, l);
	outcomes_free(o);
	archive_close(a);
}

static const char *name_of(enum outcome outcome)
{
	return outcome < OUTCOMES ? outcome_row(outcome)->name : "no outcome";
}

int main(int argc, char **argv)
{
	struct list truth = {0}, said = {0};
	uint64_t of[OUTCOMES + 1] = {0}, wrong = 0;
	if (argc != 3)
		return 2;
	truth_read(argv[2], &truth);
	said_read(argv[1], &said);
	if (truth.n == 0 || said.n == 0)
		return 1;
	qsort(truth.all, truth.n, sizeof *truth.all, by_rcpt);
	qsort(said.all, said.n, sizeof *said.all, by_rcpt);
	for (size_t i = 0, j = 0; i < truth.n || j < said.n;) {
		int order = i == truth.n  ? 1
			    : j == said.n ? -1
					  : by_rcpt(&truth.all[i], &said.all[j]);
		if (order == 0) {
			of[truth.all[i].outcome]++;
		} else if (wrong++ < SHOWN) {
			const struct ended *e = order < 0 ? &truth.all[i] : &said.all[j];
			printf("%016llx: %s %s\n", (unsigned long long)e->rcpt,
			       order < 0 ? "meant, not said:" : "said, not meant:",
			       name_of(e->outcome));
		}
		i += order <= 0;
		j += order >= 0;
	}
	for (unsigned i = 0; i < OUTCOMES; i++)
		printf("%s: %llu\n", name_of((enum outcome)i), (unsigned long long)of[i]);
	printf("wrong: %llu\n", (unsigned long long)wrong);
	free(truth.all);
	free(said.all);
	return wrong > 0;
}
