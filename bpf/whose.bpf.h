/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * whose.bpf.h - places that their names do not tell all about: folders of processes, terminals, disks whose names have no case
 *
 * Nothing is remembered of the folder of such a place, so that each time is asked about it. An ordinary place costs two loads.
 */
#ifndef WHOSE_BPF_H
#define WHOSE_BPF_H

enum whose {
	WHOSE_ANY,
	WHOSE_GUARDED,	/* in the folder of a process that enforces */
	WHOSE_TERMINAL,	/* one of the agent's, or nobody's */
	WHOSE_FOREIGN,	/* a terminal that somebody else's session is at */
	WHOSE_FOLDING,	/* names of another case are the same file */
};

/* The process that a struct pid is of; 0: none. */
static __always_inline __u64 leader_of(__u64 pid)
{
	__u64 node = 0;

	if (!pid || bpf_probe_read_kernel(&node, sizeof(node),
					  (const void *)(pid + bpf_core_field_offset(struct pid, tasks))) || !node)
		return 0;
	return node - bpf_core_field_offset(struct task_struct, pid_links);
}

static __always_inline bool is_guarded_folder(struct inode *folder)
{
	struct proc_inode *in_proc = (struct proc_inode *)((__u64)folder - bpf_core_field_offset(struct proc_inode, vfs_inode));
	__u64 leader = leader_of((__u64)BPF_CORE_READ(in_proc, pid));
	struct task_struct *t = (struct task_struct *)leader;
	__u32 tgid, uid;

	if (!leader)
		return false;
	tgid = BPF_CORE_READ(t, tgid);
	uid = BPF_CORE_READ(t, real_cred, uid.val);
	return is_guarded_number(tgid, uid);
}

/* A descriptor that the task was given says that it may use the terminal, whoever is at it. */
static __always_inline bool is_given(struct task_struct *t, struct dentry *dentry)
{
	struct file **fd = BPF_CORE_READ(t, files, fdt, fd);
	struct file *file[3] = {};

	if (!fd || BPF_CORE_READ(t, files, fdt, max_fds) < 3 || bpf_probe_read_kernel(file, sizeof(file), fd))
		return false;
	for (int i = 0; i < 3; i++)
		if (file[i] && BPF_CORE_READ(file[i], f_inode) == dentry->d_inode)
			return true;
	return false;
}

/* Its own terminal, one of a session within its own, one that nobody is at: all others are somebody's. */
static __always_inline bool is_foreign(struct dentry *dentry)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct tty_struct *tty = dentry->d_fsdata;
	__u64 leader, key;
	struct cvf_member *m, *own;

	if (!tty || t->signal->tty == tty)
		return false;
	leader = leader_of((__u64)BPF_CORE_READ(tty, ctrl.session));
	if (!leader)
		return false;
	key = (__u64)t;
	own = bpf_map_lookup_elem(&cvf_members, &key);
	m = bpf_map_lookup_elem(&cvf_members, &leader);
	if (own && m && own->session == m->session)
		return false;
	return !is_given(t, dentry);
}

static __noinline __u32 whose(const struct place *place)
{
	struct dentry *dentry = place->dentry, *parent = dentry->d_parent;
	__u64 magic = place->mnt->mnt_sb->s_magic;

	if (magic == PROC_SUPER_MAGIC)
		return is_guarded_folder(parent->d_inode) ? WHOSE_GUARDED : WHOSE_ANY;
	if (magic == DEVPTS_SUPER_MAGIC)
		return is_foreign(dentry) ? WHOSE_FOREIGN : WHOSE_TERMINAL;
	return parent->d_flags & DCACHE_OP_COMPARE ? WHOSE_FOLDING : WHOSE_ANY;
}

/* ---- names without case ---- */

#define EACH(byte) (0x0101010101010101ull * (byte))

/* The highest bit of each byte that is this one. */
static __always_inline __u64 bytes_that_are(__u64 word, __u64 byte)
{
	word ^= EACH(byte);
	return ~(((word & EACH(0x7f)) + EACH(0x7f)) | word) & EACH(0x80);
}

/* Capital letters as small ones; all others as they are. */
static __always_inline __u64 small_letters(__u64 word)
{
	__u64 low = word & EACH(0x7f), capitals = (low + EACH(0x80 - 'A')) & ~(low + EACH(0x7f - 'Z')) & ~word & EACH(0x80);

	return word | capitals >> 2;
}

struct inside {
	__u64 dentry, root;
	__u32 len;
};

static long inside_step(__u32 i, struct inside *in)
{
	struct dentry *d = (struct dentry *)in->dentry;

	if (!in->dentry || in->dentry == in->root)
		return 1;
	in->len += BPF_CORE_READ(d, d_name.len) + 1;
	in->dentry = (__u64)BPF_CORE_READ(d, d_parent);
	return 0;
}

/* A mask of the bytes from this one of a word on. */
static __always_inline __u64 bytes_from(__s32 first)
{
	if (first >= 8)
		return 0;
	return first <= 0 ? ~0ull : ~0ull << (first * 8);
}

/* Eight bytes of the path, and whether such a disk could know them by another name: short ones, dots that do not count, beyond ASCII. */
static long fold_step(__u32 i, struct run *run)
{
	struct cvf_scratch *s = run->scratch;
	struct walk *w = &s->walk;
	__u32 at = (i * 8) & (PATH_ROOM - 1), from = (w->from + at) & (PATH_ROOM - 1);
	const char *path = s->path[w->which & 1];
	__u64 word = *(const __u64 *)&path[from], after = *(const __u64 *)&path[from + 1], mask, end;

	mask = bytes_from(w->folds_from - at);
	end = bytes_from(w->len - at);
	*(__u64 *)&s->args[at] = (word & ~mask) | (small_letters(word) & mask);
	word &= mask & ~end;
	if ((word & EACH(0x80)) | bytes_that_are(word, '~') |
	    ((bytes_that_are(word, '.') | bytes_that_are(word, ' ')) & (bytes_that_are(after, '/') | bytes_from(w->len - at - 1))))
		w->odd = 1;
	return 0;
}

/*
 * The set that the path in path[which] comes to with small letters below the mount that it is on: rules for a part of such a
 * disk are written so. Leaves in walk.odd what fold_step says.
 */
GLOBAL __u32 folded_set(struct cvf_scratch *s, __u32 which)
{
	struct run run = { .scratch = s };
	struct inside in = {};
	struct vfsmount *mnt;
	__u32 len;

	if (!s)
		return 0;
	in.dentry = s->walk.from_dentry;
	mnt = (struct vfsmount *)s->walk.from_mnt;
	in.root = (__u64)BPF_CORE_READ(mnt, mnt_root);
	bpf_loop(CVF_DEPTH_MAX, inside_step, &in, 0);
	len = s->path_len[which & 1];
	if (len > PATH_ROOM)
		len = PATH_ROOM;
	s->walk.which = which;
	s->walk.from = s->path_off[which & 1];
	s->walk.len = len;
	s->walk.folds_from = in.len < len ? len - in.len : 0;
	s->walk.odd = 0;
	bpf_loop((len + 7) / 8, fold_step, &run, 0);
	return dfa_set(slot_of(s), scan(s, SIP_ARGS, 0, len, slot_of(s)->start_file));
}

#endif
