/* privilege.h - no longer root: what parses the world's bytes owns nothing. */
#ifndef SMTPWATCH_DAEMON_PRIVILEGE_H
#define SMTPWATCH_DAEMON_PRIVILEGE_H

#include <stdbool.h>

#define PRIVILEGE_WHY 256

/* Whether there is anything to give up: the process is root, and `user` (NULL: the default) is not. */
bool privilege_held(const char *user);

/*
 * Becomes user; NULL: smtpwatch if there is such a user, else nobody. Groups go too, and it is tried that nothing can be regained. Files that root alone may open must be open by then.
 * False with a sentence in why: still root, or half of it; the caller must not go on.
 */
bool privilege_drop(const char *user, char why[PRIVILEGE_WHY]);

#endif
