/* form.h - scenarios and captures read, each in all forms that it can have. */
#ifndef SMTPWATCH_TESTS_DAMAGE_FORM_H
#define SMTPWATCH_TESTS_DAMAGE_FORM_H

#include "damage/item.h"

#include "decrypt/keylog.h"

/* All that was read. Zero-filled at first. */
struct items {
	struct item *all;
	size_t n, capacity;
	struct keylog *keys; /* of all items that have any */
	struct tls_decryptor *decryptor;
};

/* A scenario (.smtp) or a capture; with it the key log beside it (.keylog), or within it. What is
 * not to be damaged ("not loss"), is no capture, or holds no session, is passed over. */
void items_read(struct items *items, const char *path);

/* Every file of a folder and of those within it. False: it cannot be read. */
bool items_read_folder(struct items *items, const char *folder);
void items_free(struct items *items);

#endif
