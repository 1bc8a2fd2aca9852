/* ladder_format.h - the names of a ladder's formats. */
#ifndef SMTPWATCH_TRACE_LADDER_FORMAT_H
#define SMTPWATCH_TRACE_LADDER_FORMAT_H

/* LADDER_FORMATS: the number of formats. */
enum ladder_format {
	LADDER_TEXT_FORMAT,
	LADDER_CSV,
	LADDER_MERMAID,
	LADDER_SCENARIO,
	LADDER_FORMATS
};

/* All names, joined by a string literal, in the order of enum ladder_format. */
#define LADDER_FORMAT_NAMES(between) "text" between "csv" between "mermaid" between "scenario"

/* Returns the format of this name, or LADDER_FORMATS. */
enum ladder_format ladder_format_read(const char *name);

#endif
