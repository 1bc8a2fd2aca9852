/* record_queue.h - the whole TLS records of both sides, queued in the order in which they were
 * completed. */
#ifndef SMTPWATCH_DECRYPT_RECORD_QUEUE_H
#define SMTPWATCH_DECRYPT_RECORD_QUEUE_H

#include "core/tls/record.h"
#include "smtpwatch/decryptor.h"

/* What an element of the queue is. */
enum queued_kind {
	QUEUED_RECORD, /* a whole record */
	QUEUED_HOLED,  /* bytes of its body are missing from the capture, but its length is known */
	QUEUED_CLEAR,  /* a line that the server sent in plaintext where a record should begin, or
			  CLEAR_LINE_MAX bytes of it */
	QUEUED_LOST, /* the beginning of the next record is unknown; after this, only the side's FIN
			comes */
	QUEUED_FIN   /* the side has ended its stream */
};

/* The most bytes of a QUEUED_CLEAR: the longest reply line (RFC 5321 4.5.3.1.5). */
enum { CLEAR_LINE_MAX = 512 };

/* An element of the queue. */
struct queued_record {
	struct queued_record *next;
	struct tls_place at; /* where the record ends */
	enum queued_kind kind;
	uint8_t head[TLS_RECORD_HEAD];
	uint32_t n;    /* bytes of the body */
	uint32_t have; /* how many of them have come, or are missing */
	uint32_t size; /* of the memory, the struct included */
	uint8_t body[];
};

/* Set pool, and zero-fill the rest. Free with record_queue_clear. */
struct record_queue {
	struct pool *pool;
	struct queued_record *head, *tail;
	size_t bytes; /* memory of the queued records in bytes; incomplete records are not counted
		       */
	struct record_queue_side {
		struct queued_record *now; /* the incomplete record; NULL: none */
		uint8_t head[TLS_RECORD_HEAD];
		uint8_t head_n; /* the first head_n bytes of the next record's head */
		/* clear: the server continues in plaintext; lost: QUEUED_LOST was queued */
		bool clear, lost;
	} side[2];
};

/* Take the next bytes, a gap of len bytes, or the FIN of a side. at: where they end. data is
 * borrowed for the call. If memory is exhausted, the side is lost. */
void record_queue_push(struct record_queue *q, const struct tls_place *at, struct bytes data);
void record_queue_gap(struct record_queue *q, const struct tls_place *at, uint64_t len);
void record_queue_fin(struct record_queue *q, const struct tls_place *at);

/* Call when no more input comes. Queues an incomplete line of the server's plaintext as it is. */
void record_queue_rest(struct record_queue *q);

/* Removes the first record from the queue, and returns it, or NULL if the queue is empty. Caller
 * frees with record_queue_drop, which allows NULL. */
struct queued_record *record_queue_take(struct record_queue *q);
void record_queue_drop(struct record_queue *q, struct queued_record *r);

/* Frees all records, incomplete ones too. */
void record_queue_clear(struct record_queue *q);

#endif
