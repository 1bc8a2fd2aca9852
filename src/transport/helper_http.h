/* helper_http.h - sends records over HTTP: reads the target, and executes the program
 * smtpwatch-http, which alone is linked with an HTTP client. */
#ifndef SMTPWATCH_TRANSPORT_HELPER_HTTP_H
#define SMTPWATCH_TRANSPORT_HELPER_HTTP_H

#include "base/error.h"
#include "text/buffer.h"

#include <sys/types.h>

enum http_feed { HTTP_ALERTS, HTTP_SESSIONS };

enum http_kind {
#define HTTP_KIND(name, ...) HTTP_##name,
#include "transport/http_kinds.def"
#undef HTTP_KIND
	HTTP_KINDS
};

/* Returns the name of a kind: "slack". */
const char *http_kind_name(enum http_kind kind);

/* Returns the kind of a name of n bytes, or HTTP_KINDS if there is none. */
enum http_kind http_kind_read(const char *name, size_t n);

enum { HTTP_HEADERS = 16, HTTP_LABEL = 320, HTTP_SECONDS = 30, HTTP_SECONDS_MAX = 300 };

/* A target. text holds all strings. */
struct http_target {
	enum http_kind kind;
	char *text;
	const char *url, *ca; /* ca: a file of certificates; NULL: the system's */
	const char *headers[HTTP_HEADERS];
	unsigned headers_n;
	int seconds;            /* of one request */
	const char *topic;      /* of ntfy: the last part of the URL, which the URL has lost */
	char label[HTTP_LABEL]; /* for messages and statistics: without the path, which may be a
				   secret */
	char program[4096];     /* smtpwatch-http */
};

/*
 * Reads "[KIND+]http(s)://HOST[:PORT]/PATH", or "/PATH", a file with these lines:
 *   kind = NAME       webhook if there is none
 *   url = URL         required
 *   header = NAME: VALUE   several
 *   ca = FILE              certificates that the server's is held against; else the system's
 *   timeout = SECONDS      of one request, 1 to 300; 30 if there is none
 * Comments begin with #. Others may not read the file, for a header or a URL may be a secret.
 * become: as for outpath_open. Returns false with a sentence in why, which shows no path of a URL
 * and no header. Call http_target_free in either case.
 */
bool http_target_read(struct http_target *t, const char *text, uid_t become, struct error *why);
void http_target_free(struct http_target *t);

/* Finds smtpwatch-http: beside this program, or in ../lib/smtpwatch. Returns false with a sentence
 * in why. */
bool http_target_find(struct http_target *t, struct error *why);

/* Between this program and smtpwatch-http: http_target_put appends the target as a text,
 * http_target_take reads it out of such a text of n bytes, which is kept as long as *t. take
 * returns false if it is no such text. */
void http_target_put(const struct http_target *t, struct outbuf *b);
bool http_target_take(struct http_target *t, char *at, size_t n);

/* A helper_work. arg: a struct http_target. Executes smtpwatch-http, with the target as standard
 * input. A job: the id of the record, a NUL, the record. */
void helper_http_work(int fd, const void *arg);

#endif
