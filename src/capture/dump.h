/* dump.h - a capture file that is written: classic pcap with nanoseconds, so that every tool reads
 * it. */
#ifndef SMTPWATCH_CAPTURE_DUMP_H
#define SMTPWATCH_CAPTURE_DUMP_H

#include "smtpwatch/frame.h"

#include <stdbool.h>

struct dump;

/*
 * Begins a file, or goes on behind what the same functions have written to it. fd: open for
 * writing, at its beginning; it belongs to the dump from here on, and is closed with it, or at once
 * where this fails. link: LINKTYPE_ of all frames. NULL, with errno: no memory, or the file takes
 * nothing.
 */
struct dump *dump_open(int fd, int link);

/* False: it has another link type, and cannot stand in this file. What the file does not take is
 * told by dump_close. */
bool dump_frame(struct dump *d, const struct frame *f);

/* False, with errno: the file is not whole. */
bool dump_close(struct dump *d);

#endif
