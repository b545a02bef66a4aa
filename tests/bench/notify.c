// SPDX-License-Identifier: Apache-2.0
/*
 * notify.c - for the comparison: a supervisor that is asked by seccomp user notification, reads the path and lets it go on
 *
 * Usage: notify COMMAND...   It writes nothing down and has one rule, so it is the least that such a supervisor costs.
 * Callers: alternatives.sh, in the machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* system call, and which argument is a path; of the others 0, an address */
static const struct {
	int number, path;
} asked[] = {
	{ SYS_open, 0 }, { SYS_openat, 1 }, { SYS_openat2, 1 }, { SYS_execve, 0 }, { SYS_unlink, 0 }, { SYS_unlinkat, 1 },
	{ SYS_rename, 0 }, { SYS_renameat, 1 }, { SYS_renameat2, 1 }, { SYS_connect, 1 }, { SYS_sendto, 4 },
};
#define ASKED (sizeof(asked) / sizeof(*asked))

static int install(void)
{
	struct sock_filter code[ASKED + 3] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
	struct sock_fprog program = { ASKED + 3, code };

	for (size_t i = 0; i < ASKED; i++)
		code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, asked[i].number, ASKED - i, 0);
	code[ASKED + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[ASKED + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void read_path(const struct seccomp_notif *n, char path[256])
{
	struct iovec to = { path, 255 }, from = { NULL, 255 };
	size_t i = 0;

	while (i < ASKED && asked[i].number != n->data.nr)
		i++;
	from.iov_base = (void *)(i < ASKED ? n->data.args[asked[i].path] : 0);
	/* What reaches over the end of a page is cut there. */
	if ((size_t)from.iov_base % 4096 > 4096 - 255)
		from.iov_len = 4096 - (size_t)from.iov_base % 4096;
	process_vm_readv((pid_t)n->pid, &to, 1, &from, 1, 0);
}

/* The command ended, and nothing else does. */
static void ended(int signal)
{
	int status = 1;

	(void)signal;
	wait(&status);
	_exit(WEXITSTATUS(status));
}

static void supervise(int fd)
{
	for (;;) {
		struct seccomp_notif n = { 0 };
		struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		char path[256] = "";

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n))
			continue;
		read_path(&n, path);
		answer.id = n.id;
		if (!strcmp(path, "/bench/never"))
			answer = (struct seccomp_notif_resp){ .id = n.id, .error = -EPERM };
		if (!ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id))
			ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

int main(int argc, char **argv)
{
	int pair[2], fd;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec byte = { "x", 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	char got;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 2;
	signal(SIGCHLD, ended);
	if (!fork()) {
		fd = install();
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		if (fd < 0 || sendmsg(pair[1], &message, 0) != 1) {
			perror("seccomp");
			_exit(1);
		}
		close(fd);
		close(pair[0]);
		close(pair[1]);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	close(pair[1]);
	byte.iov_base = &got;
	if (recvmsg(pair[0], &message, MSG_CMSG_CLOEXEC) != 1)
		return 1;
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	supervise(fd);
	return 0;
}
