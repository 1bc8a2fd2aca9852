/* item.h - a scenario or a capture in memory, what is said of its sessions, and ways of damaging it. */
#ifndef SMTPWATCH_TESTS_DAMAGE_ITEM_H
#define SMTPWATCH_TESTS_DAMAGE_ITEM_H

#include "core/monitor.h"
#include "lib/segments.h"

enum damage {
	DAMAGE_ONE,     /* a frame is lost */
	DAMAGE_SOME,    /* some are, at random */
	DAMAGE_RUN,     /* some in a row */
	DAMAGE_ONE_WAY, /* some of one side */
	DAMAGE_CUT,     /* begun late, or stopped early */
	DAMAGE_SNAPLEN, /* no frame is longer than so many bytes */
	DAMAGE_SWAP,    /* neighbours change places */
	DAMAGE_REPEAT,  /* some are captured twice, and one is lost */
	DAMAGE_CLOCK,   /* the clock is stepped, and one is lost */
	DAMAGE_PAUSE,   /* a minute or more passes somewhere, and one is lost */
	DAMAGES
};
extern const char *const damage_names[DAMAGES];

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
	size_t n, room;
};

/* The one of the same ends; NULL: there is none. Sides may have changed places. */
const struct said *tally_find(const struct tally *t, const struct said *s);
void tally_free(struct tally *t);

/* The frames that are left. Their bytes are the item's. */
struct frames_view {
	struct frame *frame;
	size_t n;
};
void view_free(struct frames_view *v);

struct item {
	const char *name;
	struct frame *frame;
	uint8_t *from; /* of each frame: which of two addresses sent it, as its bytes tell */
	size_t n;
	struct monitor_config config; /* its ports */
	struct tally whole;           /* what is said of it undamaged */
};

/* Reads a scenario (.smtp) or a capture. False: it is not to be damaged ("not loss"), or holds no session. */
bool item_read(struct item *item, const char *path);
void item_free(struct item *item);

/* What is said of the frames. */
struct tally item_judge(const struct item *item, const struct frames_view *v, const struct stream_engine *engine);

/* The item damaged by dice, in one of the first so many ways, which is told. base: what it is to be compared with, where that is not the item as it stands: with its pause, or its step of the clock, and nothing lost; else empty. */
struct frames_view item_damage(const struct item *item, struct dice *d, unsigned ways, enum damage *how, struct frames_view *base);

#endif
