// SPDX-License-Identifier: Apache-2.0
/*
 * ops.c - guest instructions per operation: under `-icount shift=0` one nanosecond of the guest's clock is one instruction
 *
 * Usage: ops [-d | -1] FOLDER ADDRESS [OPERATION]...   (-d: each must be refused, and that is what is measured; -1: one at a
 * time, for what is dear or rare)
 * Before each operation it prints "ready NAME" and waits for a line, so that the caller can stop the daemons; then it prints
 * "is NAME MEDIAN MEAN" of the batches, the loop included (2 instructions). Callers: columns.sh, in the machine.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 15

extern char **environ;
static int listener, receiver, sender, kept_open;
static struct sockaddr_in tcp_at, udp_at;
static char page[4096];
static bool refused, single;

/* Below the folder; whole paths, since the way down is a part of what is measured. */
enum { FILE_HERE, FILE_DEEP, OUT, NEW, MOVED, TRUE, PAGE, SESSION, PLACES };
static const char *const names[PLACES] = { "file", "a/b/c/d/e/f/g/h/file", "out", "new", "moved", "true", "page", "session" };
static char at[PLACES][256];

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

/* What cvfd judges: it went well, or with -d it was refused. */
static bool judged(bool ok, const char *what)
{
	if (!refused)
		must(ok, what);
	else if (ok || (errno != EPERM && errno != EACCES))
		must(false, ok ? "it was not refused" : what);
	return ok;
}

static void op_null(void)
{
	syscall(SYS_getppid);
}

static void open_close(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (judged(fd >= 0, path))
		close(fd);
}

static void op_open(void)
{
	open_close(at[FILE_HERE], O_RDONLY);
}

static void op_open_deep(void)
{
	open_close(at[FILE_DEEP], O_RDONLY);
}

static void op_stat(void)
{
	struct stat st;

	must(!stat(at[FILE_HERE], &st), "stat");
}

static void op_read(void)
{
	must(pread(kept_open, page, sizeof(page), 0) == sizeof(page), "read");
}

static void op_write(void)
{
	must(pwrite(kept_open, page, sizeof(page), 0) == sizeof(page), "write");
}

static void op_truncate(void)
{
	int fd = open(at[OUT], O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (judged(fd >= 0, "truncate")) {
		must(write(fd, page, sizeof(page)) == sizeof(page), "write");
		close(fd);
	}
}

static void op_create_unlink(void)
{
	int fd = open(at[NEW], O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (judged(fd >= 0, "create")) {
		close(fd);
		must(!unlink(at[NEW]), "unlink");
	}
}

static void op_rename(void)
{
	judged(!rename(at[FILE_HERE], at[MOVED]), "rename");
	if (refused)
		judged(!rename(at[FILE_HERE], at[MOVED]), "rename");
	else
		must(!rename(at[MOVED], at[FILE_HERE]), "rename back");
}

static void wait_for(pid_t pid, int status_wanted, const char *what)
{
	int status;

	must(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == status_wanted, what);
}

static void op_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	wait_for(pid, 0, "fork");
}

static char *const true_args[] = { "true", NULL };

static void op_exec(void)
{
	pid_t pid = fork();

	if (!pid) {
		execv(at[TRUE], true_args);
		_exit(126);
	}
	wait_for(pid, refused ? 126 : 0, "exec");
}

static void op_spawn(void)
{
	pid_t pid;

	if (judged(!(errno = posix_spawn(&pid, at[TRUE], NULL, NULL, true_args, environ)), "posix_spawn"))
		wait_for(pid, 0, "posix_spawn");
}

static void op_connect(void)
{
	int a = socket(AF_INET, SOCK_STREAM, 0);

	if (judged(!connect(a, (struct sockaddr *)&tcp_at, sizeof(tcp_at)), "connect"))
		close(accept(listener, NULL, NULL));
	close(a);
}

static void op_udp(void)
{
	if (judged(sendto(sender, page, 64, 0, (struct sockaddr *)&udp_at, sizeof(udp_at)) == 64, "send"))
		must(recv(receiver, page, sizeof(page), 0) == 64, "receive");
}

static void op_mmap(void)
{
	static int fd = -1;
	void *where;

	if (fd < 0)
		fd = open(at[TRUE], O_RDONLY);
	where = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	must(where != MAP_FAILED && !munmap(where, 4096), "mmap");
}

/* A script of the folder, e.g. the shell session. */
static void op_session(void)
{
	char *const args[] = { "sh", at[SESSION], NULL };
	pid_t pid;

	must(!posix_spawn(&pid, "/bin/sh", NULL, NULL, args, environ), "sh");
	wait_for(pid, 0, "session");
}

/* per: operations in one call; refusable: -d has it */
static const struct operation {
	const char *name;
	void (*run)(void);
	int batch, per;
	bool refusable;
} operations[] = {
	{ "null_call", op_null, 200, 1, false },
	{ "stat", op_stat, 100, 1, false },
	{ "read_4k", op_read, 100, 1, false },
	{ "write_4k", op_write, 100, 1, false },
	{ "open_close", op_open, 50, 1, true },
	{ "open_close_deep8", op_open_deep, 50, 1, true },
	{ "create_trunc_write", op_truncate, 50, 1, true },
	{ "create_unlink", op_create_unlink, 50, 1, true },
	{ "rename", op_rename, 25, 2, true },
	{ "mmap_exec", op_mmap, 50, 1, false },
	{ "tcp_connect", op_connect, 20, 1, true },
	{ "udp_send", op_udp, 50, 1, true },
	{ "fork_wait", op_fork, 8, 1, false },
	{ "fork_exec_wait", op_exec, 4, 1, true },
	{ "posix_spawn", op_spawn, 4, 1, true },
	{ "shell_session", op_session, 0, 1, false },
};

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

/* A batch of 0: one call takes long, three of them are enough. */
static long long median_of(const struct operation *op, long long *ret_mean)
{
	int rounds = op->batch ? ROUNDS : 3, batch = op->batch && !single ? op->batch : 1;
	long long v[ROUNDS], sum = 0;

	for (int i = 0; i < (op->batch ? 3 : 1); i++)
		op->run();
	for (int r = 0; r < rounds; r++) {
		long long start = now();

		for (int i = 0; i < batch; i++)
			op->run();
		v[r] = (now() - start) / batch / op->per;
		sum += v[r];
	}
	*ret_mean = sum / rounds;
	qsort(v, rounds, sizeof(*v), compare);
	return v[rounds / 2];
}

static int bound(int type, const char *address, struct sockaddr_in *where)
{
	int fd = socket(AF_INET, type, 0);
	socklen_t size = sizeof(*where);

	where->sin_family = AF_INET;
	where->sin_addr.s_addr = inet_addr(address);
	must(!bind(fd, (struct sockaddr *)where, size) && !getsockname(fd, (struct sockaddr *)where, &size), "bind");
	return fd;
}

/* What is refused needs nobody who answers. */
static void prepare(const char *folder, const char *address)
{
	must(!chdir(folder), folder);
	for (int i = 0; i < PLACES; i++)
		snprintf(at[i], sizeof(at[i]), "%s/%s", folder, names[i]);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (refused) {
		tcp_at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = inet_addr(address) };
		udp_at = tcp_at;
		return;
	}
	listener = bound(SOCK_STREAM, address, &tcp_at);
	must(!listen(listener, 64), "listen");
	receiver = bound(SOCK_DGRAM, address, &udp_at);
	kept_open = open(at[PAGE], O_CREAT | O_RDWR, 0600);
	must(kept_open >= 0, "page");
	op_write();
}

static bool wanted(const struct operation *op, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], op->name))
			return true;
	return !argc && (!refused || op->refusable);
}

int main(int argc, char **argv)
{
	long long median, mean;
	char line[16];

	refused = argc > 1 && !strcmp(argv[1], "-d");
	single = argc > 1 && !strcmp(argv[1], "-1");
	argc -= refused + single + 1;
	argv += refused + single + 1;
	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare(argv[0], argv[1]);
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (!wanted(&operations[i], argc - 2, argv + 2))
			continue;
		printf("ready %s\n", operations[i].name);
		must(fgets(line, sizeof(line), stdin) != NULL, "the caller's answer");
		median = median_of(&operations[i], &mean);
		printf("is %s %lld %lld\n", operations[i].name, median, mean);
	}
	return 0;
}
