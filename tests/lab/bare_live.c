/*
 * bare_live.c - the measure of live figures: libpcap on an interface, with a callback that touches
 * nothing. Ends with SIGTERM, and says packets, packets that the kernel dropped, and seconds of
 * CPU.
 *
 * usage: bare_live INTERFACE BUFFER FILTER
 */
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static pcap_t *pcap;

static void nothing(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	(void)header;
	(void)bytes;
	++*(unsigned long long *)(void *)user;
}

static void stop(int signal)
{
	(void)signal;
	pcap_breakloop(pcap);
}

static int refuse(const char *why)
{
	fprintf(stderr, "bare_live: %s\n", why);
	return 1;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE] = "usage: bare_live INTERFACE BUFFER FILTER";
	struct sigaction stopper = {.sa_handler = stop};
	struct bpf_program program;
	struct pcap_stat stat;
	struct rusage used;
	unsigned long long packets = 0;

	pcap = argc == 4 ? pcap_create(argv[1], why) : NULL;
	if (!pcap)
		return refuse(why);
	pcap_set_snaplen(pcap, 262144);
	pcap_set_timeout(pcap, 100);
	pcap_set_buffer_size(pcap, atoi(argv[2]));
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(pcap) < 0 ||
	    pcap_compile(pcap, &program, argv[3], 1, PCAP_NETMASK_UNKNOWN) != 0 ||
	    pcap_setfilter(pcap, &program) != 0)
		return refuse(pcap_geterr(pcap));
	sigaction(SIGTERM, &stopper, NULL);
	fprintf(stderr, "watching\n");
	pcap_loop(pcap, -1, nothing, (u_char *)&packets);
	getrusage(RUSAGE_SELF, &used);
	pcap_stats(pcap, &stat);
	printf("%llu %u %.3f\n", packets, stat.ps_drop,
	       (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
	return 0;
}
