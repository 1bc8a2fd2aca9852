/* place.c - the folder of a service, or the runtime folder of a user. */
#include "status/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char system_folder[] = "/run/smtpwatch";

/* Returns NULL if the user has no runtime folder, or its path is too long. */
static const char *user_place(char out[STATUS_PATH])
{
	const char *folder = getenv("XDG_RUNTIME_DIR");
	if (!folder || folder[0] != '/' ||
	    snprintf(out, STATUS_PATH, "%s/smtpwatch-status.sock", folder) >= STATUS_PATH)
		return NULL;
	return out;
}

const char *status_place_own(const char *option, char out[STATUS_PATH])
{
	if (option)
		return strcmp(option, "off") == 0 ? NULL : option;
	/* That it cannot be made shows when the socket is opened. */
	if (geteuid() == 0)
		mkdir(system_folder, 0755);
	if (geteuid() == 0 || access(system_folder, W_OK) == 0)
		return STATUS_SYSTEM;
	return user_place(out);
}

const char *status_place_other(const char *option, char out[STATUS_PATH])
{
	struct stat st;
	const char *own;
	if (option)
		return option;
	own = stat(STATUS_SYSTEM, &st) == 0 ? NULL : user_place(out);
	return own && stat(own, &st) == 0 ? own : STATUS_SYSTEM;
}
