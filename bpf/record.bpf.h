/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.bpf.h - fills a ring record and hands it out
 *
 * A full ring never changes a verdict: the sequence number is spent, the loss counted, the gap seen by the governor.
 */
#ifndef RECORD_BPF_H
#define RECORD_BPF_H

/* Two loads instead of a call that costs a hundred. */
static __always_inline void record_comm(struct cvf_record *r, const struct task_struct *t)
{
	const __u64 *from = (const __u64 *)&t->comm;
	__u64 *to = (__u64 *)r->comm;

	to[0] = from[0];
	to[1] = from[1];
	r->comm[sizeof(r->comm) - 1] = 0;
}

/* Zeroes the head and writes who is acting. */
GLOBAL int record_start(struct cvf_scratch *s, const struct cvf_label *l, __u32 kind)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct cvf_record *r;

	if (!s || !l)
		return -1;
	r = &s->record;
	__builtin_memset(r, 0, CVF_RECORD_HEAD);
	r->kind = kind;
	r->time_ns = bpf_ktime_get_boot_ns();
	r->generation = active_slot()->generation;
	r->agent = l->agent;
	r->session = l->session;
	r->exec_id = l->exec_id;
	r->pid = t->tgid;
	r->tid = t->pid;
	r->ppid = t->real_parent->tgid;
	r->uid = t->real_cred->uid.val;
	r->start_ns = t->group_leader->start_boottime;
	record_comm(r, t);
	return 0;
}

/* Appends a path (0, 1) or the arguments to the text. 0, or -1 and TEXT_CUT when they do not fit whole. */
GLOBAL int record_text(struct cvf_scratch *s, __u32 which, __u32 len)
{
	struct cvf_record *r;
	const char *from;
	__u32 off;

	if (!s)
		return -1;
	r = &s->record;
	off = r->text_len;
	if (len > CVF_TEXT_MAX || off > CVF_TEXT_MAX || off + len > CVF_TEXT_MAX) {
		r->flags |= CVF_REC_TEXT_CUT;
		return -1;
	}
	if (which == SIP_ARGS)
		from = s->args;
	else
		from = &s->path[which & 1][s->path_off[which & 1] & (PATH_ROOM - 1)];
	if (len && bpf_probe_read_kernel(&r->text[off & (CVF_TEXT_MAX - 1)], len & (2 * CVF_TEXT_MAX - 1), from))
		return -1;
	r->text_len = off + len;
	return 0;
}

static __always_inline void record_span(struct cvf_scratch *s, __u32 which, __u32 len, struct cvf_span *ret_span)
{
	__u32 off = s->record.text_len;

	if (record_text(s, which, len))
		return;
	ret_span->off = off;
	ret_span->len = len;
}

static __always_inline void record_path(struct cvf_scratch *s, __u32 which, struct cvf_span *ret_span)
{
	record_span(s, which, s->path_len[which & 1], ret_span);
}

/* argv[0..] as collected in the scratch memory; what does not fit beside the paths is cut and said to be. */
GLOBAL int record_args(struct cvf_scratch *s)
{
	struct cvf_record *r;
	__u32 room, len;

	if (!s)
		return -1;
	r = &s->record;
	len = s->args_len;
	room = r->text_len < CVF_TEXT_MAX ? CVF_TEXT_MAX - r->text_len : 0;
	r->args_count = s->args_count;
	r->args_total = len > s->args_first ? len - s->args_first : 0;
	if (s->args_cut)
		r->flags |= CVF_REC_ARGS_CUT;
	if (len > room) {
		len = room;
		r->flags |= CVF_REC_ARGS_CUT;
	}
	record_span(s, SIP_ARGS, len, &r->args);
	return 0;
}

/* Working directory. */
GLOBAL int record_cwd(struct cvf_scratch *s)
{
	struct fs_struct *fs = bpf_get_current_task_btf()->fs;

	if (!s || !fs)
		return -1;
	if (path_text(s, (__u64)fs->pwd.dentry, (__u64)fs->pwd.mnt, 1) == PLACED)
		record_path(s, 1, &s->record.cwd);
	return 0;
}

/* Executable: for holds, which a person judges before any exec record may have been read. */
GLOBAL int record_exe(struct cvf_scratch *s)
{
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	struct file *file;

	if (!s || !mm)
		return -1;
	file = mm->exe_file;
	if (!file)
		return -1;
	if (path_text(s, (__u64)file->f_path.dentry, (__u64)file->f_path.mnt, 1) == PLACED)
		record_path(s, 1, &s->record.exe);
	return 0;
}

/*
 * What may have to be answered wakes the reader. The rest is looked for twenty times a second, so that it is stored together; should
 * a CPU write as much as this meanwhile, it says so.
 */
#define EVENTS_UNSAID 512

GLOBAL int record_send(struct cvf_scratch *s, __u32 ring)
{
	struct cvf_cpu *cpu = cpu_state();
	struct cvf_record *r;
	__u64 wake = BPF_RB_FORCE_WAKEUP;
	__u32 size;
	long failed;

	if (!s || !cpu)
		return -1;
	r = &s->record;
	size = CVF_RECORD_HEAD + r->text_len;
	if (size > sizeof(*r))
		return -1;
	ring &= 1;
	r->cpu = bpf_get_smp_processor_id();
	r->ring = ring;
	r->size = size;
	r->seq = __sync_fetch_and_add(&cpu->seq[ring], 1) + 1;
	if (ring == CVF_RING_EVENT && r->seq % EVENTS_UNSAID)
		wake = BPF_RB_NO_WAKEUP;
	if (ring == CVF_RING_VERDICT)
		failed = bpf_ringbuf_output(&cvf_verdicts, r, size, wake);
	else
		failed = bpf_ringbuf_output(&cvf_events, r, size, wake);
	if (failed)
		__sync_fetch_and_add(&cpu->lost[ring], 1);
	return failed ? -1 : 0;
}

#endif
