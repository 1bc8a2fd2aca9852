/*
 * queue_id.c - the forms of a queue id in replies, a row each.
 *
 * A pattern is text in any case, but for:
 *   ^  the beginning of a reply: of a line, or of the reply that a proxy passes on ("from MTA(...):
 * 250 2.0.0 Ok"). Without it, the beginning of a word $  the end of the line ~  characters that are
 * no blanks, up to the next one of the pattern #  a time in seconds since 1970
 *   @  the id, which the words beside it announce
 *   *  the id where nothing announces it: not a small number, which may be a count
 *   %  the id where it is all that the line says: neither a name of a host nor a date
 *   a blank is one blank or more
 */
#include "core/smtp/queue_id.h"

#include "base/ascii.h"

/*
 * In order of priority: a filter before the queue tells its own id, and behind it the words of the
 * server that has the message. Where the source is not public, the row names who has shown the
 * reply. No id is in the replies of hMailServer ("Queued (0.123 seconds)"), Yahoo ("ok dirdel"),
 * MDaemon ("Ok, message saved"), IIS and Exchange's old form ("<message-id> Queued mail for
 * delivery"), aiosmtpd ("OK"), Zoho ("Message received") and nodemailer's smtp-server ("OK: message
 * queued").
 */
static const char *const forms[] = {
	"queued as <@>", /* Brevo, SendinBlue: transcripts of customers */
	"queued as @",   /* Postfix, smtpd.c: "Ok: queued as", "Ok: 385 bytes queued as"; SendGrid,
			    SocketLabs, Coremail (163.com) */
	"queued on ~ as @",   /* Yandex, nwsmtp */
	"queued on ~ @$",     /* the same since 2022: logs of Postfix */
	"queued with id @",   /* Stalwart: logs of Postfix */
	"message queued (@)", /* Haraka, connection.js */
	"(queue-id: @)",      /* qpsmtpd, plugins/queue/postfix-queue */
	/* qmail-smtpd.c acceptmessage: netqmail, notqmail, s/qmail; qpsmtpd,
	 * plugins/queue/qmail-queue; MessageLabs: the pid of qmail-queue, as in qmail's log */
	"# qp @",
	"[internalid=@", /* Exchange 2007 and later, Outlook.com: "<message-id> [InternalId=1,
			    Hostname=EX]"; Microsoft's message tracking log */
	"ids=@",         /* KumoMTA, docs.kumomta.com: "OK ids=" */
	"id=@", /* Exim, receive.c: "OK id=", "completed: id=" (IONOS, GMX, web.de); amavisd's own,
		   where no server follows */
	"^ok # @ - gsmtp",     /* Gmail: logs of Postfix */
	"^ok # @$",            /* Gmail until 2013 */
	"message @ accepted$", /* Cisco ESA, IronPort: "ok:  Message 12345 accepted", logs of
				  Postfix; the MID of its mail log */
	"^* message accepted", /* Sendmail, srvrsmtp.c; OpenSMTPD, smtp_session.c; CommuniGate Pro:
				  logs of Sendmail */
	"^* mail accepted",    /* Cloudmark Gateway, Proofpoint: logs of Postfix and Sendmail */
	"^[@] message accepted", /* tcllib, smtpd.tcl */
	"^<~> @ saved",          /* Dovecot LMTP, lmtp-local.c */
	"sessionid=<@>",         /* Cyrus LMTP, lmtpengine.c */
	"received ok [@]",       /* Mimecast, the aCode of its logs; Robin MTA */
	"^@ received ok",        /* Mimecast, older: "SmtpThread-1-2@host Received OK" */
	"^ok, envelope id @",    /* Oracle Messaging Server (iCloud): logs of Postfix */
	"^message received: @",  /* Openwave Email Mx (Charter): transcripts */
	"^ok. @$",               /* Courier, submit.C */
	"^ok <%>$",              /* XMail, SMTPSvr.cpp; piler, events.c */
	"^ok %$", /* Amazon SES, docs.aws.amazon.com "send-email-smtp-client-command-line"; SES
		     inbound; Momentum */
};

enum { FORMS = sizeof forms / sizeof *forms };

/* A set of ASCII characters, a bit each: every byte of every accepting reply is looked up. */
struct set {
	uint64_t below_64, above;
};

#define BIT(c)  (UINT64_C(1) << ((c)&63))
#define DIGITS  (UINT64_C(0x3ff) << '0')
#define LETTERS ((UINT64_C(0x3ffffff) << ('A' & 63)) | (UINT64_C(0x3ffffff) << ('a' & 63)))

static const struct set id_bytes = {DIGITS | BIT('-') | BIT('.') | BIT('+') | BIT('/') | BIT('=') |
					    BIT(':') | BIT(','),
				    LETTERS | BIT('_') | BIT('@')};

/* What a word begins behind, blanks aside. */
static const struct set openers = {BIT('(') | BIT('<') | BIT(',') | BIT(';') | BIT(':'), BIT('[')};

/* The first characters of the rows that may stand anywhere; of letters the small ones. */
static const struct set beginnings = {DIGITS | BIT('('), BIT('q') | BIT('m') | BIT('i') | BIT('r') |
								 BIT('s') | BIT('[')};

static inline bool in_set(const struct set *set, uint8_t c)
{
	return c < 128 && ((c < 64 ? set->below_64 : set->above) >> (c & 63) & 1);
}

/* How many of the first bytes of text can be an id's. Punctuation at its end belongs to the
 * sentence. */
static size_t id_length(struct bytes text)
{
	size_t n = 0;
	while (n < text.n && in_set(&id_bytes, text.p[n]))
		n++;
	while (n > 0 && (text.p[n - 1] == '.' || text.p[n - 1] == ',' || text.p[n - 1] == ':'))
		n--;
	return n;
}

/* What an id is made of. */
struct makeup {
	size_t digits, hex, letters, points; /* hex: letters a to f; points: dots and colons */
	bool mixed;                          /* a capital behind a small letter */
};

static struct makeup makeup_of(struct bytes id)
{
	struct makeup m = {0};
	bool small = false;
	for (size_t i = 0; i < id.n; i++) {
		uint8_t c = ascii_lower(id.p[i]);
		m.digits += ascii_digit(c);
		m.letters += c >= 'a' && c <= 'z';
		m.hex += c >= 'a' && c <= 'f';
		m.points += c == '.' || c == ':';
		m.mixed |= small && c != id.p[i];
		small |= c >= 'a' && c == id.p[i];
	}
	return m;
}

/* A word of the language has no digits; a number with a dot is a time, an address or an enhanced
 * code. */
static bool is_id(struct bytes id, char kind)
{
	struct makeup m = makeup_of(id);
	if (id.n == 0 || id.n > QUEUE_ID_MAX || (m.points > 0 && m.digits + m.points == id.n))
		return false;
	if (kind == '*' && m.digits == id.n && id.n < 4)
		return false;
	if (kind == '%' && (id.n < 6 || m.points > 0 || (m.letters == 0 && id.n < 16)))
		return false;
	return m.digits > 0 || (id.n >= 8 && (m.hex == id.n || m.mixed));
}

static size_t blanks(struct bytes text)
{
	size_t n = 0;
	while (n < text.n && ascii_blank(text.p[n]))
		n++;
	return n;
}

/* Nine or ten digits: from 1973 to 2286. */
static size_t seconds(struct bytes text)
{
	size_t n = 0;
	while (n < text.n && ascii_digit(text.p[n]))
		n++;
	return n == 9 || n == 10 ? n : 0;
}

static size_t up_to(struct bytes text, uint8_t end)
{
	size_t n = 0;
	while (n < text.n && !ascii_blank(text.p[n]) && text.p[n] != end)
		n++;
	return n;
}

/* Does this character of a pattern stand for an id? */
static inline bool stands_for_id(char c)
{
	return c == '@' || c == '*' || c == '%';
}

/* How many of the first bytes of text the first character of the pattern stands for. 0: the text
 * does not fit. */
static size_t taken(const char *pattern, struct bytes text)
{
	switch (*pattern) {
	case ' ':
		return blanks(text);
	case '#':
		return seconds(text);
	case '~':
		return up_to(text, (uint8_t)pattern[1]);
	default:
		return id_length(text);
	}
}

/* A letter or sign that stands for itself. */
static inline bool is_literal(char c)
{
	return c != ' ' && c != '#' && c != '~' && c != '$' && !stands_for_id(c);
}

/* The id, where the pattern fits the beginning of text. */
static struct bytes form_read(const char *pattern, struct bytes text)
{
	struct bytes id = {0};
	for (; *pattern; pattern++) {
		if (is_literal(*pattern)) {
			if (text.n == 0 || !ascii_same(text.p[0], (uint8_t)*pattern))
				return bytes_of(NULL, 0);
			text = bytes_from(text, 1);
			continue;
		}
		if (*pattern == '$')
			return ascii_trim(text).n == 0 ? id : bytes_of(NULL, 0);
		size_t n = taken(pattern, text);
		if (stands_for_id(*pattern)) {
			id = bytes_first(text, n);
			n = is_id(id, *pattern) ? n : 0;
		}
		if (n == 0)
			return bytes_of(NULL, 0);
		text = bytes_from(text, n);
	}
	return id;
}

/* "2.0.0 ", which the dialogue takes off the first line alone, and "2.0.0: ", as OpenSMTPD writes
 * it. */
static struct bytes without_enhanced(struct bytes text)
{
	size_t n = 0;
	while (n < text.n && (ascii_digit(text.p[n]) || text.p[n] == '.'))
		n++;
	bool enhanced = n >= 5 && text.p[1] == '.';
	n += enhanced && n < text.n && text.p[n] == ':';
	return enhanced && n < text.n && ascii_blank(text.p[n]) ? ascii_trim(bytes_from(text, n))
								: text;
}

/* Where a word begins in a line: behind a blank or punctuation that opens one. */
static bool word_begins(struct bytes line, size_t at)
{
	if (ascii_blank(line.p[at]))
		return false;
	return at == 0 || ascii_blank(line.p[at - 1]) || in_set(&openers, line.p[at - 1]);
}

/* A line, or what a proxy passes on behind " 250 ". */
static bool reply_begins(struct bytes line, size_t at)
{
	return at == 0 || (at >= 5 && memcmp(line.p + at - 5, " 250 ", 5) == 0);
}

/* Patterns are written in small letters; none that may stand anywhere begins with an id. */
static bool may_begin(uint8_t pattern, uint8_t first)
{
	return pattern == '#' ? ascii_digit(first)
			      : pattern == first || stands_for_id((char)pattern);
}

/* What has been found so far: the id of the first row that fits anywhere. */
struct finding {
	size_t row; /* FORMS: none yet */
	struct bytes id;
};

/* Tries the rows of higher priority than what was found where a word begins in line. */
static void word_read(struct finding *found, struct bytes line, size_t at)
{
	struct bytes text = bytes_from(line, at);
	bool begins = reply_begins(line, at);
	uint8_t c = ascii_lower(text.p[0]);
	if (!begins && !in_set(&beginnings, c))
		return;
	struct bytes behind = begins ? without_enhanced(text) : text;
	uint8_t c_behind = behind.n > 0 ? ascii_lower(behind.p[0]) : 0;
	for (size_t i = 0; i < found->row; i++) {
		bool first = *forms[i] == '^';
		if (first ? !begins || !may_begin((uint8_t)forms[i][1], c_behind)
			  : !may_begin((uint8_t)*forms[i], c))
			continue;
		struct bytes id = form_read(forms[i] + first, first ? behind : text);
		if (id.n > 0)
			*found = (struct finding){i, id};
	}
}

/* The id at the beginning of text, which words have announced. */
static struct bytes words_id(struct bytes text)
{
	text = bytes_first(text, id_length(text));
	bool digit = false, point = false, other = false;
	for (size_t i = 0; i < text.n && !(digit && other); i++) {
		bool is_digit = ascii_digit(text.p[i]),
		     is_point = text.p[i] == '.' || text.p[i] == ':';
		digit |= is_digit;
		point |= is_point;
		other |= !is_digit && !is_point;
	}
	if (digit && text.n <= QUEUE_ID_MAX)
		return other || !point ? text : bytes_of(NULL, 0);
	return is_id(text, '@') ? text : bytes_of(NULL, 0);
}

/* The first rows, which no other can outdo, are by far the commonest: Postfix's. */
static struct bytes postfix_read(struct bytes text)
{
	static const char words[] = "queued as ";
	const uint8_t *at = text.n ? memmem(text.p, text.n, words, sizeof words - 1) : NULL;
	if (!at || (at > text.p && !ascii_blank(at[-1])))
		return bytes_of(NULL, 0);
	struct bytes rest = bytes_from(text, (size_t)(at - text.p));
	const uint8_t *end = memchr(rest.p, '\n', rest.n);
	return words_id(bytes_from(end ? bytes_first(rest, (size_t)(end - rest.p)) : rest,
				   sizeof words - 1));
}

struct bytes queue_id_read(struct bytes text)
{
	struct finding found = {FORMS, {0}};
	text = bytes_first(text, QUEUE_ID_TEXT_MAX);
	struct bytes id = postfix_read(text);
	if (id.n > 0)
		return id;
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = bytes_first(text, end ? (size_t)(end - text.p) : text.n);
		for (size_t i = 0; i < line.n; i++)
			if (word_begins(line, i))
				word_read(&found, line, i);
		text = bytes_from(text, line.n + 1);
	}
	return found.id;
}
