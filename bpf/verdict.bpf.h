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

GLOBAL int grant_use(__u64 digest)
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
GLOBAL int ask_drop(__u64 digest, __u32 agent)
{
	bpf_map_delete_elem(&cvf_holds, &digest);
	if (!bpf_map_delete_elem(&cvf_asks, &digest))
		pending_add(agent, -1);
	return 0;
}

/* Ends a question that will never be asked again: its task died, or asks something else now. */
GLOBAL int ask_void(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_record *r;
	struct cvf_ask *ask;
	__u64 digest;

	if (!s || !l)
		return -1;
	digest = l->question;
	l->question = 0;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	if (!ask)
		return 0;
	record_start(s, l, CVF_KIND_RESUME);
	r = &s->record;
	r->hold_no = ask->hold_no;
	r->digest = digest;
	r->verdict = CVF_VERDICT_DENY;
	r->reason = CVF_REASON_ABANDONED;
	ask_drop(digest, l->agent);
	record_send(s, CVF_RING_VERDICT);
	return 0;
}

/* Records a refusal; 0 when the agent's mode only watches. What enforces is guarded in every mode. */
GLOBAL int refuse(struct cvf_scratch *s, __u32 reason)
{
	bool watched = s && s->facts.mode != CVF_MODE_ENFORCE && reason != CVF_REASON_SELF_GUARD;
	struct cvf_record *r;

	if (!s)
		return -EPERM;
	r = &s->record;
	r->kind = CVF_KIND_VERDICT;
	r->verdict = CVF_VERDICT_DENY;
	r->reason = reason;
	if (watched)
		r->flags |= CVF_REC_OBSERVED;
	record_send(s, CVF_RING_VERDICT);
	return watched ? 0 : -EPERM;
}

/* An answer that nobody came for in time answers nothing: an approval is for now. */
#define ANSWER_GRACE_NS 10000000000ull

/* The answer is there: use it up. An exec keeps it until the new image runs, since every interpreter level asks. */
GLOBAL int answer_take(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_record *r;
	struct cvf_ask *ask;
	__u64 digest;

	if (!s || !l)
		return -EPERM;
	r = &s->record;
	digest = r->digest;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	if (!ask)
		return -EPERM;
	r->kind = CVF_KIND_RESUME;
	r->hold_no = ask->hold_no;
	r->reason = ask->reason;
	r->verdict = ask->answer;
	if (r->verdict == CVF_VERDICT_ALLOW && r->time_ns > ask->expires_ns + ANSWER_GRACE_NS) {
		r->verdict = CVF_VERDICT_DENY;
		r->reason = CVF_REASON_TIMEOUT;
	}
	l->question = 0;
	l->reasks = 0;
	if (r->verdict == CVF_VERDICT_ALLOW && s->facts.op == CVF_OP_EXEC) {
		if (l->exec_answer[s->facts.exec_level & 1] != digest) {
			l->exec_answer[s->facts.exec_level & 1] = digest;
			record_send(s, CVF_RING_VERDICT);
			rate_forgive(s);
		}
		return 0;
	}
	ask_drop(digest, r->agent);
	record_send(s, CVF_RING_VERDICT);
	if (r->verdict == CVF_VERDICT_ALLOW) {
		rate_forgive(s);
		return 0;
	}
	l->denied = digest;
	l->denied_ns = r->time_ns;
	return -EPERM;
}

/*
 * A shell that was refused /usr/bin/x tries /bin/x next, which is the same file: the approver has just said no to that, and is
 * not asked twice. After this time the same operation is a new question. Whoever was refused to go on doing something is not
 * asked about the next one for as long as the limit counts.
 */
#define DENIAL_STANDS_NS 2000000000ull

static __always_inline bool just_denied(const struct cvf_scratch *s, const struct cvf_label *l)
{
	__u64 stands = DENIAL_STANDS_NS;

	if (s->facts.rate)
		stands += rate_at(slot_of(s), s->facts.rate)->window_s * 1000000000ull;
	return l->denied == s->record.digest && s->record.time_ns - l->denied_ns < stands;
}

/*
 * Stops the whole process by a signal of this thread's own. Sent to the process, it would be dropped while that of another thread
 * is still queued (one SIGSTOP is like another), and a call that returns ERESTARTNOINTR with nothing pending hands 513 to the program.
 */
static __always_inline long stop_current(void)
{
	return bpf_send_signal_thread(SIGSTOP);
}

/* Asked before and not answered: stop again, within bounds. */
GLOBAL int ask_again(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_ask *ask;
	__u64 digest;

	if (!s || !l)
		return -EPERM;
	COUNT(reasks);
	if (++l->reasks <= CVF_REASKS_MAX && !stop_current())
		return -ERESTARTNOINTR;
	digest = s->record.digest;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	s->record.kind = CVF_KIND_RESUME;
	s->record.hold_no = ask ? ask->hold_no : 0;
	s->record.verdict = CVF_VERDICT_DENY;
	s->record.reason = CVF_REASON_REASK_LIMIT;
	l->question = 0;
	ask_drop(digest, s->record.agent);
	record_send(s, CVF_RING_VERDICT);
	return -EPERM;
}

/* Counts a new question against the bounds; 0: too many wait already. */
static __noinline int ask_admit(struct cvf_scratch *s, struct cvf_label *l)
{
	const struct cvf_agent *agent = &slot_of(s)->agents[l->agent & (CVF_AGENTS_MAX - 1)];
	__u32 key = l->agent & (CVF_AGENTS_MAX - 1), max = agent->max_holds ?: CVF_HOLDS_AGENT;
	__u32 *pending = bpf_map_lookup_elem(&cvf_pending, &key);

	if (!pending || *pending >= max || cvf_control.holds >= CVF_HOLDS_MAX)
		return 0;
	pending_add(l->agent, 1);
	return 1;
}

/* Keeps the whole record for as long as it waits. The map helper wants a map's value, not just memory: looked up again. */
GLOBAL int hold_keep(__u32 key, __u64 digest)
{
	struct cvf_scratch *s = bpf_map_lookup_elem(&cvf_scratch, &key);

	return s ? bpf_map_update_elem(&cvf_holds, &digest, &s->record, BPF_ANY) : -1;
}

/* A new question: stop first, tell second (an answer that came before the stop would be lost). */
GLOBAL int ask_new(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_ask ask = {};
	struct cvf_record *r;
	__u32 timeout;
	__u64 digest;

	if (!s || !l)
		return -EPERM;
	r = &s->record;
	digest = r->digest;
	if (!ask_admit(s, l)) {
		COUNT(holds_refused);
		return refuse(s, CVF_REASON_HOLD_LIMIT);
	}
	if (stop_current()) {
		pending_add(l->agent, -1);
		COUNT(holds_refused);
		return refuse(s, CVF_REASON_HOLD_FAILED);
	}
	timeout = cell_at(slot_of(s), s->facts.cell)->timeout_s;
	ask.hold_no = __sync_fetch_and_add(&cvf_control.hold_no, 1) + 1;
	ask.asked_ns = r->time_ns;
	ask.expires_ns = r->time_ns + 1000000000ull * (timeout ?: CVF_HOLD_TIMEOUT_S);
	r->kind = CVF_KIND_HOLD;
	r->verdict = CVF_VERDICT_HOLD;
	r->hold_no = ask.hold_no;
	r->expires_ns = ask.expires_ns;
	record_exe(s);
	record_cwd(s);
	r->size = CVF_RECORD_HEAD + r->text_len;
	if (hold_keep(s->self, digest) ||
	    bpf_map_update_elem(&cvf_asks, &digest, &ask, BPF_NOEXIST)) {
		bpf_map_delete_elem(&cvf_holds, &digest);
		pending_add(l->agent, -1);
		bpf_send_signal(SIGCONT);
		COUNT(holds_refused);
		return refuse(s, CVF_REASON_HOLD_LIMIT);
	}
	l->question = digest;
	l->reasks = 0;
	record_send(s, CVF_RING_VERDICT);
	return -ERESTARTNOINTR;
}

static __always_inline int grant_use_any(struct cvf_scratch *s)
{
	if (cell_at(slot_of(s), s->facts.cell)->flags & CVF_CELL_NO_GRANT)
		return 0;
	return grant_use(s->record.grant_session) || grant_use(s->record.grant_agent);
}

/* A grant covers it: recorded, and a question of it that waits is answered by it. */
GLOBAL int grant_take(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_record *r;
	struct cvf_ask *ask;
	__u64 digest;

	if (!s || !l)
		return 0;
	r = &s->record;
	if (!grant_use_any(s))
		return 0;
	digest = r->digest;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	if (ask) {
		r->kind = CVF_KIND_RESUME;
		r->hold_no = ask->hold_no;
		l->question = 0;
		ask_drop(digest, r->agent);
	}
	r->verdict = CVF_VERDICT_ALLOW;
	r->reason = CVF_REASON_GRANTED;
	record_send(s, CVF_RING_VERDICT);
	rate_forgive(s);
	return 1;
}

/* It may go on beyond its limit; now it is about this object, which is kept as each one before it was. */
static __always_inline int keep_next(struct cvf_scratch *s, struct cvf_label *l)
{
	s->facts.rate = 0;
	question_record(s, l, CVF_KIND_VERDICT);
	s->record.reason = CVF_REASON_KEEP;
	question_digests(s);
	return ask_new(s, l);
}

GLOBAL int hold(struct cvf_scratch *s, struct cvf_label *l)
{
	struct cvf_ask *ask;
	__u64 digest;
	int r;

	if (!s || !l)
		return -EPERM;
	question_digests(s);
	digest = s->record.digest;
	ask = bpf_map_lookup_elem(&cvf_asks, &digest);
	if (ask && ask->answer) {
		r = answer_take(s, l);
		return r || !s->facts.rate || !s->facts.keep ? r : keep_next(s, l);
	}
	if (!ask && just_denied(s, l))
		return refuse(s, CVF_REASON_DENIED);
	if (!s->facts.keep && grant_take(s, l))
		return 0;
	if (s->facts.cannot_hold || in_unrestartable_call())
		return refuse(s, CVF_REASON_CANNOT_HOLD);
	if (ask)
		return ask_again(s, l);
	/* Another question of this task still waits: the arguments changed while it was held. The old one is void. */
	if (l->question) {
		ask_void(s, l);
		question_record(s, l, CVF_KIND_VERDICT);
		question_digests(s);
	}
	/* Whatever lets it go, what goes is kept first: only the governor can have that done. */
	if (s->facts.keep && s->record.reason != CVF_REASON_KEEP && grant_use_any(s))
		s->record.reason = CVF_REASON_KEEP;
	return ask_new(s, l);
}

/* Of an agent whose row others have too. 0: it cannot be counted by itself. */
static __noinline int agent_count(__u32 slot, __u32 agent, __u32 cell)
{
	struct cvf_count_key key = { .slot = slot, .agent = agent, .cell = cell };
	__u64 *count = bpf_map_lookup_elem(&cvf_agent_counts, &key), one = 1;

	/* Where another CPU was first to make it. */
	if (!count && bpf_map_update_elem(&cvf_agent_counts, &key, &one, BPF_NOEXIST))
		count = bpf_map_lookup_elem(&cvf_agent_counts, &key);
	else if (!count)
		return 1;
	if (!count)
		return 0;
	__sync_fetch_and_add(count, 1);
	return 1;
}

static __always_inline void cell_count(__u32 slot, __u32 cell, const struct cvf_label *l, __u32 shared)
{
	__u32 key = (slot & 1) * CVF_CELLS_MAX + (cell & (CVF_CELLS_MAX - 1));
	__u64 *count;

	if (shared && agent_count(slot & 1, l->agent & (CVF_AGENTS_MAX - 1), cell & (CVF_CELLS_MAX - 1)))
		return;
	count = bpf_map_lookup_elem(&cvf_counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
}

/* The cell of an operation on what comes to this set, when that says nothing but to let it through; else 0. */
static __always_inline __u32 cell_let_through(const struct cvf_slot *slot, const struct cvf_agent *agent, __u32 op, __u32 set)
{
	__u32 index = cell_plain(slot, agent, op, set);
	const struct cvf_cell *cell = cell_at(slot, index);

	return cell->action == CVF_VERDICT_ALLOW && !cell->flags && !cell->rate ? index : 0;
}

/*
 * The cell of an operation on what has this name, when that is nothing but to be let through: it is to be counted, and that is all.
 * 0 about whatever else, which is to be asked as a question. The name remembers the cell of reading, for a row.
 */
static __always_inline __u32 name_cell(struct cvf_name *n, __u64 stamp, __u32 state, const __u64 *inside, __u32 len, __u32 active,
				       __u32 op, const struct cvf_label *l)
{
	__u32 number = l->agent & (CVF_AGENTS_MAX - 1), version = read_begin(&n->version), set = n->set, row = n->row, cell = n->cell;
	const struct cvf_slot *slot = &cvf_slots[active & 1];
	const struct cvf_agent *agent = &slot->agents[number];

	if (l->flags || cvf_frozen[number])
		return 0;
	if (!name_is(n, stamp, inside, len) || !read_end(&n->version, version)) {
		struct folder folder = { .stamp = stamp, .state = state, .slot = active };

		set = name_learn_inside(n, &folder, inside, len);
		if (set == NO_SET)
			return 0;
		row = 0;
	}
	if (op == CVF_OP_READ && row && row == agent->row && !agent->own)
		return cell;
	cell = cell_let_through(slot, agent, op, set);
	if (cell && op == CVF_OP_READ && !agent->own && write_begin(&n->version, version)) {
		n->row = agent->row;
		n->cell = cell;
		write_end(&n->version);
	}
	return cell;
}

static __always_inline void let_through(__u32 active, __u32 cell, const struct cvf_label *l)
{
	cell_count(active, cell, l, cvf_slots[active & 1].agents[l->agent & (CVF_AGENTS_MAX - 1)].shared);
}

/* What happens to an operation whose cell does not simply let it through. */
GLOBAL int verdict_severe(struct cvf_scratch *s, struct cvf_label *l)
{
	const struct cvf_cell *cell;

	if (!s || !l)
		return -EPERM;
	question_record(s, l, CVF_KIND_VERDICT);
	cell = cell_at(slot_of(s), s->facts.cell);
	if (cell->action == CVF_VERDICT_HOLD || s->facts.args_cut || (s->facts.keep && cell->action == CVF_VERDICT_ALLOW)) {
		if (s->facts.mode == CVF_MODE_ENFORCE)
			return hold(s, l);
		s->record.verdict = CVF_VERDICT_HOLD;
		s->record.flags |= CVF_REC_OBSERVED;
		record_send(s, CVF_RING_VERDICT);
		return 0;
	}
	return refuse(s, s->facts.fault ?: cell->reason);
}

GLOBAL int record_allow(struct cvf_scratch *s, struct cvf_label *l)
{
	if (!s || !l)
		return -1;
	question_record(s, l, CVF_KIND_VERDICT);
	s->record.verdict = CVF_VERDICT_ALLOW;
	record_send(s, CVF_RING_EVENT);
	return 0;
}

/* Of a frozen agent nothing is judged: it stops here, and asks when it is thawed. */
GLOBAL int frozen_wait(struct cvf_scratch *s, struct cvf_label *l)
{
	if (!s || !l)
		return -EPERM;
	if (!s->facts.cannot_hold && !in_unrestartable_call() && !stop_current())
		return -ERESTARTNOINTR;
	question_record(s, l, CVF_KIND_VERDICT);
	s->facts.mode = CVF_MODE_ENFORCE;
	s->record.mode = CVF_MODE_ENFORCE;
	return refuse(s, CVF_REASON_FROZEN);
}

static __always_inline int question_judge(struct cvf_scratch *s, struct cvf_label *l)
{
	const struct cvf_cell *cell;
	int r = 0;

	if (s->facts.fault)
		s->facts.cell = 0;
	cell = cell_at(slot_of(s), s->facts.cell);
	if (cell->rate || s->facts.other) {
		rates_apply(s, l);
		cell = cell_at(slot_of(s), s->facts.cell);
	}
	s->facts.args_cut = cell->action == CVF_VERDICT_ALLOW && s->facts.have_args && s->args_cut;
	/* A held operation comes back with its answer: it was counted when it asked. */
	if ((cell->action != CVF_VERDICT_HOLD && !s->facts.keep) || !l->question)
		cell_count(s->facts.slot, s->facts.cell, l, s->facts.shared);
	if (cell->action != CVF_VERDICT_ALLOW || s->facts.args_cut || s->facts.keep)
		r = verdict_severe(s, l);
	else if (cell->flags & CVF_CELL_RECORD)
		record_allow(s, l);
	return r;
}

/* Judges what was asked, gives back the working memory, and returns what the hook returns. */
static __always_inline int question_end(struct cvf_scratch *s, struct cvf_label *l)
{
	int r = s->facts.frozen ? frozen_wait(s, l) : question_judge(s, l);

	scratch_give(s);
	/* Three values and no other, in a form that the verifier can follow. */
	if (r == 0)
		return 0;
	if (r == -ERESTARTNOINTR)
		return -ERESTARTNOINTR;
	return -EPERM;
}

#endif
