/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sys.bpf.h - operations without an object: socket families, other processes, mounts, modules, bpf, the machine itself
 */
#ifndef SYS_BPF_H
#define SYS_BPF_H

struct sys_question {
	__u32 op;
	__u32 cannot_hold;
	__u32 target_pid;
	__s32 detail;
	__u32 fault;
	__u16 family;
};

static __noinline int sys_judge(const struct sys_question *a)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, a->op);
	if (!s)
		return -EPERM;
	s->facts.cannot_hold = a->cannot_hold;
	s->facts.target_pid = a->target_pid;
	s->facts.detail = a->detail;
	s->facts.family = a->family;
	s->facts.fault = s->facts.fault ?: a->fault;
	s->facts.cell = cell_find(s, 0);
	return question_end(s, l);
}

static __always_inline int sys_op(__u32 op, __s32 detail)
{
	struct sys_question a = { .op = op, .detail = detail };

	return sys_judge(&a);
}

/* ---- socket families ---- */

static __always_inline __u32 inet_socket_op(int type, int protocol)
{
	type &= 0xf;
	if (protocol == IPPROTO_SCTP)
		return CVF_OP_SCTP;
	if (type == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP))
		return 0;
	if (type == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP))
		return 0;
	if (type == SOCK_RAW || protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return CVF_OP_RAW_SOCKET;
	return CVF_OP_SOCKET_OTHER;
}

HOOK(socket_create)
int BPF_PROG(cvf_socket, int family, int type, int protocol, int kern, int ret)
{
	struct sys_question a = { .detail = protocol, .family = family };

	if (ret || kern || nobody_here())
		return ret;
	if (family == AF_INET || family == AF_INET6)
		a.op = inet_socket_op(type, protocol);
	else if (family == AF_UNIX || family == AF_NETLINK)
		a.op = 0; /* judged by peer and by message */
	else if (family == AF_PACKET)
		a.op = CVF_OP_PACKET_SOCKET;
	else if (family == AF_VSOCK)
		a.op = CVF_OP_VSOCK;
	else if (family == AF_ALG)
		a.op = CVF_OP_ALG;
	else
		a.op = CVF_OP_SOCKET_OTHER;
	return a.op ? sys_judge(&a) : 0;
}

#define NETLINK_SOCK_DIAG 4
#define NETLINK_GENERIC 16
#define RTM_BASE 16
#define SOCK_DIAG_BY_FAMILY 20
#define GENL_ID_CTRL 16

/* True when the message only asks. Several messages in one buffer are taken for a write. */
static __always_inline bool netlink_asks(__u16 protocol, const struct sk_buff *skb)
{
	struct nlmsghdr head = {};

	if (bpf_probe_read_kernel(&head, sizeof(head), skb->data) || ((head.nlmsg_len + 3) & ~3u) < skb->len)
		return false;
	if (head.nlmsg_type < RTM_BASE)
		return true;
	if (protocol == NETLINK_ROUTE)
		return ((__u32)head.nlmsg_type - RTM_BASE) % 4 == 2;
	if (protocol == NETLINK_SOCK_DIAG)
		return head.nlmsg_type == SOCK_DIAG_BY_FAMILY;
	return protocol == NETLINK_GENERIC && head.nlmsg_type == GENL_ID_CTRL;
}

HOOK(netlink_send)
int BPF_PROG(cvf_netlink, struct sock *sk, struct sk_buff *skb, int ret)
{
	if (ret || nobody_here() || netlink_asks(sk->sk_protocol, skb))
		return ret;
	return sys_op(CVF_OP_NETLINK_WRITE, sk->sk_protocol);
}

/* ---- other processes ---- */

static __always_inline int process_question(__u32 op, struct task_struct *target, __s32 detail)
{
	struct sys_question a = { .op = op, .cannot_hold = 1, .detail = detail, .target_pid = target->tgid };
	enum standing standing;
	struct cvf_label *l = current_label(&standing);

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	if (!(l->flags & CVF_LABEL_CANARY) && session_of(target) == l->session)
		return 0;
	if (is_guarded_process(target))
		a.fault = CVF_REASON_SELF_GUARD;
	return sys_judge(&a);
}

HOOK(task_kill)
int BPF_PROG(cvf_kill, struct task_struct *target, struct kernel_siginfo *info, int sig, const struct cred *cred, int ret)
{
	return ret || !sig || nobody_here() ? ret : process_question(CVF_OP_SIGNAL, target, sig);
}

/* Who may not signal a process may not starve it either. */
HOOK(task_setnice)
int BPF_PROG(cvf_setnice, struct task_struct *target, int nice, int ret)
{
	return ret || nobody_here() ? ret : process_question(CVF_OP_SIGNAL, target, 0);
}

HOOK(task_setscheduler) /* and CPU affinity */
int BPF_PROG(cvf_setscheduler, struct task_struct *target, int ret)
{
	return ret || nobody_here() ? ret : process_question(CVF_OP_SIGNAL, target, 0);
}

HOOK(task_setioprio)
int BPF_PROG(cvf_setioprio, struct task_struct *target, int ioprio, int ret)
{
	return ret || nobody_here() ? ret : process_question(CVF_OP_SIGNAL, target, 0);
}

/* Limits: an address space of nothing, or no processor time. */
HOOK(task_setrlimit)
int BPF_PROG(cvf_setrlimit, struct task_struct *target, unsigned int resource, void *limit, int ret)
{
	return ret || nobody_here() ? ret : process_question(CVF_OP_SIGNAL, target, resource);
}

/* Asked on the way (ps reading stat of a stranger): refused as the kernel would, without a record. */
static __noinline int glance(struct task_struct *target)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	int refused = -EPERM;

	/* Out of the compiler's sight: of a negated condition the verifier of 6.12 knows no bounds. */
	asm volatile("" : "+r"(refused));
	if (standing == NOBODY)
		return 0;
	if (l && session_of(target) == l->session)
		return 0;
	return refused;
}

HOOK(ptrace_access_check)
int BPF_PROG(cvf_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret || nobody_here())
		return ret;
	if (mode & PTRACE_MODE_NOAUDIT)
		return glance(child);
	return process_question(CVF_OP_PTRACE, child, mode);
}

HOOK(ptrace_traceme)
int BPF_PROG(cvf_traceme, struct task_struct *parent, int ret)
{
	return ret || nobody_here() ? ret : process_question(CVF_OP_PTRACE, parent, 0);
}

/* ---- mounts ---- */

static __always_inline void mounts_changed(void)
{
	__sync_fetch_and_add(&cvf_control.epoch, 1);
}

HOOK(sb_mount)
int BPF_PROG(cvf_mount, const char *dev_name, const struct path *path, const char *type, unsigned long flags, void *data,
	     int ret)
{
	mounts_changed();
	return ret || nobody_here() ? ret : path_question(CVF_OP_MOUNT, path->dentry, path->mnt, flags);
}

HOOK(move_mount)
int BPF_PROG(cvf_move_mount, const struct path *from, const struct path *to, int ret)
{
	mounts_changed();
	return ret || nobody_here() ? ret : path_question(CVF_OP_MOUNT, to->dentry, to->mnt, 0);
}

HOOK(sb_umount)
int BPF_PROG(cvf_umount, struct vfsmount *mnt, int flags, int ret)
{
	struct sys_question a = { .op = CVF_OP_MOUNT, .detail = flags };

	if (ret || nobody_here())
		return ret;
	if (mnt->mnt_sb->s_magic == BPF_FS_MAGIC)
		a.fault = CVF_REASON_SELF_GUARD;
	return sys_judge(&a);
}

HOOK(sb_pivotroot)
int BPF_PROG(cvf_pivotroot, const struct path *old_path, const struct path *new_path, int ret)
{
	mounts_changed();
	return ret || nobody_here() ? ret : path_question(CVF_OP_MOUNT, new_path->dentry, new_path->mnt, 0);
}

HOOK(path_chroot)
int BPF_PROG(cvf_chroot, const struct path *path, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_CHROOT, path->dentry, path->mnt, 0);
}

#define NR_FSCONFIG 431 /* the same on every architecture */

/* mount(2) passes here too, after sb_mount has decided it. */
HOOK(fs_context_parse_param)
int BPF_PROG(cvf_fsconfig, struct fs_context *fc, void *param, int ret)
{
	if (ret || nobody_here())
		return ret;
	if (call_number((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf())) != NR_FSCONFIG)
		return 0;
	return sys_op(CVF_OP_MOUNT, 0);
}

/* ---- the kernel and the machine ---- */

/* enum kernel_read_file_id: modules, kexec image and initramfs. Firmware and policies are the kernel's own requests. */
static __always_inline bool is_code(int id)
{
	return id >= READING_MODULE && id <= READING_MODULE + 2;
}

HOOK(kernel_read_file)
int BPF_PROG(cvf_read_file, struct file *file, int id, int contents, int ret)
{
	return ret || !is_code(id) || nobody_here() ? ret : sys_op(CVF_OP_MODULE_LOAD, id);
}

HOOK(kernel_load_data)
int BPF_PROG(cvf_load_data, int id, int contents, int ret)
{
	return ret || !is_code(id) || nobody_here() ? ret : sys_op(CVF_OP_MODULE_LOAD, id);
}

HOOK(bpf)
int BPF_PROG(cvf_bpf, int cmd, void *attr, unsigned int size, int ret)
{
	struct sys_question a = { .op = CVF_OP_BPF, .detail = cmd };

	if (ret || nobody_here())
		return ret;
	/* Ways to other people's maps, programs and links, ours among them: no capability opens them to an agent. */
	if (cmd == BPF_OBJ_GET || cmd == BPF_PROG_DETACH || cmd == BPF_PROG_GET_FD_BY_ID || cmd == BPF_MAP_GET_FD_BY_ID ||
	    cmd == BPF_LINK_GET_FD_BY_ID || cmd == BPF_LINK_DETACH)
		a.fault = CVF_REASON_SELF_GUARD;
	return sys_judge(&a);
}

HOOK(userns_create)
int BPF_PROG(cvf_userns, const struct cred *cred, int ret)
{
	return ret || nobody_here() ? ret : sys_op(CVF_OP_USERNS, 0);
}

HOOK(settime)
int BPF_PROG(cvf_settime, const void *ts, const void *tz, int ret)
{
	return ret || nobody_here() ? ret : sys_op(CVF_OP_SETTIME, 0);
}

/* io_uring_setup makes its anonymous inode under this name (io_uring/io_uring.c). */
HOOK(inode_init_security_anon)
int BPF_PROG(cvf_anon_inode, struct inode *inode, const struct qstr *name, const struct inode *context, int ret)
{
	__u64 text = 0;

	if (ret || nobody_here())
		return ret;
	bpf_probe_read_kernel(&text, sizeof(text), name->name);
	if (text != 0x6e6972755f6f695bull) /* "[io_urin" */
		return 0;
	return sys_op(CVF_OP_IO_URING, 0);
}

#endif
