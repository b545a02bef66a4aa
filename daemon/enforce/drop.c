// SPDX-License-Identifier: Apache-2.0
#include "drop.h"

#include <cap-ng.h>
#include <linux/bpf.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "../core/drop.h"

/* What the loop needs. Nothing that opens a file or makes a process, and no socket but the one that says READY. */
static const int calls[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
	SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(fcntl), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(brk), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(uname), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_send_signal), SCMP_SYS(membarrier), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(futex), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(wait4), SCMP_SYS(getrandom), SCMP_SYS(lseek),
};

static const int bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_UPDATE_BATCH,
	BPF_OBJ_GET_INFO_BY_FD, BPF_ITER_CREATE,
};

static int list_calls(const void *ctx)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	(void)ctx;
	for (size_t i = 0; i < ARRAY_SIZE(calls) && r >= 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(bpf_commands) && r >= 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)bpf_commands[i]));
	/* sd_notify() makes one for each word that it says: without it the unit never becomes ready and is ended. */
	if (r >= 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
				     SCMP_A1(SCMP_CMP_EQ, SOCK_DGRAM | SOCK_CLOEXEC));
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

struct user {
	uid_t uid;
	gid_t gid;
};

static int change_user(const void *ctx)
{
	const struct user *to = ctx;

	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_KILL))
		return -EPERM;
	if (capng_change_id((int)to->uid, (int)to->gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
		return -EPERM;
	return 0;
}

/* Believes nobody, the calls above included. */
static int check_dropped(const void *ctx)
{
	const struct user *to = ctx;
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) || r != to->uid || e != to->uid || s != to->uid)
		return -EPERM;
	if (getresgid(&rg, &eg, &sg) || rg != to->gid || eg != to->gid || sg != to->gid)
		return -EPERM;
	if (to->uid && !setuid(0))
		return -EPERM;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_get_caps_process() || capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN) ||
	    capng_have_capability(CAPNG_PERMITTED, CAP_BPF) || !capng_have_capability(CAPNG_EFFECTIVE, CAP_KILL))
		return -EPERM;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -EPERM;
}

static const struct drop_step steps[] = {
	{ "changing the user", change_user },
	{ "forbidding new privileges", drop_new_privileges },
	{ "checking that privileges are gone", check_dropped },
	{ "forbidding core dumps", drop_core_dumps },
	{ "listing the permitted system calls", list_calls },
};

int drop_privileges(uid_t uid, gid_t gid)
{
	return drop_run("cvfd", steps, ARRAY_SIZE(steps), &(struct user){ uid, gid });
}
