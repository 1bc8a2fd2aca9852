/* privilege.c - from root to an ordinary user without capabilities. */
#include "os/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What enum privilege_keep keeps; -1: no more. ATTACH: SYS_ADMIN attaches, and opens map_files of
 * proc(5); BPF and PERFMON load; SYS_PTRACE and DAC_READ_SEARCH look at processes of others. */
static const int kept[][6] = {
	[PRIVILEGE_KEEP_NONE] = {-1},
	[PRIVILEGE_KEEP_NET_RAW] = {CAP_NET_RAW, -1},
	[PRIVILEGE_KEEP_ATTACH] = {CAP_SYS_ADMIN, CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE,
				   CAP_DAC_READ_SEARCH, -1},
};

/* Adds or removes them in libcap-ng's state. */
static void kept_update(enum privilege_keep keep, capng_act_t act)
{
	for (const int *cap = kept[keep]; *cap >= 0; cap++)
		capng_update(act, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)*cap);
}

/* Reads the user or group id of sudo(8)'s caller. Returns false if there is none but root. */
static bool caller_id(const char *variable, unsigned long *id)
{
	const char *text = getenv(variable);
	size_t n = text ? strspn(text, "0123456789") : 0;
	if (n == 0 || n > 10 || text[n] != '\0')
		return false;
	*id = strtoul(text, NULL, 10);
	return *id > 0 && *id < UINT32_MAX;
}

/* Returns who has started the program by sudo(8), or NULL. Only where root has set the variables
 * they are believed. */
static const struct passwd *caller(void)
{
	unsigned long uid, gid;
	struct passwd *pw;
	if (getuid() != 0 || geteuid() != 0 || !caller_id("SUDO_UID", &uid))
		return NULL;
	pw = getpwuid((uid_t)uid);
	if (pw && caller_id("SUDO_GID", &gid))
		pw->pw_gid = (gid_t)gid;
	return pw;
}

/* Returns the user to become, or NULL if there is none. */
static const struct passwd *privilege_user(const char *user)
{
	const struct passwd *pw = user ? getpwnam(user) : caller();
	if (!pw && !user)
		pw = getpwnam("smtpwatch");
	return !pw && !user ? getpwnam("nobody") : pw;
}

bool privilege_drop_due(const char *user)
{
	const struct passwd *pw = geteuid() == 0 ? privilege_user(user) : NULL;
	/* An unknown user counts, so that privilege_drop reports it. */
	return geteuid() == 0 && (!pw || pw->pw_uid != 0);
}

bool privilege_target(const char *user, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = privilege_drop_due(user) ? privilege_user(user) : NULL;
	if (!pw)
		return false;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

bool privilege_is_caller(const char *user)
{
	return !user && caller();
}

const char *privilege_name(const char *user)
{
	const struct passwd *pw = privilege_drop_due(user) ? privilege_user(user)
							   : getpwuid(geteuid());
	return pw ? pw->pw_name : "";
}

bool privilege_user_known(const char *user)
{
	return privilege_user(user);
}

bool privilege_net_raw(void)
{
	return capng_get_caps_process() == 0 &&
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) == 1;
}

/* Drops the bounding set, which needs CAP_SETPCAP. Without CAP_SETPCAP the set stays, which is
 * harmless: PR_SET_NO_NEW_PRIVS keeps the process from gaining capabilities. Returns NULL, or the
 * step that failed. */
static const char *bounding_drop(void)
{
	if (capng_get_caps_process() != 0)
		return "capget";
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 1)
		return NULL;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) == 0 ? NULL : "prctl PR_CAPBSET_DROP";
}

static const char *user_change(const struct passwd *pw, enum privilege_keep keep)
{
	if (setgroups(0, NULL) != 0)
		return "setgroups";
	if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0)
		return "setresgid";
	if (keep != PRIVILEGE_KEEP_NONE && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return "prctl PR_SET_KEEPCAPS";
	return setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == 0 ? NULL : "setresuid";
}

static const char *capabilities_drop(enum privilege_keep keep)
{
	capng_clear(CAPNG_SELECT_ALL);
	kept_update(keep, CAPNG_ADD);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return "capset";
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0
		       ? NULL
		       : "prctl PR_CAP_AMBIENT";
}

static const char *new_privileges_refuse(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "prctl PR_SET_NO_NEW_PRIVS";
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? NULL : "prctl PR_SET_DUMPABLE";
}

static bool user_gone(const struct passwd *pw)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0)
		return false;
	if (r != pw->pw_uid || e != pw->pw_uid || s != pw->pw_uid || rg != pw->pw_gid ||
	    eg != pw->pw_gid || sg != pw->pw_gid)
		return false;
	return getgroups(0, NULL) == 0;
}

static bool capabilities_gone(enum privilege_keep keep)
{
	if (capng_get_caps_process() != 0)
		return false;
	kept_update(keep, CAPNG_DROP);
	return capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE &&
	       capng_have_capabilities(CAPNG_SELECT_AMBIENT) == CAPNG_NONE;
}

/* Group 0 alone is not root: containers give it to an ordinary user. Who is wholly of that group
 * gains nothing by setgid(0). */
static bool group_is_zero(void)
{
	gid_t r, e, s;
	return getresgid(&r, &e, &s) == 0 && r == 0 && e == 0 && s == 0;
}

/* Tries to become root. Success is the failure that privilege_drop looks for. */
static bool root_regained(void)
{
	return setuid(0) == 0 || seteuid(0) == 0 || (!group_is_zero() && setgid(0) == 0);
}

/* Takes the steps in their order. Returns the one that failed; NULL: none. pw: the user to become;
 * NULL: user and groups stay as they are. */
static const char *steps_take(const struct passwd *pw, bool stays_root, enum privilege_keep keep)
{
	const char *step = stays_root ? NULL : bounding_drop();
	if (!step && pw)
		step = user_change(pw, keep);
	if (!step && !stays_root)
		step = capabilities_drop(keep);
	return step ? step : new_privileges_refuse();
}

bool privilege_drop(const char *user, enum privilege_keep keep, struct error *why)
{
	bool root = geteuid() == 0, leave = privilege_drop_due(user);
	const struct passwd *pw = leave ? privilege_user(user) : NULL;
	const char *name = pw ? pw->pw_name : "an ordinary process";
	if (leave && !pw)
		return error_set(why, "there is no user \"%.99s\" to become",
				 user ? user : "nobody");
	errno = 0;
	bool stays_root = root && !leave;
	const char *step = steps_take(pw, stays_root, keep);
	if (step)
		return error_set(why, "cannot become %.99s: %s: %s; --user root stays root", name,
				 step, strerror(errno));
	if (stays_root ||
	    (!(leave && !user_gone(pw)) && capabilities_gone(keep) && !root_regained()))
		return true;
	return error_set(why, "became %.99s, but could become root again", name);
}
