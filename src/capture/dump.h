/* dump.h - writes a capture file: classic pcap with nanoseconds, which every tool reads. */
#ifndef SMTPWATCH_CAPTURE_DUMP_H
#define SMTPWATCH_CAPTURE_DUMP_H

#include "smtpwatch/frame.h"

#include <stdbool.h>

struct dump;

/*
 * Begins a file, or continues a file that these functions wrote. fd: open for writing, at offset 0,
 * not O_APPEND. The dump owns fd: dump_close closes it, and so does a failing dump_open. link:
 * LINKTYPE_ of all frames. Returns NULL with errno: the error of the file, or EINVAL if libpcap
 * refuses the link type.
 */
struct dump *dump_open(int fd, int link);

/* Writes one frame. Returns false if the frame has another link type; nothing is written then.
 * dump_close reports errors of the file. */
bool dump_frame(struct dump *d, const struct frame *f);

/* Flushes and closes the file, and frees d. Returns false with errno if any write failed; EIO
 * stands for an unknown error. */
bool dump_close(struct dump *d);

#endif
