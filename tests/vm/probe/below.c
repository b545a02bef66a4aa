// SPDX-License-Identifier: Apache-2.0
/* below.c - files and devices by other ways than their names: handles, ioctls, terminals, the clock */
#include "probe.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/timex.h>

/* handle-open FILE FOLDER: for writing, by the number that the file system gives it */
static int v_handle_open(int argc, char **argv)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	int mount_id, at;

	(void)argc;
	if (name_to_handle_at(AT_FDCWD, argv[1], &h.head, &mount_id, 0) < 0)
		return broken("name_to_handle_at");
	at = open(argv[2], O_RDONLY | O_DIRECTORY);
	return at < 0 ? broken(argv[2]) : result_fd(open_by_handle_at(at, &h.head, O_WRONLY));
}

/* handle-keep FILE OUT, handle-use OUT FOLDER: the number is taken by the one and opened by the other */
static int v_handle_keep(int argc, char **argv)
{
	struct {
		struct file_handle head;
		unsigned char room[MAX_HANDLE_SZ];
	} h = { .head = { .handle_bytes = MAX_HANDLE_SZ } };
	bool keeps = strcmp(argv[0], "handle-keep") == 0;
	int fd = open(argv[keeps ? 2 : 1], keeps ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0644), mount_id, at;

	(void)argc;
	if (fd < 0)
		return broken(argv[keeps ? 2 : 1]);
	if (keeps) {
		if (name_to_handle_at(AT_FDCWD, argv[1], &h.head, &mount_id, 0) < 0)
			return broken("name_to_handle_at");
		return write(fd, &h, sizeof(h)) == sizeof(h) ? 0 : broken(argv[2]);
	}
	at = open(argv[2], O_RDONLY | O_DIRECTORY);
	if (at < 0 || read(fd, &h, sizeof(h)) != sizeof(h))
		return broken(argv[2]);
	return result_fd(open_by_handle_at(at, &h.head, O_WRONLY));
}

/* set-flags FILE NUMBER: what chattr does; a descriptor for reading is enough for it */
static int v_set_flags(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY), flags = (int)strtol(argv[2], NULL, 0);

	(void)argc;
	return fd < 0 ? broken(argv[1]) : result(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static int v_freeze(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	return fd < 0 ? broken(argv[1]) : result(ioctl(fd, argv[0][0] == 'f' ? FIFREEZE : FITHAW, 0));
}

/* type-into TERMINAL TEXT: as if somebody had typed it there */
static int v_type_into(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR | O_NOCTTY);

	(void)argc;
	if (fd < 0)
		return errno;
	for (char *p = argv[2]; *p; p++)
		if (ioctl(fd, TIOCSTI, p) < 0)
			return errno;
	return 0;
}

/* terminal NAME-FILE OUT: a new terminal with a session at it, whose name goes to NAME-FILE; what is typed there, and what it shows, goes to OUT */
static int v_terminal(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, out;
	char text[512];
	ssize_t n;

	(void)argc;
	if (master < 0 || grantpt(master) || unlockpt(master))
		return broken("posix_openpt");
	slave = setsid() < 0 ? -1 : open(ptsname(master), O_RDWR);
	if (slave < 0)
		return broken("a terminal of its own");
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	write_text(argv[1], ptsname(master));
	alarm(300);
	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	for (;;) {
		n = read(master, text, sizeof(text));
		if (n > 0)
			dprintf(out, "shown %.*s\n", (int)n, text);
		n = read(slave, text, sizeof(text));
		if (n > 0)
			dprintf(out, "typed %.*s\n", (int)n, text);
		nap();
	}
}

static int v_own_terminal(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	(void)argc, (void)argv;
	if (master < 0 || grantpt(master) || unlockpt(master))
		return broken("posix_openpt");
	return result_fd(open(ptsname(master), O_RDWR | O_NOCTTY));
}

/* Moves the clock by nothing. */
static int v_adjtime(int argc, char **argv)
{
	struct timex t = { .modes = ADJ_SETOFFSET };
	int r;

	(void)argc, (void)argv;
	r = adjtimex(&t);
	return r < 0 ? errno : 0;
}

/* join FILE: the namespace that FILE is */
static int v_join(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	return fd < 0 ? errno : result(setns(fd, 0));
}

/* shm-put KEY TEXT, shm-take KEY: System V shared memory; take prints what is there */
static int v_shm(int argc, char **argv)
{
	bool puts_it = argc > 2;
	int id = shmget((key_t)atoi(argv[1]), 4096, (puts_it ? IPC_CREAT : 0) | 0600);
	char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);

	if (p == (char *)-1)
		return errno;
	if (puts_it)
		strcpy(p, argv[2]);
	else
		printf("%s\n", p);
	return 0;
}

const struct verb below_verbs[] = {
	{ "handle-open", 2, v_handle_open },
	{ "handle-keep", 2, v_handle_keep },
	{ "handle-use", 2, v_handle_keep },
	{ "set-flags", 2, v_set_flags },
	{ "freeze", 1, v_freeze },
	{ "thaw", 1, v_freeze },
	{ "type-into", 2, v_type_into },
	{ "terminal", 2, v_terminal },
	{ "own-terminal", 0, v_own_terminal },
	{ "adjtime", 0, v_adjtime },
	{ "join", 1, v_join },
	{ "shm-put", 2, v_shm },
	{ "shm-take", 1, v_shm },
	{ 0 },
};
