/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ipc.bpf.h - what reaches other processes by what the kernel keeps for both: System V objects, and owners of files
 */
#ifndef IPC_BPF_H
#define IPC_BPF_H

/* ---- System V memory, semaphores, queues ---- */

/* What a session makes is its own; without room to remember that, it makes none. */
static __noinline int ipc_made(struct kern_ipc_perm *object)
{
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	__u64 key = (__u64)object;
	__u32 session;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	session = l->session;
	return bpf_map_update_elem(&cvf_ipc, &key, &session, BPF_ANY) ? refuse_unknown() : 0;
}

#define IPC_HOOKS(kind, freed)                                                        \
	HOOK(kind##_alloc_security)                                                   \
	int BPF_PROG(cvf_##kind##_made, struct kern_ipc_perm *object, int ret)        \
	{                                                                             \
		return ret || nobody_here() ? ret : ipc_made(object);                 \
	}                                                                             \
	SEC("fentry/" #freed)                                                         \
	int BPF_PROG(cvf_##kind##_gone, struct kern_ipc_perm *object)                 \
	{                                                                             \
		__u64 key = (__u64)object;                                            \
                                                                                      \
		bpf_map_delete_elem(&cvf_ipc, &key);                                  \
		return 0;                                                             \
	}

IPC_HOOKS(shm, security_shm_free)
IPC_HOOKS(sem, security_sem_free)
IPC_HOOKS(msg_queue, security_msg_queue_free)

/* Another's memory, or what it waits for: as reading its own memory. Asked under a lock. */
static __always_inline int ipc_question(struct kern_ipc_perm *object, __s32 detail)
{
	struct sys_question a = { .op = CVF_OP_PTRACE, .cannot_hold = 1, .detail = detail };
	enum standing standing;
	struct cvf_label *l = current_label(&standing);
	__u64 key = (__u64)object;
	__u32 *owner;

	if (!l)
		return standing == NOBODY ? 0 : refuse_unknown();
	owner = bpf_map_lookup_elem(&cvf_ipc, &key);
	if (owner && *owner == l->session)
		return 0;
	return sys_judge(&a);
}

/* Looking one up that is there, attaching, sending, receiving, asking for its state. */
HOOK(ipc_permission)
int BPF_PROG(cvf_ipc_use, struct kern_ipc_perm *object, short flag, int ret)
{
	return ret || nobody_here() ? ret : ipc_question(object, flag);
}

enum { IPC_RMID = 0, IPC_SET = 1, SHM_LOCK = 11, SHM_UNLOCK = 12 };

#define IPC_CONTROL(kind, hook)                                                                           \
	HOOK(hook)                                                                                        \
	int BPF_PROG(cvf_##kind##_control, struct kern_ipc_perm *object, int cmd, int ret)                \
	{                                                                                                 \
		if (ret || (cmd != IPC_RMID && cmd != IPC_SET && cmd != SHM_LOCK && cmd != SHM_UNLOCK) || \
		    nobody_here())                                                                        \
			return ret;                                                                       \
		return ipc_question(object, cmd);                                                         \
	}

IPC_CONTROL(shm, shm_shmctl)
IPC_CONTROL(sem, sem_semctl)
IPC_CONTROL(msg_queue, msg_queue_msgctl)

/* ---- owners of files: they get signals when something comes in ---- */

#define GROUP_MAX 64 /* of a process group; one that has more is not all its own */

/* The first task that is named, and whether all of them are of this session. */
static __noinline bool are_own(struct pid *pid, __u32 type, __u32 session, __u64 *ret_first)
{
	__u64 node = 0, link, at = (__u64)pid + bpf_core_field_offset(struct pid, tasks) + (type & 3) * sizeof(__u64);
	__u32 i;

	link = bpf_core_field_offset(struct task_struct, pid_links) + (type & 3) * 2 * sizeof(__u64);
	bpf_probe_read_kernel(&node, sizeof(node), (const void *)at);
	*ret_first = node ? node - link : 0;
	for (i = 0; i < GROUP_MAX && node; i++) {
		__u64 task = node - link;
		struct cvf_member *m = bpf_map_lookup_elem(&cvf_members, &task);

		if (!m || m->session != session || bpf_probe_read_kernel(&node, sizeof(node), (const void *)node))
			return false;
	}
	return !node;
}

static __always_inline void owner_refuse(__u64 file, __u32 session)
{
	if (bpf_map_update_elem(&cvf_owners, &file, &session, BPF_ANY))
		bpf_send_signal(SIGKILL);
}

/*
 * Who sends such a signal says nothing about who named the owner, so naming is judged: as the signal. It cannot fail here; the owner that was
 * refused gets none from this file. A file that is freed stays in the table until its place has another owner, who is
 * always named here first.
 */
static __always_inline int owner_question(struct file *file, struct pid *pid, __u32 type)
{
	struct sys_question a = { .op = CVF_OP_SIGNAL, .cannot_hold = 1 };
	__u64 key = (__u64)file, first = 0;
	enum standing standing;
	struct cvf_label *l = current_label(&standing);

	bpf_map_delete_elem(&cvf_owners, &key);
	if (standing == NOBODY || !pid)
		return 0;
	if (!l) {
		owner_refuse(key, ~0u); /* nobody's */
		return 0;
	}
	if (are_own(pid, type, l->session, &first))
		return 0;
	if (first)
		a.target_pid = BPF_CORE_READ((struct task_struct *)first, tgid);
	if (sys_judge(&a))
		owner_refuse(key, l->session);
	return 0;
}

SEC("fentry/__f_setown")
int BPF_PROG(cvf_owner, struct file *file, struct pid *pid, int type)
{
	return owner_question(file, pid, type);
}

/* Whose owner this is: in 6.1 a part of the file, in 6.12 apart from it. */
static __always_inline __u64 owned_file(const struct fown_struct *owner)
{
	if (bpf_core_field_exists(owner->file))
		return (__u64)BPF_CORE_READ(owner, file);
	return (__u64)owner - bpf_core_field_offset(struct file___6_1, f_owner);
}

/* The kernel sends this for a file, in whatever context. What enforces gets no such signal from anybody. */
HOOK(file_send_sigiotask)
int BPF_PROG(cvf_sigio, struct task_struct *target, struct fown_struct *owner, int sig, int ret)
{
	int refused = -EPERM;
	__u32 *session;
	__u64 key;

	asm volatile("" : "+r"(refused)); /* as in glance() */
	if (ret)
		return ret;
	if (is_guarded_process(target))
		return refused;
	key = owned_file(owner);
	session = bpf_map_lookup_elem(&cvf_owners, &key);
	if (!session || session_of(target) == *session)
		return 0;
	return refused;
}

#endif
