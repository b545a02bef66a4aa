/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * subject.bpf.h - who is acting: the label of a task, and how a task comes by one
 *
 * A task is governed when it carries a label (inherited at fork, given at enrolment) or sits in an enrolled cgroup. A
 * label that cannot be read is never "not an agent": cvf_members remembers every labelled task by address.
 */
#ifndef SUBJECT_BPF_H
#define SUBJECT_BPF_H

enum standing { NOBODY, GOVERNED, UNKNOWN };

static __always_inline __u64 cgroup_of(const struct task_struct *t)
{
	return t->cgroups->dfl_cgrp->kn->id;
}

/* True for almost every process of the host: never labelled, in no cgroup that could be enrolled. */
static __always_inline bool is_nobody(const struct task_struct *t)
{
	return !t->bpf_storage && !cvf_gate[cgroup_of(t) & 0xffff];
}

static __noinline int session_begin(__u32 agent, __u32 *ret_session)
{
	struct cvf_session fresh = { .agent = agent, .began_ns = bpf_ktime_get_boot_ns() };
	__u32 number = __sync_fetch_and_add(&cvf_control.session, 1) + 1;

	*ret_session = number;
	return bpf_map_update_elem(&cvf_sessions, &number, &fresh, BPF_NOEXIST);
}

/* Labels a task: label, membership, session count; all or nothing. */
static __noinline int label_give(struct task_struct *t, __u32 agent, __u32 session, __u64 exec_id, __u32 flags)
{
	struct cvf_member member = { .agent = agent, .session = session };
	__u64 key = (__u64)t;
	struct cvf_session *s;
	struct cvf_label *l = bpf_task_storage_get(&cvf_labels, t, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!l)
		return -ENOMEM;
	if (bpf_map_update_elem(&cvf_members, &key, &member, BPF_ANY)) {
		bpf_task_storage_delete(&cvf_labels, t);
		return -EAGAIN;
	}
	s = bpf_map_lookup_elem(&cvf_sessions, &session);
	if (s)
		__sync_fetch_and_add(&s->tasks, 1);
	l->session = session;
	l->exec_id = exec_id;
	l->flags = flags;
	l->agent = agent;
	return 0;
}

/* A task without a label in an enrolled cgroup gets one now, as the root of a session of its own. */
static __noinline enum standing enrol_by_cgroup(struct task_struct *t)
{
	__u64 cgroup = cgroup_of(t);
	__u32 *agent = bpf_map_lookup_elem(&cvf_cgroups, &cgroup);
	__u32 session;

	if (!agent)
		return NOBODY;
	if (session_begin(*agent, &session) || label_give(t, *agent, session, 0, 0))
		return UNKNOWN;
	return GOVERNED;
}

/* init and what enforces are no agents, whatever cgroup somebody declares to be one. */
static __always_inline bool is_never_agent(const struct task_struct *t)
{
	return t->tgid == 1 || t->tgid == cvf_control.guard_tgid || t->tgid == cvf_control.governor_tgid;
}

static __always_inline bool in_execve(void)
{
	struct task_struct *t = bpf_get_current_task_btf();

	return bpf_core_field_exists(t->in_execve) && BPF_CORE_READ_BITFIELD(t, in_execve);
}

/*
 * What systemd forked and has not executed yet is systemd still. It and its parent both put it into the cgroup of its service:
 * were it an agent by the first of the two, it would be refused the second. The exec that makes it the service is judged: where a kernel
 * does not tell that one is under way, there is no exception.
 */
static __always_inline bool is_service_to_be(const struct task_struct *t)
{
	return bpf_core_field_exists(t->in_execve) && (t->flags & PF_FORKNOEXEC) && t->real_parent->tgid == 1 && !in_execve();
}

static __noinline enum standing standing_of(struct task_struct *t)
{
	__u64 key = (__u64)t;

	if (bpf_map_lookup_elem(&cvf_members, &key))
		return UNKNOWN;
	if (!cvf_gate[cgroup_of(t) & 0xffff] || is_never_agent(t) || is_service_to_be(t))
		return NOBODY;
	return enrol_by_cgroup(t);
}

/* The current task's label, of one that is_nobody() did not tell of. NULL with NOBODY: leave at once; NULL with UNKNOWN: refuse. */
static __always_inline struct cvf_label *somebodys_label(struct task_struct *t, enum standing *ret_standing)
{
	struct cvf_label *l;

	*ret_standing = NOBODY;
	l = bpf_task_storage_get(&cvf_labels, t, 0, 0);
	if (!l || !l->agent) {
		*ret_standing = standing_of(t);
		if (*ret_standing != GOVERNED)
			return NULL;
		l = bpf_task_storage_get(&cvf_labels, t, 0, 0);
		if (!l) {
			*ret_standing = UNKNOWN;
			return NULL;
		}
	}
	*ret_standing = GOVERNED;
	return l;
}

static __always_inline struct cvf_label *current_label(enum standing *ret_standing)
{
	struct task_struct *t = bpf_get_current_task_btf();

	*ret_standing = NOBODY;
	return is_nobody(t) ? NULL : somebodys_label(t, ret_standing);
}

static __always_inline bool is_frozen(const struct cvf_label *l)
{
	return cvf_frozen[l->agent & (CVF_AGENTS_MAX - 1)];
}

/* ---- others ---- */

/* The session of another task; 0: none. */
static __always_inline __u32 session_of(struct task_struct *t)
{
	__u64 key = (__u64)t;
	struct cvf_member *m = bpf_map_lookup_elem(&cvf_members, &key);

	return m ? m->session : 0;
}

/* What enforces, and who tells people: by number, or by the user that nobody else runs as. */
static __always_inline bool is_guarded_number(__u32 tgid, __u32 uid)
{
	if (tgid == cvf_control.guard_tgid || tgid == cvf_control.governor_tgid)
		return true;
	return uid && (uid == cvf_control.guard_uids[0] || uid == cvf_control.guard_uids[1]);
}

static __always_inline bool is_guarded_process(const struct task_struct *t)
{
	return is_guarded_number(t->tgid, t->real_cred->uid.val);
}

#endif
