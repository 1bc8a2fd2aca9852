/*
 * fuzz_smtp.c - what two sides say, through the SMTP stage: a session is told the same whether a
 * run of bytes comes whole, byte by byte, or cut by dice; all memory comes back; and JSON and text
 * of it hold no byte that a terminal or a parser could stumble over.
 */
#include "fuzz/talk.h"

static void run(struct talk_told *told, struct bytes in, unsigned how, enum talk_cut cut)
{
	static struct talk t;
	struct fuzz_script script = {.in = in, .side = SERVER, .ts = TALK_START};
	struct fuzz_event e;
	talk_begin(&t, NULL, how, cut);
	while ((e = fuzz_script_next(&script)).act != FUZZ_END) {
		t.ts = script.ts;
		if (e.act == FUZZ_GAP)
			talk_gap(&t, script.side, e.len, e.acked);
		else if (e.act == FUZZ_FIN)
			talk_fin(&t, script.side, e.acked);
		else
			talk_bytes(&t, script.side, e.bytes, e.acked);
	}
	t.ts = script.ts;
	talk_end(&t, told);
}

/* first byte: enum talk_how; then the script */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct talk_told whole, other;
	struct bytes in = bytes_of(data, size);
	unsigned how = (unsigned)fuzz_number(&in, 1);
	run(&whole, in, how, TALK_WHOLE);
	fuzz_text_check(&whole.json, true);
	fuzz_text_check(&whole.text, true);
	for (enum talk_cut cut = TALK_BYTES; cut < TALK_CUTS; cut++) {
		run(&other, in, how, cut);
		fuzz_same_text("cut otherwise", &whole.json, &other.json);
	}
	return 0;
}
