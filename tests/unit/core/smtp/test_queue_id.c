/* test_queue_id.c - the forms in which servers name the id of a message, and texts that have none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/smtp/queue_id.h"

static const struct {
	const char *text, *id;
} rows[] = {
	/* Postfix, and servers that write as it does. */
	{"Ok: queued as 4Xyz12", "4Xyz12"},
	{"Ok: queued as 4f7f4b3tWbzKy", "4f7f4b3tWbzKy"},
	{"Ok: 385 bytes queued as 64325186", "64325186"},
	{"queued as 1", "1"},
	{"5000 octets, queued as 4Xyz12", "4Xyz12"},
	{"Ok: queued as dfHaTWplSHeFNXajyHaCZg", "dfHaTWplSHeFNXajyHaCZg"},
	{"Ok: queued as DEADBEEF", "DEADBEEF"},
	{"Message received and queued as b30000002c3c62.", "b30000002c3c62"},
	{"queued as 9B1D629E-F420-43CF-BBB1-D96D292502CC.1 "
	 "(9B1D629E-F420-43CF-BBB1-D96D292502CC.1)",
	 "9B1D629E-F420-43CF-BBB1-D96D292502CC.1"},
	{"Mail OK queued as gzga-smtp-mtada-g0-2,_____wBnVacbPw5nKdjHBA--.60317S5 1728987167",
	 "gzga-smtp-mtada-g0-2,_____wBnVacbPw5nKdjHBA--.60317S5"},
	{"Mail OK queued as zwqz-smtp-mta-g5-1,_____wDH5T2PqO1ke4N+Ag--.16186S2 1693296784",
	 "zwqz-smtp-mta-g5-1,_____wDH5T2PqO1ke4N+Ag--.16186S2"},
	{"OK: queued as <202508020358.47907466195@smtp-relay.sendinblue.com>",
	 "202508020358.47907466195@smtp-relay.sendinblue.com"},
	/* Behind a filter, the id is that of the server which has the message. */
	{"from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 932E2280F22", "932E2280F22"},
	{"Ok, id=05500-07, from MTA([127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4320170DA5",
	 "4320170DA5"},
	{"from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 6AP2vuAx000054 Message accepted for delivery",
	 "6AP2vuAx000054"},
	{"Ok, id=05500-07", "05500-07"},
	/* Exim, old and new; its chunks; IONOS. */
	{"OK id=1xW3Ck-00000b-0P", "1xW3Ck-00000b-0P"},
	{"OK id=1vcA2B-000000001Ab-0cDe", "1vcA2B-000000001Ab-0cDe"},
	{"385 byte chunk, total 612\nOK id=1vcA2B-000000001Ab-0cDe", "1vcA2B-000000001Ab-0cDe"},
	{"Requested mail action okay, completed: id=1MKsaz-1wevcp3BHR-00M7kH",
	 "1MKsaz-1wevcp3BHR-00M7kH"},
	/* Sendmail, CommuniGate Pro, OpenSMTPD in three versions, Cloudmark, tcllib. */
	{"6AP2vuAx000054 Message accepted for delivery", "6AP2vuAx000054"},
	{"266668137 message accepted for delivery", "266668137"},
	{"9f3aa1b2 Message accepted for delivery", "9f3aa1b2"},
	{"abcdefab Message accepted for delivery", "abcdefab"},
	{"2.0.0: 9f3aa1b2 Message accepted for delivery", "9f3aa1b2"},
	{"2.0.0 9f3aa1b2 Message accepted for delivery", "9f3aa1b2"},
	{"6FVIjIMwUJwU66FVIjAEB0 mail accepted for delivery", "6FVIjIMwUJwU66FVIjAEB0"},
	{"[12abc] Message accepted for delivery", "12abc"},
	/* qmail, MessageLabs, qpsmtpd. */
	{"ok 1375388751 qp 26627", "26627"},
	{"ok 1375388751 qp 57", "57"},
	{"ok 1476446307 qp 25307 server-6.tower-123.messagelabs.com!1476446307!7679409!1", "25307"},
	{"ok 1349174460 qp 13230 by mx1.example.org", "13230"},
	{"Queued! 1375388751 qp 26627 <1.2@out.example.org>", "26627"},
	{"Queued! <1.2@out.example.org> (Queue-Id: 48BFD7248B8)", "48BFD7248B8"},
	/* Exchange, Outlook.com. */
	{"<20110112151042.95EFD2A22B7@out.example.org> [InternalId=306220] Queued mail for "
	 "delivery",
	 "306220"},
	{"<1.2@out.example.org> [InternalId=110870285778966, Hostname=EX.example.net] Queued mail "
	 "for delivery",
	 "110870285778966"},
	{"<1.2@out.example.org> [InternalId=38521561683110, Hostname=A.prod.outlook.com] 8547 "
	 "bytes in 0.132, 63.086 KB/sec Queued "
	 "mail for delivery",
	 "38521561683110"},
	/* Cisco ESA. */
	{"ok:  Message 256429218 accepted", "256429218"},
	/* Gmail, of today and of 2012. */
	{"OK  1644855633 l11si9233120wms.107 - gsmtp", "l11si9233120wms.107"},
	{"OK  1761288810 41be03b00d2f7-b6cf4b95f0asi2402216a12.166 - gsmtp",
	 "41be03b00d2f7-b6cf4b95f0asi2402216a12.166"},
	{"OK 1329130645 b5si5289243lbn.22", "b5si5289243lbn.22"},
	/* Amazon SES, out and in; Momentum. */
	{"Ok 01000154dc729264-93fdd7ea-f039-43d6-91ed-653e8547867c-000000",
	 "01000154dc729264-93fdd7ea-f039-43d6-91ed-653e8547867c-000000"},
	{"OK l4197s426n35rjco8q207aobl54evg15sn65oog1", "l4197s426n35rjco8q207aobl54evg15sn65oog1"},
	{"OK 00/00-28443-34540651", "00/00-28443-34540651"},
	/* Haraka, Stalwart, KumoMTA, Yandex. */
	{"Message Queued (CB8EA2AE-C575-4D8B-8D33-6FD627BD0391.1) "
	 "(CB8EA2AE-C575-4D8B-8D33-6FD627BD0391.1)",
	 "CB8EA2AE-C575-4D8B-8D33-6FD627BD0391.1"},
	{"Message queued with id 217700302698266624", "217700302698266624"},
	{"super fantastic!\nOK ids=edd8d788b4a111f098b2cc28aa0a5c5a",
	 "edd8d788b4a111f098b2cc28aa0a5c5a"},
	{"Ok: queued on mxfront7o.mail.yandex.net as 1589909839-bA0qK0Zi51-bIQuI0q9",
	 "1589909839-bA0qK0Zi51-bIQuI0q9"},
	{"Ok: queued on mail-nwsmtp-71.sas.yp-c.yandex.net 1765191835-s3KHhagLLiE0-ab1",
	 "1765191835-s3KHhagLLiE0-ab1"},
	/* Dovecot and Cyrus, LMTP. */
	{"<user@example.net> AVo8MlHATlm4HgAAhX93jg Saved", "AVo8MlHATlm4HgAAhX93jg"},
	{"<user@example.net> AVo8MlHATlm4HgAAhX93jg:2 Saved", "AVo8MlHATlm4HgAAhX93jg:2"},
	{"Ok SESSIONID=<cyrus-12823-1488397532-1> [example.net!user.user () 2294]",
	 "cyrus-12823-1488397532-1"},
	/* Mimecast, Oracle, Openwave, Courier, XMail, piler. */
	{"SmtpThread-230451-1550091842414@snd-mta-2.snd.mimecast.lan Received OK",
	 "SmtpThread-230451-1550091842414@snd-mta-2.snd.mimecast.lan"},
	{"Received OK [Aj3QXapeMpqZYaeFwWhjzw.us32]", "Aj3QXapeMpqZYaeFwWhjzw.us32"},
	{"Ok, envelope id 0KXY00ABC123@smtpin203.example.com",
	 "0KXY00ABC123@smtpin203.example.com"},
	{"Message received: 20180913155155.XQZL7358.mtaout006.msg.example.net@impout006",
	 "20180913155155.XQZL7358.mtaout006.msg.example.net@impout006"},
	{"Ok. 000000000013C0DC.3780FFAE.000062AE", "000000000013C0DC.3780FFAE.000062AE"},
	{"OK <S30D6D40>", "S30D6D40"},
	{"OK <4a9f708ea516d9a0814a203f2e1662>", "4a9f708ea516d9a0814a203f2e1662"},
	/* On whatever line, and not beyond the end of the one that it stands on. */
	{"thank you\nOk: queued as 4Xyz12\nbye", "4Xyz12"},
	{"first\n9f3aa1b2 Message accepted for delivery\nlast", "9f3aa1b2"},
	{"OK 1329130645 b5si5289243lbn.22\r\nmore", "b5si5289243lbn.22"},
	/* A control character ends the id. */
	{"queued as 4Xyz\033[31m12", "4Xyz"},
};

/* No id in any of them. */
static const char *const none[] = {
	"",
	"OK",
	"Ok: queued as.",
	"Ok: queued as ",
	"Ok: queued as\n4Xyz12",
	"queued as spam",
	"queued as 127.0.0.1",
	"not queued, as 4 recipients were refused",
	"Queued (0.123 seconds)", /* hMailServer */
	"Message queued (0.123 seconds)",
	"Message queued (0.123)",
	"Message queued (simulated)",
	"Message Queued (2 in queue)",
	"Queued! (#2.0.0)",
	"OK: message queued", /* smtp-server */
	"ok dirdel",          /* Yahoo */
	"Message received",   /* Zoho */
	"Ok, message saved",  /* MDaemon */
	"Queued mail for delivery",
	"<1.2@out.example.org> Queued mail for delivery", /* IIS: the client's own Message-ID */
	"Queued mail for delivery (smells SPAMmy, though)",
	"Message accepted for delivery",
	"OK Message accepted for delivery",
	"OK: Message accepted for delivery",
	"2.5.0 Message accepted for delivery",
	"2.5.0: Message accepted for delivery",
	"127.0.0.1 Message accepted for delivery",
	"2 message accepted",
	"Message 1 of 2 accepted",
	"Message accepted",
	"your message is accepted",
	"Requested mail action okay, completed",
	"see https://example.net/help?id=4Xyz12",
	"paid=4Xyz12",
	"OK 4096 octets received",
	"OK 1329130645 octets received",
	"OK 127.0.0.1",
	"OK mx1.example.net",
	"OK 2023-01-01",
	"OK 12:30:45",
	"OK 200",
	"Ok. 2.0.0",
	"Ok <1.2@out.example.org>",
	"OK <5>",
	"<user@example.net> Saved",
	"Saved",
	"accepted message qp 26627",
	"Received OK",
	"Received OK [mx1",
};

static void ids_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bytes id = queue_id_read(bytes_str(rows[i].text));
		if (!bytes_equal(id, bytes_str(rows[i].id)))
			fail_msg("\"%s\": \"%.*s\"", rows[i].text, (int)id.n, (const char *)id.p);
	}
}

static void other_texts_have_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct bytes id = queue_id_read(bytes_str(none[i]));
		if (id.n > 0)
			fail_msg("\"%s\": \"%.*s\"", none[i], (int)id.n, (const char *)id.p);
	}
	assert_int_equal(queue_id_read(bytes_of(NULL, 0)).n, 0);
}

/* The last id that is short enough, the first that is not; the last byte that is looked at. */
static void bounds_hold(void **state)
{
	(void)state;
	char text[QUEUE_ID_TEXT_MAX + 64];
	memset(text, '7', sizeof text);
	memcpy(text, "queued as a", 11);
	struct bytes id = queue_id_read(bytes_of(text, 10 + QUEUE_ID_MAX));
	assert_int_equal(id.n, QUEUE_ID_MAX);
	assert_ptr_equal(id.p, text + 10);
	assert_int_equal(queue_id_read(bytes_of(text, 11 + QUEUE_ID_MAX)).n, 0);

	memset(text, ' ', sizeof text);
	memcpy(text + QUEUE_ID_TEXT_MAX - 16, "queued as 4Xyz12", 16);
	assert_int_equal(queue_id_read(bytes_of(text, sizeof text)).n, 6);
	memset(text, ' ', sizeof text);
	memcpy(text + QUEUE_ID_TEXT_MAX, "queued as 4Xyz12", 16);
	assert_int_equal(queue_id_read(bytes_of(text, sizeof text)).n, 0);
}

static bool may_be_in_id(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       strchr("-_.+/=:,@", c);
}

/* Each byte but one at each place of each row: nothing but the bytes of an id comes out, and none
 * from beyond the text. */
static void hostile_bytes_stay_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].text);
		for (size_t at = 0; at < n; at++) {
			for (unsigned c = 1; c < 256; c += c < 0x80 ? 1 : 31) {
				uint8_t *text =
					malloc(n); /* of just that size, for the sanitizer */
				assert_non_null(text);
				memcpy(text, rows[i].text, n);
				text[at] = (uint8_t)c;
				struct bytes id = queue_id_read(bytes_of(text, n));
				assert_true(id.n <= QUEUE_ID_MAX);
				assert_true(id.n == 0 || (id.p >= text && id.p + id.n <= text + n));
				for (size_t k = 0; k < id.n; k++)
					assert_true(may_be_in_id(id.p[k]));
				free(text);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_read),
		cmocka_unit_test(other_texts_have_none),
		cmocka_unit_test(bounds_hold),
		cmocka_unit_test(hostile_bytes_stay_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
