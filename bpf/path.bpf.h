/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.bpf.h - what is being touched: the resolved path, and bytes through the automaton
 *
 * Paths are taken from dentries and mounts, up to the root of the mount namespace: never from user memory, never relative
 * to a chroot.
 */
#ifndef PATH_BPF_H
#define PATH_BPF_H

extern const void rename_lock __ksym; /* seqlock_t of fs/dcache.c: odd or changed while a name was being changed */
extern const void mount_lock __ksym;  /* seqlock_t of fs/namespace.c: the same of mounts */

#define MNT_NS_INTERNAL_ADDRESS ((__u64)-22) /* ERR_PTR(-EINVAL) in fs/mount.h: kernel-internal mounts */
#define MOUNTS_MAX 32

struct place {
	struct dentry *dentry;
	struct vfsmount *mnt;
};

/* The last one: what is remembered does not tell. */
enum placed { PLACED, PLACED_ANON, PLACED_NOWHERE, PLACED_DEEP, PLACE_WALK };

static __always_inline struct mount *mount_of(__u64 mnt)
{
	return (struct mount *)(mnt - bpf_core_field_offset(struct mount, mnt));
}

static __always_inline unsigned int sequence_of(const void *seqlock)
{
	unsigned int sequence = 1;

	bpf_probe_read_kernel(&sequence, sizeof(sequence), seqlock);
	return sequence;
}

/*
 * The kernel's own file systems are judged by their usual names wherever they are mounted, and whatever part of them: a second
 * procfs, or a bind mount of /proc/sys, opens no other way to what stands there.
 */
static const struct known_place {
	__u64 magic;
	__u32 len;
	char name[20];
} known_places[] = {
	{ 0x9fa0, 5, "/proc" },
	{ 0x62656572, 4, "/sys" },
	{ 0x74726163, 19, "/sys/kernel/tracing" },
	{ 0x64626720, 17, "/sys/kernel/debug" },
	{ 0x63677270, 14, "/sys/fs/cgroup" },
	{ 0xcafe4a11, 11, "/sys/fs/bpf" },
};
#define KNOWN_PLACES 6

/* Row of the file system in known_places, plus 1; 0: an ordinary one. */
static __always_inline __u32 known_place(__u64 magic)
{
	for (__u32 i = 0; i < KNOWN_PLACES; i++)
		if (magic == known_places[i].magic)
			return i + 1;
	return 0;
}

/*
 * A read of the kernel's memory costs about 77 instructions, however much is read. What is wanted of a mount or a name stands
 * side by side in the kernels there are: one read instead of three.
 */

static __always_inline void mount_link(struct mount *m, struct mount_link *ret)
{
	const __u32 at = bpf_core_field_offset(struct mount, mnt_parent);

	if (bpf_core_field_offset(struct mount, mnt_mountpoint) == at + 8 &&
	    bpf_core_field_offset(struct mount, mnt.mnt_root) == at + 16 &&
	    bpf_core_field_offset(struct mount, mnt.mnt_sb) == at + 24) {
		bpf_probe_read_kernel(ret, sizeof(*ret), (const void *)m + at);
		return;
	}
	ret->parent = (__u64)BPF_CORE_READ(m, mnt_parent);
	ret->mountpoint = (__u64)BPF_CORE_READ(m, mnt_mountpoint);
	ret->root = (__u64)BPF_CORE_READ(m, mnt.mnt_root);
	ret->sb = (__u64)BPF_CORE_READ(m, mnt.mnt_sb);
}

/* What leads from a name to the folder it is in. */
struct dentry_link {
	__u64 parent;
	__u32 hash, len;
	__u64 name;
};

static __always_inline void dentry_link(struct dentry *d, struct dentry_link *ret)
{
	const __u32 at = bpf_core_field_offset(struct dentry, d_parent);

	if (bpf_core_field_offset(struct dentry, d_name.len) == at + 12 &&
	    bpf_core_field_offset(struct dentry, d_name.name) == at + 16) {
		bpf_probe_read_kernel(ret, sizeof(*ret), (const void *)d + at);
		return;
	}
	ret->parent = (__u64)BPF_CORE_READ(d, d_parent);
	ret->len = BPF_CORE_READ(d, d_name.len);
	ret->name = (__u64)BPF_CORE_READ(d, d_name.name);
}

/*
 * Folds the mounts from walk.from_mnt to the namespace's root into s->walk.chain; tells whether there is such a root. When that is the
 * caller's own, walk.event is the namespace's: the number that it gets with each change of its mounts, and that no namespace
 * had before; else 0.
 */
GLOBAL int mount_chain(struct cvf_scratch *s)
{
	struct task_struct *t = bpf_get_current_task_btf();
	__u64 own_root = (__u64)t->nsproxy->mnt_ns->root, m, ns, chain = 1, event;
	unsigned int sequence;
	struct mount_link link;

	if (!s)
		return PLACED_NOWHERE;
	sequence = sequence_of(&mount_lock);
	event = t->nsproxy->mnt_ns->event;
	s->walk.event = 0;
	m = (__u64)mount_of(s->walk.from_mnt);
	for (int i = 0; i < MOUNTS_MAX; i++) {
		s->walk.chain = chain;
		if (m == own_root) {
			/* A mount on its way out is counted before it is gone. */
			if (!(sequence & 1) && sequence_of(&mount_lock) == sequence)
				s->walk.event = event;
			s->walk.ns = (__u64)t->nsproxy->mnt_ns;
			return PLACED;
		}
		mount_link((struct mount *)m, &link);
		if (link.parent == m) {
			ns = (__u64)BPF_CORE_READ((struct mount *)m, mnt_ns);
			if (ns == MNT_NS_INTERNAL_ADDRESS)
				return PLACED_ANON;
			/* 0: unmounted lazily. Sequence 0: an anonymous tree of open_tree(OPEN_TREE_CLONE), attached nowhere. */
			if (!ns || !BPF_CORE_READ((struct mnt_namespace *)ns, seq))
				return PLACED_NOWHERE;
			return PLACED;
		}
		chain = (chain ^ link.root) * 0x9e3779b97f4a7c15ull;
		chain = (chain ^ link.mountpoint) * 0x9e3779b97f4a7c15ull;
		m = link.parent;
	}
	return PLACED_DEEP;
}

struct run {
	struct cvf_scratch *scratch;
};

/* The root of one of the known file systems is reached: its usual name goes before what is there. */
static __always_inline long walk_known(struct walk *w, char *buffer)
{
	const struct known_place *known;
	__u32 row = w->known - 1, off = w->off;

	w->result = PLACED_DEEP;
	if (row >= KNOWN_PLACES)
		return 1;
	known = &known_places[row];
	if (off < known->len || off > PATH_ROOM)
		return 1;
	off -= known->len;
	for (__u32 i = 0; i < sizeof(known->name) && i < known->len; i++)
		buffer[(off + i) & (PATH_ROOM - 1)] = known->name[i];
	w->off = off;
	w->result = PLACED;
	return 1;
}

/* One level towards the root: writes "/name" before what is there. */
static long walk_step(__u32 i, struct run *run)
{
	struct walk *w = &run->scratch->walk;
	char *buffer = run->scratch->path[w->which & 1];
	struct dentry *d = (struct dentry *)w->dentry;
	struct dentry_link link;
	__u32 len, off = w->off;

	if (w->dentry == w->root) {
		w->result = PLACED_NOWHERE;
		if (!w->dentry)
			return 1;
		if (w->on.parent == w->mount) {
			w->result = PLACED;
			return 1;
		}
		w->dentry = w->on.mountpoint;
		w->mount = w->on.parent;
		mount_link((struct mount *)w->mount, &w->on);
		w->root = w->on.root;
		w->result = PLACED_DEEP;
		return 0;
	}
	dentry_link(d, &link);
	w->result = PLACED_NOWHERE;
	if (link.parent == w->dentry)
		return w->known ? walk_known(w, buffer) : 1;
	len = link.len;
	if (len > 255 || off < len + 1 || off > PATH_ROOM) {
		w->result = PLACED_DEEP;
		return 1;
	}
	off -= len;
	if (bpf_probe_read_kernel(&buffer[off & (PATH_ROOM - 1)], len & 255, (const void *)link.name))
		return 1;
	off--;
	buffer[off & (PATH_ROOM - 1)] = '/';
	w->off = off;
	w->dentry = link.parent;
	w->result = PLACED_DEEP;
	return 0;
}

/* Writes the path of walk.from_dentry and .from_mnt into path[which]. Tried again when a name changed meanwhile. */
GLOBAL int path_write(struct cvf_scratch *s, __u32 which)
{
	struct run run = { .scratch = s };
	struct super_block *sb;
	struct walk *w;

	if (!s)
		return PLACED_NOWHERE;
	w = &s->walk;
	for (int try = 0; try < 4; try++) {
		unsigned int sequence = sequence_of(&rename_lock);

		w->dentry = w->from_dentry;
		w->mount = (__u64)mount_of(w->from_mnt);
		mount_link((struct mount *)w->mount, &w->on);
		sb = (struct super_block *)w->on.sb;
		w->known = known_place(BPF_CORE_READ(sb, s_magic));
		w->root = w->known ? 0 : w->on.root;
		w->off = PATH_ROOM;
		w->which = which;
		w->result = PLACED_DEEP;
		bpf_loop(CVF_DEPTH_MAX, walk_step, &run, 0);
		if (!(sequence & 1) && sequence_of(&rename_lock) == sequence)
			break;
		w->result = PLACED_NOWHERE;
	}
	if (w->result != PLACED)
		return w->result;
	if (w->off >= PATH_ROOM) {
		w->off = PATH_ROOM - 1;
		s->path[which & 1][PATH_ROOM - 1] = '/';
	}
	s->path_off[which & 1] = w->off;
	s->path_len[which & 1] = PATH_ROOM - w->off;
	return PLACED;
}

static __always_inline int path_text(struct cvf_scratch *s, __u64 dentry, __u64 mnt, __u32 which)
{
	s->walk.from_dentry = dentry;
	s->walk.from_mnt = mnt;
	return path_write(s, which);
}

/* walk.name as "//anon/NAME" (or abstract) into path[which]: files that no mount namespace shows. */
GLOBAL int path_synthetic(struct cvf_scratch *s, __u32 which, __u32 len, __u32 abstract)
{
	static const char anon[8] = { '/', '/', 'a', 'n', 'o', 'n', '/', 0 };
	static const char unix_name[] = { '/', '/', 'a', 'b', 's', 't', 'r', 'a', 'c', 't', '/', 0 };
	__u32 prefix = abstract ? 11 : 7;
	char *to;

	if (!s)
		return -1;
	to = s->path[which & 1];
	for (int i = 0; i < 11; i++)
		to[i] = abstract ? unix_name[i] : anon[i & 7];
	len = len > 255 ? 255 : len;
	if (bpf_probe_read_kernel(&to[prefix], len & 255, (const void *)s->walk.name))
		len = 0;
	s->path_off[which & 1] = 0;
	s->path_len[which & 1] = prefix + len;
	return 0;
}

static __always_inline __u32 dfa_next(const struct cvf_slot *slot, __u32 state, __u8 byte)
{
	return cvf_dfa_next(slot->dfa, slot->short_from, state, slot->class_of[byte]);
}

static __always_inline __u32 dfa_set(const struct cvf_slot *slot, __u32 state)
{
	return cvf_dfa_set(slot->dfa, slot->short_from, slot->stride, state);
}

/* The automaton over the first bytes of a word. */
GLOBAL __u32 scan_word(__u32 slot, __u32 state, __u64 word, __u32 len)
{
	const struct cvf_slot *s = &cvf_slots[slot & 1];

	for (__u32 i = 0; i < 8; i++, word >>= 8) {
		if (i >= len)
			break;
		state = dfa_next(s, state, word);
		/* The verifier would follow each way to each byte: it knows nothing more of what comes out of this. */
		asm volatile("" : "+r"(state));
	}
	return state;
}

#define SCAN_STEP 32
#define SCAN_NAME 3 /* beside SIP_PATH0, SIP_PATH1 and SIP_ARGS: the last name, in s->name */

static __always_inline __u32 scan_buffer(__u32 which)
{
	if (which == SCAN_NAME)
		return __builtin_offsetof(struct cvf_scratch, name);
	if (which == SIP_ARGS)
		return __builtin_offsetof(struct cvf_scratch, args);
	return __builtin_offsetof(struct cvf_scratch, path) + (which & 1) * PATH_SIZE;
}
#define SCAN_BUFFERS 16384u /* where the last of them begins is below it */
_Static_assert(__builtin_offsetof(struct cvf_scratch, args) < SCAN_BUFFERS &&
		       SCAN_BUFFERS + ARGS_ROOM <= sizeof(struct cvf_scratch), "all buffers are within reach");

/*
 * The verifier follows each way to each byte. So the buffer is no branch but an offset, and what it knows of the state, which
 * no two ways have alike, is taken from it by a number that it does not know to be 0: on 6.12 that is a tenth of the work.
 */
static long scan_step(__u32 i, struct run *run)
{
	struct walk *w = &run->scratch->walk;
	__u32 at = i * SCAN_STEP, state = w->state, len = w->len, from = w->from, zero = *(volatile __u32 *)&w->zero;
	const __u8 *buffer = (const __u8 *)run->scratch + (w->buffer & (SCAN_BUFFERS - 1));
	const struct cvf_slot *slot = slot_of(run->scratch);

	/* So it is with most programs, once their name is read: whatever the arguments are. */
	if (cvf_dfa_stays(slot->dfa, slot->short_from, state))
		return 1;
	for (__u32 j = 0; j < SCAN_STEP; j++, at++) {
		if (at >= len)
			break;
		state = dfa_next(slot, state, buffer[(from + at) & (ARGS_ROOM - 1)]) ^ zero;
	}
	w->state = state;
	return 0;
}

GLOBAL int scan_run(struct cvf_scratch *s)
{
	struct run run = { .scratch = s };

	if (!s)
		return -1;
	return bpf_loop((s->walk.len + SCAN_STEP - 1) / SCAN_STEP, scan_step, &run, 0);
}

/* Runs the automaton over bytes of a buffer: path 0, path 1 or the arguments. */
static __always_inline __u32 scan(struct cvf_scratch *s, __u32 which, __u32 from, __u32 len, __u32 state)
{
	s->walk.buffer = scan_buffer(which);
	s->walk.from = from;
	s->walk.len = len;
	s->walk.state = state;
	scan_run(s);
	return s->walk.state;
}

#endif
