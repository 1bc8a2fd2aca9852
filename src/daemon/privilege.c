/* privilege.c - from root to nobody in particular. */
#include "daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Who it is to be, in order; the first that exists. */
static const struct passwd *privilege_user(const char *user)
{
	const struct passwd *pw = getpwnam(user != NULL ? user : "smtpwatch");

	return pw == NULL && user == NULL ? getpwnam("nobody") : pw;
}

bool privilege_held(const char *user)
{
	const struct passwd *pw = geteuid() == 0 ? privilege_user(user) : NULL;

	/* An unknown user is left for privilege_drop to complain of. */
	return geteuid() == 0 && (pw == NULL || pw->pw_uid != 0);
}

static bool privilege_gone(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0)
		return false;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return false;
	return setuid(0) != 0 && setgid(0) != 0 && getgroups(0, NULL) == 0;
}

bool privilege_drop(const char *user, char why[PRIVILEGE_WHY])
{
	const struct passwd *pw = privilege_user(user);
	const char *step = NULL;

	if (pw == NULL) {
		snprintf(why, PRIVILEGE_WHY, "there is no user \"%.99s\" to become", user != NULL ? user : "nobody");
		return false;
	}
	errno = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		step = "prctl";
	else if (setgroups(0, NULL) != 0)
		step = "setgroups";
	else if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0)
		step = "setresgid";
	else if (setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		step = "setresuid";
	if (step == NULL && !privilege_gone(pw->pw_uid, pw->pw_gid)) {
		snprintf(why, PRIVILEGE_WHY, "became %.99s, but could become root again", pw->pw_name);
		return false;
	}
	if (step == NULL)
		return true;
	snprintf(why, PRIVILEGE_WHY, "cannot become %.99s: %s: %s; --user root stays root", pw->pw_name, step, strerror(errno));
	return false;
}
