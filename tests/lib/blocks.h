/* blocks.h - pcapng files block by block, for the tests of its reader. */
#ifndef SMTPWATCH_TESTS_BLOCKS_H
#define SMTPWATCH_TESTS_BLOCKS_H

#include "lib/capfile.h"

enum {
	BLOCKS_INTERFACE = 1,
	BLOCKS_PACKET = 2,
	BLOCKS_SIMPLE = 3,
	BLOCKS_STATISTICS = 5,
	BLOCKS_ENHANCED = 6,
	BLOCKS_SECRETS = 10,
	BLOCKS_UNKNOWN = 0x0bad,
};

/* A block: what is put between the two calls is its body. block_end pads it and tells its length.
 */
size_t block_begin(struct capfile *m, uint32_t type);
void block_end(struct capfile *m, size_t begin);

/* Within a block. number: of `n` bytes, in the file's byte order. */
void block_option(struct capfile *m, uint16_t code, const void *p, uint16_t n);
void block_option_number(struct capfile *m, uint16_t code, uint64_t number, uint16_t n);

/* Whole blocks. Times are in the units of the interface. */
void block_section(struct capfile *m, bool big);
void block_interface(struct capfile *m, uint16_t link, uint32_t snaplen);
void block_enhanced(struct capfile *m, uint32_t interface, uint64_t time, const struct frame *f);
void block_simple(struct capfile *m, const struct frame *f);
void block_secrets(struct capfile *m, uint32_t type, const char *text);
void block_unknown(struct capfile *m, size_t n);

#endif
