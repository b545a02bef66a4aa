/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.bpf.h - calls of root that have no hook of their own, and those that do what a file does, too
 *
 * Of the first kind the kernel asks for a capability: which call it is for stands in the registers, which the caller cannot change
 * meanwhile. That answer is yes or no, so they cannot be held. The second kind is judged as the file.
 */
#ifndef MACHINE_BPF_H
#define MACHINE_BPF_H

enum twin_file { TWIN_PORT, TWIN_KMSG, TWIN_PRINTK, TWINS };
static const struct twin {
	__u32 len;
	char name[28];
} twins[TWINS] = {
	[TWIN_PORT] = { 9, "/dev/port" },
	[TWIN_KMSG] = { 9, "/dev/kmsg" },
	[TWIN_PRINTK] = { 24, "/proc/sys/kernel/printk" },
};

/* Name of a file that does what the call does into path[0]. */
GLOBAL int twin_write(struct cvf_scratch *s, __u32 row)
{
	const struct twin *t;

	if (!s || row >= TWINS)
		return -1;
	t = &twins[row];
	for (__u32 i = 0; i < sizeof(t->name); i++)
		s->path[0][i] = t->name[i];
	s->path_off[0] = 0;
	s->path_len[0] = t->len;
	return 0;
}

static __noinline int twin_question(__u32 op, __u32 row, __s32 detail, __u32 cannot_hold)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.detail = detail;
	s->facts.cannot_hold = cannot_hold;
	if (twin_write(s, row))
		s->facts.fault = CVF_REASON_INTERNAL;
	judge_text(s);
	return question_end(s, l);
}

static __always_inline const struct machine_calls *machine_calls(const struct task_struct *t)
{
	return call_is_compat(t) ? &compat_machine : &native_machine;
}

static __always_inline long current_call(const struct task_struct *t)
{
	return call_number((struct pt_regs *)bpf_task_pt_regs((struct task_struct *)t));
}

/* settimeofday and its like ask for the capability, too: they are decided at settime, where they can wait. */
static __always_inline bool is_settime(const struct machine_calls *calls, long nr)
{
	return nr == calls->settimeofday || nr == calls->clock_settime || nr == calls->clock_settime64 || nr == calls->stime;
}

static __always_inline bool is_of_mounts(const struct machine_calls *calls, long nr)
{
	return nr == NR_MOUNT_SETATTR || nr == NR_QUOTACTL_FD || nr == calls->swapon || nr == calls->swapoff || nr == calls->quotactl;
}

#define WATCHED_CAPABILITIES (1ull << CAP_SYS_RAWIO | 1ull << CAP_SYS_ADMIN | 1ull << CAP_SYS_BOOT | 1ull << CAP_SYS_TIME)

static __always_inline int capability_question(int cap)
{
	struct sys_question a = { .cannot_hold = 1, .detail = cap };
	struct task_struct *t = bpf_get_current_task_btf();
	const struct machine_calls *calls = machine_calls(t);
	long nr = current_call(t);

	if (cap == CAP_SYS_BOOT)
		a.op = CVF_OP_REBOOT;
	else if (cap == CAP_SYS_TIME && !is_settime(calls, nr))
		a.op = CVF_OP_SETTIME;
	else if (cap == CAP_SYS_ADMIN && is_of_mounts(calls, nr))
		a.op = CVF_OP_MOUNT;
	else if (cap == CAP_SYS_RAWIO && (nr == calls->iopl || nr == calls->ioperm))
		return twin_question(CVF_OP_WRITE, TWIN_PORT, cap, 1);
	return a.op ? sys_judge(&a) : 0;
}

HOOK(capable)
int BPF_PROG(cvf_capable, const struct cred *cred, struct user_namespace *ns, int cap, unsigned int opts, int ret)
{
	if (ret || !(WATCHED_CAPABILITIES >> (cap & 63) & 1) || nobody_here())
		return ret;
	return capability_question(cap);
}

#define PERF_SECURITY_OPEN 0 /* an event of somebody's: whoever it is of is asked about by ptrace */

/* Events of a whole processor, of the kernel, of tracepoints. */
HOOK(perf_event_open)
int BPF_PROG(cvf_perf, struct perf_event_attr *attr, int type, int ret)
{
	return ret || type == PERF_SECURITY_OPEN || nobody_here() ? ret : sys_op(CVF_OP_PTRACE, type);
}

enum { SYSLOG_READ = 2, SYSLOG_READ_ALL = 3, SYSLOG_READ_CLEAR = 4, SYSLOG_CONSOLE_LEVEL = 8 };

/* Opening /dev/kmsg passes here, too, and is decided as opening it. */
HOOK(syslog)
int BPF_PROG(cvf_syslog, int type, int ret)
{
	struct task_struct *t = bpf_get_current_task_btf();

	if (ret || type < SYSLOG_READ || type > SYSLOG_CONSOLE_LEVEL || is_nobody(t))
		return ret;
	if (current_call(t) != machine_calls(t)->syslog)
		return 0;
	if (type < SYSLOG_READ_CLEAR)
		return twin_question(CVF_OP_READ, TWIN_KMSG, type, 0);
	return twin_question(CVF_OP_WRITE, TWIN_PRINTK, type, 0);
}

#define NOTIFY_PERMISSION 0x70000u /* FS_OPEN_PERM, FS_ACCESS_PERM, FS_OPEN_EXEC_PERM: whoever opens it waits for who watches */

/* Watching a file or a folder is reading. Watching a whole file system, or having others wait, is not. */
HOOK(path_notify)
int BPF_PROG(cvf_notify, const struct path *path, __u64 mask, unsigned int kind, int ret)
{
	if (ret || (!kind && !(mask & NOTIFY_PERMISSION)) || nobody_here())
		return ret;
	return sys_op(CVF_OP_MOUNT, kind);
}

#endif
