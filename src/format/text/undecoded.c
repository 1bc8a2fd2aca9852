/* undecoded.c - names the packets that were not decoded: "18 packets of ethertype 0x22f3 (TRILL)".
 */
#include "format/text/text.h"

static void put_row(struct text *t, const struct undecoded_row *row)
{
	const char *name = undecoded_name(row->what);
	text_count(t, row->packets, "packet");
	outbuf_format(t->b, " %s %s ", row->what.space == SPACE_UDP ? "to" : "of",
		      undecoded_space(row->what.space));
	undecoded_number(t->b, row->what);
	if (name)
		outbuf_format(t->b, " (%s)", name);
}

const char *undecoded_space(enum packet_space space)
{
	static const char *const names[SPACES] = {
		[SPACE_LINK] = "link type",
		[SPACE_ETHERTYPE] = "ethertype",
		[SPACE_PROTOCOL] = "IP protocol",
		[SPACE_UDP] = "UDP port",
		[SPACE_LLC] = "LLC",
		[SPACE_PPP] = "PPP protocol",
	};
	return names[space];
}

void undecoded_number(struct outbuf *b, struct packet_other what)
{
	bool hex = what.space == SPACE_ETHERTYPE || what.space == SPACE_LLC ||
		   what.space == SPACE_PPP;
	outbuf_format(b, hex ? "0x%04x" : "%u", (unsigned)what.number);
}

/* Returns the number of packets that may hide mail: all but the ordinary ones. */
static uint64_t hidden_of(const struct undecoded_row *rows, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += undecoded_ordinary(rows[i].what) ? 0 : rows[i].packets;
	return sum;
}

static void put_rows(struct text *t, const struct undecoded_row *rows, size_t n, uint64_t others,
		     bool ordinary)
{
	const char *between = "Not decoded: ";
	for (size_t i = 0; i < n; i++) {
		if (undecoded_ordinary(rows[i].what) != ordinary)
			continue;
		outbuf_str(t->b, between);
		put_row(t, &rows[i]);
		between = ", ";
	}
	if (others > 0) {
		outbuf_str(t->b, between);
		text_count(t, others, "packet");
		outbuf_str(t->b, " of other kinds");
	}
}

bool text_undecoded_words(struct text *t, const struct summary *s)
{
	struct undecoded_row rows[UNDECODED_ROWS];
	const uint64_t *kinds = s->core->kinds;
	size_t n = undecoded_sorted(&s->core->undecoded, rows);
	uint64_t hidden = hidden_of(rows, n);
	bool none = s->totals->sessions == 0,
	     no_tcp = kinds[PACKET_TCP] + kinds[PACKET_UNWATCHED] == 0;
	if (n == 0 || (hidden == 0 && !(none && no_tcp)) ||
	    (!none && hidden < kinds[PACKET_TCP] / 2))
		return false;
	put_rows(t, rows, n, s->core->undecoded.others, hidden == 0);
	outbuf_str(t->b, hidden > 0 ? ". Mail inside them is not seen." : ".");
	return true;
}

bool text_undecoded(struct text *t, const struct summary *s)
{
	size_t from = t->b->n;
	bool shown = text_undecoded_words(t, s);
	if (shown)
		text_wrap(t, from, 2);
	return shown;
}
