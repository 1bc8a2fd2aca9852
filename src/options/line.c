/* line.c - reads the command line. */
#include "options/sources.h"

#include <stdlib.h>
#include <sys/stat.h>

/* Letters of tcpdump(8) that people give, and what stands in their place. */
static const struct habit {
	char letter;
	const char *hint;
} habits[] = {
	{'n', "names are never looked up: leave it out"},
	{'w', "--write-pcap DIR keeps the packets of sessions with an alert"},
	{'v', "-o json tells all of each session, --explain worst one of them in words"},
	{'D', "`ip link` lists the interfaces; -i any watches all of them"},
	{'B', "--buffer SIZE is the kernel's buffer, in bytes: 64M"},
	{'U', "records are written at once"},
	{'e', "-o json tells the VLAN of each session"},
	{'t', "times are UTC; --local-time tells them in your zone"},
	{'A', "--explain worst shows a session's dialogue"},
	{'X', "--explain worst shows a session's dialogue"},
	{'C', "tcpdump -C makes the files; -r DIR reads them in order"},
	{'G', "tcpdump -G makes the files; -r DIR reads them in order"},
	{'F', "--filter EXPRESSION, or a file by --config"},
};

/* Words that begin a filter expression (pcap-filter(7)), even where a file is called so; "./host"
 * is a file. */
static const char *const filter_words[] = {
	"host",  "net",  "port", "portrange", "src",    "dst",       "gateway",   "ether",
	"ip",    "ip6",  "tcp",  "udp",       "icmp",   "icmp6",     "arp",       "rarp",
	"proto", "vlan", "mpls", "not",       "less",   "greater",   "inbound",   "outbound",
	"link",  "wlan", "fddi", "sctp",      "pppoes", "broadcast", "multicast", "geneve",
	"vxlan", "llc",  "len",  "iso",
};

/* The state of the reading. */
struct line {
	struct settings *to;
	char **filter;
	int argc, at; /* index of the current word */
	char **argv;
	struct config_errors *m;
};

static void line_add(struct line *l, const struct option_row *row, const char *value)
{
	settings_add(l->to, (struct setting){row, value, 0}, l->m);
}

/* Adds the option of the current word. attached: a value within the word; NULL: the next word is
 * the value. */
static void line_option(struct line *l, const struct option_row *row, const char *attached)
{
	const char *value = attached;
	if (row->arg && !value && l->at + 1 < l->argc)
		value = l->argv[++l->at];
	if (row->arg && !value)
		config_errors_add(l->m, 0, "--%s: its %s is missing", row->name, row->arg);
	else
		line_add(l, row, value);
}

/* Adds an error that names the options which begin with the n bytes of word, if these are several.
 */
static bool line_ambiguous(struct line *l, const char *word, size_t n)
{
	char names[512] = "";
	size_t used = 0;
	unsigned found = 0;
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (n == 0 || strncmp(row->name, word, n) != 0 || used >= sizeof names)
			continue;
		used += (size_t)snprintf(names + used, sizeof names - used, "%s--%s",
					 found++ > 0 ? ", " : "", row->name);
	}
	if (found > 1)
		config_errors_add(l->m, 0, "--%.*s may be %s", (int)n, word, names);
	return found > 1;
}

/* Returns the option of a name, or the only one whose name begins so; NULL if there is none. */
static const struct option_row *line_row(const char *word, size_t n)
{
	const struct option_row *row = option_row_named(word, n), *found = NULL;
	if (row || n == 0)
		return row;
	for (row = option_rows; row->name; row++) {
		if (strncmp(row->name, word, n) != 0)
			continue;
		if (found)
			return NULL;
		found = row;
	}
	return found;
}

/* Reads "--name" or "--name=value". An unambiguous beginning of a name is enough. */
static void line_long(struct line *l)
{
	const char *word = l->argv[l->at] + 2, *sign = strchr(word, '=');
	size_t n = sign ? (size_t)(sign - word) : strlen(word);
	const struct option_row *row = line_row(word, n);
	if (!row && line_ambiguous(l, word, n))
		return;
	if (!row)
		option_unknown(l->m, 0, word, n);
	else if (!row->arg && sign)
		config_errors_add(l->m, 0, "--%s takes no value", row->name);
	else
		line_option(l, row, sign ? sign + 1 : NULL);
}

/* Adds the error of a word with an unknown letter. */
static void letter_unknown(struct line *l, char letter)
{
	const char *word = l->argv[l->at] + 1;
	size_t n = strcspn(word, "=");
	if (n > 2 && option_row_named(word, n)) {
		config_errors_add(l->m, 0, "there is no option -%c; did you mean --%.*s?", letter,
				  (int)n, word);
		return;
	}
	for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
		if (habits[i].letter == letter) {
			config_errors_add(l->m, 0, "there is no option -%c: %s", letter,
					  habits[i].hint);
			return;
		}
	config_errors_add(l->m, 0, "there is no option -%c; --help shows them all", letter);
}

/* Reads "-x", "-xyz" or "-xvalue". */
static void line_short(struct line *l)
{
	for (const char *letter = l->argv[l->at] + 1; *letter != '\0'; letter++) {
		const struct option_row *row = option_row_lettered(*letter);
		if (!row) {
			letter_unknown(l, *letter);
			return;
		}
		if (row->arg) {
			line_option(l, row, letter[1] != '\0' ? letter + 1 : NULL);
			return;
		}
		line_add(l, row, NULL);
	}
}

/* Whether the word is a capture or a folder of captures, and not the beginning of the filter. */
static bool is_capture(const char *word)
{
	struct stat st;
	for (size_t i = 0; i < sizeof filter_words / sizeof *filter_words; i++)
		if (strcmp(filter_words[i], word) == 0)
			return false;
	return stat(word, &st) == 0;
}

/* Captures stand before the filter, as `smtpwatch -r *.pcap port 25` has them. */
static void line_word(struct line *l, const char *word)
{
	if (!*l->filter && is_capture(word)) {
		line_add(l, option_row_named("read", 4), word);
		return;
	}
	size_t n = *l->filter ? strlen(*l->filter) : 0, capacity = strlen(word) + 2;
	char *filter = realloc(*l->filter, n + capacity);
	if (!filter) {
		config_errors_add(l->m, 0, "no memory");
		return;
	}
	snprintf(filter + n, capacity, n > 0 ? " %s" : "%s", word);
	*l->filter = filter;
}

void option_line_read(struct settings *to, char **filter, int argc, char **argv,
		      struct config_errors *m)
{
	struct line l = {.to = to, .filter = filter, .argc = argc, .argv = argv, .m = m};
	bool words = false;
	*filter = NULL;
	for (l.at = 1; l.at < argc; l.at++) {
		const char *word = argv[l.at];
		if (!words && strcmp(word, "--") == 0)
			words = true;
		else if (words || word[0] != '-' || word[1] == '\0')
			line_word(&l, word);
		else if (word[1] == '-')
			line_long(&l);
		else
			line_short(&l);
	}
}
