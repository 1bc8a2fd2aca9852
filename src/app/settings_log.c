/* settings_log.c - what a live run is made of, on one line. */
#include "app/settings_log.h"

#include "base/log.h"

static void outputs_put(struct outbuf *b, const struct run *r)
{
	const struct options *o = r->o;
	outbuf_str(b, "; outputs ");
	for (size_t i = 0; i < o->outputs.n; i++) {
		struct bytes shown = bytes_first(sink_spec_shown(o->outputs.all[i]), 200);
		outbuf_str(b, i > 0 ? ", " : "");
		outbuf_bytes(b, shown.p, shown.n);
	}
	if (o->outputs.n == 0)
		outbuf_str(b, o->top ? "none but --top" : r->terminal ? "text" : "json");
}

void settings_log(const struct run *r, const char *user)
{
	const struct options *o = r->o;
	struct outbuf b = {0};
	outbuf_format(&b, "configuration %.200s; user %s", o->config ? o->config : "none", user);
	outputs_put(&b, r);
	if (o->filter)
		outbuf_format(&b, "; filter %.200s", o->filter);
	else
		outbuf_str(&b, "; no filter");
	if (o->keylog)
		outbuf_format(&b, "; TLS is read with the keys of %.200s", o->keylog);
	else
		outbuf_str(&b, "; no TLS keys: what goes into TLS is not read");
	outbuf_format(&b, "; %s", live_status_words(r->status));
	log_line("%.*s", (int)b.n, b.p ? b.p : "");
	outbuf_free(&b);
}
