/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.bpf.h - the set of patterns that a dentry and its mount match, by what is remembered of its folder, or by the walk
 *
 * The automaton's state at a directory is remembered with its path. It is used only while nothing above it moved:
 * cvf_control.epoch (directories renamed), the chain of mounts, the generation. What a short name comes to there is in memory.bpf.h, under
 * the stamp of that state. Nothing that grants depends on either: without an entry the path is walked and the name read again.
 */
#ifndef PLACE_BPF_H
#define PLACE_BPF_H

static __always_inline struct cvf_dir *dir_in_table(const struct inode *inode)
{
	__u32 key = (inode->i_ino ^ (__u64)inode->i_sb->s_dev << 7) & (CVF_DIRS_MAX - 1);

	return bpf_map_lookup_elem(&cvf_dirs_table, &key);
}

static __always_inline struct cvf_dir *dir_entry(struct inode *inode, __u64 flags)
{
	return cvf_lsm ? bpf_inode_storage_get(&cvf_dirs, inode, 0, flags) : dir_in_table(inode);
}

static __always_inline void dir_keep(struct inode *inode, const struct cvf_dir *now)
{
	struct cvf_dir *d = dir_entry(inode, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!d || !write_begin(&d->version, *(volatile __u32 *)&d->version))
		return;
	d->state = now->state;
	d->stamp = now->stamp;
	d->generation = now->generation;
	d->epoch = now->epoch;
	d->dentry = now->dentry;
	d->chain = now->chain;
	d->mnt = now->mnt;
	d->ns = now->ns;
	d->event = now->event;
	d->text_len = now->text_len;
	for (int i = 0; i < CVF_DIR_WORDS; i++)
		d->text[i] = now->text[i];
	if (!cvf_lsm) {
		d->inode = inode->i_ino;
		d->dev = inode->i_sb->s_dev;
		d->inode_generation = inode->i_generation;
	}
	write_end(&d->version);
}

/* Is it the state of this directory in this generation, and did nothing above it move since? To be read between two versions. */
static __always_inline bool dir_stands(const struct cvf_dir *d, const struct cvf_slot *slot, const struct dentry *dentry,
				       const struct inode *inode)
{
	if (!cvf_lsm && (d->inode != inode->i_ino || d->dev != inode->i_sb->s_dev || d->inode_generation != inode->i_generation))
		return false;
	return d->generation == slot->generation && d->epoch == *(volatile __u64 *)&cvf_control.epoch &&
	       d->dentry == (__u64)dentry;
}

/* The directory's path into the buffer, as many words of it as there are. To be read between two versions. */
static __always_inline void dir_text(struct cvf_scratch *s, const struct cvf_dir *d, __u32 which)
{
	__u64 *to = (__u64 *)s->path[which & 1];

	s->walk.text_len = d->text_len;
#pragma unroll
	for (int i = 0; i < CVF_DIR_WORDS; i++) {
		if (!(i % 8) && d->text_len <= i * 8)
			return;
		to[i] = d->text[i];
	}
}

/* Does this mount lead to it by the same chain as when it was written? No mount of the namespace has changed since. */
static __always_inline bool dir_stands_by(const struct cvf_dir *d, const struct task_struct *t, const struct vfsmount *mnt)
{
	struct mnt_namespace *ns = t->nsproxy->mnt_ns;

	return d->mnt == (__u64)mnt && d->ns == (__u64)ns && d->event == ns->event;
}

/* ---- names ---- */

/* A folder of what was kept: at the root of any mount, so that it has no path of its own. */
static __always_inline bool is_store_name(const __u64 *word, __u32 len)
{
	static const char store[16] __attribute__((aligned(8))) = CVF_QUARANTINE_DIR;

	return len == sizeof(CVF_QUARANTINE_DIR) - 1 && name_same(word, (const __u64 *)store, len);
}

static __always_inline bool is_store(const struct dentry *d)
{
	__u64 name[2];

	return d->d_name.len == sizeof(CVF_QUARANTINE_DIR) - 1 && !bpf_probe_read_kernel(name, sizeof(name), d->d_name.name) &&
	       is_store_name(name, sizeof(CVF_QUARANTINE_DIR) - 1);
}

/* Where a dentry keeps a short name within itself; NULL: it is a longer one, and elsewhere. */
static __always_inline const __u64 *name_inside(const struct dentry *d, __u32 len)
{
	const __u64 *inside;

	if (!bpf_core_field_exists(d->d_iname) || len >= CVF_NAME_WORDS * 8)
		return NULL;
	inside = (const __u64 *)&d->d_iname;
	return (__u64)d->d_name.name == (__u64)inside ? inside : NULL;
}

/* What these bytes come to there, remembered; NO_SET: they are the name of what was kept, which is not. */
static __noinline __u32 name_learn(struct cvf_name *n, const struct folder *f, const __u64 *word, __u32 len)
{
	__u32 state = f->state, set;

	if (is_store_name(word, len))
		return NO_SET;
#pragma unroll
	for (__u32 i = 0; i < CVF_NAME_WORDS; i++) {
		if (i * 8 >= len)
			break;
		state = scan_word(f->slot, state, word[i], len - i * 8);
	}
	set = dfa_set(&cvf_slots[f->slot & 1], state);
	name_keep(n, f->stamp, word, len, set);
	return set;
}

/* The same of a name within a dentry: it is read once, since it could become another one. */
static __noinline __u32 name_learn_inside(struct cvf_name *n, const struct folder *f, const __u64 *inside, __u32 len)
{
	__u64 word[CVF_NAME_WORDS];

	for (int i = 0; i < CVF_NAME_WORDS; i++)
		word[i] = inside[i];
	return len ? name_learn(n, f, word, len) : NO_SET;
}

/* A short name behind the path of its directory. */
static __always_inline void path_join(struct cvf_scratch *s, const __u64 *word, __u32 len, __u32 which)
{
	__u32 off = s->walk.text_len;
	char *to;

	if (!off || off > CVF_DIR_WORDS * 8)
		return;
	to = &s->path[which & 1][off];
	for (int i = 0; i < CVF_NAME_WORDS; i++)
		*(__u64 *)&to[i * 8] = word[i];
	s->path_off[which & 1] = 0;
	s->path_len[which & 1] = off + len;
}

/* The automaton over the last name, from the state of its directory. PLACED, or PLACE_WALK: the name cannot be read. */
static __noinline int place_name(struct cvf_scratch *s, struct dentry *dentry, const struct folder *f, __u32 which)
{
	__u32 len = dentry->d_name.len, set, version;
	const __u64 *inside = name_inside(dentry, len);
	__u64 *word = (__u64 *)s->name;
	struct cvf_name *n;

	s->walk.store = 0;
	if (inside && len) {
		n = name_at(f->stamp, dentry->d_name.hash);
		if (!n)
			return PLACE_WALK;
		/* What is kept is what these bytes come to: they are not read a second time. */
		for (int i = 0; i < CVF_NAME_WORDS; i++)
			word[i] = inside[i];
		path_join(s, word, len, which);
		version = read_begin(&n->version);
		set = n->set;
		if (!name_is(n, f->stamp, word, len) || !read_end(&n->version, version))
			set = name_learn(n, f, word, len);
		s->walk.store = set == NO_SET;
		s->walk.set = set;
		return PLACED;
	}
	/* In a register of its own: the compiler would bound one copy of the length and pass another. */
	len = dentry->d_name.len;
	asm volatile("" : "+r"(len));
	if (len > 255 || bpf_probe_read_kernel(s->name, len & 255, dentry->d_name.name))
		return PLACE_WALK;
	s->walk.store = is_store(dentry);
	s->walk.set = dfa_set(slot_of(s), scan(s, SCAN_NAME, 0, len, f->state));
	return PLACED;
}

/* ---- places ---- */

/* No two are alike: numbers of this CPU's own, and its own number. */
static __always_inline __u64 stamp_new(void)
{
	struct cvf_cpu *cpu = cpu_state();

	return cpu ? (__sync_fetch_and_add(&cpu->cache_miss, 1) + 1) << 16 | (bpf_get_smp_processor_id() & 0xffff) : 0;
}

/* Walks the whole path, runs the automaton over it, and remembers the state at its directory. */
static __noinline int place_walk(struct cvf_scratch *s, const struct place *place, __u32 which)
{
	const struct cvf_slot *slot = slot_of(s);
	struct cvf_dir *now = &s->walk.dir;
	struct dentry *parent;
	bool still, store;
	__u32 name, len;
	int placed;

	now->generation = slot->generation;
	/* In this order: what begins to move after the epoch was read gets another one. */
	now->epoch = *(volatile __u64 *)&cvf_control.epoch;
	order_reads();
	still = !*(volatile __u32 *)&cvf_control.moving;
	now->stamp = stamp_new();
	placed = path_text(s, (__u64)place->dentry, (__u64)place->mnt, which);
	if (placed != PLACED)
		return placed;
	name = place->dentry == place->mnt->mnt_root ? 0 : place->dentry->d_name.len;
	if (name >= s->path_len[which & 1])
		name = 0;
	len = s->path_len[which & 1] - name;
	now->state = scan(s, which, s->path_off[which & 1], len, slot->start_file);
	now->text_len = len > CVF_DIR_WORDS * 8 ? 0 : len;
	if (bpf_probe_read_kernel(now->text, now->text_len & 255, &s->path[which & 1][s->path_off[which & 1] & (PATH_ROOM - 1)]))
		now->text_len = 0;
	parent = place->dentry->d_parent;
	now->dentry = (__u64)parent;
	store = is_store(parent);
	s->walk.whose = whose(place);
	if (name && still && now->stamp && !store && !s->walk.whose && parent != place->dentry)
		dir_keep(parent->d_inode, now);
	s->walk.store = store || is_store(place->dentry);
	s->walk.set = dfa_set(slot, scan(s, which, PATH_ROOM - name, name, now->state));
	return PLACED;
}

/* By which chain of mounts does this one lead to it? If the state of the directory is of that chain, the mount is remembered. */
static __noinline int place_by_chain(struct cvf_scratch *s, const struct place *place, __u32 which)
{
	struct dentry *dentry = place->dentry, *parent = dentry->d_parent;
	struct cvf_dir *d, *now = &s->walk.dir;
	struct folder folder;
	__u32 version;
	int placed;

	s->walk.from_mnt = (__u64)place->mnt;
	s->walk.event = 0;
	s->walk.chain = known_place(place->mnt->mnt_sb->s_magic);
	placed = s->walk.chain ? PLACED : mount_chain(s);
	if (placed == PLACED_ANON) {
		s->walk.name = (__u64)dentry->d_name.name;
		path_synthetic(s, which, dentry->d_name.len, 0);
		s->walk.store = 0;
		s->walk.set = dfa_set(slot_of(s), scan(s, which, 0, s->path_len[which & 1], slot_of(s)->start_file));
		return PLACED;
	}
	if (placed != PLACED)
		return placed;
	now->chain = s->walk.chain;
	now->mnt = s->walk.event ? s->walk.from_mnt : 0;
	now->ns = s->walk.ns;
	now->event = s->walk.event;
	/* The root of a mount is named by its mountpoint: walked, not cached. */
	if (dentry == place->mnt->mnt_root || parent == dentry)
		return PLACE_WALK;
	d = dir_entry(parent->d_inode, 0);
	if (!d)
		return PLACE_WALK;
	version = read_begin(&d->version);
	folder = (struct folder){ .stamp = d->stamp, .state = d->state, .slot = s->facts.slot };
	dir_text(s, d, which);
	if (!dir_stands(d, slot_of(s), parent, parent->d_inode) || d->chain != now->chain ||
	    !read_end(&d->version, version))
		return PLACE_WALK;
	if (now->mnt && write_begin(&d->version, version)) {
		d->mnt = now->mnt;
		d->ns = now->ns;
		d->event = now->event;
		write_end(&d->version);
	}
	return place_name(s, dentry, &folder, which);
}

/* Is the state of its directory known as this mount shows it? */
static __noinline int place_by_mount(struct cvf_scratch *s, const struct place *place, __u32 which)
{
	struct dentry *dentry = place->dentry, *parent = dentry->d_parent;
	struct folder folder;
	struct cvf_dir *d;
	__u32 version;

	d = parent == dentry ? NULL : dir_entry(parent->d_inode, 0);
	if (!d)
		return PLACE_WALK;
	version = read_begin(&d->version);
	folder = (struct folder){ .stamp = d->stamp, .state = d->state, .slot = s->facts.slot };
	dir_text(s, d, which);
	if (!dir_stands(d, slot_of(s), parent, parent->d_inode) || !dir_stands_by(d, bpf_get_current_task_btf(), place->mnt) ||
	    !read_end(&d->version, version))
		return PLACE_WALK;
	return place_name(s, dentry, &folder, which);
}

/* Leaves the set that a place comes to in s->walk.set, and whether it is what was kept in .store; enum placed. */
static __always_inline int place_set(struct cvf_scratch *s, const struct place *place, __u32 which)
{
	int placed;

	s->path_len[which & 1] = 0;
	s->walk.whose = 0;
	/* Whatever the walk remembers, it knows the mounts of this place: never of the one that was asked about before. */
	placed = place_by_mount(s, place, which);
	if (placed == PLACE_WALK)
		placed = place_by_chain(s, place, which);
	if (placed == PLACE_WALK)
		placed = place_walk(s, place, which);
	return placed;
}

#endif
