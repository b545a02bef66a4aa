/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch.bpf.h - system call numbers and arguments of the interrupted task, per architecture
 *
 * Numbers are facts of the kernel's ABI (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h). -1: the
 * architecture has no such call.
 */
#ifndef ARCH_BPF_H
#define ARCH_BPF_H

struct call_numbers {
	int execve, execveat, open, openat, openat2, creat, io_uring_enter, io_submit;
};

/* Of the machine: calls with a hook of their own beside the capability, and calls with none. */
struct machine_calls {
	int settimeofday, clock_settime, clock_settime64, stime, iopl, ioperm, swapon, swapoff, quotactl, syslog;
};
/* The same on every architecture. */
#define NR_MOUNT_SETATTR 442
#define NR_QUOTACTL_FD 443

#if defined(__TARGET_ARCH_x86)
/* Loads stay in their order there; only the compiler must be kept from changing it. */
static __always_inline void order_reads(void)
{
	asm volatile("" ::: "memory");
}
static const struct call_numbers native_calls = { 59, 322, 2, 257, 437, 85, 426, 209 };
static const struct call_numbers compat_calls = { 11, 358, 5, 295, 437, 8, 426, 248 };
static const struct machine_calls native_machine = { 164, 227, -1, -1, 172, 173, 167, 168, 179, 103 };
static const struct machine_calls compat_machine = { 79, 264, 404, 25, 110, 101, 87, 115, 131, 103 };
#define TS_COMPAT 2

static __always_inline bool call_is_compat(const struct task_struct *t)
{
	return t->thread_info.status & TS_COMPAT;
}
static __always_inline long call_number(const struct pt_regs *regs)
{
	return regs->orig_ax;
}
/* User pointer to argv of execve (at: execveat). */
static __always_inline unsigned long call_argv(const struct pt_regs *regs, bool at, bool compat)
{
	if (at)
		return regs->dx;
	return compat ? regs->cx : regs->si;
}
#elif defined(__TARGET_ARCH_arm64)
/* Clang 14 has no barrier for BPF: an addition that returns what was there is one. */
static __always_inline void order_reads(void)
{
	volatile __u64 word = 0;

	__sync_fetch_and_add(&word, 0);
}
static const struct call_numbers native_calls = { 221, 281, -1, 56, 437, -1, 426, 2 };
static const struct call_numbers compat_calls = { 11, 387, 5, 322, 437, 8, 426, 246 };
static const struct machine_calls native_machine = { 170, 112, -1, -1, -1, -1, 224, 225, 60, 116 };
static const struct machine_calls compat_machine = { 79, 264, 404, 25, -1, -1, 87, 115, 131, 103 };
#define TIF_32BIT 22

static __always_inline bool call_is_compat(const struct task_struct *t)
{
	return t->thread_info.flags & (1ul << TIF_32BIT);
}
static __always_inline long call_number(const struct pt_regs *regs)
{
	return regs->syscallno;
}
static __always_inline unsigned long call_argv(const struct pt_regs *regs, bool at, bool compat)
{
	return at ? regs->regs[2] : regs->regs[1];
}
#endif

#endif
