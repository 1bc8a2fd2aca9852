/* document.c - writes the members of the document in their order. */
#include "status/document.h"

#include "format/json/json.h"
#include "sink/sink.h"

static void put_number(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_number(j, v);
}

static void put_text(struct json *j, const char *key, struct bytes text)
{
	json_key(j, key);
	json_string(j, text);
}

/* Writes null for a time that was never. */
static void put_time(struct json *j, const char *key, int64_t ts)
{
	json_key(j, key);
	if (ts == 0)
		outbuf_str(j->b, "null");
	else
		json_time(j, ts);
}

static void put_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	outbuf_str(j->b, v ? "true" : "false");
}

static void put_list(struct json *j, const char *key)
{
	json_key(j, key);
	outbuf_char(j->b, '[');
}

static void put_object(struct json *j, const char *key)
{
	json_key(j, key);
	outbuf_char(j->b, '{');
}

static void put_interfaces(struct json *j, const struct summary *sum)
{
	put_list(j, "interfaces");
	for (size_t i = 0; i < sum->watched_n; i++) {
		const struct watched *w = &sum->watched[i];
		json_comma(j);
		outbuf_char(j->b, '{');
		put_text(j, "name", bytes_str(w->name));
		put_bool(j, "watched", w->on);
		put_time(j, "last_packet", w->last);
		put_number(j, "packets", w->packets);
		put_number(j, "dropped", w->dropped);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

static void put_sessions(struct json *j, const struct summary *sum)
{
	const struct totals *t = sum->totals;
	put_number(j, "open", sum->core->stream.conns_open);
	put_number(j, "sessions", t->sessions);
	put_number(j, "alerts", t->alerts);
	put_object(j, "severities");
	for (unsigned s = SEVERITY_INFO; s < SEVERITIES; s++)
		put_number(j, severity_name((enum severity)s), t->alert_severity[s]);
	outbuf_char(j->b, '}');
	put_object(j, "tls");
	put_bool(j, "keys", sum->keys);
	put_number(j, "sessions", t->tls);
	put_number(j, "decrypted", t->decrypted);
	outbuf_char(j->b, '}');
}

static void put_losses(struct json *j, const struct status_record *s)
{
	put_object(j, "losses");
	for (unsigned i = 0; i < STATUS_LOSSES; i++) {
		put_object(j, status_lost_name((enum status_lost)i));
		put_number(j, "count", s->losses[i].count);
		put_time(j, "last", s->losses[i].last);
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, '}');
}

static void put_outputs(struct json *j, const struct summary *sum)
{
	put_list(j, "outputs");
	for (size_t i = 0; i < sum->outputs_n; i++) {
		const struct sink_counts *o = &sum->outputs[i];
		json_comma(j);
		outbuf_char(j->b, '{');
		put_text(j, "name", sink_spec_shown(o->name));
#define OUTPUT(member, help) put_number(j, #member, o->member);
#include "stats/outputs.def"
		outbuf_char(j->b, '}');
	}
	outbuf_char(j->b, ']');
}

static void put_alert(struct json *j, const struct status_alert *a)
{
	json_comma(j);
	outbuf_char(j->b, '{');
	put_time(j, "timestamp", a->ts);
	json_key(j, "signature");
	json_word(j, a->signature);
	json_key(j, "severity");
	json_word(j, severity_name(a->severity));
	json_key(j, "src_ip");
	json_addr(j, &a->addr[CLIENT]);
	put_number(j, "src_port", a->port[CLIENT]);
	json_key(j, "dest_ip");
	json_addr(j, &a->addr[SERVER]);
	put_number(j, "dest_port", a->port[SERVER]);
	put_text(j, "input", bytes_str(a->input));
	put_text(j, "text", bytes_str(a->text.text));
	outbuf_char(j->b, '}');
}

static void put_alerts(struct json *j, const struct status_record *s)
{
	const struct status_alert *a;
	put_list(j, "last_alerts");
	for (unsigned i = 0; (a = status_alert_at(s, i)); i++)
		put_alert(j, a);
	outbuf_char(j->b, ']');
}

void status_document(struct outbuf *b, const struct status_facts *f, const struct status_record *s,
		     const struct summary *sum)
{
	struct json j = {.b = b};
	outbuf_char(b, '{');
	put_time(&j, "timestamp", f->now);
	json_key(&j, "event_type");
	json_word(&j, "status");
	put_text(&j, "version", bytes_str(SMTPWATCH_VERSION));
	put_number(&j, "pid", (uint64_t)f->pid);
	put_time(&j, "since", sum->started);
	json_key(&j, "configuration");
	if (f->configuration)
		json_string(&j, bytes_str(f->configuration));
	else
		outbuf_str(b, "null");
	put_interfaces(&j, sum);
	put_sessions(&j, sum);
	put_losses(&j, s);
	put_outputs(&j, sum);
	put_alerts(&j, s);
	outbuf_str(b, "}\n");
}
