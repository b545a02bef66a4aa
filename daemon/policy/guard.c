// SPDX-License-Identifier: Apache-2.0
/*
 * guard.c - what no agent may touch, whatever it is granted: the enforcement's own files, and the switches that end it
 *
 * Tried before everything else and not configurable. First match decides.
 */
#include "policy/plan.h"

#define READS (OP_BIT(CVF_OP_READ) | OP_BIT(CVF_OP_EXEC_MAP))
#define FILE_OPS                                                                                                       \
	(READS | OP_BIT(CVF_OP_WRITE) | OP_BIT(CVF_OP_CREATE) | OP_BIT(CVF_OP_DELETE) | OP_BIT(CVF_OP_RENAME) |        \
	 OP_BIT(CVF_OP_LINK) | OP_BIT(CVF_OP_ATTR) | OP_BIT(CVF_OP_TRUNCATE) | OP_BIT(CVF_OP_UNIX_CONNECT) |           \
	 OP_BIT(CVF_OP_UNIX_SEND) | OP_BIT(CVF_OP_UNIX_BIND))
#define CHANGES (FILE_OPS & ~READS)
/* What would take a folder away from under its name. */
#define MOVES (OP_BIT(CVF_OP_RENAME) | OP_BIT(CVF_OP_DELETE))

/* The one door for agents: it tells them why something was refused. */
static const char *door[] = {"/run/cvf/agent.sock"};

static const char *closed[] = {
	"/run/cvf{,/**}",
	"/var/lib/cvf{,/**}",
	"/etc/cvf/secrets{,/**}",
	/* What was deleted. The hook refuses it by name on any mount; here are the usual ones, so that explain says so, too. */
	"/{,home/,mnt/,mnt/*/,opt/,srv/,tmp/,var/,var/tmp/}.cvf-quarantine{,/**}",
	/* Kernel memory: whoever writes it has no rules, whoever reads it has the key of the digests. */
	"/dev/{mem,kmem,port}",
	"/proc/kcore",
};

static const char *kept[] = {
	"/etc/cvf{,/**}",
	"/sys/fs/bpf{,/**}",
	"/usr/share/cvf{,/**}",
	"/usr/{,local/}sbin/{cvfd,cvfd-govern,cvfd-quarantine,cvfd-notify}",
	"/usr/{,local/}bin/cvfctl",
	"/{usr/lib,etc,run}/systemd/{system,system.control}/cvf{,d,-*,d-*}.{service,socket,slice,timer}{,.d,.d/**}",
	"/sys/fs/cgroup/**/cvf{,d,-*,d-*}.{service,slice}{,/**}",
	/* Switches that silence tracing or start programs outside of every tree. */
	"/proc/sys/kernel/"
	"{ftrace_enabled,stack_tracer_enabled,core_pattern,core_pipe_limit,modprobe,hotplug,poweroff_cmd}",
	"/proc/sys/kernel/"
	"{unprivileged_bpf_disabled,bpf_stats_enabled,modules_disabled,kexec_load_disabled,io_uring_disabled}",
	"/proc/sys/kernel/{sysrq,kptr_restrict,perf_event_paranoid,randomize_va_space,panic}",
	"/proc/sys/kernel/{dmesg_restrict,unprivileged_userns_clone,warn_limit,oops_limit,panic_on_*,nmi_watchdog}",
	"/proc/sys/kernel/{usermodehelper,yama,keys}/**",
	"/proc/sys/fs/{protected_*,suid_dumpable}",
	"/proc/sys/vm/{memfd_noexec,mmap_min_addr,unprivileged_userfaultfd,panic_on_oom}",
	"/proc/sys/dev/tty/legacy_tiocsti",
	"/sys/fs/cgroup/**/release_agent",
	"/proc/sys/net/core/bpf_jit_{enable,harden,kallsyms,limit}",
	"/proc/sys/fs/binfmt_misc/**",
	"/proc/sysrq-trigger",
	"/sys/kernel/{tracing,debug,security,livepatch}/**",
	"/sys/kernel/{uevent_helper,kexec_crash_size}",
};

/* Folders on the way to what is kept. */
static const char *way[] = {
	"/{etc,run,sys,usr,var,usr/bin,usr/sbin,usr/lib,usr/share,usr/local,usr/local/bin,usr/local/sbin,var/lib}",
	"/{sys/fs,etc/systemd,etc/systemd/system,usr/lib/systemd,usr/lib/systemd/system}",
};

#define LIST(paths) paths, sizeof(paths) / sizeof((paths)[0])

const struct guard_spec guard_specs[] = {
	{LIST(door), OP_BIT(CVF_OP_UNIX_CONNECT), true},
	{LIST(closed), FILE_OPS, false},
	{LIST(kept), CHANGES, false},
	{LIST(way), MOVES, false},
};
const size_t guard_specs_count = sizeof(guard_specs) / sizeof(guard_specs[0]);
