/* decryptor.c - decrypts a TLS session record by record (RFC 8446 4, 5, 7; RFC 5246 6, 7): selects
 * the keys and handles the plaintext. */
#include "decrypt/decryptor.h"

#include "base/log.h"
#include "core/tls/record.h"
#include "decrypt/cipher.h"
#include "decrypt/record_queue.h"
#include "decrypt/transcript.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Bytes of an ALPN name (RFC 7301 3.1). */
enum { PROTOCOL_MAX = 255 };

/* What protects the records of a side: nothing, the handshake key, or the traffic key. */
enum phase {
	PHASE_CLEAR,
	PHASE_HANDSHAKE, /* TLS 1.3, until the side's Finished */
	PHASE_DATA
};

struct decryptor {
	struct tls_decryptor base; /* must be the first member */
	struct keylog *keys;
	pthread_mutex_t lock; /* for the next two */
	struct cipher_kit *kit;
	bool lacking;         /* there can be no kit */
	atomic_size_t queued; /* bytes that wait in all streams */
};

struct tls_side_state {
	struct cipher cipher;
	struct tls_messages messages;
	uint8_t phase; /* enum phase */
	bool finished;
	bool decrypted; /* one of its records was decrypted */
};

struct tls_stream {
	struct decryptor *of;
	struct pool *pool;
	struct record_queue queue;
	struct handshake hs;
	struct transcript transcript;
	struct tls_side_state side[2];
	struct queued_record *taken; /* the current record; emitted data are borrowed from it */
	struct bytes plain;          /* plaintext of `taken` that was not yet emitted */
	size_t queued;               /* this stream's part of of->queued */
	bool lost, open_emitted, lost_emitted;
	bool closing; /* `taken` is a close_notify that was not yet emitted */
	bool closed[2];
	bool early_skipped;
	struct tls_inside inside;
	/* `inside` points to these. */
	char protocol[PROTOCOL_MAX], subject[TLS_INSIDE_NAME], issuer[TLS_INSIDE_NAME];
};

static struct bytes name_copy(char *to, size_t size, struct bytes name)
{
	size_t n = name.n < size ? name.n : size;
	if (n > 0)
		memcpy(to, name.p, n);
	return bytes_of(to, n);
}

/* The result of a record: nothing to emit, plaintext, a gap, no secret yet, or the rest is lost. */
enum outcome { OUTCOME_NONE, OUTCOME_DATA, OUTCOME_GAP, OUTCOME_WAIT, OUTCOME_LOST };

static struct tls_stream *stream_new(const struct tls_decryptor *self, struct pool *pool)
{
	/* self is the first member of a struct decryptor, whose counter changes. The core sees only
	 * the const part. */
	union {
		const struct tls_decryptor *in;
		struct decryptor *out;
	} u = {.in = self};
	struct tls_stream *t = pool_get(pool, sizeof *t);
	if (!t)
		return NULL;
	memset(t, 0, sizeof *t);
	t->of = u.out;
	t->pool = t->queue.pool = pool;
	return t;
}

static void keys_wipe(struct tls_stream *t)
{
	for (unsigned i = 0; i < 2; i++) {
		cipher_reset(&t->side[i].cipher);
		tls_message_reset(&t->side[i].messages, t->pool);
	}
}

/* Updates this stream's part of the common counter. */
static void queued_count(struct tls_stream *t)
{
	atomic_fetch_add(&t->of->queued, t->queue.bytes - t->queued);
	t->queued = t->queue.bytes;
}

static void stream_free(struct tls_stream *t)
{
	if (!t)
		return;
	keys_wipe(t);
	record_queue_drop(&t->queue, t->taken);
	record_queue_clear(&t->queue);
	transcript_reset(&t->transcript, t->pool);
	queued_count(t);
	struct pool *pool = t->pool;
	OPENSSL_cleanse(t, sizeof *t);
	pool_put(pool, t, sizeof *t);
}

static void stream_push(struct tls_stream *t, const struct tls_place *at, struct bytes data)
{
	if (!t->lost)
		record_queue_push(&t->queue, at, data);
}

static void stream_gap(struct tls_stream *t, const struct tls_place *at, uint64_t len)
{
	if (!t->lost)
		record_queue_gap(&t->queue, at, len);
}

static void stream_fin(struct tls_stream *t, const struct tls_place *at)
{
	record_queue_fin(&t->queue, at);
}

static bool tls13(const struct tls_stream *t)
{
	return t->hs.tls13;
}

/* Sets inside.decrypted once both sides' Finished, or application data, were decrypted. */
static void decrypted_check(struct tls_stream *t, bool data)
{
	t->inside.decrypted |= data || (t->side[CLIENT].finished && t->side[SERVER].finished);
}

/* Returns the algorithms, or NULL: there are none. */
static const struct cipher_kit *kit_of(struct decryptor *d)
{
	pthread_mutex_lock(&d->lock);
	if (!d->kit && !d->lacking) {
		d->kit = cipher_kit_new();
		d->lacking = !d->kit;
		if (d->lacking)
			log_line("%s: sessions of TLS stay encrypted", decryptor_lacking);
	}
	const struct cipher_kit *kit = d->kit;
	pthread_mutex_unlock(&d->lock);
	return kit;
}

static bool server_hello(struct tls_stream *t, const struct tls_message *m)
{
	if (t->hs.server || !handshake_server_hello(&t->hs, m))
		return false;
	transcript_add(&t->transcript, t->pool, SERVER, m);
	if (t->hs.server && !tls13(t))
		transcript_reset(&t->transcript, t->pool);
	if (!t->hs.server || !tls13(t))
		return true;
	transcript_end(&t->transcript, t->pool, kit_of(t->of), t->hs.suite);
	t->side[CLIENT].phase = t->side[SERVER].phase = PHASE_HANDSHAKE;
	return true;
}

/* Reads the certificate of TLS 1.3. In TLS 1.2 it is plaintext, and the core reads it. Extensions
 * of the certificate are ignored. */
static void certificate_take(struct tls_stream *t, const struct tls_message *m)
{
	struct certificate c;
	if (t->inside.certificate.subject.n > 0 ||
	    !certificate_read(tls_hello_certificate(m, true), &c))
		return;
	t->inside.certificate.expires = c.expires;
	t->inside.certificate.subject = name_copy(t->subject, sizeof t->subject, c.subject);
	t->inside.certificate.issuer = name_copy(t->issuer, sizeof t->issuer, c.issuer);
}

/* Reads EncryptedExtensions. Returns false if accepted early data was skipped unread. */
static bool extensions_take(struct tls_stream *t, const struct tls_message *m)
{
	struct tls_hello hello;
	tls_hello_read(m, &hello);
	t->inside.protocol = name_copy(t->protocol, sizeof t->protocol, hello.protocol);
	t->hs.early_accepted = hello.early_data;
	return !(t->hs.early_accepted && t->early_skipped);
}

static void finished_take(struct tls_stream *t, struct tls_side_state *s)
{
	s->finished = true;
	if (s->phase == PHASE_HANDSHAKE)
		cipher_reset(&s->cipher);
	s->phase = PHASE_DATA;
	decrypted_check(t, false);
}

/* Handles one handshake message. Returns false if nothing more can be decrypted. */
static bool message_take(struct tls_stream *t, enum side side, const struct tls_message *m)
{
	struct tls_side_state *s = &t->side[side];
	bool encrypted = s->phase != PHASE_CLEAR;
	if (m->type == TLS_CLIENT_HELLO && !encrypted) {
		transcript_add(&t->transcript, t->pool, CLIENT, m);
		return side == CLIENT && handshake_client_hello(&t->hs, m);
	}
	if (m->type == TLS_SERVER_HELLO && !encrypted)
		return side == SERVER && server_hello(t, m);
	if (m->type == TLS_ENCRYPTED_EXTENSIONS && encrypted && tls13(t))
		return extensions_take(t, m);
	if (m->type == TLS_CERTIFICATE && encrypted && side == SERVER)
		certificate_take(t, m);
	if (m->type == TLS_FINISHED && encrypted)
		finished_take(t, s);
	if (m->type == TLS_KEY_UPDATE && tls13(t) && s->phase == PHASE_DATA)
		return s->cipher.ctx && cipher_update_13(t->of->kit, &s->cipher);
	return true;
}

static bool messages_take(struct tls_stream *t, enum side side, struct bytes in)
{
	struct tls_message m;
	bool fine = true;
	while (fine && tls_message_next(&t->side[side].messages, t->pool, &in, &m))
		fine = message_take(t, side, &m);
	return fine;
}

/* The first alert other than close_notify is kept, because it tells the reason. */
static void alert_take(struct tls_stream *t, enum side side, struct bytes alert)
{
	if (alert.n != 2)
		return;
	if (alert.p[1] == 0) {
		t->closing = t->inside.decrypted && !t->inside.close_notify[side];
		t->inside.close_notify[side] = true;
	} else if (!t->inside.alert) {
		t->inside.alert = true;
		t->inside.alert_side = (uint8_t)side;
		t->inside.alert_description = alert.p[1];
	}
}

/* TLS 1.2 has one secret for both sides and the whole session. */
static enum outcome keys_12(struct tls_stream *t)
{
	struct keylog_secret master;
	struct cipher both[2] = {0};
	if (!keylog_find(t->of->keys, t->hs.random[0], NULL, KEYLOG_MASTER, &master))
		return OUTCOME_WAIT;
	const struct cipher_kit *kit = kit_of(t->of);
	bool fine = kit && cipher_keys_12(kit, t->hs.suite, &master, &t->hs, both);
	OPENSSL_cleanse(&master, sizeof master);
	t->side[CLIENT].cipher = both[CLIENT];
	t->side[SERVER].cipher = both[SERVER];
	OPENSSL_cleanse(both, sizeof both);
	return fine ? OUTCOME_NONE : OUTCOME_LOST;
}

static enum outcome keys_13(struct tls_stream *t, enum side side)
{
	static const enum keylog_label labels[2][2] = {
		{KEYLOG_CLIENT_HANDSHAKE, KEYLOG_CLIENT_TRAFFIC},
		{KEYLOG_SERVER_HANDSHAKE, KEYLOG_SERVER_TRAFFIC}};
	struct keylog_secret secret;
	struct tls_side_state *s = &t->side[side];
	if (!keylog_find(t->of->keys, t->hs.random[0], transcript_hash(&t->transcript),
			 labels[side][s->phase == PHASE_DATA], &secret))
		return OUTCOME_WAIT;
	const struct cipher_kit *kit = kit_of(t->of);
	bool fine = kit && cipher_keys_13(kit, t->hs.suite, &secret, &s->cipher);
	OPENSSL_cleanse(&secret, sizeof secret);
	return fine ? OUTCOME_NONE : OUTCOME_LOST;
}

static enum outcome keys_due(struct tls_stream *t, enum side side)
{
	if (t->side[side].cipher.ctx)
		return OUTCOME_NONE;
	return tls13(t) ? keys_13(t, side) : keys_12(t);
}

/* Handles the plaintext of a record of this type. */
static enum outcome inside_take(struct tls_stream *t, enum side side, uint8_t type,
				struct bytes plain)
{
	if (type == TLS_HANDSHAKE)
		return messages_take(t, side, plain) ? OUTCOME_NONE : OUTCOME_LOST;
	if (type == TLS_ALERT)
		alert_take(t, side, plain);
	if (type != TLS_APPLICATION)
		return OUTCOME_NONE;
	decrypted_check(t, true);
	t->plain = plain;
	return plain.n > 0 ? OUTCOME_DATA : OUTCOME_NONE;
}

static enum outcome record_clear(struct tls_stream *t, struct queued_record *r)
{
	enum side side = r->at.side;
	switch (r->head[0]) {
	case TLS_CHANGE_CIPHER_SPEC:
		/* In TLS 1.3 the message has no meaning, and may come before the version is known.
		 */
		if (t->hs.server && !tls13(t))
			t->side[side].phase = PHASE_DATA;
		return OUTCOME_NONE;
	case TLS_APPLICATION:
		/* Early data: before the server's hello its cipher suite is unknown. */
		t->early_skipped = side == CLIENT && t->hs.early && !t->hs.server;
		return t->early_skipped ? OUTCOME_NONE : OUTCOME_LOST;
	default:
		return inside_take(t, side, r->head[0], bytes_of(r->body, r->n));
	}
}

/* Handles a record that the key does not decrypt. Early data that the server refused is skipped,
 * until a record fits the handshake key (RFC 8446 4.2.10). */
static enum outcome record_foreign(struct tls_stream *t, enum side side)
{
	const struct tls_side_state *s = &t->side[side];
	bool early = tls13(t) && side == CLIENT && t->hs.early && s->phase == PHASE_HANDSHAKE &&
		     !s->decrypted;
	return early && !t->hs.early_accepted ? OUTCOME_NONE : OUTCOME_LOST;
}

static enum outcome record_encrypted(struct tls_stream *t, struct queued_record *r)
{
	enum side side = r->at.side;
	struct bytes plain;
	uint8_t type;
	/* In TLS 1.2 a change of ciphers here is a renegotiation: the log has no key for its client
	 * random. */
	if (r->head[0] == TLS_CHANGE_CIPHER_SPEC)
		return tls13(t) ? OUTCOME_NONE : OUTCOME_LOST;
	if (tls13(t) && r->head[0] == TLS_ALERT) {
		alert_take(t, side, bytes_of(r->body, r->n));
		return OUTCOME_NONE;
	}
	if (tls13(t) && r->head[0] != TLS_APPLICATION)
		return OUTCOME_LOST;
	enum outcome due = keys_due(t, side);
	if (due != OUTCOME_NONE)
		return due;
	if (!cipher_open(&t->side[side].cipher, r->head, r->body, r->n, &plain, &type))
		return record_foreign(t, side);
	t->side[side].decrypted = true;
	return inside_take(t, side, type, plain);
}

/* Handles a record with missing bytes. Of application data the place is known: a gap. Without a
 * handshake record the session is lost, except for plaintext behind the hellos. */
static enum outcome record_holed(struct tls_stream *t, struct queued_record *r)
{
	struct tls_side_state *s = &t->side[r->at.side];
	tls_message_reset(&s->messages, t->pool);
	if (s->phase == PHASE_CLEAR)
		return t->hs.server && r->head[0] == TLS_HANDSHAKE ? OUTCOME_NONE : OUTCOME_LOST;
	if (!t->inside.decrypted || r->head[0] != TLS_APPLICATION)
		return OUTCOME_LOST;
	enum outcome due = keys_due(t, r->at.side);
	if (due != OUTCOME_NONE)
		return due;
	s->cipher.number++;
	return OUTCOME_GAP;
}

static enum outcome record_open(struct tls_stream *t, struct queued_record *r)
{
	switch (r->kind) {
	case QUEUED_RECORD:
		return t->side[r->at.side].phase == PHASE_CLEAR ? record_clear(t, r)
								: record_encrypted(t, r);
	case QUEUED_HOLED:
		return record_holed(t, r);
	case QUEUED_CLEAR:
		/* The server wrote to the TCP stream without its TLS library: Exim's 421. */
		if (!t->inside.decrypted || r->at.side != SERVER)
			return OUTCOME_LOST;
		t->plain = bytes_of(r->body, r->n);
		return OUTCOME_DATA;
	default:
		return OUTCOME_LOST;
	}
}

static bool emit(const struct tls_stream *t, enum tls_item_kind kind, struct tls_item *out)
{
	static const struct tls_place nowhere;
	const struct tls_place *at = t->taken ? &t->taken->at : &nowhere;
	*out = (struct tls_item){
		.kind = kind, .side = at->side, .end = at->end, .acked = at->acked, .ts = at->ts};
	return true;
}

static void taken_drop(struct tls_stream *t)
{
	record_queue_drop(&t->queue, t->taken);
	t->taken = NULL;
	t->plain = bytes_of(NULL, 0);
	t->closing = false;
}

/* Returns true if records must not wait longer: a bound is reached, or no secret can come. */
static bool waited_enough(const struct tls_stream *t, bool last)
{
	return last || !keylog_waits(t->of->keys) || t->queue.bytes > DECRYPTOR_QUEUE_MAX ||
	       atomic_load(&t->of->queued) > DECRYPTOR_QUEUES_MAX;
}

/* Decrypts the first record of the queue, and takes it unless it must wait. OUTCOME_WAIT: there is
 * nothing to emit. */
static enum outcome first_open(struct tls_stream *t, bool last)
{
	struct queued_record *r = t->queue.head;
	if (!r)
		return OUTCOME_WAIT;
	enum outcome result = t->lost ? OUTCOME_NONE : record_open(t, r);
	if (result == OUTCOME_WAIT && !waited_enough(t, last))
		return OUTCOME_WAIT;
	t->taken = record_queue_take(&t->queue);
	if (result == OUTCOME_WAIT || result == OUTCOME_LOST) {
		t->lost = true;
		keys_wipe(t);
	}
	return t->lost ? OUTCOME_LOST : result;
}

/* Emits what comes before the content of a record. */
static bool before_emit(struct tls_stream *t, struct tls_item *out)
{
	if (t->inside.decrypted && !t->open_emitted) {
		t->open_emitted = true;
		return emit(t, TLS_ITEM_OPEN, out);
	}
	if (t->lost && !t->lost_emitted) {
		t->lost_emitted = true;
		return emit(t, TLS_ITEM_LOST, out);
	}
	return false;
}

/* Emits the end of a side's stream, once. After a close_notify the FIN adds nothing (RFC 8446 6.1).
 */
static bool end_emit(struct tls_stream *t, bool notified, struct tls_item *out)
{
	enum side side = t->taken->at.side;
	if (t->closed[side])
		return false;
	t->closed[side] = true;
	emit(t, TLS_ITEM_FIN, out);
	out->notified = notified;
	return true;
}

/* Emits what is left of the current record. */
static bool plain_emit(struct tls_stream *t, struct tls_item *out)
{
	if (t->closing) {
		t->closing = false;
		return end_emit(t, true, out);
	}
	if (t->plain.n == 0)
		return false;
	emit(t, TLS_ITEM_DATA, out);
	out->data = t->plain;
	out->clear = t->taken->kind == QUEUED_CLEAR;
	t->plain = bytes_of(NULL, 0);
	return true;
}

static bool gap_emit(struct tls_stream *t, struct tls_item *out)
{
	emit(t, TLS_ITEM_GAP, out);
	out->len = tls_suite_inside(t->hs.suite, t->taken->n);
	return true;
}

static bool stream_next(struct tls_stream *t, bool last, struct tls_item *out)
{
	if (before_emit(t, out) || plain_emit(t, out))
		return true;
	if (last)
		record_queue_rest(&t->queue);
	for (;;) {
		taken_drop(t);
		if (t->queue.head && t->queue.head->kind == QUEUED_FIN) {
			t->taken = record_queue_take(&t->queue);
			if (end_emit(t, false, out))
				return true;
			continue;
		}
		enum outcome result = first_open(t, last);
		queued_count(t);
		if (result == OUTCOME_WAIT)
			return false;
		if (before_emit(t, out) || plain_emit(t, out) ||
		    (result == OUTCOME_GAP && gap_emit(t, out)))
			return true;
	}
}

static const struct tls_inside *stream_inside(const struct tls_stream *t)
{
	return &t->inside;
}

const char decryptor_lacking[] =
	"no memory for the keys of TLS, or an OpenSSL that lacks what opens it";

struct tls_decryptor *decryptor_new(struct keylog *keys, bool soon)
{
	struct decryptor *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->base = (struct tls_decryptor){stream_new,  stream_push,   stream_gap, stream_fin,
					 stream_next, stream_inside, stream_free};
	d->keys = keys;
	pthread_mutex_init(&d->lock, NULL);
	d->kit = soon ? cipher_kit_new() : NULL;
	if (d->kit || !soon)
		return &d->base;
	decryptor_free(&d->base);
	return NULL;
}

void decryptor_free(struct tls_decryptor *base)
{
	struct decryptor *d = (struct decryptor *)(void *)base;
	if (!d)
		return;
	cipher_kit_free(d->kit);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
