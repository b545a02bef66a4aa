// SPDX-License-Identifier: Apache-2.0
/*
 * ops.c - guest instructions per operation: under `-icount shift=0` one nanosecond of the guest's clock is one instruction
 *
 * Prints one line per operation: name and the median over ROUNDS batches, loop and clock subtracted. Callers:
 * tests/bench/inside.sh, once per configuration in one boot.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 21
#define DIR "/home/dev/work/bench"
#define DEEP DIR "/a/b/c/d/e/f/g/h"

static int listener;
static struct sockaddr_in here;

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void op_null(void)
{
	syscall(SYS_getppid);
}

static void open_close(const char *path)
{
	int fd = open(path, O_RDONLY);

	must(fd >= 0, path);
	close(fd);
}

static void op_open(void)
{
	open_close(DIR "/file");
}

static void op_open_deep(void)
{
	open_close(DEEP "/file");
}

static void create_unlink(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	must(fd >= 0, "create");
	close(fd);
	must(!unlink(path), "unlink");
}

/* Temporary files are not kept first. */
static void op_create_unlink(void)
{
	create_unlink("/tmp/bench-new");
}

static void op_create_unlink_kept(void)
{
	create_unlink(DIR "/new");
}

static void op_rename(void)
{
	must(!rename(DIR "/file", DIR "/moved") && !rename(DIR "/moved", DIR "/file"), "rename");
}

static void op_exec(void)
{
	char *const args[] = { "true", NULL };
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv("/home/dev/work/bench/true", args);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid && !status, "exec");
}

static void op_connect(void)
{
	int a = socket(AF_INET, SOCK_STREAM, 0), b;

	must(!connect(a, (struct sockaddr *)&here, sizeof(here)), "connect");
	b = accept(listener, NULL, NULL);
	close(a);
	close(b);
}

static void op_stat(void)
{
	struct stat st;

	must(!stat(DIR "/file", &st), "stat");
}

static void op_read_4k(void)
{
	static int fd = -1;
	char buffer[4096];

	if (fd < 0)
		fd = open("/dev/zero", O_RDONLY);
	must(pread(fd, buffer, sizeof(buffer), 0) == sizeof(buffer), "read");
}

static const struct {
	const char *name;
	void (*run)(void);
	int batch;
} ops[] = {
	{ "null_call", op_null, 200 }, { "open_close", op_open, 100 }, { "open_close_deep8", op_open_deep, 100 },
	{ "create_unlink", op_create_unlink, 50 }, { "rename_twice", op_rename, 50 }, { "stat", op_stat, 100 },
	{ "read_4k", op_read_4k, 100 }, { "fork_exec_wait", op_exec, 4 }, { "tcp_connect", op_connect, 20 },
	{ "create_unlink_kept", op_create_unlink_kept, 4 },
};

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static long long median_of(void (*run)(void), int batch)
{
	long long v[ROUNDS];

	for (int i = 0; i < 3; i++)
		run();
	for (int r = 0; r < ROUNDS; r++) {
		long long start = now();

		for (int i = 0; i < batch; i++)
			run();
		v[r] = (now() - start) / batch;
	}
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

/* With an argument: without the last one, which waits for the daemons. */
int main(int argc, char **argv)
{
	size_t count = sizeof(ops) / sizeof(*ops) - (argc > 1);
	socklen_t size = sizeof(here);

	(void)argv;
	here.sin_family = AF_INET;
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	must(!bind(listener, (struct sockaddr *)&here, sizeof(here)) && !listen(listener, 64) &&
	     !getsockname(listener, (struct sockaddr *)&here, &size), "listen");
	for (size_t i = 0; i < count; i++)
		printf("%s %lld\n", ops[i].name, median_of(ops[i].run, ops[i].batch));
	return 0;
}
