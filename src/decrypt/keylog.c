/* keylog.c - a bounded table of secrets, filled from a key log that grows. */
#include "decrypt/keylog.h"

#include "base/keyed_hash.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* FIRST: entries of the first table. SLICE: bytes that one look-up reads of the log. LINE: a bound
 * for a line; the longest is TRANSCRIPT_CLIENT_HANDSHAKE_TRAFFIC_SECRET with twice 48 bytes in
 * hexadecimal. NONE: no index, or a label that is not needed. */
enum { FIRST = 64, SLICE = 1 << 20, LINE = 512, NONE = -1 };

struct entry {
	uint8_t random[KEYLOG_RANDOM]; /* or a transcript hash, which never equals a random */
	struct keylog_secret secret[KEYLOG_LABELS];
	int next; /* in its bucket */
};

/* The entries are a ring: when all are in use, entries[next] is the oldest. There are as many
 * buckets as entries. */
struct keylog {
	pthread_mutex_t lock;
	struct entry *entries;
	int *buckets;
	unsigned capacity, limit, next, used;
	struct keyed_hash hash;
	int fd;
	off_t at;
	char line[LINE];
	size_t n;
	bool skip; /* the current line is too long or contains a NUL */
	struct keylog_stats stats;
};

/* Stands before a label of TLS 1.3, if the line has a transcript hash in place of the random. */
#define BY_TRANSCRIPT "TRANSCRIPT_"

static const struct {
	const char *name;
	int label; /* NONE: known, but not needed */
} labels[] = {
	{"CLIENT_RANDOM", KEYLOG_MASTER},
	{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", KEYLOG_CLIENT_HANDSHAKE},
	{"SERVER_HANDSHAKE_TRAFFIC_SECRET", KEYLOG_SERVER_HANDSHAKE},
	{"CLIENT_TRAFFIC_SECRET_0", KEYLOG_CLIENT_TRAFFIC},
	{"SERVER_TRAFFIC_SECRET_0", KEYLOG_SERVER_TRAFFIC},
	{"CLIENT_EARLY_TRAFFIC_SECRET", NONE},
	{"EARLY_EXPORTER_SECRET", NONE},
	{"EARLY_EXPORTER_MASTER_SECRET", NONE},
	{"EXPORTER_SECRET", NONE},
	{"CLIENT_TRAFFIC_SECRET_N", NONE},
	{"SERVER_TRAFFIC_SECRET_N", NONE},
	{"ECH_SECRET", NONE},
	{"ECH_CONFIG", NONE},
	{"RSA", NONE},
};

static unsigned bucket_of(const struct keylog *k, const uint8_t random[KEYLOG_RANDOM],
			  unsigned capacity)
{
	return keyed_hash_place(keyed_hash(&k->hash, random, KEYLOG_RANDOM), capacity);
}

static struct entry *entry_find(const struct keylog *k, const uint8_t random[KEYLOG_RANDOM])
{
	int i = k->capacity ? k->buckets[bucket_of(k, random, k->capacity)] : NONE;
	while (i != NONE && memcmp(k->entries[i].random, random, KEYLOG_RANDOM) != 0)
		i = k->entries[i].next;
	return i == NONE ? NULL : &k->entries[i];
}

static void entry_link(struct keylog *k, unsigned i)
{
	int *bucket = &k->buckets[bucket_of(k, k->entries[i].random, k->capacity)];
	k->entries[i].next = *bucket;
	*bucket = (int)i;
}

static void entry_unlink(struct keylog *k, unsigned i)
{
	int *at = &k->buckets[bucket_of(k, k->entries[i].random, k->capacity)];
	while (*at != (int)i)
		at = &k->entries[*at].next;
	*at = k->entries[i].next;
}

/* Copies the secrets itself: realloc would leave a copy in freed memory. */
static void table_grow(struct keylog *k)
{
	unsigned capacity = k->capacity ? 2 * k->capacity : FIRST;
	capacity = capacity < k->limit ? capacity : k->limit;
	struct entry *entries = calloc(capacity, sizeof *entries);
	int *buckets = malloc(capacity * sizeof *buckets);
	if (!entries || !buckets) {
		free(entries);
		free(buckets);
		return;
	}
	if (k->used > 0)
		memcpy(entries, k->entries, k->used * sizeof *entries);
	OPENSSL_cleanse(k->entries, k->capacity * sizeof *entries);
	free(k->entries);
	free(k->buckets);
	k->entries = entries;
	k->buckets = buckets;
	k->capacity = capacity;
	k->next = k->used;
	for (unsigned i = 0; i < capacity; i++)
		buckets[i] = NONE;
	for (unsigned i = 0; i < k->used; i++)
		entry_link(k, i);
}

static struct entry *entry_new(struct keylog *k, const uint8_t random[KEYLOG_RANDOM])
{
	if (k->used == k->capacity && k->capacity < k->limit)
		table_grow(k);
	if (k->capacity == 0)
		return NULL;
	unsigned i = k->next;
	if (k->used == k->capacity) {
		entry_unlink(k, i);
		OPENSSL_cleanse(&k->entries[i], sizeof k->entries[i]);
		k->stats.evicted++;
	} else {
		k->used++;
	}
	k->next = i + 1 == k->capacity ? 0 : i + 1;
	memcpy(k->entries[i].random, random, KEYLOG_RANDOM);
	entry_link(k, i);
	return &k->entries[i];
}

/* Reads hexadecimal up to a blank or the end. Returns its bytes, or 0 if there are none, an odd
 * number of digits, another character, or more than `max` bytes. */
static size_t hex_read(const char **at, uint8_t *to, size_t max)
{
	size_t n = 0;
	while (**at && **at != ' ') {
		unsigned value = 0;
		for (unsigned i = 0; i < 2; i++, (*at)++) {
			const char *digits = "0123456789abcdef0123456789ABCDEF",
				   *found = **at ? strchr(digits, **at) : NULL;
			if (!found)
				return 0;
			value = value << 4 | (unsigned)(found - digits) % 16;
		}
		if (n == max)
			return 0;
		to[n++] = (uint8_t)value;
	}
	return n;
}

/* Reads the label at the beginning of the line, and advances *at behind it. Returns false if the
 * label is unknown. */
static bool label_read(const char **at, int *label)
{
	size_t n = strcspn(*at, " ");
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strlen(labels[i].name) == n && memcmp(labels[i].name, *at, n) == 0) {
			*label = labels[i].label;
			*at += n + ((*at)[n] == ' ');
			return true;
		}
	return false;
}

/* Reads the name of a session: the client's random, or a transcript hash as long as the secret,
 * whose first bytes suffice. Returns its length; 0: it is none. */
static size_t name_read(const char **at, bool transcript, uint8_t name[KEYLOG_SECRET])
{
	size_t n = hex_read(at, name, KEYLOG_SECRET);
	bool fine = n == KEYLOG_RANDOM || (transcript && n == KEYLOG_SECRET);
	return fine && *(*at)++ == ' ' ? n : 0;
}

/* Handles one line: "LABEL name secret". */
static void line_take(struct keylog *k, const char *at)
{
	uint8_t name[KEYLOG_SECRET];
	struct keylog_secret secret = {0};
	int label;
	if (*at == '\0' || *at == '#')
		return;
	bool transcript = strncmp(at, BY_TRANSCRIPT, strlen(BY_TRANSCRIPT)) == 0;
	at += transcript ? strlen(BY_TRANSCRIPT) : 0;
	bool known = label_read(&at, &label);
	if (known && label == NONE)
		return;
	size_t n = known && !(transcript && label == KEYLOG_MASTER)
			   ? name_read(&at, transcript, name)
			   : 0;
	secret.n = n > 0 ? (uint8_t)hex_read(&at, secret.bytes, sizeof secret.bytes) : 0;
	/* A master secret has 48 bytes (RFC 5246 8.1). The others are as long as a hash. */
	if (*at != '\0' || (secret.n != 48 && (secret.n != 32 || label == KEYLOG_MASTER)) ||
	    (transcript && n != secret.n)) {
		k->stats.bad_lines++;
	} else {
		struct entry *e = entry_find(k, name);
		if (e || (e = entry_new(k, name)))
			e->secret[label] = secret;
		k->stats.secrets++;
	}
	OPENSSL_cleanse(&secret, sizeof secret);
}

static void line_end(struct keylog *k)
{
	if (k->n > 0 && k->line[k->n - 1] == '\r')
		k->n--;
	k->line[k->n] = '\0';
	if (k->skip)
		k->stats.bad_lines++;
	else
		line_take(k, k->line);
	OPENSSL_cleanse(k->line, k->n);
	k->n = 0;
	k->skip = false;
}

static void text_take(struct keylog *k, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			line_end(k);
		} else if (k->n + 1 == LINE || text.p[i] == '\0') {
			k->skip = true;
		} else {
			k->line[k->n++] = (char)text.p[i];
		}
	}
}

/* Reads what was added since the last call, a slice of it at most: other threads wait for the lock.
 * Returns false if there is no more for now. */
static bool file_read(struct keylog *k)
{
	char chunk[16 << 10];
	struct stat st;
	ssize_t n = 0;
	if (k->fd < 0)
		return false;
	if (fstat(k->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < k->at) {
		k->at = lseek(k->fd, 0, SEEK_SET);
		k->n = 0;
		k->skip = false;
	}
	for (size_t left = SLICE; left > 0 && (n = read(k->fd, chunk, sizeof chunk)) > 0;
	     left -= sizeof chunk) {
		k->at += n;
		text_take(k, bytes_of(chunk, (size_t)n));
		OPENSSL_cleanse(chunk, (size_t)n);
	}
	return n > 0;
}

struct keylog *keylog_new(unsigned sessions)
{
	struct keylog *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->limit = sessions;
	k->fd = -1;
	pthread_mutex_init(&k->lock, NULL);
	if (getrandom(&k->hash, sizeof k->hash, 0) == sizeof k->hash)
		return k;
	keylog_free(k);
	return NULL;
}

void keylog_read(struct keylog *k, int fd)
{
	struct stat st;
	k->fd = fd;
	bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	pthread_mutex_lock(&k->lock);
	/* No further than it is now: its writer may be as quick as this. */
	while (file_read(k) && file && k->at < st.st_size)
		continue;
	pthread_mutex_unlock(&k->lock);
}

void keylog_add(struct keylog *k, struct bytes text)
{
	char line[LINE];
	pthread_mutex_lock(&k->lock);
	size_t n = k->n;
	bool skip = k->skip;
	memcpy(line, k->line, n);
	k->n = 0;
	k->skip = false;
	text_take(k, text);
	if (k->n > 0 || k->skip)
		line_end(k);
	memcpy(k->line, line, n);
	k->n = n;
	k->skip = skip;
	pthread_mutex_unlock(&k->lock);
	OPENSSL_cleanse(line, n);
}

static const struct entry *entry_with(const struct keylog *k, const uint8_t *name,
				      enum keylog_label label)
{
	const struct entry *e = name ? entry_find(k, name) : NULL;
	return e && e->secret[label].n > 0 ? e : NULL;
}

bool keylog_find(struct keylog *k, const uint8_t random[KEYLOG_RANDOM], const uint8_t *hash,
		 enum keylog_label label, struct keylog_secret *out)
{
	const struct entry *e = NULL;
	pthread_mutex_lock(&k->lock);
	/* If there is none, the log is read again. */
	for (unsigned i = 0; i < 2 && !e; i++) {
		if (i == 1)
			file_read(k);
		e = entry_with(k, hash, label);
		if (!e)
			e = entry_with(k, random, label);
	}
	if (e)
		*out = e->secret[label];
	pthread_mutex_unlock(&k->lock);
	return e != NULL;
}

bool keylog_waits(const struct keylog *k)
{
	return k->fd >= 0;
}

void keylog_stats(struct keylog *k, struct keylog_stats *out)
{
	pthread_mutex_lock(&k->lock);
	*out = k->stats;
	pthread_mutex_unlock(&k->lock);
}

void keylog_free(struct keylog *k)
{
	if (!k)
		return;
	if (k->fd >= 0)
		close(k->fd);
	if (k->entries)
		OPENSSL_cleanse(k->entries, k->capacity * sizeof *k->entries);
	free(k->entries);
	free(k->buckets);
	pthread_mutex_destroy(&k->lock);
	OPENSSL_cleanse(k, sizeof *k);
	free(k);
}
