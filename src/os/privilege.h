/* privilege.h - no longer root: what parses the world's bytes owns nothing. */
#ifndef SMTPWATCH_OS_PRIVILEGE_H
#define SMTPWATCH_OS_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#define PRIVILEGE_WHY 256

/* What may be kept: nothing; or the one capability with which packet sockets are opened. */
enum privilege_keep { PRIVILEGE_KEEP_NONE, PRIVILEGE_KEEP_NET_RAW };

/* Whether there is a user to become: the process is root, and `user` (NULL: the default) is not. */
bool privilege_held(const char *user);

/* The same, and who that is; an unknown user is none. */
bool privilege_target(const char *user, uid_t *uid, gid_t *gid);

/* Whether there is such a user on this system (NULL: the default). */
bool privilege_user_known(const char *user);

/* Whether packet sockets can be opened. */
bool privilege_net_raw(void);

/*
 * Gives up what there is. As root it becomes user; NULL: smtpwatch if there is such a user, else
 * nobody. Groups go too. Then, and also where it was never root, every capability goes, ambient and
 * bounding ones as well, but what is to be kept; nothing can be gained by running a program, no
 * other process of the user may look into this one, and it is tried that root cannot be regained.
 * Only where user is root, capabilities stay. Files that root alone may open must be open by then.
 * False with a sentence in why: still root, or half of it; the caller must not go on.
 */
bool privilege_drop(const char *user, enum privilege_keep keep, char why[PRIVILEGE_WHY]);

#endif
