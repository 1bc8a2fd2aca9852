/* pcap_dir.c - writes packet files to a directory that was opened before root was given up. */
#include "replay/pcap_dir.h"

#include "base/log.h"
#include "capture/dump.h"
#include "core/frame_store.h"
#include "format/session_id.h"
#include "os/privilege.h"
#include "policy/alert_kind.h"
#include "text/clock.h"
#include "transport/safe_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TRIES = 16,
	ENDPOINT = IP_ADDR_TEXT + 8,
	STAMP = 24,
	LOOK_AGAIN_MS = 60000 /* until a full directory is counted again */
};

struct export
{
	const char *path;
	int dir;
	uint64_t files;  /* entries of the directory, as far as known */
	int64_t looked;  /* monotonic milliseconds of the latest count */
	uint64_t serial; /* of the latest temporary name */
	uint64_t written, lost;
	struct digest *digest;
	bool full, failing; /* already reported */
};

static void files_count(struct export *e)
{
	int fd = openat(e->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
	e->looked = clock_ms();
	if (!all && fd >= 0)
		close(fd);
	if (!all)
		return;
	e->files = 0;
	while (readdir(all))
		e->files++;
	/* "." and ".." do not count. */
	e->files -= e->files < 2 ? e->files : 2;
	closedir(all);
}

/* A directory that this function makes cannot be another user's link. */
static bool dir_open(struct export *e, const char *user, struct error *why)
{
	char name[OUTPATH_NAME];
	int above = outpath_folder(e->path, name, false);
	bool made = above >= 0 && mkdirat(above, name, 0700) == 0;
	uid_t uid;
	gid_t gid;
	if (!made && (above < 0 || errno != EEXIST)) {
		error_set(why, "cannot make the directory %.200s: %s", e->path,
			  outpath_error(errno));
		if (above >= 0)
			close(above);
		return false;
	}
	e->dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	close(above);
	if (e->dir < 0 ||
	    (made && privilege_target(user, &uid, &gid) && fchown(e->dir, uid, gid) != 0))
		return error_set(why, "cannot write packets to %.200s: %s", e->path,
				 strerror(errno));
	return true;
}

struct export *export_open(const char *path, const char *user, struct error *why)
{
	struct export *e = calloc(1, sizeof *e);
	error_set(why, "no memory for --write-pcap");
	if (!e)
		return NULL;
	e->path = path;
	e->dir = -1;
	e->digest = digest_new();
	if (!e->digest || !dir_open(e, user, why)) {
		export_close(e);
		return NULL;
	}
	files_count(e);
	return e;
}

void export_close(struct export *e)
{
	if (!e)
		return;
	if (e->dir >= 0)
		close(e->dir);
	digest_free(e->digest);
	free(e);
}

/* Makes a file to find out: permissions depend on more than a mode. */
bool export_check(const struct export *e, struct error *why)
{
	char name[EXPORT_TEMP];
	int fd;
	snprintf(name, sizeof name, ".%ld-check.part", (long)getpid());
	unlinkat(e->dir, name, 0);
	fd = openat(e->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(why,
				 "cannot write packets to %.200s: %s; it has to belong to the user "
				 "that the program runs as",
				 e->path, strerror(errno));
	close(fd);
	unlinkat(e->dir, name, 0);
	return true;
}

/* Returns true if there is room. The operator may have removed files since the last count. */
static bool has_capacity(struct export *e)
{
	if (e->files >= EXPORT_FILES && (!e->full || clock_ms() - e->looked >= LOOK_AGAIN_MS))
		files_count(e);
	if (e->files < EXPORT_FILES) {
		e->full = false;
		return true;
	}
	if (!e->full)
		log_line("there are %d files in %s: no packets are written until some are taken "
			 "away",
			 EXPORT_FILES, e->path);
	e->full = true;
	e->lost++;
	return false;
}

/* Writes "2001_db8__1.25". */
static char *endpoint_text(const struct conn *conn, enum side side, char out[ENDPOINT])
{
	char addr[IP_ADDR_TEXT];
	snprintf(out, ENDPOINT, "%s.%u", ip_addr_text(&conn->addr[side], addr),
		 (unsigned)conn->port[side]);
	for (char *p = out; (p = strchr(p, ':'));)
		*p = '_';
	return out;
}

static char *stamp_text(int64_t ns, char out[STAMP])
{
	time_t seconds = (time_t)(ns / FRAME_SECOND - (ns % FRAME_SECOND < 0));
	struct tm tm;
	if (!gmtime_r(&seconds, &tm) || strftime(out, STAMP, "%Y%m%dT%H%M%SZ", &tm) == 0)
		snprintf(out, STAMP, "%lld", (long long)seconds);
	return out;
}

bool export_name(struct export *e, const struct report *r, char name[EXPORT_NAME])
{
	const struct conn *conn = r->record.conn;
	char id[IDENTITY_SESSION], stamp[STAMP], client[ENDPOINT], server[ENDPOINT];
	if (!has_capacity(e))
		return false;
	e->files++;
	identity_session(e->digest, conn, id);
	snprintf(name, EXPORT_NAME, "%s-%.40s-%s-%s-%s.pcap", stamp_text(conn->start, stamp),
		 alert_kind_row(report_worst(r))->id, endpoint_text(conn, CLIENT, client),
		 endpoint_text(conn, SERVER, server), id);
	return true;
}

void export_fail(struct export *e, const char *temp)
{
	int saved = errno;
	e->lost++;
	if (temp)
		unlinkat(e->dir, temp, 0);
	if (!e->failing)
		log_line("cannot write packets to %s: %s", e->path, strerror(saved));
	e->failing = true;
}

/* Another process may write to the same directory, and files of a dead process with the same number
 * may remain. */
int export_begin(struct export *e, char temp[EXPORT_TEMP])
{
	int fd = -1;
	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		snprintf(temp, EXPORT_TEMP, ".%ld-%llu.part", (long)getpid(),
			 (unsigned long long)++e->serial);
		fd = openat(e->dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0)
		export_fail(e, NULL);
	return fd;
}

int export_again(struct export *e, const char *temp)
{
	int fd = openat(e->dir, temp, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		export_fail(e, temp);
	return fd;
}

bool export_end(struct export *e, const char *temp, const char *name)
{
	if (renameat(e->dir, temp, e->dir, name) != 0) {
		export_fail(e, temp);
		return false;
	}
	e->written++;
	e->failing = false;
	return true;
}

bool export_save(struct export *e, const char *name, struct bytes frames, uint32_t *omitted)
{
	char temp[EXPORT_TEMP];
	struct frame frame;
	struct dump *dump = NULL;
	int fd = frame_store_next(&frames, &frame) ? export_begin(e, temp) : -1;
	if (fd < 0)
		return false;
	dump = dump_open(fd, frame.link);
	if (dump)
		do
			*omitted += !dump_frame(dump, &frame);
		while (frame_store_next(&frames, &frame));
	if (dump && dump_close(dump))
		return export_end(e, temp, name);
	export_fail(e, temp);
	return false;
}

uint64_t export_written(const struct export *e)
{
	return e->written;
}

uint64_t export_lost(const struct export *e)
{
	return e->lost;
}
