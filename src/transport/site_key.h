/* site_key.h - the secret of a site, with which mail addresses become keyed hashes: the same on all
 * gateways that share it, and of no use to whoever does not have it. */
#ifndef SMTPWATCH_TRANSPORT_SITE_KEY_H
#define SMTPWATCH_TRANSPORT_SITE_KEY_H

#include "base/error.h"
#include "text/digest.h"

#include <sys/types.h>

/*
 * Reads the key, which its file has as hexadecimal digits in one line; makes one of random bytes if
 * there is no file. path: NULL for the default, the first of these that can be read:
 * - /etc/smtpwatch/site-key
 * - site-key in the folder that systemd keeps for the service, or /var/lib/smtpwatch for others
 * - smtpwatch/site-key in the user's own configuration folder (XDG_CONFIG_HOME, ~/.config), but not
 * with root's rights
 * Made is, by default: with root's rights the first, by the service the second, else the third. A
 * new file has permissions 0640 and, with root's rights, the group `group`. become: the uid after
 * root is given up (outpath_open). Tells on standard error of a file that was made. Returns false
 * with a sentence in why, also if everybody may read the file or it holds no key. Call before root
 * is given up.
 */
bool site_key_read(const char *path, uid_t become, gid_t group, uint8_t key[DIGEST_KEY],
		   struct error *why);

/* As site_key_read, but makes nothing; a file that is not there is fine: *there tells. */
bool site_key_find(const char *path, uid_t become, uint8_t key[DIGEST_KEY], bool *there,
		   struct error *why);

/* As site_key_find, without the key. */
bool site_key_check(const char *path, uid_t become, struct error *why);

#endif
