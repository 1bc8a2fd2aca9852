/*
 * tls-keylog.c - has a program with OpenSSL (1.1.1 or later) append the secrets of its TLS sessions
 * to $SSLKEYLOGFILE. Whoever can read that file can read those sessions.
 *
 *	cc -shared -fPIC -O2 -o tls-keylog.so contrib/tls-keylog.c
 *	SSLKEYLOGFILE=/run/keys.log LD_PRELOAD=/usr/local/lib/tls-keylog.so PROGRAM
 *
 * The file is opened when the program starts, so that one that gives up root afterwards can still
 * write to it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef void keylog_callback(const SSL *ssl, const char *line);

static int file = -1;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("SSLKEYLOGFILE");
	if (path)
		file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/*
 * One call a line: several processes append to the file. A line that is lost costs a session's
 * decryption, and nobody is to be told.
 */
static void line_write(const SSL *ssl, const char *line)
{
	char end[] = "\n";
	char *text = strdup(line);
	(void)ssl;
	if (text && writev(file, (struct iovec[]){{text, strlen(text)}, {end, 1}}, 2) < 0)
		file = -1;
	free(text);
}

SSL *SSL_new(SSL_CTX *ctx)
{
	SSL *(*original)(SSL_CTX *);
	void (*set)(SSL_CTX *, keylog_callback *);
	*(void **)&original = dlsym(RTLD_NEXT, "SSL_new");
	*(void **)&set = dlsym(RTLD_NEXT, "SSL_CTX_set_keylog_callback");
	if (set && file >= 0)
		set(ctx, line_write);
	return original(ctx);
}
