/* privilege.h - gives up root and capabilities before the first byte of the network is parsed. */
#ifndef SMTPWATCH_OS_PRIVILEGE_H
#define SMTPWATCH_OS_PRIVILEGE_H

#include "base/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* The capabilities that privilege_drop keeps: none; NET_RAW: CAP_NET_RAW, which opens packet
 * sockets; ATTACH: what smtpwatch-keys attaches programs to libraries of other processes with. */
enum privilege_keep { PRIVILEGE_KEEP_NONE, PRIVILEGE_KEEP_NET_RAW, PRIVILEGE_KEEP_ATTACH };

/* In all functions, user NULL means the default: who has started the program by sudo(8), if that is
 * another than root; else smtpwatch if that user exists, else nobody. */

/* Returns true if the process is root and user is another user. An unknown user counts as another
 * user; privilege_drop then fails. */
bool privilege_drop_due(const char *user);

/* Sets *uid and *gid to those of user and returns true, if privilege_drop will become user. Else
 * returns false, also if user is unknown. */
bool privilege_target(const char *user, uid_t *uid, gid_t *gid);

/* Returns true if user is NULL and the user to become is sudo's caller. */
bool privilege_is_caller(const char *user);

/* Returns the name of the user that the program will run as; "" if it is not known. Borrowed until
 * the next call of this module. */
const char *privilege_name(const char *user);

/* Returns true if the user exists on this system. */
bool privilege_user_known(const char *user);

/* Returns true if the process may open packet sockets. */
bool privilege_net_raw(void);

/*
 * Gives up privileges in these steps:
 * - As root: becomes user, with the user's group and no supplementary groups.
 * - Drops all capabilities but those to keep. Drops the bounding set if the process has
 * CAP_SETPCAP.
 * - Sets PR_SET_NO_NEW_PRIVS: no program that the process runs gains privileges.
 * - Clears PR_SET_DUMPABLE: no process of the same user can trace this one.
 * - Tries to become root again, which must fail. An ordinary user of group 0 is not root.
 *
 * If the process is root and user is root too, only the two prctl(2) settings change. Files that
 * only root may open must be open before.
 *
 * Returns false with a sentence in why. The process may then still have some of its privileges, and
 * must not go on.
 */
bool privilege_drop(const char *user, enum privilege_keep keep, struct error *why);

#endif
