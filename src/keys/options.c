/* options.c - the command line, by getopt_long(3). */
#include "keys/options.h"

#include "base/log.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"smtpwatch-keys - gives smtpwatch the secrets of TLS of running mail servers\n"
	"\n"
	"usage: smtpwatch-keys [OPTION ...]\n"
	"\n"
	"Attaches to OpenSSL 3 and GnuTLS of the processes that use the watched ports, and writes\n"
	"their secrets where smtpwatch --keylog reads them. Needs root. Nothing is restarted.\n"
	"\n"
	"  -p, --ports LIST     the servers' ports, as smtpwatch has them; default 25,587\n"
	"  -o, --output TARGET  a FIFO, a file, or - for standard output; default " KEYS_FIFO "\n"
	"      --pid PID        this process alone\n"
	"      --library FILE   this library too, whoever uses it; may be repeated\n"
	"      --all            the libraries of all processes, whatever their ports are\n"
	"      --check[=N]      says whether it works here, what would be read, and what share of\n"
	"                       the sessions under TLS is read for N seconds; default 60, 0: none\n"
	"  -T, --test           checks the command line, and ends\n"
	"  -Z, --user USER      who reads and writes; default smtpwatch\n"
	"  -h, --help           this text\n"
	"      --version        the version\n"
	"\n"
	"Whoever reads the output can read the mail of these servers: docs/tls.md.\n";

enum { OPTION_PID = 256, OPTION_LIBRARY, OPTION_ALL, OPTION_CHECK, OPTION_VERSION };

static const struct option rows[] = {
	{"ports", required_argument, NULL, 'p'},
	{"output", required_argument, NULL, 'o'},
	{"pid", required_argument, NULL, OPTION_PID},
	{"library", required_argument, NULL, OPTION_LIBRARY},
	{"all", no_argument, NULL, OPTION_ALL},
	{"check", optional_argument, NULL, OPTION_CHECK},
	{"test", no_argument, NULL, 'T'},
	{"user", required_argument, NULL, 'Z'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

/* Reads a number from least to most. Returns false after printing what is wrong. */
static bool number_read(const char *option, const char *text, unsigned least, unsigned most,
			unsigned *out)
{
	size_t n = strspn(text, "0123456789");
	unsigned long value = n > 0 && n < 10 && text[n] == '\0' ? strtoul(text, NULL, 10) : 0;
	if (n == 0 || text[n] != '\0' || n >= 10 || value < least || value > most) {
		log_line("--%s: \"%.100s\" is no number from %u to %u", option, text, least, most);
		return false;
	}
	*out = (unsigned)value;
	return true;
}

/* "25,587,465/tls": what stands behind a slash is smtpwatch's. */
static bool ports_read(struct proc_ports *ports, const char *text)
{
	while (*text) {
		char word[32];
		unsigned port;
		size_t n = strcspn(text, ","), number = strcspn(text, ",/");
		memcpy(word, text, number < sizeof word ? number : sizeof word - 1);
		word[number < sizeof word ? number : sizeof word - 1] = '\0';
		if (!number_read("ports", word, 1, 65535, &port))
			return false;
		proc_port_add(ports, port);
		text += n + (text[n] == ',');
	}
	return true;
}

/* Takes one option. Returns false after printing what is wrong. */
static bool option_take(struct keys_options *o, int option, const char *word)
{
	struct finder_wishes *w = &o->wishes;
	switch (option) {
	case 'p':
		o->ports = word;
		return true;
	case 'o':
		o->output = word;
		return true;
	case OPTION_PID:
		return number_read("pid", word, 1, 4194304, &w->pid);
	case OPTION_LIBRARY:
		if (w->named == FINDER_NAMED) {
			log_line("--library: at most %d", FINDER_NAMED);
			return false;
		}
		o->names[w->named++] = word;
		return true;
	case OPTION_ALL:
		w->all = true;
		return true;
	case OPTION_CHECK:
		o->action = KEYS_CHECK;
		return !word || number_read("check", word, 0, 86400, &o->seconds);
	case 'T':
		o->action = KEYS_TEST;
		return true;
	case 'Z':
		o->user = word;
		return true;
	default:
		log_line("see smtpwatch-keys --help");
		return false;
	}
}

bool keys_options_read(struct keys_options *o, int argc, char **argv)
{
	int option;
	*o = (struct keys_options){.ports = "25,587", .output = KEYS_FIFO, .seconds = 60};
	o->wishes.names = o->names;
	while ((option = getopt_long(argc, argv, "p:o:TZ:h", rows, NULL)) != -1) {
		if (option == 'h' || option == OPTION_VERSION) {
			fputs(option == 'h' ? help : "smtpwatch-keys " SMTPWATCH_VERSION "\n",
			      stdout);
			o->action = KEYS_PRINTED;
			return true;
		}
		if (!option_take(o, option, optarg))
			return false;
	}
	if (optind < argc) {
		log_line("\"%.100s\" is no option: see smtpwatch-keys --help", argv[optind]);
		return false;
	}
	if (o->wishes.pid && o->wishes.all) {
		log_line("--pid and --all exclude each other");
		return false;
	}
	return ports_read(&o->wishes.ports, o->ports);
}
