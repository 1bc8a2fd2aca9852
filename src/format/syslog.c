/* syslog.c - the header, structured data and text of a syslog message. */
#include "format/syslog.h"

#include <stdio.h>
#include <unistd.h>

/* Bytes reserved for the text. 32473 is the enterprise number that RFC 5612 reserves for
 * documentation. */
enum { MESSAGE_CAPACITY = 700 };
static const char element[] = "[smtpwatch@32473";

unsigned rfc5424_severity(enum severity s)
{
	static const unsigned char as[SEVERITIES] = {
		[SEVERITY_NONE] = 7,    [SEVERITY_INFO] = 6,  [SEVERITY_NOTICE] = 5,
		[SEVERITY_WARNING] = 4, [SEVERITY_ERROR] = 3, [SEVERITY_CRITICAL] = 2};
	return as[s];
}

/* Whether s is one or more of PRINTUSASCII (RFC 5424, section 6): 0x21 to 0x7e. */
static bool printable(const char *s)
{
	size_t n = 0;
	while (s[n] > ' ' && s[n] < 0x7f)
		n++;
	return n > 0 && s[n] == '\0';
}

void rfc5424_init(struct rfc5424 *f)
{
	*f = (struct rfc5424){.pid = (long)getpid()};
	if (gethostname(f->host, sizeof f->host - 1) != 0 || !printable(f->host))
		memcpy(f->host, "-", 2);
}

void rfc5424_head(struct rfc5424 *f, struct outbuf *b, enum severity severity, int64_t ts,
		  const char *msgid)
{
	b->n = 0;
	outbuf_format(b, "<%u>1 ", RFC5424_MAIL * 8 + rfc5424_severity(severity));
	stamp_iso(&f->stamp, b, ts);
	outbuf_format(b, " %s smtpwatch %ld %s ", f->host, f->pid, msgid);
	outbuf_str(b, element);
}

void rfc5424_param(struct outbuf *b, const char *name, struct bytes value)
{
	size_t from = b->n;
	outbuf_char(b, ' ');
	outbuf_str(b, name);
	outbuf_str(b, "=\"");
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\' || value.p[i] == ']')
			outbuf_char(b, '\\');
		outbuf_char(b, (char)value.p[i]);
	}
	outbuf_char(b, '"');
	if (b->n > RFC5424_MAX - MESSAGE_CAPACITY)
		b->n = from;
}

/* Text outside ASCII begins with a byte order mark (RFC 5424, 6.4). ASCII text has none: many
 * readers would show it. */
static bool is_ascii(struct bytes text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= 0x80)
			return false;
	return true;
}

void rfc5424_message(struct outbuf *b, struct bytes text)
{
	size_t left, n;
	outbuf_str(b, "] ");
	if (!is_ascii(text))
		outbuf_str(b, "\xef\xbb\xbf");
	left = RFC5424_MAX - b->n;
	n = text.n < left ? text.n : left;
	while (n < text.n && n > 0 && (text.p[n] & 0xc0) == 0x80)
		n--;
	outbuf_bytes(b, text.p, n);
}
