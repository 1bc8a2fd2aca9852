/* certificate.c - a walk through the outer members of a certificate's DER; nothing recurses, and no
 * length is trusted. */
#include "smtpwatch/certificate.h"

#include "smtpwatch/frame.h"

#include <assert.h>

enum {
	SEQUENCE = 0x30,
	SET = 0x31,
	OBJECT = 0x06,
	VERSION = 0xa0,
	UTC_TIME = 0x17,
	GENERALIZED_TIME = 0x18
};

struct element {
	uint8_t tag;
	struct bytes body;
};

/* Takes the next element off *in. One that is cut has what there is of its body. */
static bool element_take(struct bytes *in, struct element *out)
{
	if (in->n < 2)
		return false;
	assert(in->p);
	size_t length = in->p[1], head = 2;
	out->tag = in->p[0];
	if (length >= 0x80) {
		size_t more = length & 0x7f;
		if (more == 0 || more > 3 || in->n < 2 + more)
			return false;
		length = 0;
		for (size_t i = 0; i < more; i++)
			length = length << 8 | in->p[2 + i];
		head += more;
	}
	out->body = bytes_first(bytes_from(*in, head), length);
	*in = bytes_from(*in, head + length);
	return true;
}

static bool element_of(struct bytes *in, uint8_t tag, struct element *out)
{
	return element_take(in, out) && out->tag == tag;
}

/* Name: a sequence of sets of a sequence of an object and a text. */
static struct bytes name_read(struct bytes name)
{
	static const uint8_t common[] = {0x55, 4, 3}, organisation[] = {0x55, 4, 10};
	struct bytes best = bytes_of(NULL, 0);
	struct element set, pair, object, text;
	while (element_of(&name, SET, &set)) {
		if (!element_of(&set.body, SEQUENCE, &pair) ||
		    !element_of(&pair.body, OBJECT, &object) || !element_take(&pair.body, &text))
			continue;
		if (bytes_equal(object.body, bytes_of(common, sizeof common)))
			return text.body;
		if (bytes_equal(object.body, bytes_of(organisation, sizeof organisation)))
			best = text.body;
	}
	return best;
}

/* Two digits, or -1. */
static int two(const uint8_t *p)
{
	bool digits = p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9';
	return digits ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* Days from the epoch to a day of the Gregorian calendar; the year begins with March, so that the
 * leap day is its last. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* RFC 5280 4.1.2.5: YYMMDDHHMMSSZ from 1950 to 2049, or YYYYMMDDHHMMSSZ. Beyond what 64 bits of
 * nanoseconds hold: the last day they do. */
static int64_t time_read(const struct element *e)
{
	bool general = e->tag == GENERALIZED_TIME;
	size_t n = general ? 14 : 12;
	int part[7];
	if ((!general && e->tag != UTC_TIME) || e->body.n < n)
		return 0;
	for (size_t i = 0; i < n / 2; i++)
		if ((part[i] = two(e->body.p + 2 * i)) < 0)
			return 0;
	const int *rest = part + (general ? 2 : 1);
	int year = general ? part[0] * 100 + part[1] : part[0] + (part[0] < 50 ? 2000 : 1900);
	if (rest[0] < 1 || rest[0] > 12 || rest[1] < 1 || rest[1] > 31 || rest[2] > 23 ||
	    rest[3] > 59 || rest[4] > 60)
		return 0;
	if (year > 2261)
		return INT64_MAX / FRAME_SECOND * FRAME_SECOND;
	return year < 1970 ? 0
			   : (days_of(year, rest[0], rest[1]) * 86400 + rest[2] * 3600 +
			      rest[3] * 60 + rest[4]) *
				     FRAME_SECOND;
}

bool certificate_read(struct bytes der, struct certificate *out)
{
	struct element certificate, body, version, ignored, issuer, validity, subject, until;
	*out = (struct certificate){0};
	if (!element_of(&der, SEQUENCE, &certificate) ||
	    !element_of(&certificate.body, SEQUENCE, &body))
		return false;
	struct bytes in = body.body, first = in;
	if (element_of(&first, VERSION, &version))
		in = first;
	/* Serial number and algorithm. */
	if (!element_take(&in, &ignored) || !element_of(&in, SEQUENCE, &ignored) ||
	    !element_of(&in, SEQUENCE, &issuer))
		return false;
	out->issuer = name_read(issuer.body);
	if (!element_of(&in, SEQUENCE, &validity))
		return true;
	if (element_take(&validity.body, &ignored) && element_take(&validity.body, &until))
		out->expires = time_read(&until);
	if (element_of(&in, SEQUENCE, &subject))
		out->subject = name_read(subject.body);
	return true;
}
