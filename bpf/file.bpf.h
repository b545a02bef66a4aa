/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.bpf.h - open, create, delete, rename, link, truncate, attributes, executable mappings
 *
 * Changes of names are decided at the path_* hooks, which carry the mount. One system call meets one deciding hook:
 * what execve opens belongs to the exec decision, a file that this open created was decided at path_mknod, and an open
 * that truncates was decided as a write.
 */
#ifndef FILE_BPF_H
#define FILE_BPF_H

static __always_inline void question_object(struct cvf_scratch *s, struct dentry *dentry, struct vfsmount *mnt)
{
	s->facts.dentry = (__u64)dentry;
	s->facts.mnt = (__u64)mnt;
}

/*
 * Most of what programs do is done where something was done before: the state of the folder is known. If what the name comes to there is
 * nothing but being let through, there is no question: no working memory, no record. The cell that it is to be counted in; 0: it is asked.
 */
static __always_inline __u32 known_cell(const struct task_struct *t, const struct cvf_label *l, __u32 op, const struct dentry *dentry,
					const struct vfsmount *mnt, __u32 active)
{
	struct dentry *parent = dentry->d_parent;
	struct inode *inode = parent->d_inode;
	__u32 version, state, len;
	const __u64 *inside;
	struct cvf_name *n;
	struct cvf_dir *d;
	__u64 stamp;

	d = dir_entry(inode, 0);
	if (!d || parent == dentry)
		return 0;
	version = read_begin(&d->version);
	stamp = d->stamp;
	state = d->state;
	if (!dir_stands(d, &cvf_slots[active], parent, inode) || !dir_stands_by(d, t, mnt) || !read_end(&d->version, version))
		return 0;
	len = dentry->d_name.len;
	inside = name_inside(dentry, len);
	n = name_at(stamp, dentry->d_name.hash);
	return inside && n ? name_cell(n, stamp, state, inside, len, active, op, l) : 0;
}

/* Operations on files; the object of others is shown, not judged. */
static __noinline int goes_through(__u32 op, const struct cvf_label *l, struct dentry *dentry, struct vfsmount *mnt)
{
	__u32 active = cvf_control.active & 1, cell;

	if (op < CVF_OP_READ || op > CVF_OP_EXEC_MAP)
		return 0;
	cell = known_cell(bpf_get_current_task_btf(), l, op, dentry, mnt, active);
	if (!cell)
		return 0;
	let_through(active, cell, l);
	return 1;
}

/* Of two names the more severe is counted, as by judge_place(). */
static __noinline int pair_goes_through(__u32 op, const struct cvf_label *l, const struct place *from, const struct place *to)
{
	__u32 active = cvf_control.active & 1, first, second;
	struct task_struct *t = bpf_get_current_task_btf();
	const struct cvf_slot *slot = &cvf_slots[active];

	first = known_cell(t, l, op, from->dentry, from->mnt, active);
	second = first ? known_cell(t, l, op, to->dentry, to->mnt, active) : 0;
	if (!second)
		return 0;
	let_through(active, severity_in(slot, second) > severity_in(slot, first) ? second : first, l);
	return 1;
}

/* Whoever keeps what goes away looks for it by number. */
static __always_inline void question_goes(struct cvf_scratch *s, struct dentry *dentry, __u32 which)
{
	struct inode *inode = dentry->d_inode;

	if (!inode)
		return;
	s->facts.goes = which;
	s->facts.inode = inode->i_ino;
	s->facts.device = inode->i_sb->s_dev;
}

/* One object, one operation. */
static __noinline int path_question(__u32 op, struct dentry *dentry, struct vfsmount *mnt, __s32 detail)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	if (goes_through(op, l, dentry, mnt))
		return 0;
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.detail = detail;
	if (op == CVF_OP_DELETE)
		question_goes(s, dentry, 1);
	question_object(s, dentry, mnt);
	judge_place(s, dentry, mnt, 0);
	return question_end(s, l);
}

/* Old and new name, the more severe verdict wins. */
static __noinline int pair_question(__u32 op, struct place *from, struct place *to, __s32 detail)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	if (pair_goes_through(op, l, from, to))
		return 0;
	s = question_start(l, op);
	if (!s)
		return -EPERM;
	s->facts.detail = detail;
	question_object(s, from->dentry, from->mnt);
	s->facts.two_names = 1;
	s->facts.dentry2 = (__u64)to->dentry;
	s->facts.mnt2 = (__u64)to->mnt;
	/* A rename onto something that exists takes that away, unless the two change places. */
	if (op == CVF_OP_RENAME && !(detail & RENAME_EXCHANGE))
		question_goes(s, to->dentry, 2);
	judge_place(s, from->dentry, from->mnt, 0);
	judge_place(s, to->dentry, to->mnt, 1);
	return question_end(s, l);
}

static __always_inline bool nobody_here(void)
{
	return is_nobody(bpf_get_current_task_btf());
}

/*
 * overlayfs opens the file of a layer inside the open of its own file, and the lower file again when it copies it up.
 * Both are the access that was just judged. 6.1: the overlay's path with the layer's inode; 6.12: FMODE_BACKING; copy-up:
 * a private mount of no namespace under the mounter's credentials.
 */
static __always_inline bool is_layer_open(const struct file *file, __u32 flags, __u32 mode)
{
	struct task_struct *t;
	struct mount *m;

	if (mode & FMODE_BACKING)
		return true;
	if (file->f_inode != file->f_path.dentry->d_inode)
		return true;
	if (!(flags & O_NOATIME))
		return false;
	t = bpf_get_current_task_btf();
	if (t->cred == t->real_cred)
		return false;
	m = mount_of((__u64)file->f_path.mnt);
	return (__u64)BPF_CORE_READ(m, mnt_ns) == MNT_NS_INTERNAL_ADDRESS;
}

/* Reading and writing at once is judged as both. */
static __always_inline void open_judge(struct cvf_scratch *s, struct file *file, __u32 flags, __u32 mode)
{
	struct dentry *dentry = file->f_path.dentry;
	struct vfsmount *mnt = file->f_path.mnt;
	bool writes = (mode & FMODE_WRITE) || (flags & O_TRUNC);
	__u32 cell;

	question_object(s, dentry, mnt);
	if (flags & O_TMPFILE_BIT) {
		/* A file without a name: it would have another number after every restart, so the directory is the object. */
		s->facts.op = CVF_OP_CREATE;
		judge_place(s, dentry, mnt, 0);
		question_object(s, dentry->d_parent, mnt);
		s->path_len[0] = 0;
		return;
	}
	s->facts.op = writes ? CVF_OP_WRITE : CVF_OP_READ;
	judge_place(s, dentry, mnt, 0);
	if (writes && (mode & FMODE_READ) && !s->facts.fault) {
		cell = s->facts.cell;
		s->facts.op = CVF_OP_READ;
		judge_place(s, dentry, mnt, 0);
		s->facts.other = cell;
		if (severity(s, cell) >= severity(s, s->facts.cell)) {
			s->facts.op = CVF_OP_WRITE;
			s->facts.other = s->facts.cell;
			s->facts.cell = cell;
		}
	}
}

static __noinline int open_question(struct cvf_label *l, struct file *file, __u32 flags, __u32 mode)
{
	struct cvf_scratch *s;

	if (is_layer_open(file, flags, mode))
		return 0;
	if (!(flags & (O_TRUNC | O_TMPFILE_BIT)) && (mode & (FMODE_READ | FMODE_WRITE)) == FMODE_WRITE &&
	    goes_through(CVF_OP_WRITE, l, file->f_path.dentry, file->f_path.mnt))
		return 0;
	s = question_start(l, CVF_OP_READ);
	if (!s)
		return -EPERM;
	open_judge(s, file, flags, mode);
	return question_end(s, l);
}

/* Whoever opens so wants to read, and nothing else: what programs do most. */
static __always_inline bool is_plain_read(const struct file *file, __u32 flags, __u32 mode)
{
	return !(flags & (O_TRUNC | O_TMPFILE_BIT | O_NOATIME)) && !(mode & (FMODE_WRITE | FMODE_BACKING)) &&
	       file->f_inode == file->f_path.dentry->d_inode;
}

HOOK(file_open)
int BPF_PROG(cvf_file_open, struct file *file, int ret)
{
	struct task_struct *t = bpf_get_current_task_btf();
	__u32 flags, mode, active, cell = 0;
	enum standing standing;
	struct cvf_label *l;

	if (ret || is_nobody(t))
		return ret;
	flags = file->f_flags;
	mode = file->f_mode;
	if ((flags & FMODE_EXEC_FLAG) || ((mode & FMODE_CREATED) && !(flags & O_TMPFILE_BIT)))
		return 0;
	l = somebodys_label(t, &standing);
	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	active = cvf_control.active & 1;
	if (is_plain_read(file, flags, mode))
		cell = known_cell(t, l, CVF_OP_READ, file->f_path.dentry, file->f_path.mnt, active);
	if (!cell)
		return open_question(l, file, flags, mode);
	let_through(active, cell, l);
	return 0;
}

HOOK(path_mknod)
int BPF_PROG(cvf_path_mknod, const struct path *dir, struct dentry *dentry, unsigned short mode, unsigned int dev, int ret)
{
	__u32 type = mode & S_IFMT;

	if (ret || nobody_here())
		return ret;
	if (type == S_IFCHR || type == S_IFBLK)
		return path_question(CVF_OP_MKNOD, dentry, dir->mnt, mode);
	return path_question(CVF_OP_CREATE, dentry, dir->mnt, type);
}

HOOK(path_mkdir)
int BPF_PROG(cvf_path_mkdir, const struct path *dir, struct dentry *dentry, unsigned short mode, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_CREATE, dentry, dir->mnt, S_IFDIR);
}

HOOK(path_symlink)
int BPF_PROG(cvf_path_symlink, const struct path *dir, struct dentry *dentry, const char *target, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_CREATE, dentry, dir->mnt, 0120000);
}

HOOK(path_unlink)
int BPF_PROG(cvf_path_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_DELETE, dentry, dir->mnt, 0);
}

HOOK(path_rmdir)
int BPF_PROG(cvf_path_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_DELETE, dentry, dir->mnt, S_IFDIR);
}

HOOK(path_rename)
int BPF_PROG(cvf_path_rename, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags, int ret)
{
	struct place from = { .dentry = old_dentry, .mnt = old_dir->mnt };
	struct place to = { .dentry = new_dentry, .mnt = new_dir->mnt };

	return ret || nobody_here() ? ret : pair_question(CVF_OP_RENAME, &from, &to, flags);
}

HOOK(path_link)
int BPF_PROG(cvf_path_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry, int ret)
{
	struct place from = { .dentry = old_dentry, .mnt = new_dir->mnt };
	struct place to = { .dentry = new_dentry, .mnt = new_dir->mnt };

	return ret || nobody_here() ? ret : pair_question(CVF_OP_LINK, &from, &to, 0);
}

static __noinline int in_open_call(void)
{
	struct task_struct *t = bpf_get_current_task_btf();
	const struct call_numbers *calls = call_is_compat(t) ? &compat_calls : &native_calls;
	long nr = call_number((struct pt_regs *)bpf_task_pt_regs(t));

	return nr == calls->open || nr == calls->openat || nr == calls->openat2 || nr == calls->creat;
}

HOOK(path_truncate)
int BPF_PROG(cvf_path_truncate, const struct path *path, int ret)
{
	if (ret || nobody_here() || in_open_call())
		return ret;
	return path_question(CVF_OP_TRUNCATE, path->dentry, path->mnt, 0);
}

/* 6.2 and newer, where ftruncate no longer passes path_truncate. */
HOOK(file_truncate)
int BPF_PROG(cvf_file_truncate, struct file *file, int ret)
{
	if (ret || nobody_here() || in_open_call())
		return ret;
	return path_question(CVF_OP_TRUNCATE, file->f_path.dentry, file->f_path.mnt, 0);
}

HOOK(path_chmod)
int BPF_PROG(cvf_path_chmod, const struct path *path, unsigned short mode, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_ATTR, path->dentry, path->mnt, mode);
}

HOOK(path_chown)
int BPF_PROG(cvf_path_chown, const struct path *path, unsigned long long uid, unsigned long long gid, int ret)
{
	return ret || nobody_here() ? ret : path_question(CVF_OP_ATTR, path->dentry, path->mnt, 0);
}

struct ancestry {
	__u64 dentry, root;
	__u32 found;
};

static long ancestry_step(__u32 i, struct ancestry *a)
{
	struct dentry *d = (struct dentry *)a->dentry;
	__u64 parent;

	if (a->dentry == a->root) {
		a->found = 1;
		return 1;
	}
	parent = (__u64)BPF_CORE_READ(d, d_parent);
	if (parent == a->dentry)
		return 1;
	a->dentry = parent;
	return 0;
}

static __noinline bool shows(struct vfsmount *mnt, struct dentry *dentry)
{
	struct ancestry a = { .dentry = (__u64)dentry, .root = (__u64)mnt->mnt_root };

	if (mnt->mnt_sb != dentry->d_sb)
		return false;
	bpf_loop(CVF_DEPTH_MAX, ancestry_step, &a, 0);
	return a.found;
}

struct mount_search {
	__u64 head, node, ns;
	__u64 dentry;
	__u64 found;
};

static long mount_search_step(__u32 i, struct mount_search *m)
{
	struct mount *mount = (struct mount *)(m->node - bpf_core_field_offset(struct mount, mnt_instance));
	struct list_head *node = (struct list_head *)m->node;
	struct ancestry a = { .dentry = m->dentry };

	if (!m->node || m->node == m->head)
		return 1;
	a.root = (__u64)BPF_CORE_READ(mount, mnt.mnt_root);
	if ((__u64)BPF_CORE_READ(mount, mnt_ns) == m->ns) {
		bpf_loop(CVF_DEPTH_MAX, ancestry_step, &a, 0);
		if (a.found) {
			m->found = (__u64)mount + bpf_core_field_offset(struct mount, mnt);
			return 1;
		}
	}
	m->node = (__u64)BPF_CORE_READ(node, next);
	return 0;
}

/* The object as some mount of the caller's namespace shows it; none: refused. */
static __noinline int attr_elsewhere(struct dentry *dentry)
{
	struct task_struct *t = bpf_get_current_task_btf();
	__u64 list = (__u64)BPF_CORE_READ(dentry, d_sb) + bpf_core_field_offset(struct super_block, s_mounts);
	struct mount_search m = { .head = list, .dentry = (__u64)dentry, .ns = (__u64)t->nsproxy->mnt_ns };
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	s = question_start(l, CVF_OP_ATTR);
	if (!s)
		return -EPERM;
	m.node = (__u64)BPF_CORE_READ((struct list_head *)list, next);
	bpf_loop(256, mount_search_step, &m, 0);
	s->facts.dentry = m.dentry;
	if (!m.found || path_text(s, m.dentry, m.found, 0) != PLACED)
		s->facts.fault = CVF_REASON_UNREACHABLE;
	else
		judge_text(s);
	return question_end(s, l);
}

/*
 * Hooks on inodes carry no mount (extended attributes, times): the mount of the working directory, the root's, or the
 * root of the file system itself shows the object. NULL: none does.
 */
static __always_inline int attr_question(struct dentry *dentry)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct fs_struct *fs = t->fs;

	/* overlayfs and others change attributes of their layers under their own credentials: judged already. */
	if (!fs || t->cred != t->real_cred)
		return 0;
	if (shows(fs->pwd.mnt, dentry))
		return path_question(CVF_OP_ATTR, dentry, fs->pwd.mnt, 0);
	if (shows(fs->root.mnt, dentry))
		return path_question(CVF_OP_ATTR, dentry, fs->root.mnt, 0);
	return attr_elsewhere(dentry);
}

HOOK(inode_setxattr)
int BPF_PROG(cvf_setxattr, void *idmap, struct dentry *dentry, const char *name, const void *value, size_t size, int flags,
	     int ret)
{
	return ret || nobody_here() ? ret : attr_question(dentry);
}

HOOK(inode_removexattr)
int BPF_PROG(cvf_removexattr, void *idmap, struct dentry *dentry, const char *name, int ret)
{
	return ret || nobody_here() ? ret : attr_question(dentry);
}

/* 6.2 and newer; before, access lists were set as extended attributes. */
HOOK(inode_set_acl)
int BPF_PROG(cvf_set_acl, void *idmap, struct dentry *dentry, const char *name, void *acl, int ret)
{
	return ret || nobody_here() ? ret : attr_question(dentry);
}

/* Times only: modes and owners are decided at path_chmod and path_chown, sizes at truncation. */
static __always_inline int setattr(struct dentry *dentry, const struct iattr *attr)
{
	unsigned int valid = attr->ia_valid;

	if (valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE))
		return 0;
	if (!(valid & (ATTR_ATIME_SET | ATTR_MTIME_SET | ATTR_TOUCH | ATTR_ATIME | ATTR_MTIME)))
		return 0;
	return attr_question(dentry);
}

/* Two programs, the loader keeps the one that fits the attached function: the idmap came in 6.3 (security_*: earlier). */
HOOK(inode_setattr)
int BPF_PROG(cvf_setattr, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret || nobody_here() ? ret : setattr(dentry, attr);
}

HOOK(inode_setattr)
int BPF_PROG(cvf_setattr_idmap, void *idmap, struct dentry *dentry, struct iattr *attr, int ret)
{
	return ret || nobody_here() ? ret : setattr(dentry, attr);
}

#define MAP_ANONYMOUS 0x20

/* No file behind anonymous memory. The pointer itself is not tested: 6.12 takes it for never NULL and drops the test. */
static __always_inline int mmap_question(struct file *file, unsigned long prot, unsigned long flags)
{
	if (!(prot & PROT_EXEC) || (flags & MAP_ANONYMOUS) || nobody_here() || in_execve())
		return 0;
	return path_question(CVF_OP_EXEC_MAP, file->f_path.dentry, file->f_path.mnt, 0);
}

HOOK(mmap_file)
int BPF_PROG(cvf_mmap, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	return ret ?: mmap_question(file, prot, flags);
}

/* security_mmap_file() gets the protection as asked for, before a personality made what is readable executable. */
HOOK(mmap_file)
int BPF_PROG(cvf_mmap_function, struct file *file, unsigned long prot, unsigned long flags, int ret)
{
	if ((prot & PROT_READ) && (bpf_get_current_task_btf()->personality & READ_IMPLIES_EXEC))
		prot |= PROT_EXEC;
	return ret ?: mmap_question(file, prot, flags);
}

HOOK(file_mprotect)
int BPF_PROG(cvf_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	struct file *file;

	if (ret || !(prot & PROT_EXEC) || (vma->vm_flags & VM_EXEC) || nobody_here())
		return ret;
	file = vma->vm_file;
	if (!file || in_execve())
		return 0;
	return path_question(CVF_OP_EXEC_MAP, file->f_path.dentry, file->f_path.mnt, 0);
}

#endif
