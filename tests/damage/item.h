/* item.h - a scenario or a capture in memory, in one of its forms, and what is said of its
 * sessions. */
#ifndef SMTPWATCH_TESTS_DAMAGE_ITEM_H
#define SMTPWATCH_TESTS_DAMAGE_ITEM_H

#include "smtpwatch/monitor.h"
#include "smtpwatch/verdict.h"

enum form {
	FORM_CLEAR,      /* as it stands; a capture of TLS without its keys */
	FORM_TRANSCRIPT, /* a scenario whose bodies begin with the transcript of another session */
	FORM_SEALED,     /* a scenario moved into TLS, without its keys */
	FORM_OPENED,     /* that, or a capture of TLS, with its keys */
	FORMS
};
extern const char *const form_names[FORMS];

/* What was said of one pair of ends, at the worst. */
struct said {
	struct ip_addr addr[2];
	uint16_t port[2];
	enum severity severity;
	enum verdict verdict;
	unsigned sessions;
	bool certain; /* of the verdict */
	bool accused; /* a message is told as unanswered or falsely accepted */
	bool slow;    /* slow-acceptance was told of it */
};

struct tally {
	struct said *all;
	size_t n, capacity;
};

/* The one of the same ends; NULL: there is none. Sides may have changed places. */
const struct said *tally_find(const struct tally *t, const struct said *s);
void tally_free(struct tally *t);

/* The frames that are left. Their bytes are the items'. */
struct frames_view {
	struct frame *frame;
	size_t n, capacity;
	size_t second; /* the first frame of a second file; 0: there is none */
};
void view_add(struct frames_view *v, const struct frame *f);
void view_free(struct frames_view *v);

struct item_port {
	uint16_t port;
	enum port_kind kind;
};

enum { ITEM_PORTS = 24 };

struct item {
	char *name;
	enum form form;
	struct frame *frame;
	size_t n, capacity;
	uint8_t *from; /* of each frame: which of two addresses sent it, as its bytes tell */
	bool *asks;    /* ... the client sends something, and the server was the last to speak */
	bool *again;   /* ... it has what its sender had sent before */
	bool native;   /* only the native engine hears all of it: a scenario that is "not nids" */
	struct item_port port[ITEM_PORTS];
	unsigned ports;
	char *keys; /* a key log; NULL: none */
	size_t keys_n;
	const struct tls_decryptor *decryptor; /* borrowed; NULL: what is inside TLS is not read */
	struct tally whole;                    /* what is said of it undamaged */
	struct tally keyless;                  /* ... without its keys; empty where it has none */
};

void item_port(struct item *item, uint16_t port, enum port_kind kind);

/* A copy of the frame. */
void item_add(struct item *item, const struct frame *f);

/* Called when all frames are there. False: it holds no session. */
bool item_finish(struct item *item);
void item_free(struct item *item);

/* What is said of the frames. other: NULL, or another item of which there are frames among them. */
struct tally item_judge(const struct item *item, const struct item *other,
			const struct frames_view *v, const struct stream_engine *engine);

/* ... without the keys that it has. */
struct tally item_judge_keyless(const struct item *item, const struct frames_view *v,
				const struct stream_engine *engine);

#endif
