/* safe_open.h - opens a path that the operator named, with root's rights, in folders that other
 * users may have prepared. */
#ifndef SMTPWATCH_TRANSPORT_SAFE_OPEN_H
#define SMTPWATCH_TRANSPORT_SAFE_OPEN_H

#include <stdbool.h>
#include <sys/types.h>

#define OUTPATH_NAME 256

/*
 * As open(2). Without root's rights, exactly that. become: the uid after root is
 * given up. With root's rights a folder is trusted if it belongs to root, and only root or group 0
 * may write to it. In any other folder:
 * - A symbolic link is not followed, on the way or at its end (ELOOP).
 * - A regular file with a second name is refused (EPERM).
 * - If several users may write to the folder, a file is refused for writing unless it belongs to
 * root, the folder's owner or `become` (EPERM).
 * A refused file is neither truncated nor changed. Returns -1 with errno on failure.
 */
int outpath_open(const char *path, int flags, mode_t access, uid_t become);

/* Opens the folder of a path's last part, by the same rules, for openat(2) and the like. Writes
 * the last part to name. stay_at_last: a last part that is a link is not resolved. Returns a
 * descriptor, which the caller closes, or -1 with errno. */
int outpath_folder(const char *path, char name[OUTPATH_NAME], bool stay_at_last);

/* As strerror(3), with this module's sentences for ELOOP and EPERM. */
const char *outpath_error(int error);

#endif
