/* safe_open.h - opens what an operator named, with root's rights, where others may have prepared
 * the way. */
#ifndef SMTPWATCH_TRANSPORT_SAFE_OPEN_H
#define SMTPWATCH_TRANSPORT_SAFE_OPEN_H

#include <stdbool.h>
#include <sys/types.h>

#define OUTPATH_NAME 256

/*
 * As open(2), for writing. Who is not root gets just that. With root's rights a folder is trusted
 * if it belongs to root and nobody else may write to it; in any other
 *  - no symbolic link is followed, on the way or at its end (ELOOP);
 *  - a file that has a second name is refused, and, where several may write to the folder, one that
 * belongs neither to root, nor to the folder's owner, nor to us as we will be (EPERM). A file that
 * is refused is neither emptied nor changed. -1 with errno.
 */
int outpath_open(const char *path, int flags, mode_t access, uid_t become);

/*
 * The folder that the last part of a path stands in, by the same rules for the way, and that part
 * in name, for openat(2) and the like; to close. keep_last: a link that is that part is left alone,
 * else it is resolved too. -1 with errno.
 */
int outpath_folder(const char *path, char name[OUTPATH_NAME], bool keep_last);

/* strerror(3), with what this module means by ELOOP and EPERM. */
const char *outpath_error(int error);

#endif
