/*
 * fuzz_defrag.c - fragments of a few datagrams, as the input likes: what is put together must be
 * what a table of bytes says, of which the first to arrive wins; what is held stays under the
 * bound; and the counts add up. What comes out goes back to the decoder, as a tunnel's fragments
 * do.
 */
#include "fuzz/fuzz.h"
#include "smtpwatch/defrag.h"

enum { DATAGRAMS = 4, LONGEST = 2048, BUDGET = 64 << 10, FEW = 6000 };

/* Datagrams as they should be, without bounds: so long as nothing is evicted or too old. */
struct model {
	uint8_t bytes[LONGEST];
	bool there[LONGEST];
};

static struct model models[DATAGRAMS];

static void model_push(struct model *m, const struct packet_fragment *f)
{
	for (size_t i = 0; i < f->data.n && f->offset + i < LONGEST; i++)
		if (!m->there[f->offset + i]) {
			m->there[f->offset + i] = true;
			m->bytes[f->offset + i] = f->data.p[i];
		}
}

static struct packet_fragment fragment_read(struct bytes *in, int64_t *now)
{
	unsigned of = (unsigned)fuzz_number(in, 1), place = (unsigned)fuzz_number(in, 1),
		 n = (unsigned)fuzz_number(in, 1);
	*now += of & 0x40 ? INT64_C(31000000000) : 1000;
	struct packet_fragment f = {.id = of % DATAGRAMS,
				    .protocol = of & 4   ? 41
						: of & 8 ? 4
							 : 6,
				    .more = of & 0x10,
				    .offset = (of & 0x80 && place > 250 ? 65000 : 0) +
					      place % 250 * 8u,
				    .data = fuzz_take(in, of & 0x10 ? n / 8 * 8 : n),
				    .ts = *now};
	f.data_len = (uint32_t)f.data.n + (of & 0x20 && n == 7 ? 8 : 0);
	f.src.b[15] = (uint8_t)(1 + f.id);
	f.dst.b[15] = 9;
	return f;
}

static void whole_check(const struct packet_fragment *f, struct bytes payload, bool simple)
{
	const struct model *m = &models[f->id];
	struct packet_decoder d = {0};
	union packet_decoded out;
	CHECK(payload.n <= 65535);
	for (size_t i = 0; simple && i < payload.n && i < LONGEST; i++)
		CHECK(m->there[i] && m->bytes[i] == payload.p[i]);
	enum packet_kind kind = packet_decode_payload(&d, f, payload, &out);
	CHECK(kind < PACKET_KINDS);
	if (kind == PACKET_TCP && out.tcp.payload_cap > 0)
		CHECK(out.tcp.payload >= payload.p &&
		      out.tcp.payload + out.tcp.payload_cap <= payload.p + payload.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), payload;
	unsigned how = (unsigned)fuzz_number(&in, 1);
	struct pool *pool = pool_new((size_t)1 << 20);
	struct defrag *d = pool ? defrag_new(pool, how & 1 ? FEW : BUDGET, how & 2 ? 2 : 16) : NULL;
	uint64_t fed = 0, whole = 0;
	int64_t now = 1;
	CHECK(d);
	memset(models, 0, sizeof models);
	while (in.n > 0) {
		struct packet_fragment f = fragment_read(&in, &now);
		const struct defrag_stats *stats = defrag_stats(d);
		uint64_t refused = stats->malformed;
		fed++;
		bool complete = defrag_push(d, &f, &payload);
		if (stats->malformed == refused)
			model_push(&models[f.id], &f);
		/* Protocols are part of a datagram's name, which the table of bytes does not know;
		 * nor does it know what was dropped. */
		if (complete) {
			whole++;
			whole_check(&f, payload,
				    stats->evicted + stats->timed_out + stats->malformed == 0 &&
					    !(how & 4));
			memset(&models[f.id], 0, sizeof models[0]);
		}
		CHECK(stats->fragments == fed && stats->reassembled == whole &&
		      stats->malformed <= fed);
		CHECK(stats->overlaps + stats->reassembled <= 2 * fed);
		CHECK(pool_used(pool) <= (size_t)1 << 20);
	}
	defrag_free(d);
	pool_free(pool);
	return 0;
}
