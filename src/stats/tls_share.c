/* tls_share.c - the words for the share of TLS. */
#include "stats/tls_share.h"

/* A share that is neither nothing nor all is never told as 0 % or 100 %. */
static void percent_put(struct outbuf *b, uint64_t n, uint64_t all)
{
	double share = all > 0 ? 100.0 * (double)n / (double)all : 0;
	if (n > 0 && share < 1)
		outbuf_str(b, "under 1");
	else if (n < all && share > 99)
		outbuf_str(b, "over 99");
	else
		outbuf_number(b, (uint64_t)(share + 0.5));
	outbuf_str(b, " %");
}

void tls_share_put(struct outbuf *b, uint64_t sessions, uint64_t tls, uint64_t decrypted)
{
	outbuf_grouped(b, tls);
	outbuf_str(b, " of ");
	outbuf_grouped(b, sessions);
	outbuf_str(b, sessions == 1 ? " session (" : " sessions (");
	percent_put(b, tls, sessions);
	outbuf_str(b, ") went into TLS");
	if (tls == 0)
		return;
	outbuf_str(b, "; ");
	outbuf_grouped(b, decrypted);
	outbuf_str(b, decrypted == 1 ? " of them was read" : " of them were read");
}
