// SPDX-License-Identifier: Apache-2.0
/* machine.c - other processes and the machine */
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
static int v_ptrace(int argc, char **argv)
{
	pid_t pid = atoi(argv[1]);
	int r = result(ptrace(strcmp(argv[0], "ptrace-seize") == 0 ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0));

	(void)argc;
	if (r == 0 && strcmp(argv[0], "ptrace-attach") == 0) {
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	return r;
}

static int v_traceme(int argc, char **argv) { (void)argc; (void)argv; return result(ptrace(PTRACE_TRACEME, 0, 0, 0)); }

static int v_vm_read(int argc, char **argv)
{
	char text[8];
	struct iovec here = { text, sizeof(text) }, there = { (void *)0x400000, sizeof(text) };

	(void)argc;
	return result(process_vm_readv(atoi(argv[1]), &here, 1, &there, 1, 0));
}

static int v_pidfd_getfd(int argc, char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);

	(void)argc;
	return pidfd < 0 ? broken("pidfd_open") : result(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static int v_kill(int argc, char **argv) { return result(kill(atoi(argv[1]), argc > 2 ? atoi(argv[2]) : SIGTERM)); }
static int v_tgkill(int argc, char **argv) { (void)argc; return result(syscall(SYS_tgkill, atoi(argv[1]), atoi(argv[1]), SIGTERM)); }
static int v_sigqueue(int argc, char **argv) { (void)argc; return result(sigqueue(atoi(argv[1]), SIGTERM, (union sigval){ 0 })); }

static int v_pidfd_kill(int argc, char **argv)
{
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);

	(void)argc;
	return pidfd < 0 ? broken("pidfd_open") : result(syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0));
}

/* sigio-kill PID: a pipe that the process is told about, by a signal of our choice, when it can be read */
static int v_sigio(int argc, char **argv)
{
	int p[2];

	(void)argc;
	if (pipe(p) < 0)
		return broken("pipe");
	if (fcntl(p[0], F_SETOWN, atoi(argv[1])) < 0 || fcntl(p[0], F_SETSIG, SIGKILL) < 0 || fcntl(p[0], F_SETFL, O_ASYNC) < 0)
		return errno;
	return result(write(p[1], "x", 1));
}

/* Samples of everything that runs on the first processor. */
static int v_perf(int argc, char **argv)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK,
					.sample_period = 100000, .sample_type = PERF_SAMPLE_STACK_USER, .sample_stack_user = 4096 };

	(void)argc, (void)argv;
	return result_fd((int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
}

static int v_nice(int argc, char **argv) { (void)argc; return result(setpriority(PRIO_PROCESS, (id_t)atoi(argv[1]), 19)); }

static int v_sched(int argc, char **argv)
{
	(void)argc;
	return result(sched_setscheduler(atoi(argv[1]), SCHED_IDLE, &(struct sched_param){ 0 }));
}

static int v_affinity(int argc, char **argv)
{
	cpu_set_t cpus;

	(void)argc;
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	return result(sched_setaffinity(atoi(argv[1]), sizeof(cpus), &cpus));
}

static int v_prlimit(int argc, char **argv)
{
	(void)argc;
	return result(prlimit(atoi(argv[1]), RLIMIT_CORE, &(struct rlimit){ 0, RLIM_INFINITY }, NULL));
}

static int v_kill_own_child(int argc, char **argv)
{
	pid_t child = fork();

	(void)argc, (void)argv;
	if (child == 0) {
		pause();
		_exit(0);
	}
	if (kill(child, SIGTERM) < 0)
		return errno;
	return wait_child(child) == 128 + SIGTERM ? 0 : BROKEN;
}

static int v_mount_tmpfs(int argc, char **argv) { (void)argc; return result(mount("probe", argv[1], "tmpfs", 0, NULL)); }
static int v_mount_bind(int argc, char **argv) { (void)argc; return result(mount(argv[1], argv[2], NULL, MS_BIND, NULL)); }
static int v_remount(int argc, char **argv) { (void)argc; return result(mount(NULL, argv[1], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL)); }
/* Ports of the hardware. */
static int v_iopl(int argc, char **argv)
{
	(void)argc, (void)argv;
#ifdef __x86_64__
	return result(iopl(3));
#else
	return BROKEN;
#endif
}

/* if-address NAME ADDRESS: without netlink */
static int v_if_address(int argc, char **argv)
{
	struct ifreq r = { 0 };
	struct sockaddr_in *a = (struct sockaddr_in *)&r.ifr_addr;

	(void)argc;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", argv[1]);
	a->sin_family = AF_INET;
	inet_pton(AF_INET, argv[2], &a->sin_addr);
	return result(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFADDR, &r));
}

static int v_read_only(int argc, char **argv)
{
	struct { uint64_t set, clear, propagation, userns; } a = { .set = 1 };

	(void)argc;
	return result(syscall(442 /* mount_setattr */, AT_FDCWD, argv[1], 0, &a, sizeof(a)));
}

static int v_umount(int argc, char **argv) { (void)argc; return result(umount2(argv[1], MNT_DETACH)); }
static int v_chroot(int argc, char **argv) { (void)argc; return result(chroot(argv[1])); }
static int v_pivot_root(int argc, char **argv) { (void)argc; return result(syscall(SYS_pivot_root, argv[1], argv[1])); }

/* fsopen, fsconfig, fsmount, move_mount: the first call that is refused */
static int v_fsmount(int argc, char **argv)
{
	int fs = (int)syscall(SYS_fsopen, "tmpfs", 0), mnt;

	(void)argc;
	if (fs < 0 || syscall(SYS_fsconfig, fs, 1, "size", "1m", 0) < 0 || syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0) < 0)
		return errno;
	mnt = (int)syscall(SYS_fsmount, fs, 0, 0);
	if (mnt < 0)
		return errno;
	return result(syscall(SYS_move_mount, mnt, "", AT_FDCWD, argv[1], 4));
}

/* open-tree SOURCE NAME: opens NAME for writing in a clone of SOURCE that is attached nowhere */
static int v_open_tree(int argc, char **argv)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], 1 /* OPEN_TREE_CLONE */);

	(void)argc;
	return tree < 0 ? errno : result_fd(openat(tree, argv[2], O_WRONLY));
}

static int v_unshare_user(int argc, char **argv) { (void)argc; (void)argv; return result(unshare(CLONE_NEWUSER)); }

static int v_bpf(int argc, char **argv)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	(void)argc, (void)argv;
	return result_fd((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

/* A program that does nothing. */
static int v_bpf_load(int argc, char **argv)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = (uint64_t)(uintptr_t)code, .insn_cnt = 2,
				.license = (uint64_t)(uintptr_t)"GPL" };

	(void)argc, (void)argv;
	return result_fd((int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static int v_bpf_get(int argc, char **argv)
{
	union bpf_attr attr = { .pathname = (uint64_t)(uintptr_t)argv[1] };

	(void)argc;
	return result_fd((int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr)));
}

/* bpf-steal: the descriptor of the first map that can be had by number */
static int v_bpf_steal(int argc, char **argv)
{
	union bpf_attr attr = { 0 };

	(void)argc, (void)argv;
	if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) < 0)
		return errno;
	attr = (union bpf_attr){ .map_id = attr.next_id };
	return result_fd((int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr)));
}

/* Nothing that is a module: ENOEXEC when it is not refused before. */
static int v_init_module(int argc, char **argv)
{
	static char junk[256] = "probe";

	(void)argc, (void)argv;
	return result(syscall(SYS_init_module, junk, sizeof(junk), ""));
}

static int v_finit_module(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);

	(void)argc;
	return fd < 0 ? broken(argv[1]) : result(syscall(SYS_finit_module, fd, "", 0));
}

/* No image: succeeds, or EINVAL, and loads nothing. */
static int v_kexec(int argc, char **argv) { (void)argc; (void)argv; return result(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }

/* The first magic number is wrong: EINVAL when it is not refused before, which is asked first. */
static int v_reboot(int argc, char **argv) { (void)argc; (void)argv; return result(syscall(SYS_reboot, 1, 2, 3, NULL)); }

static int v_settime(int argc, char **argv)
{
	struct timespec now;

	(void)argc;
	clock_gettime(CLOCK_REALTIME, &now);
	if (strcmp(argv[0], "settimeofday") == 0)
		return result(settimeofday(&(struct timeval){ now.tv_sec, now.tv_nsec / 1000 }, NULL));
	return result(clock_settime(CLOCK_REALTIME, &now));
}

const struct verb machine_verbs[] = {
	{ "ptrace-attach", 1, v_ptrace },
	{ "ptrace-seize", 1, v_ptrace },
	{ "traceme", 0, v_traceme },
	{ "vm-read", 1, v_vm_read },
	{ "pidfd-getfd", 1, v_pidfd_getfd },
	{ "kill", 1, v_kill },
	{ "tgkill", 1, v_tgkill },
	{ "sigqueue", 1, v_sigqueue },
	{ "pidfd-kill", 1, v_pidfd_kill },
	{ "sigio-kill", 1, v_sigio },
	{ "perf", 0, v_perf },
	{ "nice", 1, v_nice },
	{ "sched", 1, v_sched },
	{ "affinity", 1, v_affinity },
	{ "prlimit", 1, v_prlimit },
	{ "kill-own-child", 0, v_kill_own_child },
	{ "mount-tmpfs", 1, v_mount_tmpfs },
	{ "mount-bind", 2, v_mount_bind },
	{ "remount", 1, v_remount },
	{ "iopl", 0, v_iopl },
	{ "if-address", 2, v_if_address },
	{ "read-only", 1, v_read_only },
	{ "umount", 1, v_umount },
	{ "fsmount", 1, v_fsmount },
	{ "open-tree", 2, v_open_tree },
	{ "chroot", 1, v_chroot },
	{ "pivot-root", 1, v_pivot_root },
	{ "unshare-user", 0, v_unshare_user },
	{ "bpf", 0, v_bpf },
	{ "bpf-load", 0, v_bpf_load },
	{ "bpf-get", 1, v_bpf_get },
	{ "bpf-steal", 0, v_bpf_steal },
	{ "init-module", 0, v_init_module },
	{ "finit-module", 1, v_finit_module },
	{ "kexec", 0, v_kexec },
	{ "reboot", 0, v_reboot },
	{ "settimeofday", 0, v_settime },
	{ "clock-settime", 0, v_settime },
	{ 0 },
};
