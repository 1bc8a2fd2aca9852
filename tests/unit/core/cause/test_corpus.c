/* test_corpus.c - the vocabulary of causes against what servers say: the corpus of replies whose
 * reasons are known (tests/corpus/README.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/cause/signs.h"
#include "lib/sample.h"

/* The first columns of a row are code, place and cause; the last is the text. */
enum { LINE = 4096, CODE = 0, PLACE = 1, TRUTH = 2, COLUMNS = 3 };

struct score {
	unsigned rows, found, missed, wrong; /* wrong: another cause was named than the true one */
	unsigned named;   /* of rows of other causes, or of none, those that were given this one */
	unsigned certain; /* of these, with certainty */
};

struct half {
	const char *path;
	bool secret;                 /* no text of it is printed */
	struct score causes[CAUSES]; /* CAUSE_UNEXPLAINED: those of none */
};

/* 454 is no answer to EHLO. */
static enum stage stage_of(const char *place, uint16_t code)
{
	static const struct {
		const char *place;
		enum stage stage;
	} rows[] = {
		{"greeting", STAGE_CONNECT}, {"ehlo", STAGE_EHLO},          {"auth", STAGE_AUTH},
		{"mail", STAGE_MAIL},        {"rcpt", STAGE_RCPT},          {"data", STAGE_DATA},
		{"body", STAGE_DATA},        {"end", STAGE_END_OF_MESSAGE}, {"idle", STAGE_IDLE}};
	if (code == 454 && strcmp(place, "ehlo") == 0)
		return STAGE_STARTTLS;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].place, place) == 0)
			return rows[i].stage;
	fail_msg("place \"%s\"", place);
	return STAGES;
}

/* "\n" as two letters is the end of a line of the reply; each line may have its enhanced code. */
static void reply_read(uint16_t code, char *text, struct smtp_enhanced *enhanced, char out[LINE])
{
	*enhanced = (struct smtp_enhanced){0};
	out[0] = '\0';
	for (char *line = text, *next; line; line = next) {
		char whole[LINE + 8];
		next = strstr(line, "\\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		snprintf(whole, sizeof whole, "%03u %s", code, line);
		struct smtp_reply r = smtp_reply_read(bytes_str(whole));
		if (enhanced->class == 0)
			*enhanced = r.enhanced;
		size_t n = strlen(out);
		snprintf(out + n, LINE - n, "%s%.*s", n ? "\n" : "", (int)r.text.n,
			 (const char *)r.text.p);
	}
}

/* The session that the row tells of: the client was silent for 77 s, which is nobody's limit, and
 * 200 s old. */
static struct cause cause_of(uint16_t code, enum stage stage, char *text)
{
	char reply[LINE];
	struct sample p = {.name = text, .life = 200 * S};
	struct smtp_enhanced enhanced;
	reply_read(code, text, &enhanced, reply);
	bool greeting = stage == STAGE_CONNECT;
	p.reply = reply;
	p.mute = greeting;
	p.s = (struct session_info){FAREWELL(code), .farewell_enhanced = enhanced};
	p.e = (struct ending){BY_SERVER,
			      .stage = stage,
			      .client_silence = greeting ? 0 : 77 * S,
			      .farewell = code == 421   ? FAREWELL_421
					  : code == 221 ? FAREWELL_221_UNASKED
							: FAREWELL_REFUSAL,
			      .final_421 = code == 421 ? PLACE_BEFORE : 0,
			      .unasked_221 = code == 221 ? PLACE_BEFORE : 0,
			      .unprompted = stage == STAGE_IDLE};
	p.e.spoke = !greeting;
	struct sample_input f = {.pool = pool_new((size_t)16 << 20)};
	struct cause c;
	sample_take(&f, &p);
	cause_find(&f.all, &c);
	pool_free(f.pool);
	return c;
}

static void row_score(struct half *h, char *column[COLUMNS], const char *said)
{
	uint16_t code = (uint16_t)atoi(column[CODE]);
	enum cause_id truth = strcmp(column[TRUTH], "none") == 0 ? CAUSE_UNEXPLAINED
								 : cause_read(column[TRUTH]);
	assert_true(truth < CAUSES);
	char text[LINE];
	snprintf(text, sizeof text, "%s", said);
	struct cause got = cause_of(code, stage_of(column[PLACE], code), text);
	struct score *s = &h->causes[truth];
	s->rows++;
	s->found += got.id == truth;
	if (got.id == truth)
		return;
	s->missed += got.id == CAUSE_UNEXPLAINED;
	s->wrong += got.id != CAUSE_UNEXPLAINED;
	h->causes[got.id].named++;
	h->causes[got.id].certain += got.id != CAUSE_UNEXPLAINED &&
				     got.confidence == CONFIDENCE_CERTAIN;
	if (!h->secret && getenv("SMTPWATCH_SHOW"))
		printf("%-15s not %-15s %s %-8s %s\n", cause_row(got.id)->id, column[TRUTH],
		       column[CODE], column[PLACE], said);
}

static void half_read(struct half *h)
{
	FILE *file = fopen(h->path, "r");
	assert_non_null(file);
	char line[LINE];
	bool header = true;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		char *column[COLUMNS] = {line}, *text = strrchr(line, '\t');
		assert_non_null(text);
		for (unsigned i = 1; i < COLUMNS; i++) {
			column[i] = strchr(column[i - 1], '\t');
			assert_non_null(column[i]);
			*column[i]++ = '\0';
		}
		column[TRUTH][strcspn(column[TRUTH], "\t")] = '\0';
		if (!header)
			row_score(h, column, text + 1);
		header = false;
	}
	fclose(file);
}

/* Found of those that have a cause, and named wrongly of all, in tenths of a percent. */
static void half_check(struct half *h, unsigned found_least, unsigned wrong_most)
{
	struct score all = {0};
	half_read(h);
	printf("%s\n%-16s %6s %6s %6s %6s %6s %8s\n", h->path, "cause", "rows", "found", "missed",
	       "wrong", "false", "certain");
	for (enum cause_id id = 0; id < CAUSES; id++) {
		const struct score *s = &h->causes[id];
		if (s->rows == 0 && s->named == 0)
			continue;
		printf("%-16s %6u %6u %6u %6u %6u %8u\n",
		       id == CAUSE_UNEXPLAINED ? "none" : cause_row(id)->id, s->rows, s->found,
		       s->missed, s->wrong, id == CAUSE_UNEXPLAINED ? 0 : s->named, s->certain);
		all.rows += s->rows;
		all.wrong += s->wrong;
		all.certain += s->certain;
		if (id != CAUSE_UNEXPLAINED)
			all.found += s->found;
	}
	unsigned caused = all.rows - h->causes[CAUSE_UNEXPLAINED].rows;
	unsigned found = all.found * 1000 / caused,
		 wrong = (all.wrong * 1000 + all.rows - 1) / all.rows;
	printf("found %u of %u (%u.%u %%), wrong %u of %u (%u.%u %%), of these with certainty %u\n",
	       all.found, caused, found / 10, found % 10, all.wrong, all.rows, wrong / 10,
	       wrong % 10, all.certain);
	assert_true(found >= found_least);
	assert_true(wrong <= wrong_most);
}

static void the_half_it_was_tuned_with(void **state)
{
	(void)state;
	half_check(&(struct half){.path = "tests/corpus/replies-a.tsv"}, 952, 8);
}

static void the_half_it_has_not_seen(void **state)
{
	(void)state;
	half_check(&(struct half){.path = "tests/corpus/replies-b.tsv", .secret = true}, 872, 73);
}

/* What the search among the words relies on. */
static void the_words_are_in_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < cause_words_count(); i++) {
		const char *stem = cause_words_stem(i);
		size_t n = strspn(stem, "abcdefghijklmnopqrstuvwxyz0123456789");
		bool open = stem[n] == '*';
		if (n == 0 || stem[n + open] != '\0' || (open && n < 4))
			fail_msg("\"%s\" is no stem", stem);
		if (i > 0 && strcmp(cause_words_stem(i - 1), stem) >= 0)
			fail_msg("\"%s\" stands behind \"%s\"", stem, cause_words_stem(i - 1));
	}
}

static struct cause_words words_of(uint16_t code, const char *text, const char *host)
{
	struct cause_words w;
	cause_words_read(code, bytes_str(text), bytes_str(host), &w);
	return w;
}

static const struct sentence {
	uint16_t code;
	const char *text, *host;
	enum cause_id cause;
} sentences[] = {
	/* RFC 5321 4.2.3: the first word is the domain; and a name that the greeting gave says
	   nothing anywhere. */
	{221, "spamfilter.example.net Service closing transmission channel", "", CAUSE_UNEXPLAINED},
	{421, "blocklist Service not available, closing transmission channel", "",
	 CAUSE_UNEXPLAINED},
	{421, "4.4.2.timeout.example.net: closing", "", CAUSE_UNEXPLAINED},
	{421, "Timeout, service ends", "", CAUSE_IDLE_TIMEOUT},
	{221, "goodbye from IDLE", "idle", CAUSE_UNEXPLAINED},
	{221, "goodbye from IDLE", "mx", CAUSE_IDLE_TIMEOUT},
	{550, "see https://example.net/spam/policy and <blocked@example.net>", "",
	 CAUSE_UNEXPLAINED},
	{550, "found in zen.spamhaus.org", "", CAUSE_POLICY},
	/* What the words say depends on the code. */
	{535, "Access denied", "", CAUSE_AUTH_FAILURES},
	{550, "Access denied", "", CAUSE_POLICY},
	{454, "Authentication failed", "", CAUSE_UNEXPLAINED},
	{454, "Too many failed authentication attempts", "", CAUSE_AUTH_FAILURES},
	{421, "Too many messages", "", CAUSE_MESSAGE_LIMIT},
	{550, "Too many messages", "", CAUSE_POLICY},
	{553, "sorry, we do not take forging#5.7.1", "", CAUSE_POLICY},
	{450, "unverified address: connect to 192.0.2.30: Connection timed out", "",
	 CAUSE_UNEXPLAINED},
	{421, "Connection timed out", "", CAUSE_IDLE_TIMEOUT},
	{553, "Requested action not taken: mailbox name not allowed", "", CAUSE_UNEXPLAINED},
	{521, "Host does not accept mail", "", CAUSE_UNEXPLAINED},
	{556, "Domain does not accept mail", "", CAUSE_UNEXPLAINED},
	{421, "Server is starting, please wait", "", CAUSE_UNEXPLAINED},
	{451, "Content scanner restarted, please send again", "", CAUSE_UNEXPLAINED},
	{421, "Server is restarting", "", CAUSE_SHUTDOWN},
	{535, "Please check your password", "", CAUSE_AUTH_FAILURES},
	{530, "Please authenticate", "", CAUSE_POLICY},
	{550, "You did not authenticate", "", CAUSE_POLICY},
	{535, "You did not authenticate", "", CAUSE_AUTH_FAILURES},
	{500, "AUTH not recognized", "", CAUSE_UNEXPLAINED},
	{501, "AUTH failed", "", CAUSE_AUTH_FAILURES},
	{551, "auth error", "", CAUSE_AUTH_FAILURES},
	{451, "auth error", "", CAUSE_UNEXPLAINED},
	{421, "Temporary failure: authentication failed", "", CAUSE_UNEXPLAINED},
	{421, "Authentication failed", "", CAUSE_AUTH_FAILURES},
	{452, "Too many messages", "", CAUSE_MESSAGE_LIMIT},
	{450, "You sent too many mails", "", CAUSE_POLICY},
	{450, "Too many mails in this session", "", CAUSE_MESSAGE_LIMIT},
	{421, "Too many messages, try again later", "", CAUSE_POLICY},
	{450, "Too many recipients this hour", "", CAUSE_POLICY},
	{452, "Too many recipients", "", CAUSE_UNEXPLAINED},
	{451, "Access denied, disk full", "", CAUSE_UNEXPLAINED},
	{550, "Access denied, disk full", "", CAUSE_POLICY},
	{502, "Denied", "", CAUSE_UNEXPLAINED},
	/* The act, and the reason; the subject, and who does it. */
	{421, "Shutting down this connection", "", CAUSE_UNEXPLAINED},
	{421, "Shutting down", "", CAUSE_SHUTDOWN},
	{550, "Recipient address rejected", "", CAUSE_UNEXPLAINED},
	{550, "Recipient address rejected: access denied", "", CAUSE_POLICY},
	{550, "The recipient is blocked", "", CAUSE_UNEXPLAINED},
	{550, "The sender is blocked by the recipient", "", CAUSE_POLICY},
	{550, "Refused by the recipient's settings", "", CAUSE_POLICY},
	{553, "The mailbox is restricted", "", CAUSE_UNEXPLAINED},
	{550, "We can't accept that user", "", CAUSE_UNEXPLAINED},
	{422, "User has too many messages", "", CAUSE_UNEXPLAINED},
	{451, "Spam check failed", "", CAUSE_UNEXPLAINED},
	{550, "Failed the spam check", "", CAUSE_POLICY},
	{550, "Invalid sender", "", CAUSE_POLICY},
	{553, "Sender's domain does not exist", "", CAUSE_UNEXPLAINED},
	{550, "No such address, denied", "", CAUSE_POLICY},
	{451, "Recipient deferred", "", CAUSE_UNEXPLAINED},
	{550, "User refused to receive it", "", CAUSE_POLICY},
	{451, "Spam scanner timed out", "", CAUSE_UNEXPLAINED},
	{451, "Configuration error: timeout", "", CAUSE_UNEXPLAINED},
	{451, "Timeout", "", CAUSE_IDLE_TIMEOUT},
	{421, "Authentication backend is down, AUTH failed", "", CAUSE_UNEXPLAINED},
	{421, "Open for 7200 seconds", "", CAUSE_SESSION_LIMIT},
	{450, "Fifty mails are taken in one connection", "", CAUSE_MESSAGE_LIMIT},
	{421, "More than a hundred messages in a day", "", CAUSE_POLICY},
	{450, "MI:DMC", "", CAUSE_MESSAGE_LIMIT},
	{450, "MI:XYZ", "", CAUSE_UNEXPLAINED},
	{421, "Data rate too low", "", CAUSE_IDLE_TIMEOUT},
	{421, "Data rate too high", "", CAUSE_POLICY},
	/* Case, marks and lines do not matter, sentences do. */
	{421, "mx.example.net\nSESSION-TIME: limit\nreached", "", CAUSE_SESSION_LIMIT},
	{421, "mx.example.net No activity", "", CAUSE_IDLE_TIMEOUT},
	{421, "mx.example.net no. Activity", "", CAUSE_UNEXPLAINED},
	{421,
	 "mx Zeit\xc3\xbc"
	 "berschreitung",
	 "", CAUSE_IDLE_TIMEOUT},
	{421,
	 "mx Zeit\xfc"
	 "berschreitung",
	 "", CAUSE_IDLE_TIMEOUT},
	{421, "mx Tiempo de espera agotado", "", CAUSE_IDLE_TIMEOUT},
	{421, "mx D\xc3\xa9lai d'attente d\xc3\xa9pass\xc3\xa9", "", CAUSE_IDLE_TIMEOUT},
	{421, "mx Przekroczono limit czasu oczekiwania", "", CAUSE_IDLE_TIMEOUT},
	{535,
	 "\xc3\x89"
	 "chec de l'authentification",
	 "", CAUSE_AUTH_FAILURES},
	{421, "mx Server wird heruntergefahren", "", CAUSE_SHUTDOWN},
	{421, "mx Zu viele Verbindungen", "", CAUSE_POLICY},
	{421,
	 "mx Zbyt wiele b\xc5\x82\xc4\x99"
	 "d\xc3\xb3w",
	 "", CAUSE_TOO_MANY_ERRORS},
	{421, "mx \xc3", "", CAUSE_UNEXPLAINED},
	{550, "timeout", "", CAUSE_UNEXPLAINED},
	{0, "timeout", "", CAUSE_IDLE_TIMEOUT},
};

static void assert_says(const struct sentence *t)
{
	struct cause_words w = words_of(t->code, t->text, t->host);
	if (w.cause != t->cause)
		fail_msg("%u \"%s\" says %s (%s), not %s", t->code, t->text, cause_row(w.cause)->id,
			 w.name, cause_row(t->cause)->id);
}

static void sentences_say_what_people_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
		assert_says(&sentences[i]);
}

/* Each word of the vocabulary alone and all of them in one text: whatever comes, it is read in
 * bounds, and what stands behind the first words is not read. */
static void texts_have_no_end(void **state)
{
	(void)state;
	static char text[1 << 16];
	size_t n = 0;
	for (unsigned i = 0; i < cause_words_count(); i++) {
		const char *stem = cause_words_stem(i);
		struct cause_words w = words_of(421, stem, "");
		assert_true((w.name != NULL) == (w.cause != CAUSE_UNEXPLAINED));
		n += (size_t)snprintf(text + n, sizeof text - n, "%.*s-", (int)strcspn(stem, "*"),
				      stem);
	}
	assert_true(words_of(421, text, "").cause < CAUSE_UNEXPLAINED);
	for (n = 0; n < CAUSE_WORDS_MAX; n++)
		memcpy(text + 2 * n, n % 2 ? "x " : "y-", 2);
	snprintf(text + 2 * n, sizeof text - 2 * n, "timeout");
	assert_says(&(struct sentence){421, text, "", CAUSE_UNEXPLAINED});
	memmove(text, text + 4, strlen(text + 4) + 1);
	assert_says(&(struct sentence){421, text, "", CAUSE_IDLE_TIMEOUT});
}

/* Bytes at random, over the ends of blocks. */
static void no_text_does_harm(void **state)
{
	(void)state;
	uint64_t x = 20261130;
	for (unsigned round = 0; round < 2000; round++) {
		uint8_t text[700];
		size_t n = 0;
		while (n < sizeof text - 24) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			const char *stem =
				cause_words_stem((unsigned)(x >> 33) % cause_words_count());
			for (; *stem && *stem != '*'; stem++)
				text[n++] = (uint8_t)*stem;
			text[n++] = x >> 62 ? ' ' : (uint8_t)(x >> 24);
		}
		size_t at = (size_t)(x >> 40) % n;
		struct cause_words w;
		cause_words_read((uint16_t)(400 + round % 200), bytes_of(text + at, n - at),
				 bytes_of(text, at % 9), &w);
		assert_true(w.cause <= CAUSE_UNEXPLAINED &&
			    (w.name != NULL) == (w.cause != CAUSE_UNEXPLAINED));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_are_in_order),
		cmocka_unit_test(sentences_say_what_people_mean),
		cmocka_unit_test(texts_have_no_end),
		cmocka_unit_test(no_text_does_harm),
		cmocka_unit_test(the_half_it_was_tuned_with),
		cmocka_unit_test(the_half_it_has_not_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
