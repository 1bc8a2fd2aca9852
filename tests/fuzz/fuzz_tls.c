/*
 * fuzz_tls.c - a session under TLS whose records the harness seals, with the keys, without, and
 * with keys that come late: however the bytes are cut, the same is told; all memory comes back; and
 * of a session without keys nothing is told that stood inside. One input holds how, the suite, then
 * steps of a head, a length, and bytes.
 */
#include "core/tls/record.h"
#include "decrypt/decryptor.h"
#include "fuzz/sealer.h"
#include "fuzz/talk.h"

#include <fcntl.h>

enum { STEPS = 96, LONGEST = 4096, KEYS_KNOWN = 0x10, KEYS_LATE = 0x20, WIRE = 128 << 10 };

enum step_kind {
	STEP_DATA,
	STEP_HANDSHAKE,
	STEP_ALERT,
	STEP_HELLO,
	STEP_NEXT,
	STEP_RAW,
	STEP_HOLE,
	STEP_END,
	STEP_KINDS
};

/* The head's other bits. */
enum { BY_SERVER = 8, BROKEN = 16, LONG = 32, BEHIND = 64, LATER = 128 };

/* What goes over the wire: made once, told several times. */
struct wire {
	enum { WIRE_BYTES, WIRE_GAP, WIRE_FIN, WIRE_KEYS } what;
	enum side side;
	int64_t ts;
	size_t at, n; /* in text; n: of a gap, too */
	uint64_t acked;
};

static struct wire wires[STEPS + 8];
static size_t wires_n, text_n;
static uint8_t text[WIRE];
static struct sealer sealer;
static uint64_t sent[2];

static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305, 0xc02f, 0xc030, 0xcca8,
				  0xc09c, 0x002f, 0x0035, 0x003c, 0x009c, 0xc0a0, 0x000a, 0x0005};

static struct wire *wire_add(enum side side, int64_t ts, uint64_t acked)
{
	struct wire *w = &wires[wires_n++];
	*w = (struct wire){.side = side, .ts = ts, .at = text_n, .acked = acked};
	return w;
}

static void wire_text(enum side side, struct bytes b, int64_t ts, uint64_t acked)
{
	struct wire *w = wire_add(side, ts, acked);
	memcpy(text + text_n, b.p, b.n);
	text_n += w->n = b.n;
	sent[side] += b.n;
}

/* A hello that the core can read; `more` are its extensions. */
static size_t hello_make(uint8_t *out, enum side side, struct bytes more)
{
	uint8_t *p = out + 4;
	*p++ = 3;
	*p++ = 3;
	memset(p, side == CLIENT ? SEALER_CLIENT_RANDOM : SEALER_SERVER_RANDOM, TLS_RANDOM);
	p += TLS_RANDOM;
	*p++ = 0;
	if (side == CLIENT) {
		*p++ = 0;
		*p++ = 2;
	}
	*p++ = (uint8_t)(sealer.suite->id >> 8);
	*p++ = (uint8_t)sealer.suite->id;
	if (side == CLIENT)
		*p++ = 1;
	*p++ = 0;
	*p++ = (uint8_t)((more.n + 6) >> 8);
	*p++ = (uint8_t)(more.n + 6);
	memcpy(p, tls_suite_13(sealer.suite) ? "\0\x2b\0\2\3\4" : "\xff\1\0\2\0\0", 6);
	p += 6;
	if (more.n > 0)
		memcpy(p, more.p, more.n);
	p += more.n;
	size_t n = (size_t)(p - out);
	out[0] = side == CLIENT ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO;
	out[1] = 0;
	out[2] = (uint8_t)((n - 4) >> 8);
	out[3] = (uint8_t)(n - 4);
	return n;
}

/* In TLS 1.2 a ChangeCipherSpec, then all is sealed; in TLS 1.3 the first time nothing, then a
 * Finished. */
static size_t next_make(enum side side, uint8_t *out)
{
	static const uint8_t finished[36] = {TLS_FINISHED, 0, 0, 32};
	bool tls13 = tls_suite_13(sealer.suite);
	size_t n;
	if (!tls13 && sealer.sealed[side])
		return sealer_record(&sealer, side, TLS_HANDSHAKE, bytes_of(finished, 16), out);
	if (tls13 && sealer.sealed[side])
		n = sealer_record(&sealer, side, TLS_HANDSHAKE, bytes_of(finished, sizeof finished),
				  out);
	else
		n = sealer_record(&sealer, side, TLS_CHANGE_CIPHER_SPEC, bytes_str("\1"), out);
	sealer_next(&sealer, side);
	return n;
}

static size_t handshake_make(enum side side, struct bytes b, uint8_t *out)
{
	size_t n = sealer_record(&sealer, side, TLS_HANDSHAKE, b, out);
	if (b.n == 5 && b.p[0] == TLS_KEY_UPDATE)
		sealer_update(&sealer, side);
	return n;
}

static size_t step_make(enum step_kind kind, enum side side, struct bytes b, uint8_t *out)
{
	uint8_t hello[LONGEST + 128];
	switch (kind) {
	case STEP_DATA:
		return sealer_record(&sealer, side, TLS_APPLICATION, b, out);
	case STEP_HANDSHAKE:
		return handshake_make(side, b, out);
	case STEP_ALERT:
		return sealer_record(&sealer, side, TLS_ALERT, b, out);
	case STEP_HELLO:
		return sealer_record(&sealer, side, TLS_HANDSHAKE,
				     bytes_of(hello, hello_make(hello, side, b)), out);
	case STEP_NEXT:
		return next_make(side, out);
	default:
		if (b.n > 0)
			memcpy(out, b.p, b.n);
		return b.n;
	}
}

/* The bytes over and over: records of many, from inputs of few. */
static struct bytes lengthen(struct bytes b)
{
	static uint8_t room[LONGEST];
	for (size_t i = 0; b.n > 0 && i < sizeof room; i++)
		room[i] = b.p[i % b.n];
	return bytes_of(room, b.n > 0 ? sizeof room : 0);
}

static void step_text(unsigned head, enum step_kind kind, enum side side, struct bytes b,
		      int64_t ts)
{
	uint64_t acked = sent[side_other(side)];
	struct wire *last = wires_n > 0 ? &wires[wires_n - 1] : NULL;
	size_t n = step_make(kind, side, head & LONG ? lengthen(b) : b, text + text_n);
	if (n == 0)
		return;
	if (head & BROKEN)
		text[text_n + n - 1] ^= 0x20;
	/* In one segment with what came before. */
	if (head & BEHIND && last && last->what == WIRE_BYTES && last->side == side &&
	    last->ts == ts)
		last->n += n;
	else
		wire_add(side, ts, acked)->n = n;
	text_n += n;
	sent[side] += n;
}

static void step_other(enum step_kind kind, enum side side, struct bytes b, int64_t ts, bool fin[2])
{
	if (kind == STEP_HOLE) {
		struct wire *w = wire_add(side, ts, sent[side_other(side)]);
		w->what = WIRE_GAP;
		w->n = 1 + b.n * 7;
		sent[side] += w->n;
		return;
	}
	struct wire *w = wire_add(side, ts, sent[side_other(side)]);
	w->what = b.n & 1 ? WIRE_KEYS : WIRE_FIN;
	fin[side] |= w->what == WIRE_FIN;
}

/* An SMTP dialogue up to the point where TLS begins. */
static void starttls(unsigned how)
{
	if (how & TALK_TLS_PORT)
		return;
	wire_text(SERVER, bytes_str("220 a ESMTP\r\n"), TALK_START, 0);
	wire_text(CLIENT, bytes_str("EHLO b\r\n"), TALK_START, sent[SERVER]);
	wire_text(SERVER, bytes_str("250-a\r\n250 STARTTLS\r\n"), TALK_START, sent[CLIENT]);
	wire_text(CLIENT, bytes_str("STARTTLS\r\n"), TALK_START, sent[SERVER]);
	wire_text(SERVER, bytes_str("220 go\r\n"), TALK_START, sent[CLIENT]);
}

static void steps_read(struct bytes in, unsigned how)
{
	int64_t ts = TALK_START;
	bool fin[2] = {false, false};
	wires_n = text_n = 0;
	sent[CLIENT] = sent[SERVER] = 0;
	starttls(how);
	for (unsigned i = 0; i < STEPS && in.n > 0 && text_n + 3 * LONGEST < WIRE; i++) {
		unsigned head = (unsigned)fuzz_number(&in, 1);
		struct bytes b = fuzz_take(&in, (size_t)fuzz_number(&in, 1));
		enum step_kind kind = head % STEP_KINDS;
		enum side side = head & BY_SERVER ? SERVER : CLIENT;
		ts += head & LATER ? INT64_C(700000000) * (1 + i % 4 * 5) : 1000;
		ts -= head & BEHIND && !(head & LATER) ? 1000 : 0;
		if (fin[side])
			continue;
		if (kind == STEP_HOLE || kind == STEP_END)
			step_other(kind, side, b, ts, fin);
		else
			step_text(head, kind, side, b, ts);
	}
}

static void run(struct talk_told *told, const struct tls_decryptor *decryptor, struct keylog *late,
		unsigned how, enum talk_cut cut)
{
	static struct talk t;
	talk_begin(&t, decryptor, how, cut);
	for (const struct wire *w = wires; w < wires + wires_n; w++) {
		t.ts = w->ts;
		if (w->what == WIRE_BYTES)
			talk_bytes(&t, w->side, bytes_of(text + w->at, w->n), w->acked);
		else if (w->what == WIRE_GAP)
			talk_gap(&t, w->side, w->n, w->acked);
		else if (w->what == WIRE_FIN)
			talk_fin(&t, w->side, w->acked);
		else if (late)
			keylog_add(late, sealer_keys());
	}
	talk_end(&t, told);
}

/* The key log is a file, empty at first, that may grow: records wait for it. */
static void run_late(struct talk_told *told, unsigned how, enum talk_cut cut)
{
	struct keylog *keys = keylog_new(8);
	struct tls_decryptor *decryptor = keys ? decryptor_new(keys, true) : NULL;
	CHECK(decryptor);
	keylog_read(keys, open("/dev/null", O_RDONLY));
	run(told, decryptor, keys, how, cut);
	decryptor_free(decryptor);
	keylog_free(keys);
}

static const struct tls_decryptor *decryptor_known(void)
{
	static struct tls_decryptor *decryptor;
	if (!decryptor) {
		struct keylog *keys = keylog_new(8);
		CHECK(keys);
		keylog_add(keys, sealer_keys());
		decryptor = decryptor_new(keys, true);
		CHECK(decryptor);
	}
	return decryptor;
}

static void run_one(struct talk_told *told, unsigned how, enum talk_cut cut)
{
	if (how & KEYS_LATE)
		run_late(told, how, cut);
	else
		run(told, how & KEYS_KNOWN ? decryptor_known() : NULL, NULL, how, cut);
}

/* first byte: enum talk_how, and what of keys there is; second: the suite */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk_told whole, other;
	static struct cipher_kit *kit;
	struct bytes in = bytes_of(data, size);
	unsigned how = (unsigned)fuzz_number(&in, 1), suite = (unsigned)fuzz_number(&in, 1);
	if (!kit)
		kit = cipher_kit_new();
	CHECK(kit);
	sealer_begin(&sealer, kit, suites[suite % (sizeof suites / sizeof *suites)]);
	steps_read(in, how);
	sealer_end(&sealer);
	run_one(&whole, how, TALK_WHOLE);
	fuzz_text_check(&whole.json, true);
	fuzz_text_check(&whole.text, true);
	run_one(&other, how, TALK_DICE);
	fuzz_same_text("cut otherwise", &whole.json, &other.json);
	if (how & KEYS_LATE)
		return 0;
	run_one(&other, how, TALK_BYTES);
	fuzz_same_text("byte by byte", &whole.json, &other.json);
	return 0;
}
