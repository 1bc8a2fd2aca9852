/* test_foreign.c - what others have made: maps and tables of proc(5), ELF files, outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/output.h"
#include "keys/proc.h"
#include "keys/symbols.h"

/* A file in memory, at its beginning. */
static int file_of(const void *text, size_t n)
{
	int fd = memfd_create("foreign", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void maps(void **state)
{
	static const char text[] =
		"55d0c0000000-55d0c0001000 r-xp 00001000 fe:00 11   /usr/sbin/libcrypto-not\n"
		"7f0000000000-7f0000001000 r--p 00000000 fe:00 22   /usr/lib/libcrypto.so.3\n"
		"7f0000001000-7f0000002000 r-xp 00001000 fe:00 22   /usr/lib/libcrypto.so.3\n"
		"7f0000003000-7f0000004000 r-xp 00001000 fe:00 22   /usr/lib/libcrypto.so.3\n"
		"7f0000005000-7f0000006000 r-xp 00001000 fe:01 22   /c/\033[2Jlibcrypto.so.3\n"
		"7f0000005000-7f0000006000 r-xp 00001000 fe:01 22   /c\033[2J/libcrypto.so.3\n"
		"7f0000007000-7f0000008000 r-xp 00001000 00:2a 33   /x/libgnutls.so.30 (deleted)\n"
		"7f0000009000-7f000000a000 r-xp 00001000 00:2a 34   /x/libcrypto.so.1.1\n"
		"7f000000b000-7f000000c000 r-xp 00000000 00:00 0    [vdso]\n"
		"nonsense\n7f00-";
	struct proc_map m[3];
	int fd = file_of(text, sizeof text - 1);
	(void)state;
	assert_int_equal(proc_maps(fd, m, 3), 4);
	close(fd);
	assert_int_equal(m[0].start, 0x7f0000001000);
	assert_int_equal(m[0].end, 0x7f0000002000);
	assert_int_equal(m[0].inode, 22);
	assert_int_equal(m[0].kind, PROC_OPENSSL);
	assert_string_equal(m[1].path, "/c?[2J/libcrypto.so.3");
	assert_int_equal(m[2].kind, PROC_GNUTLS);
}

/* A path of any length is shown by its end. */
static void a_long_path(void **state)
{
	static char text[64 << 10];
	struct proc_map m;
	int n = snprintf(text, sizeof text, "1000-2000 r-xp 00000000 fe:00 22 /");
	(void)state;
	memset(text + n, 'x', 12000);
	snprintf(text + n + 12000, 100, "/libcrypto.so.3\n");
	int fd = file_of(text, strlen(text));
	assert_int_equal(proc_maps(fd, &m, 1), 1);
	close(fd);
	assert_int_equal(strlen(m.path), PROC_PATH - 1);
	assert_string_equal(m.path + PROC_PATH - 1 - strlen("/libcrypto.so.3"), "/libcrypto.so.3");
}

static void tables_of_sockets(void **state)
{
	static const char text[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		"uid\n"
		"   0: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 "
		"       0 101 1 0000000000000000 100 0 0 10 0\n"
		"   1: 0100007F:9C40 0100007F:024B 01 00000000:00000000 00:00000000 00000000  1000 "
		"       0 102 1 0000000000000000 100 0 0 10 0\n"
		"   2: 0100007F:9C40 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000 "
		"       0 103 1 0000000000000000 100 0 0 10 0\n"
		"   3: 0100007F:0019 0100007F:9C41 06 00000000:00000000 00:00000000 00000000     0 "
		"       0 0 1\n   4: nonsense\n";
	struct proc_ports ports = {0};
	struct proc_sockets s = {0};
	(void)state;
	proc_port_add(&ports, 25);
	proc_port_add(&ports, 587);
	int fd = file_of(text, sizeof text - 1);
	proc_sockets_add(&s, fd, &ports);
	close(fd);
	proc_sockets_sort(&s);
	assert_int_equal(s.n, 2);
	assert_true(proc_sockets_has(&s, 101));
	assert_true(proc_sockets_has(&s, 102));
	assert_false(proc_sockets_has(&s, 103));
	proc_sockets_free(&s);
}

/* The C library is an ELF file that is always there; damaged at any place it is read to no harm. */
static void elf_files(void **state)
{
	static const char *const names[] = {"malloc", "no_such_function"};
	static uint8_t text[4 << 20];
	uint64_t offset[2];
	FILE *maps_file = fopen("/proc/self/maps", "r");
	char line[4096], path[4096] = "";
	(void)state;
	while (fgets(line, sizeof line, maps_file))
		if (strstr(line, "/libc.so.6"))
			sscanf(strchr(line, '/'), "%4095s", path);
	fclose(maps_file);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_true(symbols_find(fd, names, 2, offset));
	assert_int_not_equal(offset[0], 0);
	assert_int_equal(offset[1], 0);
	ssize_t n = pread(fd, text, sizeof text, 0);
	close(fd);
	assert_true(n > 100000);
	for (unsigned i = 0; i < 60; i++) {
		size_t at = i * 37 % 64, cut = i % 3 ? (size_t)n : (size_t)n * i / 60;
		uint8_t before = text[at];
		text[at] ^= (uint8_t)(1u << i % 8);
		fd = file_of(text, cut);
		symbols_find(fd, names, 2, offset);
		assert_int_equal(offset[1], 0);
		close(fd);
		text[at] = before;
	}
	fd = file_of("#!/bin/sh\n", 10);
	assert_false(symbols_find(fd, names, 2, offset));
	close(fd);
}

/* Whole lines, the newest ones, and a count of the others. */
static void an_output_that_nobody_reads(void **state)
{
	char folder[] = "/tmp/smtpwatch-keys-XXXXXX", path[64], line[200], got[200];
	struct output o = {0};
	struct error why;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/keys.fifo", folder);
	assert_true(output_open(&o, path, true, 0, &why));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
	unsigned all = 80000;
	for (unsigned i = 0; i < all; i++) {
		snprintf(line, sizeof line, "%098u\n", i);
		output_line(&o, line, 99);
		if (i % 100 == 0)
			assert_true(output_flush(&o, &why));
	}
	uint64_t lost = o.lost;
	assert_true(lost > 10000 && lost < 40000);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	unsigned read_lines = 0, last = 0;
	for (ssize_t n; (n = read(fd, got, 99)) > 0 || o.n > 0; assert_true(output_flush(&o, &why)))
		if (n > 0) {
			assert_int_equal(n, 99);
			unsigned number = (unsigned)strtoul(got, NULL, 10);
			assert_true(read_lines == 0 || number > last);
			last = number;
			read_lines++;
		}
	assert_int_equal(last, all - 1);
	assert_int_equal(read_lines + lost, all);
	output_close(&o);
	assert_int_equal(o.lost, lost);
	close(fd);
	/* Open to all users: refused. */
	chmod(path, 0666);
	assert_false(output_open(&o, path, true, 0, &why));
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(maps),
		cmocka_unit_test(a_long_path),
		cmocka_unit_test(tables_of_sockets),
		cmocka_unit_test(elf_files),
		cmocka_unit_test(an_output_that_nobody_reads),
	};
	return cmocka_run_group_tests(all, NULL, NULL);
}
