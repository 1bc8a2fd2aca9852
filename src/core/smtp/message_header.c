/* message_header.c - finds the Message-ID in a header that is cut anywhere; lines of other fields
 * are passed over with memchr. */
#include "core/smtp/message_header.h"

#include "base/ascii.h"
#include "base/simd.h"

enum state {
	STATE_LINE,     /* at the beginning of a line; zero is how a header begins */
	STATE_LINE_CR,  /* a CR there: an empty line if an LF follows */
	STATE_OTHER,    /* inside a line that does not matter */
	STATE_NAME,     /* the line so far is the beginning of the field's name */
	STATE_COLON,    /* the whole name: the colon is due */
	STATE_VALUE,    /* before the id */
	STATE_VALUE_LF, /* the same at the beginning of a line, which belongs to the field only if
			   it is folded */
	STATE_ID,       /* behind '<' */
	STATE_ID_LF,
	STATE_BARE /* an id without brackets */
};

static const uint8_t field_name[] = "message-id";

static void line_begin(struct message_header *h, uint8_t c)
{
	h->matched = 1;
	h->done = c == '\n';
	h->state = c == '\r'                         ? STATE_LINE_CR
		   : ascii_lower(c) == field_name[0] ? STATE_NAME
						     : STATE_OTHER;
}

static void other_line(struct message_header *h, uint8_t c)
{
	h->state = c == '\n' ? STATE_LINE : STATE_OTHER;
}

static void name_step(struct message_header *h, uint8_t c)
{
	if (ascii_lower(c) != field_name[h->matched])
		other_line(h, c);
	else if (field_name[++h->matched] == '\0')
		h->state = STATE_COLON;
}

/* RFC 5322 4.5.8 lets old headers have blanks before the colon. */
static void colon_step(struct message_header *h, uint8_t c)
{
	if (c == ':')
		h->state = STATE_VALUE;
	else if (!ascii_blank(c))
		other_line(h, c);
}

static void id_keep(struct message_header *h, uint8_t c)
{
	h->id[h->n++] = (char)c;
	h->done = h->n == MESSAGE_ID_MAX;
}

static void value_step(struct message_header *h, uint8_t c)
{
	if (c == '\n') {
		h->state = STATE_VALUE_LF;
	} else if (c == '<') {
		h->state = STATE_ID;
	} else if (!ascii_blank(c)) {
		h->state = STATE_BARE;
		id_keep(h, c);
	}
}

static void id_step(struct message_header *h, uint8_t c)
{
	if (c == '>')
		h->done = true;
	else if (c == '\n')
		h->state = STATE_ID_LF;
	else if (!ascii_blank(c))
		id_keep(h, c);
}

static void bare_step(struct message_header *h, uint8_t c)
{
	if (c == '\n' || ascii_blank(c))
		h->done = true;
	else
		id_keep(h, c);
}

/* A line that is not folded ends the field; without an id the search goes on with it. */
static void unfold_step(struct message_header *h, uint8_t c)
{
	if (c == ' ' || c == '\t')
		h->state = h->state == STATE_ID_LF ? STATE_ID : STATE_VALUE;
	else if (h->n > 0)
		h->done = true;
	else
		line_begin(h, c);
}

static void line_cr_step(struct message_header *h, uint8_t c)
{
	h->done = c == '\n';
	other_line(h, c);
}

static void (*const steps[])(struct message_header *h, uint8_t c) = {
	[STATE_LINE] = line_begin,      [STATE_LINE_CR] = line_cr_step, [STATE_OTHER] = other_line,
	[STATE_NAME] = name_step,       [STATE_COLON] = colon_step,     [STATE_VALUE] = value_step,
	[STATE_VALUE_LF] = unfold_step, [STATE_ID] = id_step,           [STATE_ID_LF] = unfold_step,
	[STATE_BARE] = bare_step,
};

static inline uint32_t id_ends(const uint8_t *p)
{
	simd v = simd_load(p);
	return simd_mask((simd)((v <= ' ') | (v == '>')));
}

static inline bool is_id_end(uint8_t c)
{
	return c <= ' ' || c == '>';
}

/* Keeps what is an id beyond doubt. Returns the number of its bytes. */
static size_t id_run(struct message_header *h, struct bytes in)
{
	in = bytes_first(in, (size_t)MESSAGE_ID_MAX - h->n);
	size_t n = simd_find(in.p, in.n, id_ends, is_id_end);
	memcpy(h->id + h->n, in.p, n);
	h->n = (uint8_t)(h->n + n);
	h->done = h->n == MESSAGE_ID_MAX;
	return n;
}

/* A line of another field is told by its first byte. */
static inline bool is_other_line(const struct message_header *h, uint8_t c)
{
	return h->state == STATE_LINE && c > ' ' && ascii_lower(c) != field_name[0];
}

void message_header_scan(struct message_header *h, struct bytes in)
{
	in = bytes_first(in, UINT16_MAX - (size_t)h->scanned);
	size_t i = 0;
	while (i < in.n && !h->done) {
		if (is_other_line(h, in.p[i])) {
			h->matched = 1;
			h->state = STATE_OTHER;
			i++;
		} else if (h->state == STATE_ID) {
			i += id_run(h, bytes_from(in, i));
			if (i == in.n || h->done)
				break;
		}
		const uint8_t *lf = h->state == STATE_OTHER ? memchr(in.p + i, '\n', in.n - i)
							    : in.p + i;
		i = lf ? (size_t)(lf - in.p) : in.n;
		if (lf)
			steps[h->state](h, in.p[i++]);
	}
	h->scanned = (uint16_t)(h->scanned + i);
	h->done |= h->scanned == UINT16_MAX;
}
