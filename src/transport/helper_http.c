/* helper_http.c - targets of -o http, and the step from a helper process to smtpwatch-http. */
#include "transport/helper_http.h"

#include "base/ascii.h"
#include "base/log.h"
#include "transport/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TARGET_FILE_MAX = 16384 };

static const char *const names[] = {
#define HTTP_KIND(name, ...) #name,
#include "transport/http_kinds.def"
#undef HTTP_KIND
};

const char *http_kind_name(enum http_kind kind)
{
	return names[kind];
}

enum http_kind http_kind_read(const char *name, size_t n)
{
	enum http_kind kind = 0;
	while (kind < HTTP_KINDS && (strlen(names[kind]) != n || memcmp(names[kind], name, n) != 0))
		kind++;
	return kind;
}

static bool kind_set(struct http_target *t, const char *name, size_t n, struct error *why)
{
	t->kind = http_kind_read(name, n);
	if (t->kind < HTTP_KINDS)
		return true;
	error_set(why, "\"%.*s\" is no kind of HTTP service; there are", n < 40 ? (int)n : 40,
		  name);
	for (enum http_kind kind = 0; kind < HTTP_KINDS; kind++)
		error_append(why, "%s %s", kind == 0 ? "" : ",", names[kind]);
	return false;
}

/* The scheme and the host: what may be shown. */
static size_t shown_length(const char *url)
{
	const char *host = strstr(url, "://");
	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

static bool is_printable(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

/* Of a topic of ntfy the service takes no part in the URL. */
static bool topic_split(struct http_target *t, char *url)
{
	char *last = strrchr(url, '/');
	if (t->kind != HTTP_ntfy)
		return true;
	if ((size_t)(last - url) < shown_length(url) || last[1] == '\0')
		return false;
	*last = '\0';
	t->topic = last + 1;
	return true;
}

static bool url_set(struct http_target *t, char *url, struct error *why)
{
	size_t shown = shown_length(url);
	bool http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
	if (!http || shown < 9 || !is_printable(url))
		return error_set(why, "no URL: [KIND+]https://HOST/PATH, or a file that has one");
	if (memchr(url, '@', shown))
		return error_set(why, "a URL with a password in it is seen by every user of this "
				      "machine: write a header into a file (manual, -o http)");
	if (!topic_split(t, url))
		return error_set(why, "the URL of ntfy ends with the topic: %.*s/TOPIC",
				 shown < 200 ? (int)shown : 200, url);
	t->url = url;
	snprintf(t->label, sizeof t->label, "http:%s+%.*s", names[t->kind],
		 shown < 280 ? (int)shown : 280, url);
	return true;
}

/* name: value, both of printable characters; none may end the header line. */
static bool header_set(struct http_target *t, const char *value, struct error *why)
{
	size_t n = strcspn(value, ":");
	bool fine = n > 0 && value[n] == ':' && t->headers_n < HTTP_HEADERS;
	for (const char *at = value; *at != '\0'; at++)
		fine = fine && (*at >= ' ' || *at == '\t') && *at != 0x7f;
	if (!fine)
		return error_set(why, "a header is \"Name: value\", and there are at most %d",
				 HTTP_HEADERS);
	t->headers[t->headers_n++] = value;
	return true;
}

static bool timeout_set(struct http_target *t, const char *value, struct error *why)
{
	char *end;
	long seconds = strtol(value, &end, 10);
	if (end == value || *end != '\0' || seconds < 1 || seconds > HTTP_SECONDS_MAX)
		return error_set(why, "a timeout is 1 to %d seconds", HTTP_SECONDS_MAX);
	t->seconds = (int)seconds;
	return true;
}

/* One line: name and value without blanks around them. */
static bool line_set(struct http_target *t, char *line, char **url, struct error *why)
{
	struct bytes text = ascii_trim(bytes_str(line)), name, value;
	const uint8_t *sign = text.n > 0 ? memchr(text.p, '=', text.n) : NULL;
	if (text.n == 0 || text.p[0] == '#')
		return true;
	if (!sign)
		return error_set(why, "a line is \"name = value\"");
	name = ascii_trim(bytes_first(text, (size_t)(sign - text.p)));
	value = ascii_trim(bytes_from(text, (size_t)(sign - text.p) + 1));
	char *start = line + (value.p - (const uint8_t *)line);
	start[value.n] = '\0';
	if (bytes_equal(name, bytes_str("kind")))
		return kind_set(t, start, value.n, why);
	if (bytes_equal(name, bytes_str("header")))
		return header_set(t, start, why);
	if (bytes_equal(name, bytes_str("url")))
		*url = start;
	else if (bytes_equal(name, bytes_str("ca")))
		t->ca = start;
	else if (bytes_equal(name, bytes_str("timeout")))
		return timeout_set(t, start, why);
	else
		return error_set(why,
				 "there is no \"%.*s\"; there are kind, url, header, ca, timeout",
				 name.n < 40 ? (int)name.n : 40, (const char *)name.p);
	return true;
}

static bool lines_set(struct http_target *t, const char *path, struct error *why)
{
	char *url = NULL, *next;
	unsigned number = 1;
	struct error wrong;
	for (char *line = t->text; line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!line_set(t, line, &url, &wrong))
			return error_set(why, "%s: line %u: %s", path, number, wrong.text);
	}
	if (!url)
		return error_set(why, "%s has no \"url = https://...\"", path);
	return url_set(t, url, &wrong) || error_set(why, "%s: %s", path, wrong.text);
}

static bool file_read(struct http_target *t, const char *path, uid_t become, struct error *why)
{
	int fd = outpath_open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, become);
	struct stat st;
	ssize_t n = fd < 0 ? -1 : read(fd, t->text, TARGET_FILE_MAX);
	int error = errno;
	bool open = n >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return error_set(why, "%s cannot be read: %s", path, outpath_error(error));
	if (open)
		return error_set(why, "%s may be read by everybody, and has secrets: chmod 640",
				 path);
	if (n == TARGET_FILE_MAX || memchr(t->text, '\0', (size_t)n))
		return error_set(why, "%s is no file of lines \"name = value\"", path);
	t->text[n] = '\0';
	return lines_set(t, path, why);
}

bool http_target_read(struct http_target *t, const char *text, uid_t become, struct error *why)
{
	*t = (struct http_target){
		.kind = HTTP_webhook, .seconds = HTTP_SECONDS, .text = malloc(TARGET_FILE_MAX + 1)};
	if (!t->text)
		return error_set(why, "no memory for a target");
	if (text[0] == '/')
		return file_read(t, text, become, why);
	size_t kind = strcspn(text, "+:/");
	bool named = text[kind] == '+';
	if (strlen(text) >= TARGET_FILE_MAX)
		return error_set(why, "a URL is no longer than %d bytes", TARGET_FILE_MAX);
	if (named && !kind_set(t, text, kind, why))
		return false;
	memcpy(t->text, text + (named ? kind + 1 : 0), strlen(text + (named ? kind + 1 : 0)) + 1);
	return url_set(t, t->text, why);
}

void http_target_free(struct http_target *t)
{
	free(t->text);
	t->text = NULL;
}

bool http_target_find(struct http_target *t, struct error *why)
{
	static const char *const places[] = {"smtpwatch-http", "../lib/smtpwatch/smtpwatch-http"};
	char folder[3800];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
	while (n > 0 && folder[n - 1] != '/')
		n--;
	folder[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(t->program, sizeof t->program, "%s%s", folder, places[i]);
		if (access(t->program, X_OK) == 0)
			return true;
	}
	return error_set(why, "smtpwatch-http, which sends over HTTP, is not installed: Debian's "
			      "package of that name, or make with libcurl");
}

static void put(struct outbuf *b, const char *text)
{
	outbuf_bytes(b, text ? text : "", text ? strlen(text) : 0);
	outbuf_char(b, '\0');
}

void http_target_put(const struct http_target *t, struct outbuf *b)
{
	put(b, names[t->kind]);
	put(b, t->label);
	put(b, t->url);
	put(b, t->ca);
	outbuf_format(b, "%d", t->seconds);
	outbuf_char(b, '\0');
	for (unsigned i = 0; i < t->headers_n; i++)
		put(b, t->headers[i]);
}

static const char *string_take(char **at, const char *end)
{
	char *start = *at, *nul = start < end ? memchr(start, '\0', (size_t)(end - start)) : NULL;
	if (!nul)
		return NULL;
	*at = nul + 1;
	return start;
}

bool http_target_take(struct http_target *t, char *at, size_t n)
{
	const char *end = at + n, *kind = string_take(&at, end), *label = string_take(&at, end);
	*t = (struct http_target){.url = string_take(&at, end)};
	t->ca = string_take(&at, end);
	const char *seconds = string_take(&at, end);
	struct error why;
	if (!kind || !label || !t->url || !t->ca || !seconds || !timeout_set(t, seconds, &why))
		return false;
	t->kind = http_kind_read(kind, strlen(kind));
	snprintf(t->label, sizeof t->label, "%s", label);
	if (t->ca[0] == '\0')
		t->ca = NULL;
	for (const char *header; t->headers_n < HTTP_HEADERS && (header = string_take(&at, end));)
		t->headers[t->headers_n++] = header;
	return t->kind < HTTP_KINDS;
}

/* The target as standard input: neither arguments nor environment are hidden from other users. */
static bool target_pass(const struct http_target *t)
{
	struct outbuf b = {0};
	int fd = memfd_create("target", MFD_CLOEXEC);
	http_target_put(t, &b);
	bool passed = fd >= 0 && !b.failed && write(fd, b.p, b.n) == (ssize_t)b.n &&
		      lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO;
	outbuf_free(&b);
	return passed;
}

/* The socket stays open over the step, as descriptor 3. */
void helper_http_work(int fd, const void *arg)
{
	const struct http_target *t = arg;
	char name[] = "smtpwatch-http", option[] = "--from-smtpwatch";
	char *const argv[] = {name, option, NULL};
	if (target_pass(t) && fcntl(fd, F_SETFD, 0) == 0)
		execv(t->program, argv);
	log_line("%s: %s cannot be executed: %s", t->label, t->program, strerror(errno));
}
