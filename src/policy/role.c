/* role.c - a sorted list of this host's addresses. */
#include "policy/role.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

struct role_addrs {
	size_t n;
	struct ip_addr all[];
};

const char *role_name(enum role r)
{
	static const char *const names[ROLES] = {"none", "unknown", "server", "client", "both"};
	return names[r];
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip_addr));
}

struct role_addrs *role_addrs_of(const struct ip_addr *all, size_t n)
{
	struct role_addrs *a = malloc(sizeof *a + n * sizeof a->all[0]);
	if (!a)
		return NULL;
	a->n = n;
	if (n > 0)
		memcpy(a->all, all, n * sizeof a->all[0]);
	qsort(a->all, n, sizeof a->all[0], compare);
	return a;
}

void role_addrs_free(struct role_addrs *a)
{
	free(a);
}

/* False: no address that sessions can have. IPv4 is kept as IPv6 has it, ::ffff:a.b.c.d. */
static bool addr_read(const struct sockaddr *sa, struct ip_addr *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	if (sa->sa_family == AF_INET6) {
		memcpy(out->b, (const char *)sa + offsetof(struct sockaddr_in6, sin6_addr),
		       sizeof out->b);
		return true;
	}
	memcpy(out->b, mapped, sizeof mapped);
	memcpy(out->b + sizeof mapped, (const char *)sa + offsetof(struct sockaddr_in, sin_addr),
	       4);
	return true;
}

struct role_addrs *role_addrs_new(void)
{
	struct ifaddrs *list, *i;
	struct ip_addr *all;
	struct role_addrs *a;
	size_t n = 0;
	if (getifaddrs(&list) != 0)
		return NULL;
	for (i = list; i; i = i->ifa_next)
		n++;
	all = calloc(n + 1, sizeof *all);
	n = 0;
	for (i = all ? list : NULL; i; i = i->ifa_next)
		n += addr_read(i->ifa_addr, &all[n]);
	freeifaddrs(list);
	a = all ? role_addrs_of(all, n) : NULL;
	free(all);
	return a;
}

static bool is_own(const struct role_addrs *a, const struct ip_addr *addr)
{
	return bsearch(addr, a->all, a->n, sizeof a->all[0], compare);
}

enum role role_of(const struct role_addrs *a, const struct conn *conn)
{
	static const enum role by_side[2][2] = {{ROLE_UNKNOWN, ROLE_SERVER},
						{ROLE_CLIENT, ROLE_BOTH}};
	return by_side[is_own(a, &conn->addr[CLIENT])][is_own(a, &conn->addr[SERVER])];
}
