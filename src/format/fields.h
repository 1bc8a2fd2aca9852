/* fields.h - the fields of a session, of its messages and of an alert: names and typed values, from
 * which all outputs are rendered. fields.def has the rows. */
#ifndef SMTPWATCH_FORMAT_FIELDS_H
#define SMTPWATCH_FORMAT_FIELDS_H

#include "policy/throttle.h"
#include "text/buffer.h"
#include "text/digest.h"
#include "text/timestamp.h"

/* The type of a value, and the member of struct value that has it. Lists begin with BITS. */
enum field_type {
	FIELD_WORD,  /* word: needs no escaping */
	FIELD_WORDS, /* word: several, with a line feed between two; not JSON */
	FIELD_TEXT,  /* text: off the wire */
	FIELD_LINES, /* text: the lines of a reply */
	FIELD_NUMBER,
	FIELD_CODE,    /* number: a reply code */
	FIELD_PORT,    /* number */
	FIELD_BOOL,    /* number */
	FIELD_TAKEN,   /* number: enum taken */
	FIELD_PAIR,    /* pair: client, server; in tables their sum */
	FIELD_TIME,    /* ns: since the epoch */
	FIELD_EPOCH,   /* ns: since the epoch, written as seconds; not JSON */
	FIELD_SECONDS, /* ns: a duration; in tables a negative one is not known */
	FIELD_ADDR,
	FIELD_ENHANCED,
	FIELD_BITS,
	FIELD_NUMBERS,
	FIELD_SENTENCES,  /* cause: its evidence */
	FIELD_RECIPIENTS, /* strings */
	FIELD_RESETS,     /* side: the RSTs of both; JSON only */
	FIELD_MESSAGES,   /* message: the first; JSON only */
	FIELD_TYPES
};

/* The version of the fields, which each record bears. */
enum { SCHEMA_VERSION = 1 };

/* Bytes of a text that is made for the value: the longest is a reason. */
enum { VALUE_ROOM = 512 };

struct value {
	union {
		const char *word;
		struct bytes text;
		uint64_t number;
		uint64_t pair[2];
		int64_t ns;
		const struct ip_addr *addr;
		struct smtp_enhanced enhanced;
		struct {
			uint64_t mask;
			const char *(*name)(unsigned bit);
		} bits;
		struct {
			const uint16_t *at;
			unsigned n;
		} numbers;
		const struct cause *cause;
		const struct strings *strings;
		const struct conn_side *side;
		const struct transaction *message;
	};
	char room[VALUE_ROOM];
};

/* The source of values: a session, one of its alerts, or the sum of rate-limited alerts. All
 * pointers are borrowed. */
struct field_view {
	const struct report *report;       /* if sum is set: sum->latest */
	unsigned kind;                     /* enum alert_kind */
	const struct throttle_repeat *sum; /* NULL: one alert */
	const struct transaction *message; /* NULL: there is none */
	struct string recipient;           /* for field_recipient */
	enum side side;                    /* for field_reset */
	uint32_t rcpt_omitted;             /* set by JSON: recipients without room */
	/* Why another alert already reports this one: "again" (rate-limited) or "same event"
	 * (grouped). NULL: no other alert does. */
	const char *how;
	const char *session_id; /* NULL: computed when it is asked for */
	struct digest *digest;
	struct stamp *stamp;
};

/* Returns the view of one alert. The message is the one that the alert is about. For
 * slow-acceptance, that is the message with the longest wait, if it was kept. For a verdict, that
 * is the first message with a fate other than accepted and aborted, else the last message. */
struct field_view field_view_of(const struct report *report, unsigned kind, struct digest *digest,
				struct stamp *stamp);

/* The objects of JSON. */
enum field_group {
#define GROUP(id, ...) FIELD_##id,
#define FIELDS(table)
#define FIELDS_END
#define FIELD(...)
#include "format/fields.def"
#undef GROUP
#undef FIELDS
#undef FIELDS_END
#undef FIELD
	FIELD_GROUPS
};

struct field_group_row {
	enum field_group parent; /* the object that contains it; of a record: itself */
	const char *key;
	bool always;
	const char *meaning;
};

extern const struct field_group_row field_groups[FIELD_GROUPS];

/* The outputs with an order and names of their own. ALERT_NAME: syslog, journald and exec. */
enum field_output { FIELD_CSV, FIELD_ZEEK, FIELD_ECS, FIELD_ALERT_NAME, FIELD_OUTPUTS };
enum { FIELD_PLACE_MAX = 999 };

struct field {
	const char *meaning;
	/* Sets *out. Returns false if the value is not known. */
	bool (*get)(struct value *out, const struct field_view *v);
	uint8_t group;                   /* enum field_group */
	uint8_t type;                    /* enum field_type */
	bool always;                     /* it is in each object of its group */
	uint8_t key_n;                   /* bytes of key */
	char key[32];                    /* with comma, quotation marks and colon */
	const char *of, *schema;         /* for docs/schema.json; NULL: as the type says */
	uint16_t table, alert;           /* places in tables and in alerts */
	const char *name[FIELD_OUTPUTS]; /* NULL: the output does not have the field */
};

/* The tables of fields.def. A row whose get is NULL ends each. */
extern const struct field field_session[], field_tls[], field_net[], field_message[], field_reset[],
	field_recipient[], field_other[];

/* Fields of one output, in its order. */
enum { FIELDS_MAX = 80 };
struct field_list {
	const struct field *at[FIELDS_MAX];
	size_t n;
};
struct field_list field_list_of(enum field_output output);

/* Sets *out to the value. Returns false if it is not known. */
bool field_get(const struct field *f, struct value *out, const struct field_view *v);

/* Appends a value as text: valid UTF-8 without control bytes. At most `most` elements of a list
 * are written, with `between` between two. Returns false if the value is not known, as an empty
 * list; the caller then discards what was appended. */
bool field_text(const struct field *f, struct outbuf *b, const struct field_view *v,
		const char *between, unsigned most);

static inline bool field_is_list(const struct field *f)
{
	return f->type == FIELD_WORDS || f->type >= FIELD_BITS;
}

/* Returns Zeek's name of the field's type, such as "vector[string]". */
const char *field_zeek_type(const struct field *f);

/* Appends an enhanced status code: "4.3.2" (RFC 3463). */
void field_put_enhanced(struct outbuf *b, struct smtp_enhanced e);

/* SHORT, LONG: bounds of a value in bytes. SHORT is for outputs whose fields share a message of 2
 * KiB. MAX: fields of an alert at most. NAME: bytes of alert_field_upper. */
enum {
	ALERT_FIELD_SHORT = 256,
	ALERT_FIELD_LONG = 4096,
	ALERT_FIELDS_MAX = 48,
	ALERT_FIELD_NAME = 40
};

/*
 * Calls `each` for every field of the list (FIELD_ALERT_NAME) whose value is known. A value longer
 * than max bytes is cut between two characters and ends with "...". A NUL that value.n does not
 * count follows the value. Borrowed until `each` returns.
 *
 * scratch is overwritten; the caller frees it. If memory is exhausted, the remaining fields are
 * left out.
 */
void alert_fields_each(const struct field_list *list, const struct field_view *v, size_t max,
		       struct outbuf *scratch,
		       void (*each)(void *arg, const char *name, struct bytes value), void *arg);

/* Writes the field's name as a variable, for environments and the journal: "SMTPWATCH_QUEUE_ID" for
 * "queue_id". Returns out. */
char *alert_field_upper(const char *name, char out[ALERT_FIELD_NAME]);

/* Returns true if text is NAME=VALUE with a name as alert_field_upper writes them. */
bool alert_field_is_variable(const char *text);

#endif
