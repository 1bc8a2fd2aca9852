/* event.h - what the programs in the kernel (secrets.bpf.c) tell the reader: one step of a TLS key
 * schedule, or who connects. */
#ifndef SMTPWATCH_KEYS_EVENT_H
#define SMTPWATCH_KEYS_EVENT_H

#include <linux/types.h>

/* Sizes in bytes: of a random, of the longest secret and transcript hash. */
enum { KEYS_RANDOM = 32, KEYS_SECRET = 48 };

/* The step. KEYS_MASTER: TLS 1.2 has a master secret. KEYS_CHAIN: TLS 1.3 derives one secret of its
 * schedule from another. The others: TLS 1.3 derives the secret of that name (RFC 8446 7.1). */
enum keys_kind {
	KEYS_MASTER,
	KEYS_CHAIN,
	KEYS_CLIENT_HANDSHAKE,
	KEYS_SERVER_HANDSHAKE,
	KEYS_CLIENT_TRAFFIC,
	KEYS_SERVER_TRAFFIC,
	KEYS_CLIENT_EARLY,
	KEYS_EARLY_EXPORTER,
	KEYS_UPDATE,   /* the next traffic secret of a side, behind a key update */
	KEYS_CONNECTS, /* no step: the process connects to a watched port */
	KEYS_KINDS
};

/* One step. Lengths are in bytes, at most KEYS_SECRET. */
struct keys_event {
	__u32 pid;   /* of the process, as the kernel's first namespace numbers it */
	__u8 kind;   /* enum keys_kind */
	__u8 n;      /* of `from` and `to` */
	__u8 hashed; /* of `hash`; 0: none */
	__u8 named;  /* `random` is that of the client of this session */
	__u8 random[KEYS_RANDOM];
	__u8 from[KEYS_SECRET]; /* the secret that this one is derived from; not of KEYS_MASTER */
	__u8 to[KEYS_SECRET];   /* the secret */
	__u8 hash[KEYS_SECRET]; /* of the transcript that the secret depends on */
};

/* Counters that the kernel's side keeps. */
struct keys_counts {
	__u64 lost;     /* events that found no room in the ring */
	__u64 unplaced; /* calls that could not be followed: the table of calls is full */
	__u64 unread;   /* calls whose memory could not be read */
};

#endif
