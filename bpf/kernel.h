/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel.h - the kernel types that the programs read, and only the fields they read
 *
 * Instead of a generated vmlinux.h: the build depends on no running kernel, and what we rely on is on one page. Every
 * access is relocated by name at load (CO-RE); a field that a kernel lacks is tested for in compat.bpf.h.
 */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef unsigned long size_t;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_INODE_STORAGE = 28,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	union {
		struct {
			u32 hash;
			u32 len;
		};
		u64 hash_len;
	};
	const unsigned char *name;
};
typedef struct {
	u32 val;
} kuid_t;
struct user_namespace;
struct cred {
	kuid_t uid;
};
struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	unsigned long s_flags;
	struct dentry *s_root;
	struct list_head {
		struct list_head *next, *prev;
	} s_mounts;
};
struct inode {
	u16 i_mode;
	unsigned int i_flags;
	unsigned long i_ino;
	u32 i_generation;
	struct super_block *i_sb;
};
struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned char d_iname[32];
	struct super_block *d_sb;
	void *d_fsdata;
};
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};
struct mount;
struct mnt_namespace {
	struct mount *root;
	u64 seq;
	u64 event;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_instance;
	struct mnt_namespace *mnt_ns;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	u32 f_mode;
	u32 f_flags;
	struct inode *f_inode;
	struct path f_path;
};
struct fs_struct {
	struct path root, pwd;
};
struct nsproxy {
	struct mnt_namespace *mnt_ns;
};
struct mm_struct {
	struct file *exe_file;
	unsigned long arg_start, arg_end;
};
struct vm_area_struct {
	struct file *vm_file;
	unsigned long vm_flags;
};
struct kernfs_node {
	struct kernfs_node *parent;
	u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
	int level;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct tty_struct *tty;
};
struct thread_info {
	unsigned long flags;
	u32 status;
};
struct tty_struct;
struct files_struct;
struct hlist_node {
	struct hlist_node *next;
};
struct hlist_head {
	struct hlist_node *first;
};
struct pid {
	struct hlist_head tasks[4];
};
struct bpf_local_storage;
struct task_struct {
	struct thread_info thread_info;
	u32 flags;
	u32 personality;
	int pid;
	int tgid;
	int exit_code;
	unsigned long jobctl;
	u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	const struct cred *real_cred;
	const struct cred *cred;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct bpf_local_storage *bpf_storage;
	struct hlist_node pid_links[4];
	char comm[16];
	unsigned in_execve : 1;
};
struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
	int argc;
};
struct iattr {
	unsigned int ia_valid;
};
struct fown_struct {
	struct file *file; /* 6.12 */
};
struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};
struct tty_struct {
	struct {
		struct pid *session;
	} ctrl;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct file___6_1 {
	struct fown_struct f_owner;
};
struct kern_ipc_perm;
struct perf_event_attr;
struct kernel_siginfo;
struct fs_context;
struct sk_buff {
	unsigned int len;
	unsigned char *data;
};
struct in6_addr {
	union {
		u8 u6_addr8[16];
	} in6_u;
};
struct sock_common {
	unsigned short skc_family;
	u32 skc_rcv_saddr;
	u16 skc_num;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
};
struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;
	struct sockaddr_un name[];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
};
struct socket {
	short type;
	struct sock *sk;
};
struct sockaddr {
	u16 sa_family;
	char sa_data[14];
};
struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};
struct seqcount {
	unsigned int sequence;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long cx, dx, si, orig_ax;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31];
};
struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		u64 regs[31];
	};
	u64 orig_x0;
	int syscallno;
};
#else
#error "this architecture has no row in arch.bpf.h"
#endif

struct seq_file;
struct bpf_iter_meta {
	union {
		struct seq_file *seq;
	};
};
struct bpf_iter__task {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
};

#pragma clang attribute pop

/* Layouts that user space fixes: not relocated. */
struct sockaddr_in {
	u16 sin_family;
	u16 sin_port;
	u32 sin_addr;
};
struct sockaddr_in6 {
	u16 sin6_family;
	u16 sin6_port;
	u32 sin6_flowinfo;
	u8 sin6_addr[16];
};
struct nlmsghdr {
	u32 nlmsg_len;
	u16 nlmsg_type;
	u16 nlmsg_flags;
};

enum {
	EPERM = 1, ENOMEM = 12, EAGAIN = 11, ERESTARTNOINTR = 513,
	SIGKILL = 9, SIGCONT = 18, SIGSTOP = 19,
	AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17, AF_ALG = 38, AF_VSOCK = 40,
	SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3,
	IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_ICMPV6 = 58, IPPROTO_SCTP = 132, IPPROTO_MPTCP = 262,
	NETLINK_ROUTE = 0,
	MSG_FASTOPEN = 0x20000000,
	PROT_READ = 1, PROT_EXEC = 4, READ_IMPLIES_EXEC = 0x0400000,
	VM_EXEC = 4,
	MS_RDONLY = 1,
	PF_IO_WORKER = 0x10, PF_FORKNOEXEC = 0x40, PF_KTHREAD = 0x00200000,
	SIGNAL_STOP_STOPPED = 1, JOBCTL_STOP_PENDING = 1 << 17,
	RENAME_EXCHANGE = 2,
	O_ACCMODE = 3, O_TRUNC = 01000, O_NOATIME = 01000000, O_TMPFILE_BIT = 020000000,
	FMODE_READ = 1, FMODE_WRITE = 2, FMODE_EXEC_FLAG = 0x20, FMODE_CREATED = 0x100000, FMODE_BACKING = 0x2000000,
	S_IFMT = 0170000, S_IFSOCK = 0140000, S_IFBLK = 060000, S_IFREG = 0100000, S_IFDIR = 040000, S_IFCHR = 020000, S_IFIFO = 010000,
	ATTR_MODE = 1, ATTR_UID = 2, ATTR_GID = 4, ATTR_SIZE = 8, ATTR_ATIME_SET = 1 << 7, ATTR_MTIME_SET = 1 << 8,
	ATTR_ATIME = 1 << 4, ATTR_MTIME = 1 << 5, ATTR_TOUCH = 1 << 17,
	PTRACE_MODE_READ = 1, PTRACE_MODE_ATTACH = 2, PTRACE_MODE_NOAUDIT = 4,
	CAP_SYS_RAWIO = 17, CAP_SYS_ADMIN = 21, CAP_SYS_BOOT = 22, CAP_SYS_TIME = 25,
	CAP_OPT_NOAUDIT = 2,
	READING_MODULE = 2,
	BPF_OBJ_GET = 7, BPF_PROG_DETACH = 9, BPF_PROG_GET_FD_BY_ID = 13, BPF_MAP_GET_FD_BY_ID = 14, BPF_LINK_GET_FD_BY_ID = 30,
	BPF_LINK_DETACH = 34,
};

#define BPF_FS_MAGIC 0xcafe4a11ul
#define PROC_SUPER_MAGIC 0x9fa0
#define DEVPTS_SUPER_MAGIC 0x1cd1

#define DCACHE_OP_COMPARE 2
enum { PIDTYPE_PID = 0, PIDTYPE_TGID = 1 };

#endif
