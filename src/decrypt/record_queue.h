/* record_queue.h - both sides' records, whole and in the order in which they came, until somebody
 * takes them. */
#ifndef SMTPWATCH_DECRYPT_RECORD_QUEUE_H
#define SMTPWATCH_DECRYPT_RECORD_QUEUE_H

#include "core/tls/record.h"
#include "smtpwatch/decryptor.h"

enum queued_kind {
	QUEUED_RECORD,
	QUEUED_HOLED, /* of its body, bytes are missing; how long it is, is known */
	QUEUED_CLEAR, /* a line of a server in clear where a record should begin, or CLEAR_LINE_MAX
			 of it */
	QUEUED_LOST, /* a hole after which nobody knows where a record begins; nothing more comes of
			this side but its FIN */
	QUEUED_FIN
};

/* RFC 5321 4.5.3.1.5 */
enum { CLEAR_LINE_MAX = 512 };

struct queued_record {
	struct queued_record *next;
	struct tls_place at; /* its end */
	enum queued_kind kind;
	uint8_t head[TLS_RECORD_HEAD];
	uint32_t n, have; /* bytes of the body, and how many have come */
	uint32_t size;
	uint8_t body[];
};

/* Zero-filled at first, but for the pool. */
struct record_queue {
	struct pool *pool;
	struct queued_record *head, *tail;
	size_t bytes; /* of all that is queued */
	struct record_queue_side {
		struct queued_record *now; /* under way */
		uint8_t head[TLS_RECORD_HEAD];
		uint8_t head_n;
		bool clear, lost;
	} side[2];
};

void record_queue_push(struct record_queue *q, const struct tls_place *at, struct bytes data);
void record_queue_gap(struct record_queue *q, const struct tls_place *at, uint64_t len);
void record_queue_fin(struct record_queue *q, const struct tls_place *at);

/* Nothing more will come: a line in clear that has no end is queued as it is. */
void record_queue_rest(struct record_queue *q);

/* Takes the first one off; NULL: there is none. Free it with record_queue_drop, NULL is allowed. */
struct queued_record *record_queue_take(struct record_queue *q);
void record_queue_drop(struct record_queue *q, struct queued_record *s);

/* Frees all of it. */
void record_queue_clear(struct record_queue *q);

#endif
