/* handshake.c - puts handshake messages together; of a long one only the beginning is kept. */
#include "core/tls/handshake.h"

#include <assert.h>

void tls_message_reset(struct tls_messages *m, struct pool *pool)
{
	pool_put(pool, m->body, m->capacity);
	*m = (struct tls_messages){0};
}

static bool is_read(uint8_t type)
{
	return type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO ||
	       type == TLS_ENCRYPTED_EXTENSIONS || type == TLS_CERTIFICATE;
}

static void head_byte(struct tls_messages *m, struct pool *pool, uint8_t byte)
{
	m->head[m->head_n++] = byte;
	if (m->head_n < sizeof m->head)
		return;
	m->left = (uint32_t)m->head[1] << 16 | (uint32_t)m->head[2] << 8 | m->head[3];
	m->capacity = !is_read(m->head[0])         ? 0
		      : m->left < TLS_MESSAGE_KEPT ? m->left
						   : TLS_MESSAGE_KEPT;
	m->body = m->capacity > 0 ? pool_get(pool, m->capacity) : NULL;
	m->capacity = m->body ? m->capacity : 0;
}

static void body_take(struct tls_messages *m, struct bytes *in)
{
	struct bytes part = bytes_first(*in, m->left);
	size_t capacity = m->capacity - m->n, kept = part.n < capacity ? part.n : capacity;
	assert(kept == 0 || m->body);
	if (kept > 0)
		memcpy(m->body + m->n, part.p, kept);
	m->n += (uint32_t)kept;
	m->left -= (uint32_t)part.n;
	*in = bytes_from(*in, part.n);
}

bool tls_message_next(struct tls_messages *m, struct pool *pool, struct bytes *in,
		      struct tls_message *out)
{
	if (m->whole)
		tls_message_reset(m, pool);
	while (in->n > 0 && !m->whole) {
		if (m->head_n < sizeof m->head) {
			head_byte(m, pool, in->p[0]);
			*in = bytes_from(*in, 1);
		} else {
			body_take(m, in);
		}
		m->whole = m->head_n == sizeof m->head && m->left == 0;
	}
	if (m->whole)
		*out = (struct tls_message){.type = m->head[0], .body = bytes_of(m->body, m->n)};
	return m->whole;
}
