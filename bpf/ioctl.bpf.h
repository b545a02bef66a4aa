/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl.bpf.h - what is done by ioctl and would be judged, were it done by the call that is for it
 *
 * The number of a request says what it is: a type, a number within the type, a direction. What is not here is not judged; whoever
 * has a device open was judged when opening it.
 */
#ifndef IOCTL_BPF_H
#define IOCTL_BPF_H

#define IOCTL_WRITES 0x40000000u
#define BIT_OF(n) (1ull << ((n) & 63))

/* By bits of the number: 'f' (0x66) of ext4 and all, 'X' (0x58) of XFS and all, 0x94 of btrfs, which has 64 more. */
#define F_ATTRIBUTES (BIT_OF(2) | BIT_OF(4) | BIT_OF(9) | BIT_OF(19))
#define F_WHOLE (BIT_OF(7) | BIT_OF(8) | BIT_OF(16) | BIT_OF(17) | BIT_OF(23) | BIT_OF(24) | BIT_OF(25) | BIT_OF(40) | BIT_OF(43))
#define F_SETUUID 44
#define F_ENABLE_VERITY 133
/* From number 64 on: shrinking, freezing, thawing, trimming, growing, going down. */
#define X_WHOLE                                                                                                       \
	(BIT_OF(109) | BIT_OF(110) | BIT_OF(111) | BIT_OF(112) | BIT_OF(114) | BIT_OF(116) | BIT_OF(117) |            \
	 BIT_OF(119) | BIT_OF(120) | BIT_OF(121) | BIT_OF(123) | BIT_OF(125))
#define X_SETATTR 32
#define BTRFS_WHOLE                                                                                                   \
	(BIT_OF(1) | BIT_OF(3) | BIT_OF(4) | BIT_OF(5) | BIT_OF(10) | BIT_OF(11) | BIT_OF(12) | BIT_OF(14) | BIT_OF(15) | \
	 BIT_OF(19) | BIT_OF(23) | BIT_OF(26) | BIT_OF(27) | BIT_OF(28) | BIT_OF(32) | BIT_OF(33) | BIT_OF(37) |      \
	 BIT_OF(38) | BIT_OF(40) | BIT_OF(41) | BIT_OF(42) | BIT_OF(43) | BIT_OF(44) | BIT_OF(50) | BIT_OF(53) |      \
	 BIT_OF(58) | BIT_OF(63))
#define BTRFS_WHOLE_IF_WRITES (BIT_OF(24) | BIT_OF(57)) /* one number for two requests */

/* 0x89: addresses, routes, neighbours, links, bridges, bonds, tunnels. By the whole number. */
/* Routes (0x0b), links and addresses. */
#define NET_CHANGES_0                                                                                                  \
	(BIT_OF(0x0b) | BIT_OF(0x0c) | BIT_OF(0x11) | BIT_OF(0x14) | BIT_OF(0x16) | BIT_OF(0x18) | BIT_OF(0x1a) |      \
	 BIT_OF(0x1c) | BIT_OF(0x1e) | BIT_OF(0x20) | BIT_OF(0x22) | BIT_OF(0x23) | BIT_OF(0x24) | BIT_OF(0x26) |      \
	 BIT_OF(0x30) | BIT_OF(0x31) | BIT_OF(0x32) | BIT_OF(0x34) | BIT_OF(0x36) | BIT_OF(0x37))
/* Queues (0x43), MII, WAN, neighbours (0x53), maps of cards. */
#define NET_CHANGES_1                                                                                                  \
	(BIT_OF(0x43) | BIT_OF(0x49) | BIT_OF(0x4a) | BIT_OF(0x53) | BIT_OF(0x55) | BIT_OF(0x60) | BIT_OF(0x62) | BIT_OF(0x71))
/* DLCI, VLAN (0x83), bonds (0x90), bridges (0xa0), time stamps. */
#define NET_CHANGES_2                                                                                                  \
	(BIT_OF(0x80) | BIT_OF(0x81) | BIT_OF(0x83) | BIT_OF(0x90) | BIT_OF(0x91) | BIT_OF(0x92) | BIT_OF(0x95) |      \
	 BIT_OF(0xa0) | BIT_OF(0xa1) | BIT_OF(0xa2) | BIT_OF(0xa3) | BIT_OF(0xb0))
/* What is the device's own, tunnels among them; 0xf0 only asks. */
#define NET_CHANGES_3 (0xfffeull << 48)

static __always_inline bool is_net_change(__u32 number)
{
	__u64 changes = number < 64 ? NET_CHANGES_0 : number < 128 ? NET_CHANGES_1 : number < 192 ? NET_CHANGES_2 : NET_CHANGES_3;

	return changes & BIT_OF(number);
}

enum { TIOCSCTTY = 0x540e, TIOCSTI = 0x5412, TIOCLINUX = 0x541c, TIOCCONS = 0x541d };

/* The operation that a request comes to; 0: none. */
static __always_inline __u32 ioctl_op(__u32 request, __u64 argument)
{
	__u32 number = request & 0xff;
	bool writes = request & IOCTL_WRITES;

	switch (request >> 8 & 0xff) {
	case 0x54:
		/* Typing for somebody, or taking their terminal. */
		if (request == TIOCSTI || request == TIOCLINUX || request == TIOCCONS || (request == TIOCSCTTY && argument == 1))
			return CVF_OP_PTRACE;
		return 0;
	case 0x66:
		if (number == F_ENABLE_VERITY || (number < 64 && F_ATTRIBUTES & BIT_OF(number)))
			return CVF_OP_ATTR;
		if (number == F_SETUUID && writes)
			return CVF_OP_MOUNT;
		return number < 64 && F_WHOLE & BIT_OF(number) ? CVF_OP_MOUNT : 0;
	case 0x76: /* FS_IOC_SETVERSION */
		return number == 2 && writes ? CVF_OP_ATTR : 0;
	case 0x72: /* FAT_IOCTL_SET_ATTRIBUTES */
		return number == 0x11 && writes ? CVF_OP_ATTR : 0;
	case 0x58:
		if (number == X_SETATTR)
			return CVF_OP_ATTR;
		return number >= 64 && number < 128 && X_WHOLE & BIT_OF(number) ? CVF_OP_MOUNT : 0;
	case 0x94:
		if (number >= 64)
			return 0;
		return BTRFS_WHOLE & BIT_OF(number) || (writes && BTRFS_WHOLE_IF_WRITES & BIT_OF(number)) ? CVF_OP_MOUNT : 0;
	case 0x89:
		return is_net_change(number) ? CVF_OP_NETLINK_WRITE : 0;
	case 0x8b: /* wireless: what sets has an even number */
		return number < 0x40 && !(number & 1) ? CVF_OP_NETLINK_WRITE : 0;
	default:
		return 0;
	}
}

static __noinline int ioctl_question(struct file *file, __u32 op, __u32 request)
{
	struct place place = { .dentry = file->f_path.dentry, .mnt = file->f_path.mnt };
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;
	int fault;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.detail = request;
	if (op == CVF_OP_NETLINK_WRITE) {
		s->facts.cell = cell_find(s, 0);
		return question_end(s, l);
	}
	question_object(s, place.dentry, place.mnt);
	s->walk.from_dentry = s->facts.dentry;
	s->walk.from_mnt = s->facts.mnt;
	fault = exec_path_walk(s);
	if (fault)
		s->facts.fault = s->facts.fault ?: fault;
	judge_text(s);
	s->walk.whose = whose(&place);
	if (s->walk.whose)
		s->facts.cell = judge_whose(s, 0, s->facts.cell);
	return question_end(s, l);
}

static __always_inline int ioctl_hook(struct file *file, __u32 request, __u64 argument)
{
	struct task_struct *t = bpf_get_current_task_btf();
	__u32 op;

	if (is_nobody(t))
		return 0;
	op = ioctl_op(request, argument);
	/* overlayfs asks again about the file of a layer, under its mounter's credentials. */
	if (!op || t->cred != t->real_cred)
		return 0;
	return ioctl_question(file, op, request);
}

HOOK(file_ioctl)
int BPF_PROG(cvf_ioctl, struct file *file, unsigned int request, unsigned long argument, int ret)
{
	return ret ?: ioctl_hook(file, request, argument);
}

/* Of programs of 32 bits on a kernel of 64. */
HOOK(file_ioctl_compat)
int BPF_PROG(cvf_ioctl_compat, struct file *file, unsigned int request, unsigned long argument, int ret)
{
	return ret ?: ioctl_hook(file, request, argument);
}

#endif
