/* bare.c - the measure of all figures: libpcap's own loop over a file, with a callback that touches
 * nothing. */
#include <pcap/pcap.h>
#include <stdio.h>

static void nothing(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	(void)user;
	(void)header;
	(void)bytes;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	if (!p) {
		fprintf(stderr, "usage: bare FILE\n%s\n", argc == 2 ? why : "");
		return 2;
	}
	int r = pcap_loop(p, -1, nothing, NULL);
	pcap_close(p);
	return r == 0 ? 0 : 1;
}
