/* ladder_format.h - the ways to write a ladder. */
#ifndef SMTPWATCH_TRACE_LADDER_FORMAT_H
#define SMTPWATCH_TRACE_LADDER_FORMAT_H

enum ladder_format {
	LADDER_TEXT_FORMAT,
	LADDER_CSV,
	LADDER_MERMAID,
	LADDER_SCENARIO,
	LADDER_FORMATS
};

/* Their names, parted by a string. */
#define LADDER_FORMAT_NAMES(between) "text" between "csv" between "mermaid" between "scenario"

/* LADDER_FORMATS: there is none of that name. */
enum ladder_format ladder_format_read(const char *name);

#endif
