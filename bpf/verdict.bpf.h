/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verdict.bpf.h - the one decision: a question comes in, 0, -EPERM or -ERESTARTNOINTR goes out
 *
 * Every hook of every family ends in verdict(). It applies the cell, the agent's mode, grants, answers and the hold; no
 * path leads from "not known" to 0. Being woken is not being approved: a held system call restarts, meets the same
 * question and finds an answer or stops again.
 */
#ifndef VERDICT_BPF_H
#define VERDICT_BPF_H

static __noinline int refuse_unknown(void)
{
	COUNT(label_failed);
	return -EPERM;
}

static __always_inline bool in_execve(void)
{
	struct task_struct *t = bpf_get_current_task_btf();

	return bpf_core_field_exists(t->in_execve) && BPF_CORE_READ_BITFIELD(t, in_execve);
}

/* A question on the stack holds only what must keep its type; the facts are in the scratch memory (512 bytes of stack). */
struct question {
	struct cvf_label *label;
	struct cvf_slot *slot;
	struct cvf_scratch *scratch;
	struct facts *f;	/* in the scratch memory */
	struct place place;	/* object; dentry NULL: none */
	struct place place2;	/* new name */
};

static __always_inline const struct cvf_cell *cell_at(const struct cvf_slot *slot, __u32 index)
{
	return &slot->cells[index & (CVF_CELLS_MAX - 1)];
}

/* The cell of (the agent's row, the operation, a set). */
static __always_inline __u32 cell_find(const struct question *q, __u32 set)
{
	__u32 op = q->f->op < CVF_OP_MAX ? q->f->op : 0;
	__u32 sets = q->slot->op_sets[op], word;

	if (sets == 1)
		set = 0; /* domain SYS: the object is shown, not judged */
	if (!q->f->row || set >= sets)
		return 0;
	word = q->slot->op_base[op] + q->f->row * sets + set;
	return q->slot->index[word & (CVF_INDEX_MAX - 1)];
}

static __always_inline __u32 severity(const struct cvf_cell *c)
{
	/* allow < hold < deny; then the risk */
	return (c->action == CVF_VERDICT_ALLOW ? 0 : c->action == CVF_VERDICT_HOLD ? 4 : 8) + (c->risk & 3);
}

/* Keeps the more severe of the cell so far and another one. */
static __always_inline void cell_join(struct question *q, __u32 other)
{
	if (severity(cell_at(q->slot, other)) > severity(cell_at(q->slot, q->f->cell)))
		q->f->cell = other;
}

/*
 * Starts a question: 0 when the hook must leave with 0 (nobody's task), 1 when the question is set up, -EPERM when it
 * must refuse without being able to judge. What was taken is given back by question_end().
 */
static __noinline int question_start(struct question *q, struct cvf_label *l, __u32 op)
{
	const struct cvf_agent *agent;

	q->place.dentry = NULL;
	q->place2.dentry = NULL;
	if (l->flags & CVF_LABEL_CANARY)
		return -EPERM;
	q->scratch = scratch_take();
	if (!q->scratch) {
		COUNT(label_failed);
		return -EPERM;
	}
	q->label = l;
	q->slot = active_slot();
	q->f = &q->scratch->facts;
	__builtin_memset(q->f, 0, sizeof(*q->f));
	q->f->op = op;
	agent = &q->slot->agents[l->agent & (CVF_AGENTS_MAX - 1)];
	q->f->row = agent->row;
	q->f->mode = agent->mode;
	if (!q->f->row)
		q->f->fault = CVF_REASON_NO_POLICY;
	return 1;
}

static __always_inline void question_end(struct question *q)
{
	scratch_give(q->scratch);
}

/* System calls that do not restart: their holds are refusals. */
static __noinline int in_unrestartable_call(void)
{
	struct task_struct *t = bpf_get_current_task_btf();
	const struct call_numbers *calls = call_is_compat(t) ? &compat_calls : &native_calls;
	struct pt_regs *regs;
	long nr;

	if (t->flags & (PF_IO_WORKER | PF_KTHREAD))
		return 1;
	regs = (struct pt_regs *)bpf_task_pt_regs(t);
	nr = call_number(regs);
	return nr == calls->io_uring_enter || nr == calls->io_submit;
}

static __always_inline __u32 place_fault(enum placed placed)
{
	return placed == PLACED_DEEP ? CVF_REASON_PATH_TOO_LONG : CVF_REASON_UNREACHABLE;
}

/* Judges a path of the question: which 0 is the object, 1 the new name. */
static __noinline int judge_place(struct question *q, struct dentry *dentry, struct vfsmount *mnt, __u32 which)
{
	struct place place = { .dentry = dentry, .mnt = mnt };
	enum placed placed;
	__u32 state = 0, cell;

	if (q->f->fault)
		return 0;
	placed = place_state(q->slot, q->scratch, &place, which, &state);
	if (placed != PLACED) {
		q->f->fault = place_fault(placed);
		return 0;
	}
	cell = cell_find(q, dfa_set(q->slot, state));
	if (which)
		cell_join(q, cell);
	else
		q->f->cell = cell;
	return 0;
}

/* Judges the text in path[which] as the object: for names that have no place (abstract sockets) or no typed one. */
static __noinline int judge_text(struct question *q, __u32 which)
{
	struct cvf_scratch *s = q->scratch;
	__u32 state;

	if (q->f->fault)
		return 0;
	state = scan(q->slot, s, which, s->path_off[which & 1], s->path_len[which & 1], q->slot->start_file);
	q->f->cell = cell_find(q, dfa_set(q->slot, state));
	return 0;
}

/* The texts of the question's paths, where the fast way did not need them. */
static __noinline int question_texts(struct question *q)
{
	struct cvf_scratch *s = q->scratch;

	if (q->place.dentry && !s->path_len[0])
		path_text(s, &q->place, 0);
	if (q->f->two_names && !s->path_len[1])
		path_text(s, &q->place2, 1);
	return 0;
}

/* Head and texts of the record of this question, in the scratch memory. */
static __noinline int question_record(struct question *q, __u32 kind)
{
	struct cvf_scratch *s = q->scratch;
	struct cvf_record *r = &s->record;
	const struct cvf_cell *cell = cell_at(q->slot, q->f->cell);

	question_texts(q);
	record_start(r, q->label, kind);
	r->op = q->f->op;
	r->mode = q->f->mode;
	r->risk = cell->risk;
	r->cell_flags = cell->flags;
	r->capability = cell->capability;
	r->rule = cell->rule;
	r->reason = cell->reason;
	if (q->f->args_cut) {
		r->reason = CVF_REASON_ARGS_TOO_LONG;
		if (r->risk < CVF_R2)
			r->risk = CVF_R2;
	}
	r->result = q->f->detail;
	r->target_pid = q->f->target_pid;
	r->family = q->f->family;
	if (q->f->is_net) {
		__builtin_memcpy(r->address, q->f->address, 16);
		r->port = q->f->port;
		r->protocol = q->f->protocol;
	}
	if (s->path_len[0])
		record_path(s, 0, &r->object);
	if (q->f->two_names && s->path_len[1])
		record_path(s, 1, &r->object2);
	if (q->f->have_args)
		record_args(s);
	return 0;
}

/* The three digests of a question: asked, and what a grant for the session or the agent would be. */
static __noinline int question_digests(struct question *q)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct cvf_scratch *s = q->scratch;
	struct cvf_record *r = &s->record;
	struct sip *sip = &s->sip;
	__u64 base;

	sip_start(sip);
	sip_word(sip, q->f->op | (__u64)q->f->protocol << 16 | (__u64)q->f->port << 32 | (__u64)q->f->family << 48);
	sip_word(sip, (__u32)q->f->detail);
	if (s->path_len[0])
		sip_bytes(s, SIP_PATH0, s->path_off[0], s->path_len[0]);
	if (q->f->two_names && s->path_len[1])
		sip_bytes(s, SIP_PATH1, s->path_off[1], s->path_len[1]);
	if (q->f->have_args)
		sip_bytes(s, SIP_ARGS, 0, s->args_len);
	if (q->f->is_net) {
		sip_word(sip, *(__u64 *)&q->f->address[0]);
		sip_word(sip, *(__u64 *)&q->f->address[8]);
	}
	base = sip_end(sip);

	sip_start(sip);
	sip_word(sip, base);
	sip_word(sip, r->agent);
	r->grant_agent = sip_end(sip);
	sip_word(sip, r->session);
	r->grant_session = sip_end(sip);
	sip_word(sip, (__u64)t->pid << 32 | t->tgid);
	sip_word(sip, t->start_boottime);
	sip_word(sip, q->f->identity[0]);
	sip_word(sip, q->f->identity[1]);
	sip_word(sip, q->f->target_pid);
	r->digest = sip_end(sip);
	return 0;
}

static __always_inline int grant_use(__u64 digest)
{
	struct cvf_grant *g = bpf_map_lookup_elem(&cvf_grants, &digest);
	__u32 uses;

	if (!g || (g->expires_ns && g->expires_ns <= bpf_ktime_get_boot_ns()))
		return 0;
	uses = g->uses;
	if (uses == CVF_USES_UNLIMITED)
		return 1;
	for (int i = 0; i < 8 && uses; i++) {
		__u32 seen = __sync_val_compare_and_swap(&g->uses, uses, uses - 1);

		if (seen == uses)
			return 1;
		uses = seen;
	}
	return 0;
}

static __always_inline void pending_add(__u32 agent, __s32 n)
{
	__u32 key = agent & (CVF_AGENTS_MAX - 1);
	__u32 *pending = bpf_map_lookup_elem(&cvf_pending, &key);

	if (pending)
		__sync_fetch_and_add(pending, n);
	__sync_fetch_and_add(&cvf_control.holds, n);
}

/* Forgets a question, whatever its state. */
static __noinline int ask_drop(__u64 digest, __u32 agent)
{
	bpf_map_delete_elem(&cvf_holds, &digest);
	if (!bpf_map_delete_elem(&cvf_asks, &digest))
		pending_add(agent, -1);
	return 0;
}

/* Ends a question that will never be asked again: its task died, or asks something else now. */
static __noinline int ask_void(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_record *r = &s->record;
	__u64 digest = l->question;
	struct cvf_ask *ask = bpf_map_lookup_elem(&cvf_asks, &digest);

	l->question = 0;
	if (!ask)
		return 0;
	record_start(r, l, CVF_KIND_RESUME);
	r->hold_no = ask->hold_no;
	r->digest = digest;
	r->verdict = CVF_VERDICT_DENY;
	r->reason = CVF_REASON_ABANDONED;
	ask_drop(digest, l->agent);
	record_send(r, CVF_RING_VERDICT);
	return 0;
}

static __noinline int refuse(struct question *q, __u32 reason)
{
	struct cvf_record *r = &q->scratch->record;

	r->kind = CVF_KIND_VERDICT;
	r->verdict = CVF_VERDICT_DENY;
	r->reason = reason;
	if (q->f->mode != CVF_MODE_ENFORCE)
		r->flags |= CVF_REC_OBSERVED;
	record_send(r, CVF_RING_VERDICT);
	return q->f->mode == CVF_MODE_ENFORCE ? -EPERM : 0;
}

/* The answer is there: use it up. An exec keeps it until the new image runs, since every interpreter level asks. */
static __noinline int answer_take(struct question *q, struct cvf_ask *ask)
{
	struct cvf_record *r = &q->scratch->record;
	__u64 digest = r->digest;

	r->kind = CVF_KIND_RESUME;
	r->hold_no = ask->hold_no;
	r->reason = ask->reason;
	r->verdict = ask->answer;
	q->label->question = 0;
	q->label->reasks = 0;
	if (ask->answer == CVF_VERDICT_ALLOW && q->f->op == CVF_OP_EXEC) {
		if (q->label->exec_answer[q->f->exec_level & 1] != digest) {
			q->label->exec_answer[q->f->exec_level & 1] = digest;
			record_send(r, CVF_RING_VERDICT);
		}
		return 0;
	}
	ask_drop(digest, r->agent);
	record_send(r, CVF_RING_VERDICT);
	return r->verdict == CVF_VERDICT_ALLOW ? 0 : -EPERM;
}

/* Asked before and not answered: stop again, within bounds. */
static __noinline int ask_again(struct question *q)
{
	COUNT(reasks);
	if (++q->label->reasks > CVF_REASKS_MAX || bpf_send_signal(SIGSTOP)) {
		__u64 digest = q->scratch->record.digest;
		struct cvf_ask *ask = bpf_map_lookup_elem(&cvf_asks, &digest);

		q->scratch->record.hold_no = ask ? ask->hold_no : 0;
		q->label->question = 0;
		ask_drop(digest, q->scratch->record.agent);
		return refuse(q, CVF_REASON_REASK_LIMIT);
	}
	return -ERESTARTNOINTR;
}

/* Counts a new question against the bounds; false: too many wait already. */
static __noinline int ask_admit(struct question *q)
{
	const struct cvf_agent *agent = &q->slot->agents[q->label->agent & (CVF_AGENTS_MAX - 1)];
	__u32 key = q->label->agent & (CVF_AGENTS_MAX - 1), max = agent->max_holds ?: CVF_HOLDS_AGENT;
	__u32 *pending = bpf_map_lookup_elem(&cvf_pending, &key);

	if (!pending || *pending >= max || cvf_control.holds >= CVF_HOLDS_MAX)
		return 0;
	pending_add(q->label->agent, 1);
	return 1;
}

/* A new question: stop first, tell second (an answer that came before the stop would be lost). */
static __noinline int ask_new(struct question *q)
{
	struct cvf_record *r = &q->scratch->record;
	const struct cvf_cell *cell = cell_at(q->slot, q->f->cell);
	struct cvf_ask ask = { .hold_no = __sync_fetch_and_add(&cvf_control.hold_no, 1) + 1 };
	__u64 digest = r->digest;

	if (!ask_admit(q)) {
		COUNT(holds_refused);
		return refuse(q, CVF_REASON_HOLD_LIMIT);
	}
	if (bpf_send_signal(SIGSTOP)) {
		pending_add(q->label->agent, -1);
		COUNT(holds_refused);
		return refuse(q, CVF_REASON_HOLD_FAILED);
	}
	ask.asked_ns = r->time_ns;
	ask.expires_ns = r->time_ns + 1000000000ull * (cell->timeout_s ?: CVF_HOLD_TIMEOUT_S);
	r->kind = CVF_KIND_HOLD;
	r->verdict = CVF_VERDICT_HOLD;
	r->hold_no = ask.hold_no;
	r->expires_ns = ask.expires_ns;
	record_surroundings(q->scratch);
	r->size = CVF_RECORD_HEAD + r->text_len;
	if (bpf_map_update_elem(&cvf_holds, &digest, r, BPF_ANY) ||
	    bpf_map_update_elem(&cvf_asks, &digest, &ask, BPF_NOEXIST)) {
		bpf_map_delete_elem(&cvf_holds, &digest);
		pending_add(q->label->agent, -1);
		bpf_send_signal(SIGCONT);
		COUNT(holds_refused);
		return refuse(q, CVF_REASON_HOLD_LIMIT);
	}
	q->label->question = digest;
	q->label->reasks = 0;
	record_send(r, CVF_RING_VERDICT);
	return -ERESTARTNOINTR;
}

static __noinline int hold(struct question *q)
{
	const struct cvf_cell *cell = cell_at(q->slot, q->f->cell);
	struct cvf_record *r = &q->scratch->record;
	struct cvf_ask *ask;
	__u64 digest;

	question_digests(q);
	digest = r->digest;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	if (ask && ask->answer)
		return answer_take(q, ask);
	if (!(cell->flags & CVF_CELL_NO_GRANT) && (grant_use(r->grant_session) || grant_use(r->grant_agent))) {
		if (ask)
			ask_drop(digest, r->agent);
		q->label->question = 0;
		r->verdict = CVF_VERDICT_ALLOW;
		r->reason = CVF_REASON_GRANTED;
		record_send(r, CVF_RING_VERDICT);
		return 0;
	}
	if (q->f->cannot_hold || in_unrestartable_call())
		return refuse(q, CVF_REASON_CANNOT_HOLD);
	/* Another question of this task still waits: the arguments changed while it was held. The old one is void. */
	if (q->label->question && q->label->question != digest) {
		ask_void(q->scratch, q->label);
		question_record(q, CVF_KIND_VERDICT);
		question_digests(q);
	}
	return ask ? ask_again(q) : ask_new(q);
}

static __always_inline void cell_count(const struct question *q)
{
	__u32 key = (q->slot == &cvf_slots[1] ? CVF_CELLS_MAX : 0) + (q->f->cell & (CVF_CELLS_MAX - 1));
	__u64 *count = bpf_map_lookup_elem(&cvf_counts, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Returns what the hook returns. */
static __noinline int verdict(struct question *q)
{
	const struct cvf_cell *cell;
	struct cvf_record *r = &q->scratch->record;
	bool enforce = q->f->mode == CVF_MODE_ENFORCE;
	__u32 action;

	if (q->f->fault)
		q->f->cell = 0;
	cell = cell_at(q->slot, q->f->cell);
	action = cell->action;
	q->f->args_cut = action == CVF_VERDICT_ALLOW && q->f->have_args && q->scratch->args_cut;
	if (q->f->args_cut)
		action = CVF_VERDICT_HOLD;
	cell_count(q);
	if (action == CVF_VERDICT_ALLOW) {
		if (cell->flags & CVF_CELL_RECORD) {
			question_record(q, CVF_KIND_VERDICT);
			r->verdict = CVF_VERDICT_ALLOW;
			record_send(r, CVF_RING_EVENT);
		}
		return 0;
	}
	question_record(q, CVF_KIND_VERDICT);
	if (action == CVF_VERDICT_HOLD) {
		if (enforce)
			return hold(q);
		r->verdict = CVF_VERDICT_HOLD;
		r->flags |= CVF_REC_OBSERVED;
		record_send(r, CVF_RING_VERDICT);
		return 0;
	}
	return refuse(q, q->f->fault ?: cell->reason);
}

#endif
