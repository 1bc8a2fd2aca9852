/*
 * journald.c - alerts in the journal, with a field for each fact. In the journal's own
 * protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), because sd_journal_sendv of libsystemd waits where
 * the journal is slow, and makes a memory file where it is busy, which the program's filter of
 * system calls does not allow.
 */
#include "format/syslog.h"
#include "sink/alert_sink.h"

#include <stdio.h>
#include <stdlib.h>

static const char journal_socket[] = "/run/systemd/journal/socket";

struct sink_journald {
	struct alert_sink out; /* must come first: see alert_sink.h */
};

/* Values have no line breaks (escape.h), so that the short form of the protocol serves. */
static void put_field(struct outbuf *b, const char *name, struct bytes value)
{
	outbuf_str(b, name);
	outbuf_char(b, '=');
	outbuf_bytes(b, value.p, value.n);
	outbuf_char(b, '\n');
}

static void put_alert_field(void *arg, const char *name, struct bytes value)
{
	char upper[ALERT_FIELD_NAME];
	put_field(arg, alert_field_upper(name, upper), value);
}

/*
 * The same for a signature in every version: a UUID of version 5 (RFC 9562 5.5) of "smtpwatch:" and
 * its id, in the namespace of URLs, without hyphens.
 */
static void put_message_id(struct outbuf *b, struct digest *digest, const char *id)
{
	static const uint8_t url_namespace[16] = {0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,
						  0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
	uint8_t name[128], sha1[DIGEST_SHA1];
	char hex[32];
	int n;
	memcpy(name, url_namespace, sizeof url_namespace);
	n = snprintf((char *)name + sizeof url_namespace, sizeof name - sizeof url_namespace,
		     "smtpwatch:%s", id);
	digest_sha1(digest, bytes_of(name, sizeof url_namespace + (size_t)n), sha1);
	sha1[6] = (uint8_t)((sha1[6] & 0x0f) | 0x50);
	sha1[8] = (uint8_t)((sha1[8] & 0x3f) | 0x80);
	digest_hex(sha1, sizeof hex / 2, hex);
	put_field(b, "MESSAGE_ID", bytes_of(hex, sizeof hex));
}

static void emit(void *arg, const struct notice *notice)
{
	struct sink_journald *s = arg;
	struct outbuf *b = target_buffer(&s->out.target);
	put_field(b, "MESSAGE", notice->text);
	put_message_id(b, s->out.notices.digest, notice->id);
	outbuf_format(b, "PRIORITY=%u\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=smtpwatch\n",
		      rfc5424_severity(notice->severity), RFC5424_MAIL);
	if (notice->alert)
		alert_fields_each(&s->out.fields, notice->alert, ALERT_FIELD_LONG, &s->out.scratch,
				  put_alert_field, b);
	alert_sink_put(&s->out);
}

static bool journald_check(const char *target, const struct run_mode *mode, struct error *why)
{
	(void)mode;
	return !target || outsocket_check(target, why);
}

static void *journald_open(const char *target, const struct run_mode *mode, struct error *why)
{
	struct sink_journald *s = calloc(1, sizeof *s);
	error_set(why, "no memory for output to the journal");
	if (!s)
		return NULL;
	if (!target)
		target = journal_socket;
	if (!alert_sink_init(&s->out, emit, s) ||
	    !target_socket(&s->out.target, target, OUTSOCKET_DATAGRAM, target, mode, why)) {
		alert_sink_free(&s->out);
		free(s);
		return NULL;
	}
	return s;
}

static bool journald_close(void *self)
{
	struct sink_journald *s = self;
	bool whole = alert_sink_close(&s->out);
	free(s);
	return whole;
}

const struct sink_kind sink_journald = {
	ALERT_SINK,
	.name = "journald",
	.help = "an entry for each alert in systemd's journal, with a field SMTPWATCH_... for each "
		"fact; to its socket, or to "
		"/PATH",
	.open = journald_open,
	.check = journald_check,
	.daily = alert_sink_daily,
	.stats = alert_sink_stats,
	.close = journald_close,
};
