/* record_queue.h - both sides' records, whole and in the order in which they came, until somebody
 * takes them. */
#ifndef SMTPWATCH_DECRYPT_RECORD_QUEUE_H
#define SMTPWATCH_DECRYPT_RECORD_QUEUE_H

#include "core/tls/record.h"
#include "smtpwatch/decryptor.h"

enum sealed_kind {
	SEALED_RECORD,
	SEALED_HOLED, /* of its body, bytes are missing; how long it is, is known */
	SEALED_CLEAR, /* a line of a server in clear where a record should begin, or SEALED_LINE of
			 it */
	SEALED_LOST, /* a hole after which nobody knows where a record begins; nothing more comes of
			this side but its FIN */
	SEALED_FIN
};

/* RFC 5321 4.5.3.1.5 */
enum { SEALED_LINE = 512 };

struct sealed {
	struct sealed *next;
	struct tls_heard at; /* its end */
	enum sealed_kind kind;
	uint8_t head[TLS_RECORD_HEAD];
	uint32_t n, have; /* bytes of the body, and how many have come */
	uint32_t room;
	uint8_t body[];
};

/* Zero-filled at first, but for the pool. */
struct sealed_queue {
	struct pool *pool;
	struct sealed *head, *tail;
	size_t bytes; /* of all that is queued */
	struct sealed_side {
		struct sealed *now; /* under way */
		uint8_t head[TLS_RECORD_HEAD];
		uint8_t head_n;
		bool clear, lost;
	} side[2];
};

void sealed_push(struct sealed_queue *q, const struct tls_heard *at, struct bytes data);
void sealed_gap(struct sealed_queue *q, const struct tls_heard *at, uint64_t len);
void sealed_fin(struct sealed_queue *q, const struct tls_heard *at);

/* Nothing more will come: a line in clear that has no end is queued as it is. */
void sealed_rest(struct sealed_queue *q);

/* Takes the first one off; NULL: there is none. Free it with sealed_drop, NULL is allowed. */
struct sealed *sealed_take(struct sealed_queue *q);
void sealed_drop(struct sealed_queue *q, struct sealed *s);

/* Frees all of it. */
void sealed_clear(struct sealed_queue *q);

#endif
