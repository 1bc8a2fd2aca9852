/* deaf.c - calls that nothing comes of. */
#include "lib/deaf.h"

static void on_open(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
}

static void on_data(void *arg, struct conn *conn, enum side side, struct bytes data, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)data, (void)ts;
}

static void on_gap(void *arg, struct conn *conn, enum side side, uint64_t len, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)len, (void)ts;
}

static void on_fin(void *arg, struct conn *conn, enum side side, int64_t ts)
{
	(void)arg, (void)conn, (void)side, (void)ts;
}

static void on_close(void *arg, struct conn *conn, const struct conn_end *end, int64_t ts)
{
	(void)arg, (void)conn, (void)end, (void)ts;
}

static void on_release(void *arg, struct conn *conn)
{
	(void)arg, (void)conn;
}

const struct stream_listener deaf = {on_open, on_data, on_gap, on_fin, on_close, on_release, NULL};
