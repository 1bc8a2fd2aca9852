/* request.h - one POST or PUT to a service, by libcurl. */
#ifndef SMTPWATCH_HTTP_REQUEST_H
#define SMTPWATCH_HTTP_REQUEST_H

#include "http/answer.h"
#include "text/buffer.h"
#include "transport/helper_http.h"

/* The form of a service's requests: a row of http_kinds.def. */
struct request_form {
	size_t most; /* records in one request */
	bool put;
	const char *type, *id, *id_end, *before, *between, *after;
	enum answer_kind judge;
};

const struct request_form *request_form(enum http_kind kind);

struct requests;

/* Prepares requests to a target, which is borrowed. Returns NULL with a sentence in why. */
struct requests *requests_new(const struct http_target *target, struct error *why);
void requests_free(struct requests *r);

struct reply {
	long status;       /* 0: there was no answer; why has the reason */
	int seconds;       /* Retry-After; 0: none */
	struct bytes body; /* borrowed until the next request; at most 1 MiB */
};

/* Sends a body and waits for the answer, target->seconds at most. id: of the record, for a PUT;
 * else not used. hurry: 3 seconds at most. Redirections are not followed: a secret would go
 * elsewhere. */
struct reply requests_send(struct requests *r, struct bytes body, const char *id, bool hurry,
			   struct error *why);

#endif
