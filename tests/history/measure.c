/* measure.c - what the history costs: a row, a look-up, an open mail, a start.
 * usage: measure write FOLDER DAYS ROWS    fills a folder, tells microseconds of CPU and bytes a
 * row measure ask FOLDER TEXT           tells milliseconds of a look-up measure open MAILS tells
 * MiB of so many open mails measure start FOLDER              tells milliseconds until a writer is
 * ready Each prints "name value" lines. */
#include "history/outcome.h"
#include "history/report/report.h"
#include "history/store/writer.h"
#include "lib/made.h"
#include "smtpwatch/frame.h"
#include "text/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const uint8_t site_key[DIGEST_KEY] = "the key of the history's tests";
static const int64_t begin = INT64_C(1767225600) * FRAME_SECOND, day = 86400 * FRAME_SECOND;

static double cpu_of(int who)
{
	struct rusage u;
	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double folder_bytes(const char *path)
{
	char name[4096];
	double sum = 0;
	struct stat st;
	DIR *d = opendir(path);
	const struct dirent *e;
	while (d && (e = readdir(d))) {
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
			sum += (double)st.st_size;
	}
	if (d)
		closedir(d);
	return sum;
}

static struct history_writer *writer(const char *folder)
{
	struct error why = {0};
	struct history_writer_config c = {.path = folder, .days = 60, .gateway = "bench"};
	memcpy(c.redact.key, site_key, sizeof site_key);
	struct history_writer *w = history_writer_open(&c, &why);
	if (w)
		return w;
	fprintf(stderr, "measure: %s\n", why.text);
	exit(1);
}

/* A session with one message, every time another one; one in a hundred is not accepted. */
static void session_change(struct made *m, uint64_t i, int64_t at)
{
	struct transaction *t = &m->messages[0];
	char text[96];
	snprintf(text, sizeof text, "user%llu@sender%llu.example",
		 (unsigned long long)(i * 2654435761 % 50000), (unsigned long long)(i % 97));
	strings_set(&t->strings, m->pool, STRING_FROM, 0, bytes_str(text));
	snprintf(text, sizeof text, "rcpt%llu@site%llu.example", (unsigned long long)(i / 3),
		 (unsigned long long)(i % 400));
	strings_set(&t->strings, m->pool, STRING_RCPT, 250, bytes_str(text));
	snprintf(text, sizeof text, "%llu.17@out.sender.example", (unsigned long long)i);
	strings_set(&t->strings, m->pool, STRING_MESSAGE_ID, 0, bytes_str(text));
	snprintf(text, sizeof text, "4X%llu", (unsigned long long)i);
	strings_set(&t->strings, m->pool, STRING_QUEUE_ID, 0, bytes_str(text));
	t->fate = i % 100 ? FATE_ACCEPTED : FATE_DEFERRED;
	t->size_declared = t->bytes = 1000 + i % 100000;
	t->ts_reply = m->record.end = at;
	m->conn.addr[CLIENT].b[15] = (uint8_t)i;
	m->conn.port[CLIENT] = (uint16_t)(1024 + i % 60000);
}

static int write_rows(const char *folder, uint64_t days, uint64_t rows)
{
	struct history_writer *w = writer(folder);
	struct made m;
	double cpu = -cpu_of(RUSAGE_SELF);
	int64_t started = clock_read(CLOCK_MONOTONIC);
	made_init(&m);
	made_message(&m, FATE_ACCEPTED, "a@example.org", "b@example.net");
	m.ending.seen = SEEN_FULL;
	for (uint64_t i = 0; i < rows; i++) {
		session_change(&m, i,
			       begin + (int64_t)(i * (uint64_t)(day / 1000000) * days / rows) *
					       1000000);
		history_writer_record(w, &m.record);
	}
	history_writer_span(w, begin, begin + (int64_t)days * day - FRAME_SECOND, 0);
	if (!history_writer_close(w))
		return 1;
	wait(NULL);
	cpu += cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
	printf("cpu_us_a_row %.1f\n", cpu * 1e6 / (double)rows);
	printf("bytes_a_row %.0f\n", folder_bytes(folder) / (double)rows);
	printf("rows_a_second %.0f\n",
	       (double)rows * 1e9 / (double)(clock_read(CLOCK_MONOTONIC) - started));
	made_free(&m);
	return 0;
}

static int ask(const char *folder, const char *what)
{
	struct error why = {0};
	struct report_result result;
	struct outfile out;
	struct report_question q = {.path = folder,
				    .what = what,
				    .outcomes = (1U << OUTCOMES) - 1,
				    .now = -1,
				    .give_up = OUTCOMES_GIVE_UP,
				    .keys = &site_key,
				    .keys_n = 1};
	int64_t started = clock_read(CLOCK_MONOTONIC);
	double cpu = cpu_of(RUSAGE_SELF);
	if (!outfile_open(&out, "/dev/null", NULL, &why) ||
	    !report_answer(&q, &out, &result, &why)) {
		fprintf(stderr, "measure: %s\n", why.text);
		return 1;
	}
	printf("look_up_ms %.1f\n", (double)(clock_read(CLOCK_MONOTONIC) - started) / 1e6);
	printf("look_up_cpu_ms %.1f\n", (cpu_of(RUSAGE_SELF) - cpu) * 1e3);
	printf("mails %llu\n", (unsigned long long)result.mails);
	return !outfile_close(&out);
}

static double resident_mib(void)
{
	unsigned long size = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		exit(1);
	fclose(f);
	return (double)resident * 4096 / (1 << 20);
}

static int open_mails(uint64_t mails)
{
	struct outcomes_config c = {.mails = (uint32_t)mails, .give_up = OUTCOMES_GIVE_UP};
	struct outcomes *o = outcomes_new(&c);
	double before = resident_mib();
	int64_t started = clock_read(CLOCK_MONOTONIC);
	for (uint64_t i = 1; o && i <= mails; i++) {
		struct attempt a = {.at = (int64_t)i,
				    .sender = i * UINT64_C(0x9e3779b97f4a7c15),
				    .rcpt = i * UINT64_C(0xff51afd7ed558ccd),
				    .msgid = i * UINT64_C(0xc4ceb9fe1a85ec53),
				    .site = i % 1000,
				    .size = i % 100000,
				    .fate = ATTEMPT_DEFERRED};
		outcomes_attempt(o, &a, 0);
	}
	if (!o || outcomes_count(o) != mails)
		return 1;
	printf("open_mails_mib %.1f\n", resident_mib() - before);
	printf("attempts_a_second %.0f\n",
	       (double)mails * 1e9 / (double)(clock_read(CLOCK_MONOTONIC) - started));
	outcomes_free(o);
	return 0;
}

static int start(const char *folder)
{
	int64_t started = clock_read(CLOCK_MONOTONIC);
	struct history_writer *w = writer(folder);
	printf("start_ms %.1f\n", (double)(clock_read(CLOCK_MONOTONIC) - started) / 1e6);
	return !history_writer_close(w);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "write") == 0)
		return write_rows(argv[2], strtoull(argv[3], NULL, 10),
				  strtoull(argv[4], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "open") == 0)
		return open_mails(strtoull(argv[2], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "start") == 0)
		return start(argv[2]);
	return 2;
}
