/* open.c - the list of open sessions: where each stands, and what is awaited. */
#include "tui/open.h"

#include "format/text/text.h"
#include "tui/cell.h"

/* WIDE: columns from which the stage and the bytes of either side have columns of their own.
 * ENDPOINTS: columns of two IPv4 addresses and a port; what is awaited gets the rest of a wide
 * line. FIXED: columns of the other cells of a wide line. AWAITED: of what is awaited in a narrow
 * one. */
enum { WIDE = 100, ENDPOINTS = 39, FIXED = 42, AWAITED = 22 };

/* After so long a client or a server that keeps to RFC 5321 4.5.3.2 gives up. */
static const int64_t give_up = 300 * FRAME_SECOND;

/* The verb that waits for its reply says the stage too, and so does the handshake. */
static void awaited_put(struct outbuf *b, const struct open_session *s, bool stage)
{
	static const char *const words[AWAITED_KINDS] = {
		[AWAITED_HANDSHAKE] = "the handshake",   [AWAITED_COMMAND] = "a command",
		[AWAITED_MESSAGE] = "more of message",   [AWAITED_TLS] = "the start of TLS",
		[AWAITED_EITHER] = "either side",        [AWAITED_CLIENT_FIN] = "client's close",
		[AWAITED_SERVER_FIN] = "server's close",
	};
	if (s->awaited == AWAITED_HANDSHAKE)
		stage = false;
	if (s->awaited != AWAITED_REPLY)
		outbuf_format(b, stage ? "%s (%s)" : "%s", words[s->awaited],
			      stage_name((enum stage)s->stage));
	else if (s->awaited_verb == SMTP_CONNECT)
		outbuf_str(b, "the greeting");
	else if (s->awaited_verb == SMTP_END)
		outbuf_str(b, "reply to message");
	else
		outbuf_format(b, "reply to %s", smtp_verb_name((enum smtp_verb)s->awaited_verb));
}

/* "59 s", "59 min", "47 h", "99 d": six columns at most. */
static void time_put(struct outbuf *b, int64_t ns)
{
	unsigned long long s = (unsigned long long)(ns / FRAME_SECOND);
	if (s < 600)
		outbuf_format(b, "%llu s", s);
	else if (s < 600 * 60)
		outbuf_format(b, "%llu min", s / 60);
	else if (s < 48 * 3600)
		outbuf_format(b, "%llu h", s / 3600);
	else
		outbuf_format(b, "%llu d", s / 86400);
}

/* "9,999 B", "9.8 MB": seven columns at most. */
static void bytes_put(struct outbuf *b, uint64_t n)
{
	static const char units[] = "kMGTPE";
	double rest = (double)n;
	unsigned unit = 0;
	if (n < 10000) {
		outbuf_grouped(b, n);
		outbuf_str(b, " B");
		return;
	}
	for (rest /= 1000; rest >= 999.5; unit++)
		rest /= 1000;
	outbuf_format(b, rest < 99.95 ? "%.1f %cB" : "%.0f %cB", rest, units[unit]);
}

static bool is_wide(void)
{
	return screen_size().columns >= WIDE;
}

static unsigned awaited_width(void)
{
	unsigned columns = screen_size().columns;
	return is_wide() && columns - ENDPOINTS - FIXED < 24 ? columns - ENDPOINTS - FIXED
	       : is_wide()                                   ? 24
							     : AWAITED;
}

void open_draw_head(struct outbuf *cell)
{
	struct top_row l = {.cell = cell, .row = 2};
	top_cell_str(&l, 6, SCREEN_DIM, " Waits");
	top_cell_str(&l, awaited_width(), SCREEN_DIM, is_wide() ? "For" : "For (stage)");
	if (is_wide())
		top_cell_str(&l, 14, SCREEN_DIM, "Stage");
	top_cell_str(&l, 6, SCREEN_DIM, "  Open");
	if (is_wide())
		top_cell_str(&l, 7, SCREEN_DIM, " Client");
	top_cell_str(&l, 7, SCREEN_DIM, is_wide() ? " Server" : "  Bytes");
	top_cell_str(&l, 1000, SCREEN_DIM, "Client > server");
}

static void cell_bytes(struct top_row *l, uint64_t n)
{
	bytes_put(l->cell, n);
	top_cell(l, 7, SCREEN_PLAIN, true);
}

static void cell_time(struct top_row *l, int style, int64_t ns)
{
	time_put(l->cell, ns);
	top_cell(l, 6, style, true);
}

void open_draw(struct outbuf *cell, unsigned row, const struct open_line *o, bool selected)
{
	const struct open_session *s = o->session;
	struct top_row l = top_row_begin(cell, row, selected);
	struct text words = {.b = cell};
	char addr[IP_ADDR_TEXT];
	int style = o->waits >= give_up ? SCREEN_WARNING : SCREEN_PLAIN;
	cell_time(&l, style, o->waits);
	awaited_put(cell, s, !is_wide());
	top_cell(&l, awaited_width(), style, false);
	if (is_wide())
		top_cell_str(&l, 14, SCREEN_PLAIN, stage_name((enum stage)s->stage));
	cell_time(&l, SCREEN_PLAIN, o->age);
	if (is_wide())
		cell_bytes(&l, s->bytes[CLIENT]);
	cell_bytes(&l, is_wide() ? s->bytes[SERVER] : s->bytes[CLIENT] + s->bytes[SERVER]);
	outbuf_format(cell, "%s > ", ip_addr_text(&s->addr[CLIENT], addr));
	text_endpoint(&words, &s->addr[SERVER], s->port[SERVER]);
	top_cell(&l, 1000, SCREEN_PLAIN, false);
}

void open_draw_count(struct outbuf *b, const struct open_merge *m, size_t listed)
{
	bool told;
	uint64_t open = open_merge_open(m, &told);
	if (told && open > listed) {
		outbuf_str(b, ", of ");
		outbuf_grouped(b, open);
		outbuf_str(b, " connections");
	}
}

const char *open_draw_none(const struct open_merge *m)
{
	bool told;
	open_merge_open(m, &told);
	return told ? "None is open."
		    : "The engine nids does not tell its open sessions; the native one does.";
}
