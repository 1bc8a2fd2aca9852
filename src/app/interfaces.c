/* interfaces.c - opens interfaces, and tries absent ones again. */
#include "app/interfaces.h"

#include "base/log.h"
#include "text/clock.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

/* The pause before the next try doubles from wait_min to wait_max. */
static const int64_t wait_min = FRAME_SECOND / 8, wait_max = 4 * FRAME_SECOND;

/* One interface, opened once for each worker. */
struct interface {
	const char *name;
	struct live **lives; /* by worker: open and not yet given; else NULL */
	unsigned given;      /* number of workers that have it */
	bool open;
	enum live_link logged;     /* the state that was printed last */
	enum live_trouble trouble; /* of the latest failure, already printed */
	int64_t wait, due;
};

struct interfaces {
	const struct options *o;
	struct filters *filters;
	struct worker **workers;
	struct interface *all;
	unsigned n, workers_n;
};

static struct live_config config_of(const struct interfaces *s, const struct interface *f)
{
	const struct options *o = s->o;
	return (struct live_config){.interface = f->name,
				    .filters = s->filters,
				    .filtered = o->filter != NULL,
				    .snaplen = o->snaplen,
				    .buffer = o->buffer / s->workers_n,
				    .promiscuous = o->promiscuous};
}

static void lives_close(const struct interfaces *s, struct interface *f)
{
	for (unsigned i = 0; i < s->workers_n; i++) {
		live_close(f->lives[i]);
		f->lives[i] = NULL;
	}
}

/* Opens the interface for all workers or for none: the kernel distributes packets over the whole
 * group, and a missing member's packets would be lost. */
static bool interface_open(struct interfaces *s, struct interface *f, enum live_trouble *trouble,
			   struct error *why)
{
	struct live_config config = config_of(s, f);
	int group = -1;
	f->open = true;
	for (unsigned i = 0; i < s->workers_n && f->open; i++) {
		f->lives[i] = live_open(&config, trouble, why);
		f->open = f->lives[i] != NULL;
		if (f->open && s->workers_n > 1 && !live_join(f->lives[i], &group, why)) {
			*trouble = LIVE_BROKEN;
			f->open = false;
		}
	}
	if (!f->open)
		lives_close(s, f);
	/* Workers join the group one after the other. Frames from before the last one joined may
	 * come to several workers. */
	int64_t now = clock_read(CLOCK_REALTIME);
	for (unsigned i = 0; i < s->workers_n && f->open && s->workers_n > 1; i++)
		live_begin(f->lives[i], now);
	return f->open;
}

static struct interfaces *interfaces_new(const struct options *o, unsigned workers)
{
	struct interfaces *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->o = o;
	s->workers_n = workers;
	/* With any_port the core decides about ports at run time, which the kernel's filter cannot
	 * do. */
	s->filters = filters_new(o->filter, o->monitor.any_port ? NULL : &o->monitor.ports);
	s->all = calloc(o->interfaces.n, sizeof *s->all);
	for (size_t i = 0; s->all && i < o->interfaces.n; i++, s->n++) {
		s->all[i] = (struct interface){.name = o->interfaces.all[i], .wait = wait_min};
		s->all[i].lives = calloc(workers, sizeof(struct live *));
		if (!s->all[i].lives)
			break;
	}
	if (s->filters && s->all && s->n == o->interfaces.n) {
		return s;
	}
	interfaces_free(s);
	return NULL;
}

struct interfaces *interfaces_open(const struct options *o, unsigned workers, bool *usage)
{
	struct interfaces *s = interfaces_new(o, workers);
	bool fine = s != NULL;
	struct error why;
	*usage = false;
	if (!s)
		log_line("no memory for the interfaces");
	for (unsigned i = 0; s && i < s->n; i++) {
		enum live_trouble trouble;
		if (interface_open(s, &s->all[i], &trouble, &why))
			continue;
		s->all[i].logged = LIVE_GONE;
		if (trouble == LIVE_ABSENT && o->filter && !filters_check(o->filter, &why))
			trouble = LIVE_FILTER;
		bool absent = trouble == LIVE_ABSENT;
		bool refused = absent && !o->wait_interface && if_nametoindex(s->all[i].name) == 0;
		log_line("%s%s", why.text,
			 refused  ? "; `ip link` lists them, --wait-interface waits for it"
			 : absent ? "; it is tried again until it is there"
				  : "");
		/* Exit status 3: at the start of a machine it may only be late, and then whoever
		 * keeps the program running starts it again. */
		*usage |= trouble == LIVE_FILTER;
		fine &= absent && !refused;
	}
	if (fine) {
		filters_prepare(s->filters);
		return s;
	}
	interfaces_free(s);
	return NULL;
}

static void interface_give(struct interfaces *s, struct interface *f)
{
	for (unsigned i = 0; i < s->workers_n; i++) {
		worker_give(s->workers[i], (unsigned)(f - s->all), f->lives[i]);
		f->lives[i] = NULL;
	}
	f->given = s->workers_n;
	f->wait = wait_min;
}

void interfaces_give(struct interfaces *s, struct worker **workers)
{
	s->workers = workers;
	for (unsigned i = 0; i < s->n; i++)
		if (s->all[i].open)
			interface_give(s, &s->all[i]);
}

/* Every worker reports LIVE_GONE; the first report is printed. A new group needs the last worker to
 * have closed the interface. */
static void interface_gone(struct interface *f, const struct worker_link *link, int64_t now)
{
	if (f->logged != LIVE_GONE)
		log_line("the interface %s has gone%s%s; it is tried again until it is there",
			 f->name, link->reason[0] != '\0' ? ": " : "", link->reason);
	f->logged = LIVE_GONE;
	f->given -= f->given > 0;
	f->open = f->given > 0;
	f->due = now + f->wait;
}

void interfaces_link(struct interfaces *s, const struct worker_link *link, int64_t now)
{
	struct interface *f = &s->all[link->interface];
	if (link->link == LIVE_GONE) {
		interface_gone(f, link, now);
		return;
	}
	if (link->link == f->logged || f->logged == LIVE_GONE)
		return;
	f->logged = link->link;
	log_line("the interface %s is %s", f->name, f->logged == LIVE_DOWN ? "down" : "up again");
}

static void interface_retry(struct interfaces *s, struct interface *f, int64_t now)
{
	enum live_trouble trouble;
	struct error why;
	if (interface_open(s, f, &trouble, &why)) {
		log_line("the interface %s is there, and watched", f->name);
		f->logged = LIVE_UP;
		f->trouble = LIVE_ABSENT;
		interface_give(s, f);
		return;
	}
	/* An absent interface was reported already. Any other failure is reported once. */
	if (trouble != LIVE_ABSENT && trouble != f->trouble)
		log_line("%s", why.text);
	f->trouble = trouble;
	f->wait = f->wait * 2 < wait_max ? f->wait * 2 : wait_max;
	f->due = now + f->wait;
}

void interfaces_tick(struct interfaces *s, int64_t now)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!s->all[i].open && now >= s->all[i].due)
			interface_retry(s, &s->all[i], now);
}

bool interfaces_absent(const struct interfaces *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (!s->all[i].open)
			return true;
	return false;
}

size_t interfaces_watched(const struct interfaces *s, struct watched *out, size_t n)
{
	n = n < s->n ? n : s->n;
	for (unsigned i = 0; i < n; i++) {
		const struct interface *f = &s->all[i];
		out[i] = (struct watched){.on = f->logged == LIVE_UP};
		snprintf(out[i].name, sizeof out[i].name, "%.31s", f->name);
		for (unsigned k = 0; s->workers && k < s->workers_n; k++) {
			int64_t last = worker_last(s->workers[k], i);
			out[i].last = last > out[i].last ? last : out[i].last;
			out[i].packets += worker_frames_read(s->workers[k], i);
			out[i].dropped += worker_frames_dropped(s->workers[k], i);
		}
	}
	return n;
}

const char *interfaces_name(const struct interfaces *s, unsigned i)
{
	return s->all[i].name;
}

void interfaces_free(struct interfaces *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++) {
		lives_close(s, &s->all[i]);
		free(s->all[i].lives);
	}
	filters_free(s->filters);
	free(s->all);
	free(s);
}
