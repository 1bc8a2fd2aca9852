/* request.c - requests by libcurl. */
#include "http/request.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* RETRY_AFTER_MAX: a service may not silence the alerts for longer. */
enum { CONNECT_SECONDS = 10, HURRY_SECONDS = 3, ANSWER_MAX = 1 << 20, RETRY_AFTER_MAX = 300 };

enum { HTTP_POST = false, HTTP_PUT = true };

static const struct request_form forms[HTTP_KINDS] = {
#define HTTP_KIND(name, feed, ...) [HTTP_##name] = {__VA_ARGS__},
#include "transport/http_kinds.def"
#undef HTTP_KIND
};

const struct request_form *request_form(enum http_kind kind)
{
	return &forms[kind];
}

struct requests {
	const struct http_target *target;
	CURL *curl;
	struct curl_slist *headers;
	struct outbuf answer, url;
	char error[CURL_ERROR_SIZE];
};

/* What does not fit is passed over: an answer tells by its first bytes. */
static size_t answer_take(char *p, size_t size, size_t n, void *arg)
{
	struct requests *r = arg;
	size_t room = ANSWER_MAX - r->answer.n, got = size * n;
	outbuf_bytes(&r->answer, p, got < room ? got : room);
	return got;
}

static bool header_add(struct requests *r, const char *line)
{
	struct curl_slist *longer = curl_slist_append(r->headers, line);
	if (longer)
		r->headers = longer;
	return longer;
}

static bool headers_set(struct requests *r)
{
	char type[80];
	snprintf(type, sizeof type, "Content-Type: %s", forms[r->target->kind].type);
	/* No "Expect: 100-continue": proxies differ about it. */
	bool fine = header_add(r, type) && header_add(r, "Expect:");
	for (unsigned i = 0; fine && i < r->target->headers_n; i++)
		fine = header_add(r, r->target->headers[i]);
	return fine;
}

static bool options_set(struct requests *r)
{
	CURL *c = r->curl;
	bool fine = true;
#define SET(option, value) fine = curl_easy_setopt(c, CURLOPT_##option, value) == CURLE_OK && fine
	SET(PROTOCOLS_STR, "http,https");
	SET(FOLLOWLOCATION, 0L);
	SET(CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	SET(NOSIGNAL, 1L);
	SET(TCP_KEEPALIVE, 1L);
	SET(USERAGENT, "smtpwatch/" SMTPWATCH_VERSION);
	SET(ERRORBUFFER, r->error);
	SET(WRITEFUNCTION, answer_take);
	SET(WRITEDATA, r);
	SET(HTTPHEADER, r->headers);
	if (r->target->ca)
		SET(CAINFO, r->target->ca);
	if (forms[r->target->kind].put)
		SET(CUSTOMREQUEST, "PUT");
#undef SET
	return fine;
}

struct requests *requests_new(const struct http_target *target, struct error *why)
{
	struct requests *r = calloc(1, sizeof *r);
	error_set(why, "libcurl cannot be set up");
	if (!r)
		return NULL;
	r->target = target;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (r->curl = curl_easy_init()) &&
	    headers_set(r) && options_set(r))
		return r;
	requests_free(r);
	return NULL;
}

void requests_free(struct requests *r)
{
	curl_slist_free_all(r->headers);
	curl_easy_cleanup(r->curl);
	curl_global_cleanup();
	outbuf_free(&r->answer);
	outbuf_free(&r->url);
	free(r);
}

/* An id is made of letters, digits and -._: alone, which stand for themselves in a URL. */
static const char *url_of(struct requests *r, const char *id)
{
	r->url.n = 0;
	outbuf_str(&r->url, r->target->url);
	if (forms[r->target->kind].put)
		outbuf_format(&r->url, "/%s", id);
	outbuf_char(&r->url, '\0');
	return r->url.p;
}

struct reply requests_send(struct requests *r, struct bytes body, const char *id, bool hurry,
			   struct error *why)
{
	struct reply reply = {0};
	curl_off_t after = 0;
	r->answer.n = 0;
	r->error[0] = '\0';
	const char *url = url_of(r, id);
	if (r->url.failed) {
		error_set(why, "no memory");
		return reply;
	}
	int seconds = r->target->seconds;
	curl_easy_setopt(r->curl, CURLOPT_TIMEOUT,
			 (long)(hurry && seconds > HURRY_SECONDS ? HURRY_SECONDS : seconds));
	curl_easy_setopt(r->curl, CURLOPT_URL, url);
	curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, body.p);
	CURLcode code = curl_easy_perform(r->curl);
	if (code != CURLE_OK) {
		error_set(why, "%s", r->error[0] != '\0' ? r->error : curl_easy_strerror(code));
		return reply;
	}
	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_easy_getinfo(r->curl, CURLINFO_RETRY_AFTER, &after);
	reply.seconds = after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (int)after;
	reply.body = bytes_of(r->answer.p, r->answer.n);
	if (reply.status / 100 != 2)
		error_set(why, "answered %ld", reply.status);
	return reply;
}
