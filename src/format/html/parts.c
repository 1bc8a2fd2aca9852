/* parts.c - text, numbers, bars and tables for all sections of the page. */
#include "format/html/html.h"

void html_init(struct html *h, struct outbuf *b)
{
	*h = (struct html){.b = b};
	h->text.b = &h->words;
}

void html_free(struct html *h)
{
	outbuf_free(&h->words);
	outbuf_free(&h->text.scratch);
}

void html_str(struct html *h, const char *markup)
{
	outbuf_str(h->b, markup);
}

void html_text(struct html *h, struct bytes text)
{
	escape_html(h->b, text);
}

void html_words(struct html *h)
{
	html_text(h, bytes_of(h->words.p, h->words.n));
	h->b->failed |= h->words.failed;
	h->words.n = 0;
}

void html_number(struct html *h, uint64_t n)
{
	outbuf_grouped(h->b, n);
}

void html_time(struct html *h, int64_t ns)
{
	html_str(h, "<time datetime=\"");
	stamp_iso(&h->text.stamp, h->b, ns);
	html_str(h, "\">");
	stamp_plain(&h->text.stamp, h->b, ns);
	html_str(h, "</time>");
}

/* The width has two decimals. A part above 0 gets at least one per cent, so that it is visible. */
void html_bar(struct html *h, uint64_t part, uint64_t whole, unsigned severity)
{
	double share = whole > 0 ? 100.0 * (double)part / (double)whole : 0;
	if (part > 0 && share < 1)
		share = 1;
	outbuf_format(h->b,
		      "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
		      "aria-hidden=\"true\">"
		      "<rect class=\"%s\" width=\"%.2f\" height=\"10\"/></svg>",
		      severity < SEVERITIES ? severity_name((enum severity)severity) : "plain",
		      share);
}

void html_badge(struct html *h, enum severity s)
{
	outbuf_format(h->b, "<span class=\"badge %s\">%s</span>", severity_name(s),
		      severity_name(s));
}

void html_section(struct html *h, const char *id, const char *title)
{
	outbuf_format(
		h->b,
		"<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n",
		id, id, id, title);
}

void html_section_end(struct html *h)
{
	html_str(h, "</section>\n");
}

void html_table(struct html *h, const char *caption, const char *const *columns)
{
	outbuf_format(
		h->b,
		"<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n<table>\n",
		caption);
	outbuf_format(h->b, "<caption>%s</caption>\n<thead><tr>", caption);
	for (; *columns; columns++) {
		const char *class = **columns == '#'   ? " class=\"n\""
				    : **columns == '|' ? " class=\"b\""
						       : "";
		outbuf_format(h->b, "<th scope=\"col\"%s>%s</th>", class,
			      *columns + (*class != '\0'));
	}
	html_str(h, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct html *h)
{
	html_str(h, "</tbody>\n</table>\n</div>\n");
}

void html_row(struct html *h, const char *class)
{
	h->in_head = true;
	if (class)
		outbuf_format(h->b, "<tr class=\"%s\"><th scope=\"row\">", class);
	else
		html_str(h, "<tr><th scope=\"row\">");
}

void html_cell(struct html *h, const char *class)
{
	html_str(h, h->in_head ? "</th>" : "</td>");
	h->in_head = false;
	if (class)
		outbuf_format(h->b, "<td class=\"%s\">", class);
	else
		html_str(h, "<td>");
}

void html_row_end(struct html *h)
{
	html_str(h, h->in_head ? "</th></tr>\n" : "</td></tr>\n");
}
