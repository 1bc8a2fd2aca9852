/* open_list.h - the open sessions that wait longest: a heap whose root waits shortest. */
#ifndef SMTPWATCH_CORE_OPEN_LIST_H
#define SMTPWATCH_CORE_OPEN_LIST_H

#include "smtpwatch/open_session.h"

/* Connections that are fetched in one call of the engine. */
enum { OPEN_BATCH = 64 };

/* Adds a session, copied, if there is room, or if it waits longer than one that is listed, which
 * then gives way. Does nothing if its number is listed. */
void open_list_add(struct open_sessions *o, const struct open_session *one);

#endif
