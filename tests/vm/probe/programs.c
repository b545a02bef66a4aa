// SPDX-License-Identifier: Apache-2.0
/* programs.c - programs */
#include "probe.h"

#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
static int v_exec(int argc, char **argv)
{
	(void)argc;
	return result(execv(argv[1], argv + 1));
}

static int v_execveat(int argc, char **argv)
{
	int fd = open(argv[1], O_PATH | O_CLOEXEC);

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	return result(syscall(SYS_execveat, fd, "", argv + 1, environ, AT_EMPTY_PATH));
}

int wait_child(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return broken("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int v_spawn(int argc, char **argv)
{
	pid_t child;
	int r = posix_spawn(&child, argv[1], NULL, NULL, argv + 1, environ);

	(void)argc;
	return r ? r : wait_child(child);
}

static int v_vfork(int argc, char **argv)
{
	volatile int r = 0;
	pid_t child = vfork();

	(void)argc;
	if (child < 0)
		return broken("vfork");
	if (child == 0) {
		execv(argv[1], argv + 1);
		r = errno;
		_exit(127);
	}
	return r ? (wait_child(child), r) : wait_child(child);
}

/* memfd-exec PROGRAM ARGUMENT...: from a copy in memory */
static int v_memfd_exec(int argc, char **argv)
{
	int from = open(argv[1], O_RDONLY | O_CLOEXEC), to = memfd_create("probe", MFD_CLOEXEC);
	char text[65536];
	ssize_t n;

	(void)argc;
	if (from < 0 || to < 0)
		return broken(argv[1]);
	while ((n = read(from, text, sizeof(text))) > 0)
		if (write(to, text, (size_t)n) != n)
			return broken("write");
	return result(syscall(SYS_execveat, to, "", argv + 1, environ, AT_EMPTY_PATH));
}

/*
 * exec-long PROGRAM BYTES ARGUMENT... LAST: arguments of that many bytes in all come before LAST
 * exec-count PROGRAM N ARGUMENT... LAST: N arguments of one letter do
 */
static int v_exec_many(int argc, char **argv)
{
	enum { EACH = 1000 };
	bool is_long = strcmp(argv[0], "exec-long") == 0;
	int fill = is_long ? atoi(argv[2]) / EACH : atoi(argv[2]), n = 0;
	char **args = calloc((size_t)(fill + argc), sizeof(*args));
	char *one = malloc(EACH);

	if (!args || !one)
		return broken("malloc");
	memset(one, 'a', EACH - 1);
	one[is_long ? EACH - 1 : 1] = 0;
	args[n++] = argv[1];
	for (int i = 3; i < argc - 1; i++)
		args[n++] = argv[i];
	for (int i = 0; i < fill; i++)
		args[n++] = one;
	args[n++] = argv[argc - 1];
	return result(execv(argv[1], args));
}

/* say FILE TEXT...: appends the last argument as a line; what tests execute to see that, and with what, it ran */
static int v_say(int argc, char **argv)
{
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		return errno;
	dprintf(fd, "%s\n", argv[argc - 1]);
	close(fd);
	return 0;
}

static char flip_text[8] = "good";

static void *flip(void *arg)
{
	(void)arg;
	for (;;)
		((volatile char *)flip_text)[0] ^= 'g' ^ 'f';
	return NULL;
}

/* flip N PROGRAM FILE: executes PROGRAM say FILE TEXT while a thread turns TEXT from good to food and back; prints a summary */
static int v_flip(int argc, char **argv)
{
	char *args[] = { argv[2], "say", argv[3], flip_text, NULL };
	volatile int ran = 0, refused = 0, killed = 0, other = 0;
	pthread_t thread;

	(void)argc;
	if (pthread_create(&thread, NULL, flip, NULL))
		return broken("pthread_create");
	for (int i = 0; i < atoi(argv[1]); i++) {
		volatile int error = 0;
		pid_t child = vfork();
		int status;

		if (child == 0) {
			execv(argv[2], args);
			error = errno;
			_exit(127);
		}
		status = child < 0 ? BROKEN : wait_child(child);
		if (status == 0)
			ran++;
		else if (error == EPERM)
			refused++;
		else if (status == 128 + SIGKILL)
			killed++;
		else
			other++;
	}
	printf("ran %d refused %d killed %d other %d\n", ran, refused, killed, other);
	return 0;
}

const struct verb programs_verbs[] = {
	{ "exec", 1, v_exec },
	{ "execveat", 1, v_execveat },
	{ "spawn", 1, v_spawn },
	{ "vfork", 1, v_vfork },
	{ "memfd-exec", 1, v_memfd_exec },
	{ "exec-long", 3, v_exec_many },
	{ "exec-count", 3, v_exec_many },
	{ "say", 1, v_say },
	{ "flip", 3, v_flip },
	{ 0 },
};
