/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task.bpf.h - labels at fork, end of tasks and sessions, enrolment by cgroup, path and iterator
 */
#ifndef TASK_BPF_H
#define TASK_BPF_H

HOOK(task_alloc)
int BPF_PROG(cvf_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	enum standing standing;
	struct cvf_label *l;

	if (ret)
		return ret;
	l = current_label(&standing);
	if (standing == NOBODY)
		return 0;
	if (l && is_frozen(l) && !stop_current())
		return -ERESTARTNOINTR;
	if (!l || label_give(task, l->agent, l->session, l->exec_id, l->flags & ~CVF_LABEL_PARKED)) {
		COUNT(label_failed);
		return -EAGAIN;
	}
	return 0;
}

/*
 * A stopped task that is woken, by whom or whatever, leaves here before it comes to user mode: it stops again. What the helper
 * refuses is a task that is dying.
 */
SEC("fexit/get_signal")
int BPF_PROG(cvf_get_signal)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct cvf_label *l;

	if (!t->bpf_storage)
		return 0;
	l = bpf_task_storage_get(&cvf_labels, t, 0, 0);
	if (!l || !is_frozen(l))
		return 0;
	l->flags &= ~CVF_LABEL_PARKED;
	stop_current();
	return 0;
}

static __noinline int session_record(__u32 agent, __u32 session, __s32 began)
{
	struct cvf_label l = { .agent = agent, .session = session };
	struct cvf_scratch *s = scratch_take();

	if (!s)
		return -1;
	record_start(s, &l, CVF_KIND_SESSION);
	s->record.result = began;
	record_send(s, CVF_RING_EVENT);
	scratch_give(s);
	return 0;
}

/* The last reference to a task is gone, or its fork failed after task_alloc. */
SEC("fentry/security_task_free")
int BPF_PROG(cvf_task_free, struct task_struct *task)
{
	__u64 key = (__u64)task;
	struct cvf_member *member;
	struct cvf_session *session;
	__u32 agent, number;

	if (!task->bpf_storage)
		return 0;
	member = bpf_map_lookup_elem(&cvf_members, &key);
	if (!member)
		return 0;
	agent = member->agent;
	number = member->session;
	bpf_map_delete_elem(&cvf_members, &key);
	session = bpf_map_lookup_elem(&cvf_sessions, &number);
	if (session && __sync_fetch_and_add(&session->tasks, -1) == 1) {
		bpf_map_delete_elem(&cvf_sessions, &number);
		if (agent != CVF_AGENT_CANARY)
			session_record(agent, number, 0);
	}
	return 0;
}

static __noinline int exit_record(struct cvf_scratch *s, struct cvf_label *l, struct task_struct *t)
{
	record_start(s, l, CVF_KIND_EXIT);
	s->record.result = t->signal->group_exit_code ?: t->exit_code;
	return record_send(s, CVF_RING_EVENT);
}

/* The end of a program is recorded as its begin was: a copy of its process that executed nothing had none. */
static __always_inline bool is_end_of_program(const struct cvf_label *l, const struct task_struct *t)
{
	return t->signal->live.counter == 0 && !(t->flags & PF_FORKNOEXEC) && !(l->flags & CVF_LABEL_CANARY);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(cvf_exit, struct task_struct *task)
{
	enum standing standing;
	struct cvf_scratch *s;
	struct cvf_label *l;
	bool ends;

	l = current_label(&standing);
	if (!l)
		return 0;
	for (int i = 0; i < 2; i++)
		if (l->exec_answer[i])
			ask_drop(l->exec_answer[i], l->agent);
	ends = is_end_of_program(l, task);
	s = ends || l->question ? scratch_take() : NULL;
	if (!s)
		return 0;
	if (l->question)
		ask_void(s, l);
	if (ends)
		exit_record(s, l, task);
	scratch_give(s);
	return 0;
}

/* A cgroup made below an enrolled one is enrolled with it; one whose path an agent names is enrolled at birth. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cvf_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	struct cvf_slot *slot = active_slot();
	__u64 id = cgroup->kn->id, parent;
	__u32 *inherited, agent = 0, level = cgroup->level, set;
	struct cvf_scratch *s;
	long len;

	if (level) {
		parent = BPF_CORE_READ(cgroup, kn, parent, id);
		inherited = bpf_map_lookup_elem(&cvf_cgroups, &parent);
		if (inherited)
			agent = *inherited;
	}
	if (!agent && slot->enrol_by_cgroup) {
		s = scratch_take();
		if (!s)
			return 0;
		__builtin_memcpy(s->path[0], CVF_PATH_CGROUP, 8);
		len = bpf_probe_read_kernel_str(&s->path[0][8], PATH_ROOM - 8, path);
		if (len > 0) {
			s->facts.slot = slot == &cvf_slots[1];
			set = dfa_set(slot, scan(s, 0, 0, 8 + (len - 1), slot->start_file));
			agent = slot->enrol_cgroup[set & (CVF_ENROL_MAX - 1)];
		}
		scratch_give(s);
	}
	if (agent && !bpf_map_update_elem(&cvf_cgroups, &id, &agent, BPF_ANY))
		cvf_gate[id & 0xffff] = 1;
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cvf_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	__u64 id = cgroup->kn->id;

	bpf_map_delete_elem(&cvf_cgroups, &id);
	return 0;
}

struct climb {
	__u64 node, wanted;
	__u32 found;
};

static long climb_step(__u32 i, struct climb *c)
{
	struct kernfs_node *node = (struct kernfs_node *)c->node;

	if (!node)
		return 1;
	if (BPF_CORE_READ(node, id) == c->wanted) {
		c->found = 1;
		return 1;
	}
	c->node = (__u64)BPF_CORE_READ(node, parent);
	return 0;
}

static __noinline bool below_cgroup(struct task_struct *t, __u64 wanted)
{
	struct climb c = { .node = (__u64)t->cgroups->dfl_cgrp->kn, .wanted = wanted };

	bpf_loop(256, climb_step, &c, 0);
	return c.found;
}

#define TICK_NS 10000000ull /* the clock tick that user space sees start times in */

static __always_inline bool is_start_of(struct task_struct *t, __u64 start_ns)
{
	__u64 start = t->group_leader->start_boottime;

	return !start_ns || (start + TICK_NS > start_ns && start_ns + TICK_NS > start);
}

static __always_inline bool is_stopped(struct task_struct *t)
{
	return (t->signal->flags & SIGNAL_STOP_STOPPED) || (t->jobctl & JOBCTL_STOP_PENDING);
}

/* Run by cvfd for an agent: see enum cvf_visit. */
static __noinline int visit_agent(struct bpf_iter__task *ctx, struct task_struct *t, const struct cvf_enrol *e)
{
	struct cvf_label *l = bpf_task_storage_get(&cvf_labels, t, 0, 0);
	__u32 tgid = t->tgid;

	if (!l || !l->agent || l->flags & CVF_LABEL_CANARY || (e->agent ? l->agent != e->agent : !is_frozen(l)))
		return 0;
	if (e->visit == CVF_VISIT_PARK) {
		if (is_stopped(t) && !l->question)
			l->flags |= CVF_LABEL_PARKED;
		return 0;
	}
	if (e->visit == CVF_VISIT_RUNNING && is_stopped(t))
		return 0;
	if (e->visit == CVF_VISIT_THAW && l->flags & CVF_LABEL_PARKED) {
		l->flags &= ~CVF_LABEL_PARKED;
		return 0;
	}
	bpf_seq_write(ctx->meta->seq, &tgid, sizeof(tgid));
	return 0;
}

/* Run by cvfd: labels every thread of a process, or every task below a cgroup, as one new session. */
SEC("iter/task")
int cvf_enrol_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	__u32 zero = 0;
	struct cvf_enrol *e = bpf_map_lookup_elem(&cvf_enrol, &zero);
	struct cvf_label *l;

	if (!t || !e || (t->flags & PF_KTHREAD) || is_never_agent(t))
		return 0;
	if (e->visit)
		return visit_agent(ctx, t, e);
	if (e->tgid) {
		if ((__u32)t->tgid != e->tgid || !is_start_of(t, e->start_ns))
			return 0;
	} else if (!below_cgroup(t, e->cgroup)) {
		return 0;
	}
	l = bpf_task_storage_get(&cvf_labels, t, 0, 0);
	if (l && l->agent) {
		if (l->session != e->session)
			e->already++;
		return 0;
	}
	if (!e->session && session_begin(e->agent, &e->session)) {
		e->failed++;
		return 0;
	}
	if (label_give(t, e->agent, e->session, 0, e->flags))
		e->failed++;
	else
		e->count++;
	return 0;
}

/*
 * A renamed directory changes the path of all below it: what was remembered is not used from when it begins, and nothing is remembered
 * until it is done.
 */
static __always_inline bool is_directory(struct dentry *d)
{
	return (d->d_inode->i_mode & S_IFMT) == S_IFDIR;
}

#define MOVE_HOOKS(function)                                                                    \
	SEC("fentry/" #function)                                                                \
	int BPF_PROG(cvf_##function##_begin, struct dentry *dentry, struct dentry *target)      \
	{                                                                                       \
		if (is_directory(dentry) || is_directory(target)) {                             \
			__sync_fetch_and_add(&cvf_control.moving, 1);                           \
			__sync_fetch_and_add(&cvf_control.epoch, 1);                            \
		}                                                                               \
		return 0;                                                                       \
	}                                                                                       \
	SEC("fexit/" #function)                                                                 \
	int BPF_PROG(cvf_##function##_end, struct dentry *dentry, struct dentry *target)        \
	{                                                                                       \
		if (is_directory(dentry) || is_directory(target)) {                             \
			__sync_fetch_and_add(&cvf_control.epoch, 1);                            \
			__sync_fetch_and_add(&cvf_control.moving, -1);                          \
		}                                                                               \
		return 0;                                                                       \
	}

MOVE_HOOKS(d_move)
MOVE_HOOKS(d_exchange)

#endif
