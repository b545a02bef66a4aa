/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exec.bpf.h - which image runs with which arguments
 *
 * Decided at bprm_check_security, once per interpreter level, on the resolved file and on the arguments in the caller's
 * memory. That memory can change until the kernel copied it, so at sched_process_exec the arguments of the new image,
 * which nobody else can write, must digest to what was judged, else the image is killed before its first instruction.
 */
#ifndef EXEC_BPF_H
#define EXEC_BPF_H

#define POINTERS 8

struct collect {
	struct cvf_scratch *scratch;
	unsigned long argv;
	__u32 off;
	__u32 seen;	/* arguments, argv[0] included */
	__u16 compat;
	__u16 fault;
	__u32 ahead;	/* the first argument whose pointer is not in `pointer` */
	unsigned long pointer[POINTERS];
};

/*
 * The pointer to an argument. Reading the caller's memory costs the same for one as for eight; behind the last one there may be
 * none to be read, and what was read ahead may have changed: then it is as if it had changed after it was looked at.
 */
static __always_inline unsigned long collect_pointer(__u32 i, struct collect *c)
{
	unsigned long p = 0;
	__u32 p32 = 0;

	if (c->compat) {
		if (bpf_probe_read_user(&p32, sizeof(p32), (void *)(c->argv + i * 4)))
			c->fault = CVF_REASON_ARGS_UNREADABLE;
		return p32;
	}
	if (i % POINTERS == 0 && !bpf_probe_read_user(c->pointer, sizeof(c->pointer), (void *)(c->argv + i * 8)))
		c->ahead = i + POINTERS;
	if (i < c->ahead)
		return c->pointer[i % POINTERS];
	if (bpf_probe_read_user(&p, sizeof(p), (void *)(c->argv + i * 8)))
		c->fault = CVF_REASON_ARGS_UNREADABLE;
	return p;
}

/* One more argument of the caller. */
static long collect_step(__u32 i, struct collect *c)
{
	unsigned long p = collect_pointer(i, c);
	long n;

	if (c->fault || !p)
		return 1;
	if (c->off >= CVF_ARGS_MAX || i + 1 >= CVF_ARGC_MAX) {
		c->scratch->args_cut = 1;
		return 1;
	}
	n = bpf_probe_read_user_str(&c->scratch->args[c->off & (CVF_ARGS_MAX - 1)], CVF_ARGS_MAX, (void *)p);
	if (n < 0) {
		c->fault = CVF_REASON_ARGS_UNREADABLE;
		return 1;
	}
	if (n >= CVF_ARGS_MAX || c->off + n > CVF_ARGS_MAX)
		c->scratch->args_cut = 1;
	if (!i)
		c->scratch->args_first = n;
	c->off += n;
	c->seen++;
	return 0;
}

static __always_inline void args_end(struct cvf_scratch *s, __u32 len, __u32 seen)
{
	s->args_len = len;
	s->args_count = seen ? seen - 1 : 0;
}

/* argv of the interrupted execve or execveat into the scratch memory. 0 or enum cvf_reason. */
GLOBAL int args_collect(struct cvf_scratch *s)
{
	struct task_struct *t = bpf_get_current_task_btf();
	bool compat = call_is_compat(t);
	const struct call_numbers *calls = compat ? &compat_calls : &native_calls;
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(t);
	struct collect c = { .scratch = s, .compat = compat };
	long nr = call_number(regs);

	if (!s)
		return CVF_REASON_INTERNAL;
	s->args_cut = 0;
	s->args_first = 0;
	args_end(s, 0, 0);
	if (nr != calls->execve && nr != calls->execveat)
		return CVF_REASON_ARGS_UNREADABLE;
	c.argv = call_argv(regs, nr == calls->execveat, compat);
	if (c.argv)
		bpf_loop(CVF_ARGC_MAX, collect_step, &c, 0);
	if (c.off > CVF_ARGS_MAX)
		c.off = CVF_ARGS_MAX;
	args_end(s, c.off, c.seen);
	return c.fault;
}

/* argv of the current image, from its own argument area. 0 or enum cvf_reason. */
GLOBAL int args_of_image(struct cvf_scratch *s)
{
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	unsigned long start, len;
	long first;

	if (!s)
		return CVF_REASON_INTERNAL;
	s->args_cut = 0;
	s->args_first = 0;
	args_end(s, 0, 0);
	if (!mm)
		return CVF_REASON_ARGS_UNREADABLE;
	start = mm->arg_start;
	len = mm->arg_end - start;
	/* More than was judged: an interpreter's name, its option and the script's stand before it. */
	if (len > ARGS_ROOM - 1) {
		len = ARGS_ROOM - 1;
		s->args_cut = 1;
	}
	if (!len)
		return 0;
	first = bpf_probe_read_user_str(s->args, CVF_ARGS_MAX, (void *)start);
	if (first < 0 || bpf_probe_read_user(s->args, len & (2 * CVF_ARGS_MAX - 1), (void *)start))
		return CVF_REASON_ARGS_UNREADABLE;
	s->args_first = first;
	args_end(s, len, 0);
	return 0;
}

/* Digest of the arguments from a byte on, of at most max bytes. */
GLOBAL __u64 args_digest(struct cvf_scratch *s, __u32 from, __u32 max)
{
	__u32 len;

	if (!s)
		return 0;
	sip_start(s);
	len = s->args_len > from ? s->args_len - from : 0;
	sip_bytes(s, SIP_ARGS, from, len > max ? max : len);
	return sip_end(s);
}

/* Set of (path in path[0], NUL, [script NUL,] argv[1..]). script_len: name in path[1] with its NUL; 0: none. */
GLOBAL __u32 exec_set(struct cvf_scratch *s, __u32 script_len)
{
	const struct cvf_slot *slot;
	__u32 state;

	if (!s)
		return 0;
	slot = slot_of(s);
	state = scan(s, 0, s->path_off[0], s->path_len[0], slot->start_exec);
	state = dfa_next(slot, state, 0);
	if (script_len)
		state = scan(s, 1, 0, script_len, state);
	if (s->args_len > s->args_first)
		state = scan(s, SIP_ARGS, s->args_first, s->args_len - s->args_first, state);
	return dfa_set(slot, state);
}

/* Path of a file about to run into path[0], as of any other file; 0 or enum cvf_reason. */
static __noinline int exec_path(struct cvf_scratch *s, const struct file *file)
{
	struct place place = { .dentry = file->f_path.dentry, .mnt = file->f_path.mnt };
	int placed = place_set(s, &place, 0);

	if (placed == PLACED && !s->path_len[0])
		placed = path_text(s, (__u64)place.dentry, (__u64)place.mnt, 0);
	return placed == PLACED ? 0 : place_fault(placed);
}

/* The same of walk.from_dentry and .from_mnt, for programs that have no inode storage: tracing ones. */
GLOBAL int exec_path_walk(struct cvf_scratch *s)
{
	struct dentry *d;
	int placed;

	if (!s)
		return CVF_REASON_INTERNAL;
	d = (struct dentry *)s->walk.from_dentry;
	placed = mount_chain(s);
	if (placed == PLACED_ANON) {
		s->walk.name = (__u64)BPF_CORE_READ(d, d_name.name);
		path_synthetic(s, 0, BPF_CORE_READ(d, d_name.len), 0);
		return 0;
	}
	if (placed == PLACED)
		placed = path_write(s, 0);
	return placed == PLACED ? 0 : place_fault(placed);
}

static __always_inline int exec_path_done(struct cvf_scratch *s, const struct linux_binprm *bprm)
{
	s->walk.from_dentry = (__u64)bprm->file->f_path.dentry;
	s->walk.from_mnt = (__u64)bprm->file->f_path.mnt;
	return exec_path_walk(s);
}

static __always_inline void exec_level(struct cvf_scratch *s, struct cvf_label *l, bool script)
{
	if (script) {
		l->exec_level++;
		s->facts.exec_level = 1;
		return;
	}
	l->exec_level = 0;
	l->exec_action = 0;
	l->exec_judged = s->args_cut ? s->args_len - s->args_first : 0xffffffffu;
	l->exec_digest = args_digest(s, s->args_first, 0xffffffffu);
}

static __noinline int exec_judge(struct cvf_scratch *s, struct cvf_label *l, struct linux_binprm *bprm)
{
	bool script = bprm->interp != bprm->filename;
	long len = 0;

	if (!s->facts.fault)
		s->facts.fault = exec_path(s, bprm->file);
	s->facts.have_args = 1;
	if (!s->facts.fault)
		s->facts.fault = args_collect(s);
	exec_level(s, l, script);
	if (script)
		len = bpf_probe_read_kernel_str(s->path[1], PATH_ROOM, bprm->filename);
	if (!s->facts.fault)
		s->facts.cell = cell_find(s, exec_set(s, len > 0 ? len : 0));
	s->facts.dentry = (__u64)bprm->file->f_path.dentry;
	s->facts.mnt = (__u64)bprm->file->f_path.mnt;
	if (severity(s, s->facts.cell) > l->exec_action)
		l->exec_action = severity(s, s->facts.cell);
	return 0;
}

static __noinline int exec_question(struct linux_binprm *bprm, struct cvf_label *l)
{
	struct cvf_scratch *s = question_start(l, CVF_OP_EXEC);

	if (!s)
		return -EPERM;
	exec_judge(s, l, bprm);
	return question_end(s, l);
}

HOOK(bprm_check_security)
int BPF_PROG(cvf_exec, struct linux_binprm *bprm, int ret)
{
	enum standing standing;
	struct cvf_label *l;

	if (ret)
		return ret;
	l = current_label(&standing);
	if (standing == NOBODY)
		return 0;
	return l ? exec_question(bprm, l) : refuse_unknown();
}

/*
 * Are the arguments of the image those that were judged? The kernel puts "interpreter [option] script" before argv[1..]
 * for each interpreter level, from files and from a name it had copied: these are skipped, the rest must be the same.
 */
GLOBAL int exec_args_match(struct cvf_scratch *s, struct cvf_label *l)
{
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	unsigned long start;
	__u32 from, level;

	if (!s || !l || !mm)
		return 0;
	start = mm->arg_start;
	from = s->args_first;
	level = l->exec_level;
	if (args_digest(s, from, l->exec_judged) == l->exec_digest)
		return 1;
	for (__u32 i = 0; i < 8 && i < level * 2; i++) {
		long n = bpf_probe_read_user_str(s->path[1], PATH_ROOM, (void *)(start + from));

		if (n <= 0)
			return 0;
		from += n;
		if (args_digest(s, from, l->exec_judged) == l->exec_digest)
			return 1;
	}
	return 0;
}

/* What an interpreter finally got may be more severe than what was judged before its option was known. */
static __always_inline bool exec_worse(struct cvf_scratch *s, const struct cvf_label *l)
{
	s->facts.cell = cell_find(s, exec_set(s, 0));
	return severity(s, s->facts.cell) > l->exec_action;
}

GLOBAL int exec_record(struct cvf_scratch *s, struct cvf_label *l)
{
	if (!s || !l)
		return -1;
	record_start(s, l, CVF_KIND_EXEC);
	s->record.op = CVF_OP_EXEC;
	if (s->path_len[0])
		record_path(s, 0, &s->record.exe);
	record_cwd(s);
	record_args(s);
	return record_send(s, CVF_RING_EVENT);
}

/* The new image is not what was judged: recorded; true when it must not run. */
GLOBAL int exec_refuse(struct cvf_scratch *s, struct cvf_label *l, __u32 fault)
{
	if (!s || !l)
		return 1;
	s->facts.have_args = 1;
	question_record(s, l, CVF_KIND_VERDICT);
	return refuse(s, fault) != 0;
}

static __always_inline int exec_fault(struct cvf_scratch *s, struct cvf_label *l, struct linux_binprm *bprm)
{
	int fault = exec_path_done(s, bprm);

	if (!fault)
		fault = args_of_image(s);
	if (!fault && (!exec_args_match(s, l) || (l->exec_level && exec_worse(s, l))))
		fault = CVF_REASON_ARGS_CHANGED;
	return fault;
}

static __noinline int exec_settle(struct cvf_label *l, struct linux_binprm *bprm)
{
	struct cvf_scratch *s;
	int fault;

	for (int i = 0; i < 2; i++) {
		if (l->exec_answer[i])
			ask_drop(l->exec_answer[i], l->agent);
		l->exec_answer[i] = 0;
	}
	s = question_start(l, CVF_OP_EXEC);
	if (!s)
		return SIGKILL;
	l->exec_id = __sync_fetch_and_add(&cvf_control.exec_id, 1) + 1;
	fault = exec_fault(s, l, bprm);
	if (fault)
		fault = exec_refuse(s, l, fault);
	if (!fault)
		exec_record(s, l);
	scratch_give(s);
	return fault ? SIGKILL : 0;
}

/* Tasks of nobody: an agent may be recognised by what it executes or by whose it is. */
static __noinline __u32 exec_enrols(struct linux_binprm *bprm)
{
	struct cvf_slot *slot = active_slot();
	struct cvf_scratch *s;
	__u64 uid = (__u64)(cvf_control.active & 1) << 32 | bpf_get_current_task_btf()->real_cred->uid.val;
	__u32 *by_uid, agent = 0;

	if (slot->enrol_by_uid) {
		by_uid = bpf_map_lookup_elem(&cvf_uids, &uid);
		if (by_uid)
			return *by_uid;
	}
	if (!slot->enrol_by_exe)
		return 0;
	s = scratch_take();
	if (!s)
		return 0;
	s->facts.slot = slot == &cvf_slots[1];
	if (!exec_path_done(s, bprm)) {
		__u32 set = dfa_set(slot, scan(s, 0, s->path_off[0], s->path_len[0], slot->start_file));

		agent = slot->enrol_exe[set & (CVF_ENROL_MAX - 1)];
	}
	scratch_give(s);
	return agent;
}

/* The first image of an agent that was recognised by it: recorded, so that what it does can be told by name. */
static __noinline int exec_introduce(struct linux_binprm *bprm)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	struct cvf_scratch *s = l ? question_start(l, CVF_OP_EXEC) : NULL;

	if (!s)
		return -1;
	l->exec_id = __sync_fetch_and_add(&cvf_control.exec_id, 1) + 1;
	if (!exec_path_done(s, bprm) && !args_of_image(s))
		exec_record(s, l);
	scratch_give(s);
	return 0;
}

static __noinline int exec_of_nobody(struct linux_binprm *bprm)
{
	__u32 agent = exec_enrols(bprm), session;

	if (!agent)
		return 0;
	if (session_begin(agent, &session) || label_give(bpf_get_current_task_btf(), agent, session, 0, 0))
		return SIGKILL;
	session_record(agent, session, 1);
	exec_introduce(bprm);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(cvf_exec_done, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	int signal;

	if (standing == NOBODY)
		signal = exec_of_nobody(bprm);
	else
		signal = l ? exec_settle(l, bprm) : SIGKILL;
	if (signal)
		bpf_send_signal(signal);
	return 0;
}

#endif
