/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.bpf.h - fills a ring record and hands it out
 *
 * A full ring never changes a verdict: the sequence number is spent, the loss counted, the gap seen by the governor.
 */
#ifndef RECORD_BPF_H
#define RECORD_BPF_H

/* Zeroes the head and writes who is acting. */
static __noinline int record_start(struct cvf_record *r, const struct cvf_label *l, __u32 kind)
{
	struct task_struct *t = bpf_get_current_task_btf();

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
	bpf_get_current_comm(r->comm, sizeof(r->comm));
	return 0;
}

/* Appends bytes of kernel memory to the text; false and TEXT_CUT when they do not fit whole. */
static __noinline int record_text(struct cvf_record *r, const void *from, __u32 len, struct cvf_span *ret_span)
{
	__u32 off = r->text_len;

	if (len > CVF_TEXT_MAX || off > CVF_TEXT_MAX || off + len > CVF_TEXT_MAX) {
		r->flags |= CVF_REC_TEXT_CUT;
		return -1;
	}
	if (len && bpf_probe_read_kernel(&r->text[off & (CVF_TEXT_MAX - 1)], len & (2 * CVF_TEXT_MAX - 1), from))
		return -1;
	ret_span->off = off;
	ret_span->len = len;
	r->text_len = off + len;
	return 0;
}

static __always_inline void record_path(struct cvf_scratch *s, __u32 which, struct cvf_span *ret_span)
{
	struct cvf_record *r = &s->record;

	record_text(r, &s->path[which & 1][s->path_off[which & 1] & (PATH_ROOM - 1)], s->path_len[which & 1], ret_span);
}

/* argv[0..] as collected in the scratch memory; what does not fit beside the paths is cut and said to be. */
static __noinline int record_args(struct cvf_scratch *s)
{
	struct cvf_record *r = &s->record;
	__u32 room = r->text_len < CVF_TEXT_MAX ? CVF_TEXT_MAX - r->text_len : 0, len = s->args_len;

	r->args_count = s->args_count;
	r->args_total = len > s->args_first ? len - s->args_first : 0;
	if (s->args_cut)
		r->flags |= CVF_REC_ARGS_CUT;
	if (len > room) {
		len = room;
		r->flags |= CVF_REC_ARGS_CUT;
	}
	return record_text(r, s->args, len, &r->args);
}

/* Executable and working directory: for holds, which a person judges before any exec record may have been read. */
static __noinline int record_surroundings(struct cvf_scratch *s)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct place place;
	struct mm_struct *mm = t->mm;

	if (mm && mm->exe_file) {
		place.dentry = mm->exe_file->f_path.dentry;
		place.mnt = mm->exe_file->f_path.mnt;
		if (path_text(s, &place, 1) == PLACED)
			record_path(s, 1, &s->record.exe);
	}
	if (t->fs) {
		place.dentry = t->fs->pwd.dentry;
		place.mnt = t->fs->pwd.mnt;
		if (path_text(s, &place, 1) == PLACED)
			record_path(s, 1, &s->record.cwd);
	}
	return 0;
}

static __noinline int record_send(struct cvf_record *r, __u32 ring)
{
	__u32 size = CVF_RECORD_HEAD + r->text_len;
	struct cvf_cpu *cpu = cpu_state();
	long failed;

	if (!cpu || size > sizeof(*r))
		return -1;
	ring &= 1;
	r->cpu = bpf_get_smp_processor_id();
	r->ring = ring;
	r->size = size;
	r->seq = __sync_fetch_and_add(&cpu->seq[ring], 1) + 1;
	if (ring == CVF_RING_VERDICT)
		failed = bpf_ringbuf_output(&cvf_verdicts, r, size, BPF_RB_FORCE_WAKEUP);
	else
		failed = bpf_ringbuf_output(&cvf_events, r, size, 0);
	if (failed)
		__sync_fetch_and_add(&cpu->lost[ring], 1);
	return failed ? -1 : 0;
}

#endif
