/* net.c - the fields of the TCP connection: a function and a row for each. A field of both sides is
 * a list of two: client, server. */
#include "format/json/json.h"

static void put_both(struct json *j, uint64_t client, uint64_t server)
{
	outbuf_char(j->b, '[');
	json_number(j, client);
	outbuf_char(j->b, ',');
	json_number(j, server);
	outbuf_char(j->b, ']');
}

/* Returns false if both are 0. */
static bool put_pair(struct json *j, uint64_t client, uint64_t server)
{
	if (client == 0 && server == 0)
		return false;
	put_both(j, client, server);
	return true;
}

static const struct conn_side *sides(const struct json_view *v)
{
	return v->report->record.conn->side;
}

static const struct conn_flow *flows(const struct json_view *v)
{
	return v->report->record.conn->flow;
}

/* Bytes of the stream, without those that are missing from the capture. */
static bool put_client_bytes(struct json *j, const struct json_view *v)
{
	json_number(j, flows(v)[CLIENT].bytes);
	return true;
}

static bool put_server_bytes(struct json *j, const struct json_view *v)
{
	json_number(j, flows(v)[SERVER].bytes);
	return true;
}

static bool put_gap_bytes(struct json *j, const struct json_view *v)
{
	put_both(j, flows(v)[CLIENT].gap, flows(v)[SERVER].gap);
	return true;
}

static bool put_retransmits(struct json *j, const struct json_view *v)
{
	put_both(j, sides(v)[CLIENT].retransmits, sides(v)[SERVER].retransmits);
	return true;
}

static bool put_unanswered(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].unanswered, sides(v)[SERVER].unanswered);
}

static bool put_unacked(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].unacked, sides(v)[SERVER].unacked);
}

static bool put_zero_windows(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].zero_windows, sides(v)[SERVER].zero_windows);
}

static bool put_conflicts(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].conflicts, sides(v)[SERVER].conflicts);
}

static bool put_mss(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].mss, sides(v)[SERVER].mss);
}

static bool put_largest(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].largest, sides(v)[SERVER].largest);
}

static bool put_largest_acked(struct json *j, const struct json_view *v)
{
	put_both(j, sides(v)[CLIENT].largest_acked, sides(v)[SERVER].largest_acked);
	return sides(v)[CLIENT].largest != 0 || sides(v)[SERVER].largest != 0;
}

static bool put_icmp_too_big(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].too_big, sides(v)[SERVER].too_big);
}

static bool put_icmp_unreachable(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].unreachable, sides(v)[SERVER].unreachable);
}

static bool put_mtu(struct json *j, const struct json_view *v)
{
	return put_pair(j, sides(v)[CLIENT].mtu, sides(v)[SERVER].mtu);
}

static bool put_rtt(struct json *j, const struct json_view *v)
{
	outbuf_seconds(j->b, v->report->record.conn->rtt);
	return v->report->record.conn->rtt > 0;
}

static bool put_kernel_drops(struct json *j, const struct json_view *v)
{
	json_number(j, v->report->record.kernel_drops);
	return v->report->record.kernel_drops > 0;
}

static void put_member(struct json *j, const char *name, uint64_t n)
{
	json_key(j, name);
	json_number(j, n);
}

/* Writes an RST. "other_ttl" is the range of the side's other segments: a forged RST seldom has a
 * TTL within it. */
static void put_one_rst(struct json *j, enum side side, const struct conn_side *of)
{
	const struct conn_rst *rst = &of->reset;

	json_comma(j);
	outbuf_char(j->b, '{');
	json_key(j, "from");
	json_word(j, side == CLIENT ? "client" : "server");
	json_key(j, "time");
	json_time(j, rst->ts);
	put_member(j, "ttl", rst->ttl);
	if (of->ttl_high != 0) {
		json_key(j, "other_ttl");
		put_both(j, of->ttl_low, of->ttl_high);
	}
	put_member(j, "ip_id", rst->ip_id);
	put_member(j, "window", rst->window);
	json_key(j, "timestamps");
	outbuf_str(j->b, rst->tsopt ? "true" : "false");
	json_key(j, "overtook");
	outbuf_str(j->b, rst->overtook ? "true" : "false");
	put_member(j, "segments_after", rst->after);
	outbuf_char(j->b, '}');
}

static bool put_rst(struct json *j, const struct json_view *v)
{
	bool any = false;

	outbuf_char(j->b, '[');
	for (enum side side = CLIENT; side <= SERVER; side++)
		if (sides(v)[side].reset.seen) {
			put_one_rst(j, side, &sides(v)[side]);
			any = true;
		}
	outbuf_char(j->b, ']');
	return any;
}

static bool put_pcap(struct json *j, const struct json_view *v)
{
	if (v->report->pcap == NULL)
		return false;
	json_string(j, bytes_str(v->report->pcap));
	return true;
}

static bool put_pcap_omitted(struct json *j, const struct json_view *v)
{
	json_number(j, v->report->pcap_omitted);
	return v->report->pcap_omitted > 0;
}

const struct json_row json_net_rows[] = {
	JSON_ROW(JSON_NET, "client_bytes", put_client_bytes),
	JSON_ROW(JSON_NET, "server_bytes", put_server_bytes),
	JSON_ROW(JSON_NET, "gap_bytes", put_gap_bytes),
	JSON_ROW(JSON_NET, "retransmits", put_retransmits),
	JSON_ROW(JSON_NET, "rtt", put_rtt),
	JSON_ROW(JSON_NET, "unanswered", put_unanswered),
	JSON_ROW(JSON_NET, "unacked", put_unacked),
	JSON_ROW(JSON_NET, "zero_windows", put_zero_windows),
	JSON_ROW(JSON_NET, "conflicts", put_conflicts),
	JSON_ROW(JSON_NET, "mss", put_mss),
	JSON_ROW(JSON_NET, "largest", put_largest),
	JSON_ROW(JSON_NET, "largest_acked", put_largest_acked),
	JSON_ROW(JSON_NET, "icmp_too_big", put_icmp_too_big),
	JSON_ROW(JSON_NET, "icmp_unreachable", put_icmp_unreachable),
	JSON_ROW(JSON_NET, "mtu", put_mtu),
	JSON_ROW(JSON_NET, "kernel_drops", put_kernel_drops),
	JSON_ROW(JSON_NET, "rst", put_rst),
	JSON_ROW(JSON_ROOT, "pcap", put_pcap),
	JSON_ROW(JSON_ROOT, "pcap_omitted", put_pcap_omitted),
	{0},
};
