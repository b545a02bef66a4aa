// SPDX-License-Identifier: Apache-2.0
/* root.c - calls that only root can do and that have no hook of their own, ioctls, and what the kernel keeps for several processes */
#include "probe.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fanotify.h>
#include <linux/fs.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ioctl FILE NUMBER: with room for whatever it wants */
static int v_ioctl(int argc, char **argv)
{
	static char room[8192];
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	return fd < 0 ? broken(argv[1]) : result(ioctl(fd, strtoul(argv[2], NULL, 0), room));
}

/* set-flags-32 FILE NUMBER: as a program of 32 bits does it */
static int v_set_flags_32(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
#ifdef __x86_64__
	int *flags = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long r = 54; /* ioctl */

	if (flags == MAP_FAILED)
		return broken("mmap");
	*flags = (int)strtol(argv[2], NULL, 0);
	__asm__ volatile("int $0x80" : "+a"(r) : "b"(fd), "c"(FS_IOC32_SETFLAGS), "d"(flags) : "memory");
	return r < 0 ? (int)-r : 0;
#else
	return BROKEN;
#endif
}

/* type-own: as if somebody had typed on the terminal that this process leads */
static int v_type_own(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	pid_t child;

	(void)argc, (void)argv;
	if (master < 0 || grantpt(master) || unlockpt(master))
		return broken("posix_openpt");
	child = fork();
	if (child)
		return wait_child(child);
	setsid();
	slave = open(ptsname(master), O_RDWR);
	_exit(slave < 0 ? BROKEN : result(ioctl(slave, TIOCSTI, "x")));
}

/* child-terminal: opened by its name, while a child of this process is at it in a session of its own */
static int v_child_terminal(int argc, char **argv)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), p[2], r;
	char ready;
	pid_t child;

	(void)argc, (void)argv;
	if (master < 0 || grantpt(master) || unlockpt(master) || pipe(p) < 0)
		return broken("posix_openpt");
	child = fork();
	if (child == 0) {
		setsid();
		ready = open(ptsname(master), O_RDWR) >= 0;
		write(p[1], &ready, 1);
		pause();
		_exit(0);
	}
	if (read(p[0], &ready, 1) != 1 || !ready)
		return broken("a terminal of a child");
	r = result_fd(open(ptsname(master), O_RDWR | O_NOCTTY));
	kill(child, SIGKILL);
	wait_child(child);
	return r;
}

static int v_swapon(int argc, char **argv) { (void)argc; return result(swapon(argv[1], 0)); }

/* kernel-log NUMBER: as syslog(2) counts them */
static int v_kernel_log(int argc, char **argv)
{
	static char text[4096];
	int type = atoi(argv[1]);

	(void)argc;
	return result(klogctl(type, text, type == 8 ? 7 : (int)sizeof(text)));
}

/* watch-all FOLDER: whoever opens something on that mount waits for who watches, which this does not for long */
static int v_watch_all(int argc, char **argv)
{
	int fd = (int)syscall(SYS_fanotify_init, FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);

	(void)argc;
	if (fd < 0)
		return broken("fanotify_init");
	return result(syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_MOUNT, (uint64_t)FAN_OPEN_PERM, AT_FDCWD, argv[1]));
}

static int v_watch(int argc, char **argv)
{
	(void)argc;
	return result(inotify_add_watch(inotify_init1(IN_CLOEXEC), argv[1], IN_CREATE | IN_MODIFY));
}

/* sem-take KEY, queue-take KEY: of another; sem-put, queue-put make one */
static int v_sem(int argc, char **argv)
{
	bool puts_it = strcmp(argv[0], "sem-put") == 0;
	int id = semget((key_t)atoi(argv[1]), 1, (puts_it ? IPC_CREAT : 0) | 0600);
	struct sembuf change = { .sem_num = 0, .sem_op = 1 };

	(void)argc;
	return id < 0 ? errno : result(semop(id, &change, 1));
}

static int v_queue(int argc, char **argv)
{
	bool puts_it = strcmp(argv[0], "queue-put") == 0;
	int id = msgget((key_t)atoi(argv[1]), (puts_it ? IPC_CREAT : 0) | 0600);
	struct { long type; char text[8]; } message = { 1, "x" };

	(void)argc;
	return id < 0 ? errno : result(msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT));
}

/* shm-own: made, used and removed by one process and its child */
static int v_shm_own(int argc, char **argv)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), r;
	pid_t child;

	(void)argc, (void)argv;
	if (id < 0)
		return errno;
	child = fork();
	if (child == 0)
		_exit(shmat(id, NULL, 0) == (void *)-1 ? errno : 0);
	r = wait_child(child);
	return shmctl(id, IPC_RMID, NULL) < 0 ? errno : r;
}

/* shm-remove ID: by its number, which needs no right to read it */
static int v_shm_remove(int argc, char **argv) { (void)argc; return result(shmctl(atoi(argv[1]), IPC_RMID, NULL)); }

/* shm-id KEY */
static int v_shm_id(int argc, char **argv)
{
	int id = shmget((key_t)atoi(argv[1]), 0, 0);

	(void)argc;
	if (id < 0)
		return errno;
	printf("%d\n", id);
	return 0;
}

static int owned_pipe(int p[2])
{
	if (pipe(p) < 0)
		return broken("pipe");
	return fcntl(p[0], F_SETSIG, SIGKILL) < 0 || fcntl(p[0], F_SETFL, O_ASYNC) < 0 ? errno : 0;
}

/* owner-ex-kill PID: as sigio-kill, by the other call for it */
static int v_owner_ex(int argc, char **argv)
{
	struct f_owner_ex owner = { F_OWNER_PID, atoi(argv[1]) };
	int p[2], r = owned_pipe(p);

	(void)argc;
	if (r)
		return r;
	return fcntl(p[0], F_SETOWN_EX, &owner) < 0 ? errno : result(write(p[1], "x", 1));
}

/* owner-ioctl-kill PID: and by the third, on a socket */
static int v_owner_ioctl(int argc, char **argv)
{
	int s[2], pid = atoi(argv[1]);

	(void)argc;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
		return broken("socketpair");
	if (fcntl(s[0], F_SETSIG, SIGKILL) < 0 || fcntl(s[0], F_SETFL, O_ASYNC) < 0 || ioctl(s[0], FIOSETOWN, &pid) < 0)
		return errno;
	return result(write(s[1], "x", 1));
}

/* owner-child: 0 when a child of this process dies by such a signal */
static int v_owner_child(int argc, char **argv)
{
	int p[2], r = owned_pipe(p);
	pid_t child;

	(void)argc, (void)argv;
	if (r)
		return r;
	child = fork();
	if (child == 0) {
		alarm(PATIENCE_S);
		pause();
		_exit(0);
	}
	if (fcntl(p[0], F_SETOWN, child) < 0 || write(p[1], "x", 1) < 0)
		return errno;
	return wait_child(child) == 128 + SIGKILL ? 0 : BROKEN;
}

#define FORKS 100 /* more than there are tasks that end late and leave their room */

/* forks-after READY GO: says that it is ready, and makes a hundred processes when it is told to, or until it cannot */
static int v_forks_after(int argc, char **argv)
{
	int r = write_text(argv[1], "x"), made = 0;
	pid_t child[FORKS];

	(void)argc;
	if (r || wait_file(argv[2]))
		return broken(argv[1]);
	for (; made < FORKS && !r; made++) {
		child[made] = fork();
		if (child[made] == 0) {
			pause();
			_exit(0);
		}
		r = child[made] < 0 ? errno : 0;
	}
	for (int i = 0; i < made - !!r; i++) {
		kill(child[i], SIGKILL);
		wait_child(child[i]);
	}
	return r;
}

/* map-fill PIN: a table whose keys and values have eight bytes, with keys that are no addresses; map-clear PIN takes them out again */
static int v_map(int argc, char **argv)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)argv[1] };
	bool fills = strcmp(argv[0], "map-fill") == 0;
	int fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	uint64_t key, value = 0;

	(void)argc;
	if (fd < 0)
		return broken(argv[1]);
	for (key = 1; key < 1 << 20; key++) {
		attr = (union bpf_attr){ .map_fd = (uint32_t)fd, .key = (uint64_t)(uintptr_t)&key };
		if (fills)
			attr.value = (uint64_t)(uintptr_t)&value;
		if (syscall(SYS_bpf, fills ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)) < 0)
			return errno == (fills ? E2BIG : ENOENT) ? 0 : broken("the map");
	}
	return BROKEN;
}

/* swap-text IN OUT OLD NEW: a copy in which each OLD is NEW, of as many bytes */
static int v_swap_text(int argc, char **argv)
{
	int in = open(argv[1], O_RDONLY), out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t room = 64u << 20, have = 0, size = strlen(argv[3]);
	char *text = malloc(room);
	ssize_t n;

	(void)argc;
	if (in < 0 || out < 0 || !text || strlen(argv[4]) != size)
		return broken("swap-text");
	while ((n = read(in, text + have, room - have)) > 0)
		have += (size_t)n;
	for (char *p = text; (p = memmem(p, have - (size_t)(p - text), argv[3], size)); p += size)
		memcpy(p, argv[4], size);
	return n == 0 && write(out, text, have) == (ssize_t)have ? 0 : broken(argv[2]);
}

const struct verb root_verbs[] = {
	{ "ioctl", 2, v_ioctl },
	{ "set-flags-32", 2, v_set_flags_32 },
	{ "type-own", 0, v_type_own },
	{ "child-terminal", 0, v_child_terminal },
	{ "swapon", 1, v_swapon },
	{ "kernel-log", 1, v_kernel_log },
	{ "watch-all", 1, v_watch_all },
	{ "watch", 1, v_watch },
	{ "sem-put", 1, v_sem },
	{ "sem-take", 1, v_sem },
	{ "queue-put", 1, v_queue },
	{ "queue-take", 1, v_queue },
	{ "shm-own", 0, v_shm_own },
	{ "shm-id", 1, v_shm_id },
	{ "shm-remove", 1, v_shm_remove },
	{ "owner-ex-kill", 1, v_owner_ex },
	{ "owner-ioctl-kill", 1, v_owner_ioctl },
	{ "owner-child", 0, v_owner_child },
	{ "forks-after", 2, v_forks_after },
	{ "map-fill", 1, v_map },
	{ "map-clear", 1, v_map },
	{ "swap-text", 4, v_swap_text },
	{ 0 },
};
