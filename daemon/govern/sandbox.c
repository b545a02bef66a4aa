// SPDX-License-Identifier: Apache-2.0
/* sandbox.c - see sandbox.h */
#include "sandbox.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define FILES_MAX 2048

/* A directory that is there already is left as it is: whoever made it knows why. */
static int make_directory(const char *path, mode_t mode, const struct passwd *user)
{
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (chown(path, user->pw_uid, user->pw_gid) < 0 || chmod(path, mode) < 0)
		return -errno;
	return 0;
}

static int verify(uid_t uid)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return -errno;
	if (real != uid || effective != uid || saved != uid)
		return -EPERM;
	return setuid(0) < 0 ? 0 : -EPERM;
}

int sandbox_become_user(const struct places *places)
{
	const struct passwd *user;
	int r;

	if (geteuid() != 0)
		return 0;
	user = getpwnam(GOVERN_USER);
	if (!user)
		return -ENOENT;
	r = make_directory(places->run, 0755, user);
	if (r == 0)
		r = make_directory(places->state, 0700, user);
	if (r < 0)
		return r;
	/* The bounding set can be emptied only while the capability to do so is there. */
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return -EPERM;
	if (initgroups(user->pw_name, user->pw_gid) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return -errno;
	return verify(user->pw_uid);
}

static int set_limits(void)
{
	const struct {
		int what;
		struct rlimit limit;
	} limits[] = {
		{ RLIMIT_CORE, { 0, 0 } },
		{ RLIMIT_NOFILE, { FILES_MAX, FILES_MAX } },
		{ RLIMIT_MEMLOCK, { 0, 0 } },
		{ RLIMIT_MSGQUEUE, { 0, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit l = limits[i].limit, had;

		if (getrlimit(limits[i].what, &had) == 0 && had.rlim_max < l.rlim_max)
			l.rlim_cur = l.rlim_max = had.rlim_max;
		if (setrlimit(limits[i].what, &l) < 0)
			return -errno;
	}
	return 0;
}

static int set_process_flags(void)
{
#ifndef __SANITIZE_ADDRESS__ /* its search for leaks traces the process */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
#endif
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

#ifndef __SANITIZE_ADDRESS__
/* What sqlite, the loop, the HTTP library, the name service and the allocator use; nothing that makes a process or a network socket. */
static const int allowed[] = {
	/* files */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(lseek), SCMP_SYS(fcntl), SCMP_SYS(flock),
	SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(fchmod), SCMP_SYS(fchown),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(getdents64), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(utimensat), SCMP_SYS(fadvise64), SCMP_SYS(memfd_create), SCMP_SYS(sendfile),
	/* memory */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk),
	/* waiting */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime), SCMP_SYS(eventfd2), SCMP_SYS(signalfd4), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
	/* sockets that exist, and unix ones for the name service and the supervisor */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(connect), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(shutdown), SCMP_SYS(ioctl), SCMP_SYS(pipe2), SCMP_SYS(dup),
	/* itself */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups), SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo),
	SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(rseq), SCMP_SYS(set_robust_list), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* A call that the list forgot fails with EPERM instead of killing: losing the governor would lose approvals, not enforcement. */
static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(allowed); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
#else
static int filter_calls(void)
{
	return 0; /* the sanitizers' runtime makes calls of its own */
}
#endif

int sandbox_enter(void)
{
	int r = set_limits();

	if (r < 0)
		return r;
	capng_clear(CAPNG_SELECT_ALL);
	if (geteuid() == 0 || capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE) {
		if (capng_apply(CAPNG_SELECT_CAPS) < 0)
			return -EPERM;
	}
	r = set_process_flags();
	return r < 0 ? r : filter_calls();
}
