/* hostport.c - splits text into host and port. */
#include "text/hostport.h"

#include <stdlib.h>
#include <string.h>

static bool part_copy(char *to, size_t capacity, const char *from, size_t n)
{
	if (n == 0 || n >= capacity)
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static bool port_read(struct hostport *h, const char *text)
{
	return is_number(text) && part_copy(h->port, sizeof h->port, text, strlen(text)) &&
	       strtoul(h->port, NULL, 10) - 1 < 65535;
}

static bool host_read(struct hostport *h, const char *text, size_t n, const char *fallback)
{
	if (n == 0 && fallback)
		return part_copy(h->host, sizeof h->host, fallback, strlen(fallback));
	return part_copy(h->host, sizeof h->host, text, n);
}

bool hostport_read(struct hostport *h, const char *text, const char *host, const char *port)
{
	bool bracket = text[0] == '[';
	size_t n = strcspn(text + bracket, bracket ? "]" : ":");
	const char *rest = text + bracket + n;
	if (host && is_number(text))
		return host_read(h, text, 0, host) && port_read(h, text);
	if (bracket && (n == 0 || *rest++ != ']'))
		return false;
	if (!host_read(h, text + bracket, n, host))
		return false;
	if (rest[0] == '\0')
		return port && n > 0 && port_read(h, port);
	return rest[0] == ':' && port_read(h, rest + 1);
}
