// SPDX-License-Identifier: Apache-2.0
#include "drop.h"

#include <cap-ng.h>
#include <grp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "../core/drop.h"

/* Why each: */
static const unsigned int kept[] = {
	CAP_DAC_OVERRIDE,	/* folders of others: to find, to put back */
	CAP_DAC_READ_SEARCH,	/* a link by descriptor */
	CAP_FOWNER,		/* a link to, and times and attributes of, what others own */
	CAP_CHOWN,		/* the owner of a copy */
	CAP_FSETID,		/* the set-group-ID bit of a copy or folder whose group is not root's */
	CAP_SYS_PTRACE,		/* /proc/PID/root and ns/mnt of a task that is not root's: reading, not tracing (not in the list below) */
};

#ifndef __SANITIZE_ADDRESS__ /* the sanitizers' runtime makes calls of its own */
/* What the loop needs. Nothing that makes a process, and no socket but a unix one. */
static const int calls[] = {
	/* files */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(stat),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(lseek), SCMP_SYS(fcntl), SCMP_SYS(linkat),
	SCMP_SYS(unlinkat), SCMP_SYS(mkdirat), SCMP_SYS(renameat2), SCMP_SYS(copy_file_range), SCMP_SYS(fchown),
	SCMP_SYS(fchmod), SCMP_SYS(utimensat), SCMP_SYS(flistxattr), SCMP_SYS(fgetxattr), SCMP_SYS(fsetxattr),
	SCMP_SYS(fremovexattr),
	/* the socket */
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(accept4), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(writev),
	/* itself */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int list_calls(const void *ctx)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	(void)ctx;
	for (size_t i = 0; i < ARRAY_SIZE(calls) && r >= 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	if (r >= 0) /* to say READY */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
#else
static int list_calls(const void *ctx)
{
	(void)ctx;
	return 0;
}
#endif

static int drop_capabilities(const void *ctx)
{
	(void)ctx;
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, kept[i]))
			return -EPERM;
	if (setgroups(0, NULL))
		return -errno;
	return capng_apply(CAPNG_SELECT_ALL) ? -EPERM : 0;
}

/* Believes nobody, the calls above included. */
static int check_dropped(const void *ctx)
{
	(void)ctx;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_get_caps_process())
		return -EPERM;
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool wanted = false;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			wanted |= kept[i] == cap;
		if (!!capng_have_capability(CAPNG_EFFECTIVE, cap) != wanted ||
		    !!capng_have_capability(CAPNG_PERMITTED, cap) != wanted ||
		    capng_have_capability(CAPNG_BOUNDING_SET, cap) || capng_have_capability(CAPNG_INHERITABLE, cap))
			return -EPERM;
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}

static const struct drop_step steps[] = {
	{ "giving up capabilities", drop_capabilities },
	{ "forbidding new privileges", drop_new_privileges },
	{ "checking that privileges are gone", check_dropped },
	{ "forbidding core dumps", drop_core_dumps },
	{ "listing the permitted system calls", list_calls },
};

int drop_to_files(void)
{
	return drop_run("cvfd-quarantine", steps, ARRAY_SIZE(steps), NULL);
}
