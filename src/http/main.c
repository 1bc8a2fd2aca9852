/* main.c - smtpwatch-http: takes records from smtpwatch, and sends them to a service over HTTP
 * until the service has them. */
#include "base/log.h"
#include "http/request.h"
#include "text/clock.h"
#include "transport/helper_process.h"
#include "transport/target_state.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* JOBS: the descriptor of the socket (helper_http_work). BATCH: bytes of one request, but for a
 * record that is longer. END_MS: smtpwatch waits for a second more (helper_process.c). */
enum {
	JOBS = 3,
	RECORDS = 256,
	BATCH = 1 << 20,
	TARGET_MAX = 32768,
	PAUSE_MAX = 64,
	END_MS = 4000
};

/* Records that the service does not have yet. A record: its id, a NUL, and its form. */
struct batch {
	struct outbuf text;
	size_t begin[RECORDS + 1]; /* where each begins; the last is the end */
	size_t n;
};

struct sender {
	const struct request_form *form;
	struct requests *requests;
	struct target_state state;
	uint8_t *job;
	struct batch batch;
	struct outbuf body;
	bool refusal_said;
	int64_t end; /* clock_ms at which what is left is lost; 0: smtpwatch goes on */
	bool alone;  /* a record of several was refused: each is sent alone */
};

static struct bytes record_of(const struct batch *b, size_t i)
{
	return bytes_of(b->text.p + b->begin[i], b->begin[i + 1] - b->begin[i]);
}

static bool record_add(struct batch *b, size_t n, const uint8_t *job)
{
	outbuf_bytes(&b->text, job, n);
	if (b->text.failed || !memchr(job, '\0', n)) {
		b->text.n = b->begin[b->n];
		b->text.failed = false;
		return false;
	}
	b->begin[++b->n] = b->text.n;
	return true;
}

static bool more_waits(void)
{
	struct pollfd p = {.fd = JOBS, .events = POLLIN};
	return poll(&p, 1, 0) > 0 && (p.revents & POLLIN);
}

/* smtpwatch ends, and waits only so long. */
static void end_begin(struct sender *s)
{
	if (s->end == 0)
		s->end = clock_ms() + END_MS;
}

static void record_take(struct sender *s)
{
	size_t n = helper_take(JOBS, s->job);
	if (n == 0) {
		end_begin(s);
	} else if (!record_add(&s->batch, n, s->job)) {
		target_state_lose(&s->state);
		helper_report(JOBS, (struct helper_report){.lost = 1});
	}
}

/* Takes the records that are there, as far as they belong into one request. */
static void batch_fill(struct sender *s)
{
	size_t most = s->form->most < RECORDS ? s->form->most : RECORDS;
	while (s->end == 0 && s->batch.n < most && s->batch.text.n < BATCH && more_waits())
		record_take(s);
}

/* The first n records as the body of a request. Returns false if memory is exhausted. */
static bool body_make(struct sender *s, size_t n)
{
	struct outbuf *b = &s->body;
	b->n = 0;
	b->failed = false;
	outbuf_str(b, s->form->before);
	for (size_t i = 0; i < n; i++) {
		struct bytes record = record_of(&s->batch, i);
		size_t id = strlen((const char *)record.p);
		outbuf_str(b, i > 0 ? s->form->between : "");
		if (s->form->id) {
			outbuf_str(b, s->form->id);
			outbuf_bytes(b, record.p, id);
			outbuf_str(b, s->form->id_end);
		}
		outbuf_bytes(b, record.p + id + 1, record.n - id - 1);
	}
	outbuf_str(b, s->form->after);
	return !b->failed;
}

/* Of the first n records those that are to be sent again stay, and all behind them. Returns whether
 * there are such. */
static bool batch_settle(struct sender *s, const enum record_answer *of, size_t n)
{
	struct helper_report report = {0};
	struct batch *b = &s->batch;
	size_t kept = 0, end = 0;
	bool again = false;
	for (size_t i = 0; i < b->n; i++) {
		struct bytes record = record_of(b, i);
		if (i >= n || of[i] == RECORD_AGAIN) {
			again = again || i < n;
			memmove(b->text.p + end, record.p, record.n);
			end += record.n;
			b->begin[++kept] = end;
		} else if (of[i] == RECORD_TAKEN) {
			report.done++;
		} else {
			report.lost++;
		}
	}
	b->n = kept;
	b->text.n = end;
	helper_report(JOBS, report);
	return again;
}

/* A record that the service refuses ends no outage, and begins none. */
static void outcome_say(struct sender *s, const enum record_answer *of, size_t n,
			const struct error *why)
{
	size_t refused = 0, again = 0;
	for (size_t i = 0; i < n; i++) {
		refused += of[i] == RECORD_REFUSED;
		again += of[i] == RECORD_AGAIN;
	}
	if (refused > 0 && !s->refusal_said)
		log_line("%s: %s; such records are lost, and counted; said once", s->state.name,
			 why->text);
	s->refusal_said = s->refusal_said || refused > 0;
	if (again > 0 && !s->alone)
		target_state_down(&s->state, why->text);
	if (again == 0)
		target_state_up(&s->state);
}

/* Before the next request. seconds: 0 if the service has taken or refused all records. */
struct wait {
	int seconds;
	bool full;
};

/* One request. */
static struct wait batch_send(struct sender *s, int pause)
{
	enum record_answer of[RECORDS];
	size_t n = s->alone ? 1 : s->batch.n;
	struct error why = {""};
	struct reply reply = {0};
	if (body_make(s, n))
		reply = requests_send(s->requests, bytes_of(s->body.p, s->body.n),
				      (const char *)record_of(&s->batch, 0).p, s->end != 0, &why);
	else
		error_set(&why, "no memory");
	if (reply.status / 100 == 2)
		answer_judge(s->form->judge, (const char *)reply.body.p, reply.body.n, of, n, &why);
	else
		answer_status(reply.status, of, n, &s->alone);
	outcome_say(s, of, n, &why);
	bool again = batch_settle(s, of, n);
	if (!again || (s->alone && n > 1))
		return (struct wait){0};
	bool full = reply.seconds >= pause;
	return (struct wait){full ? reply.seconds : pause, full};
}

/* Not all gateways at once: between a half and the whole of it; a service's own time in full. */
static void pause_for(struct sender *s, int seconds, bool full)
{
	struct pollfd p = {.fd = JOBS, .events = s->end == 0 ? POLLRDHUP : 0};
	int64_t ms = seconds * INT64_C(1000), until, left;
	until = clock_ms() + (full ? ms : ms / 2 + random() % (ms / 2 + 1));
	while ((left = until - clock_ms()) > 0 && (s->end == 0 || until < s->end)) {
		if (poll(&p, 1, (int)left) > 0) {
			end_begin(s);
			p.fd = -1;
		}
	}
}

static void batch_lose(struct sender *s)
{
	enum record_answer of[RECORDS];
	for (size_t i = 0; i < s->batch.n; i++) {
		of[i] = RECORD_REFUSED;
		target_state_lose(&s->state);
	}
	batch_settle(s, of, s->batch.n);
}

/* Until the service has all, or the time at the end is over. */
static void batch_deliver(struct sender *s)
{
	int pause = 1;
	s->alone = false;
	while (s->batch.n > 0) {
		batch_fill(s);
		struct wait wait = batch_send(s, pause);
		if (wait.seconds == 0) {
			pause = 1;
			continue;
		}
		if (s->end == 0 && pause < PAUSE_MAX)
			pause *= 2;
		pause_for(s, wait.seconds, wait.full);
		if (s->end != 0 && clock_ms() + wait.seconds * INT64_C(500) > s->end)
			batch_lose(s);
	}
}

static bool target_take(struct http_target *t, char room[TARGET_MAX])
{
	size_t n = 0;
	for (ssize_t got; n < TARGET_MAX; n += (size_t)got) {
		got = read(STDIN_FILENO, room + n, TARGET_MAX - n);
		if (got <= 0)
			break;
	}
	close(STDIN_FILENO);
	return http_target_take(t, room, n);
}

int main(int argc, char **argv)
{
	static char room[TARGET_MAX];
	static struct sender s;
	struct http_target target;
	struct error why;
	if (argc != 2 || strcmp(argv[1], "--from-smtpwatch") != 0 || !target_take(&target, room)) {
		log_line("smtpwatch-http is started by smtpwatch -o http:URL, and not by hand");
		return 2;
	}
	/* Secrets and mail addresses are in its memory. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "smtpwatch-http");
	srandom((unsigned)getpid() ^ (unsigned)clock_ms());
	s.form = request_form(target.kind);
	s.state.name = target.label;
	s.job = malloc(HELPER_JOB_MAX);
	s.requests = requests_new(&target, &why);
	if (!s.job || !s.requests) {
		log_line("%s: %s", target.label, s.job ? why.text : "no memory");
		return 3;
	}
	for (; s.end == 0; batch_deliver(&s)) {
		s.batch.n = s.batch.text.n = 0;
		record_take(&s);
	}
	helper_report_last(JOBS);
	target_state_close(&s.state);
	requests_free(s.requests);
	return 0;
}
