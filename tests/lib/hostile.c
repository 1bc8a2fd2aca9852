/* hostile.c - brackets, quotation marks, backslashes, control bytes, line ends, byte order marks,
 * broken UTF-8. */
#include "lib/hostile.h"
#include "smtpwatch/cause.h"

#include <stdlib.h>

static const char *const texts[] = {
	"] [evil@1 x=\"y\"",
	"\"quoted\" and \\backslashed\\ and 'single'",
	"\\",
	"\"",
	"]",
	"line\r\nMESSAGE=forged\nPRIORITY=0",
	"<13>1 2026-01-01T00:00:00Z host app - - - forged",
	"tab\tbell\a escape \033[31mred\033[0m del\x7f c1 \xc2\x85",
	"\xef\xbb\xbf byte order mark",
	"\xc3\xa4\xc3\xb6\xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xa7",
	"broken \xff\xfe \xc3( \xe2\x28\xa1 \xed\xa0\x80",
	"\xe2\x80\xae right to left \xe2\x80\xa8 line separator",
	"$(touch /tmp/owned) `id` ; rm -rf / | & > < * ? ~ !",
	"-o /etc/passwd --help",
	"{\"verdict\":\"clean\"}",
	"",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaa\xc3\xa4"
	"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
};

const char *hostile_text(unsigned i)
{
	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : NULL;
}

void hostile_make(struct made *m, struct bytes text)
{
	static const enum string_tag of_session[] = {STRING_BANNER, STRING_HELO, STRING_AUTH,
						     STRING_REPLY, STRING_NOT_SMTP};
	static const enum string_tag of_message[] = {STRING_FROM, STRING_MESSAGE_ID,
						     STRING_QUEUE_ID, STRING_REPLY};

	made_init(m);
	for (size_t i = 0; i < sizeof(of_session) / sizeof(of_session[0]); i++)
		strings_set(&m->info.strings, m->pool, of_session[i], 0, text);
	for (unsigned n = 0; n < 3; n++) {
		struct transaction *t = made_message(m, FATE_FALSELY_ACCEPTED, "", "");

		for (size_t i = 0; i < sizeof(of_message) / sizeof(of_message[0]); i++)
			strings_set(&t->strings, m->pool, of_message[i], 0, text);
		for (unsigned r = 0; r < 4; r++)
			strings_add(&t->strings, m->pool, STRING_RCPT, 250, text);
		t->rcpt_count = 5;
	}
	made_cause(m, CAUSE_SHUTDOWN, CONFIDENCE_LIKELY, "the code 4.3.2", NULL);
	m->input = "a \"strange\" file\n].pcap";
	made_report(m);
}

void hostile_random(struct made *m, unsigned *seed)
{
	uint8_t text[STRING_TEXT_MAX];
	size_t n = (size_t)rand_r(seed) % sizeof(text);

	for (size_t i = 0; i < n; i++)
		text[i] = (uint8_t)(rand_r(seed) % 4   ? rand_r(seed)
				    : rand_r(seed) % 2 ? 0xe0 | rand_r(seed) % 32
						       : "]\"\\\n\r\0\t"[rand_r(seed) % 7]);
	hostile_make(m, bytes_of(text, n));
}
