/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * question.bpf.h - what is asked: who, which operation, which cell it comes to, its record and its digests
 *
 * A hook starts a question, has its objects judged, and ends it in verdict.bpf.h.
 */
#ifndef QUESTION_BPF_H
#define QUESTION_BPF_H

static __noinline int refuse_unknown(void)
{
	COUNT(label_failed);
	return -EPERM;
}

static __always_inline const struct cvf_cell *cell_at(const struct cvf_slot *slot, __u32 index)
{
	return &slot->cells[index & (CVF_CELLS_MAX - 1)];
}

static __always_inline const struct cvf_rate *rate_at(const struct cvf_slot *slot, __u32 index)
{
	return &slot->rates[index & (CVF_RATES_MAX - 1)];
}

/* All ones where a <= b, both below 2^32; without a branch, for the verifier. */
static __always_inline __u32 if_no_more(__u64 a, __u64 b)
{
	return (__u32)((__s64)(a - b - 1) >> 63);
}

/* The slate that an owner of the set sees; 0: it is no owner. Half of what is left is passed over each time. */
static __always_inline __u32 owner_slate(const struct cvf_slot *slot, const struct cvf_set *set, __u32 own)
{
	__u32 first = set->first, n = set->owners, passed = 0;
	const struct cvf_owner *o;

#pragma unroll
	for (__u32 step = CVF_AGENTS_MAX / 2; step; step >>= 1) {
		o = &slot->owners[(first + passed + step - 1) & (CVF_OWNERS_MAX - 1)];
		passed += step & if_no_more(passed + step, n) & if_no_more(o->own, own);
	}
	o = &slot->owners[(first + passed - 1) & (CVF_OWNERS_MAX - 1)];
	return passed && o->own == own ? o->slate : 0;
}

/* The cell of (an operation's tables, a row, a set that no owner sees otherwise); 0 refuses. */
static __always_inline __u32 cell_of(const struct cvf_slot *slot, const struct cvf_op_tables *t, const struct cvf_set *set,
				     __u32 row, __u32 slate)
{
	if (!slate)
		slate = slot->slates[(t->slate_from + set->column * slot->rows + row) & (CVF_SLATES_MAX - 1)];
	return slot->index[(t->index_from + slate) & (CVF_INDEX_MAX - 1)];
}

/* The cell of (the agent, the operation, a set); 0 refuses. */
GLOBAL __u32 cell_find(struct cvf_scratch *s, __u32 number)
{
	const struct cvf_op_tables *t;
	const struct cvf_slot *slot;
	const struct cvf_set *set;
	__u32 slate = 0;

	if (!s)
		return 0;
	slot = slot_of(s);
	t = &slot->ops[s->facts.op < CVF_OP_MAX ? s->facts.op : 0];
	if (t->sets == 1)
		number = 0; /* domain SYS: the object is shown, not judged */
	if (!s->facts.row || number >= t->sets)
		return 0;
	set = &slot->sets[(t->set_from + number) & (CVF_SETS_MAX - 1)];
	if (set->owners && s->facts.own)
		slate = owner_slate(slot, set, s->facts.own);
	slate = cell_of(slot, t, set, s->facts.row, slate);
	/* The verifier does not know what this returns; clang must not either, or it drops the mask that bounds it. */
	asm volatile("" : "+r"(slate));
	return slate;
}

/* The same for whom no other agent's patterns stand in the way; 0: it refuses, or cannot be told so quickly. */
static __always_inline __u32 cell_plain(const struct cvf_slot *slot, const struct cvf_agent *agent, __u32 op, __u32 number)
{
	const struct cvf_op_tables *t = &slot->ops[op];
	const struct cvf_set *set = &slot->sets[(t->set_from + number) & (CVF_SETS_MAX - 1)];

	if (!agent->row || number >= t->sets || (set->owners && agent->own))
		return 0;
	return cell_of(slot, t, set, agent->row, 0);
}

/* allow < hold < deny; then the risk; then what must be asked each time, so that no grant for the other name answers it */
static __always_inline __u32 severity_in(const struct cvf_slot *slot, __u32 cell)
{
	const struct cvf_cell *c = cell_at(slot, cell);

	return (c->action == CVF_VERDICT_ALLOW ? 0 : c->action == CVF_VERDICT_HOLD ? 8 : 16) + (c->risk & 3) * 2 +
	       !!(c->flags & CVF_CELL_ASK);
}

static __always_inline __u32 severity(const struct cvf_scratch *s, __u32 cell)
{
	return severity_in(slot_of(s), cell);
}

/*
 * Starts a question: working memory with the facts that every question has. NULL: refuse, it cannot be judged.
 * What was taken is given back by question_end().
 */
static __noinline struct cvf_scratch *question_start(const struct cvf_label *l, __u32 op)
{
	const struct cvf_agent *agent;
	struct cvf_scratch *s;

	if (l->flags & CVF_LABEL_CANARY)
		return NULL;
	s = scratch_take();
	if (!s) {
		COUNT(label_failed);
		return NULL;
	}
	__builtin_memset(&s->facts, 0, sizeof(s->facts));
	s->facts.slot = cvf_control.active & 1;
	s->facts.op = op;
	s->path_len[0] = 0;
	s->path_len[1] = 0;
	agent = &slot_of(s)->agents[l->agent & (CVF_AGENTS_MAX - 1)];
	s->facts.row = agent->row;
	s->facts.own = agent->own;
	s->facts.mode = agent->mode;
	s->facts.shared = agent->shared;
	s->facts.frozen = cvf_frozen[l->agent & (CVF_AGENTS_MAX - 1)];
	if (!s->facts.row)
		s->facts.fault = CVF_REASON_NO_POLICY;
	return s;
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

static __always_inline __u32 place_fault(int placed)
{
	return placed == PLACED_DEEP ? CVF_REASON_PATH_TOO_LONG : CVF_REASON_UNREACHABLE;
}

/*
 * Pins are guarded wherever their file system is mounted; a mount may cover nothing that is guarded from writing. What was
 * kept lies in its folder and no deeper.
 */
static __always_inline bool is_guarded(struct cvf_scratch *s, const struct vfsmount *mnt)
{
	__u32 op = s->facts.op, write;

	if (s->walk.store)
		return true;
	if (op != CVF_OP_READ && s->walk.whose == WHOSE_GUARDED)
		return true;
	if (op != CVF_OP_READ && mnt->mnt_sb->s_magic == BPF_FS_MAGIC)
		return true;
	if (op != CVF_OP_MOUNT)
		return false;
	s->facts.op = CVF_OP_WRITE;
	write = cell_find(s, s->walk.set);
	s->facts.op = op;
	return cell_at(slot_of(s), write)->reason == CVF_REASON_SELF_GUARD;
}

static __always_inline __u32 more_severe(const struct cvf_scratch *s, __u32 cell, __u32 other)
{
	return severity(s, other) > severity(s, cell) ? other : cell;
}

/* What its name comes to is not all that there is to it: the more severe cell. */
GLOBAL __u32 judge_whose(struct cvf_scratch *s, __u32 which, __u32 cell)
{
	__u32 op;

	if (!s)
		return 0;
	op = s->facts.op;
	if (s->walk.whose == WHOSE_FOREIGN) {
		/* Somebody else's terminal: who reads and writes there is who speaks and types there. */
		s->facts.op = CVF_OP_PTRACE;
		cell = more_severe(s, cell, cell_find(s, 0));
		s->facts.op = op;
	} else if (s->walk.whose == WHOSE_FOLDING) {
		cell = more_severe(s, cell, cell_find(s, folded_set(s, which)));
		if (s->walk.odd)
			cell = more_severe(s, cell, cell_find(s, dfa_set(slot_of(s), slot_of(s)->start_file)));
	}
	asm volatile("" : "+r"(cell));
	return cell;
}

/* Judges a path of the question: which 0 is the object, 1 the new name; the more severe cell stays. */
static __noinline int judge_place(struct cvf_scratch *s, struct dentry *dentry, struct vfsmount *mnt, __u32 which)
{
	struct place place = { .dentry = dentry, .mnt = mnt };
	__u32 cell;
	int placed;

	if (s->facts.fault)
		return 0;
	placed = place_set(s, &place, which);
	if (placed != PLACED) {
		s->facts.fault = place_fault(placed);
		return 0;
	}
	if (is_guarded(s, mnt))
		s->facts.fault = CVF_REASON_SELF_GUARD;
	cell = cell_find(s, s->walk.set);
	if (s->walk.whose)
		cell = judge_whose(s, which, cell);
	if (s->facts.goes == which + 1 && s->facts.mode == CVF_MODE_ENFORCE)
		s->facts.keep = !!(cell_at(slot_of(s), cell)->flags & CVF_CELL_KEEP);
	s->facts.other = cell;
	if (!which || severity(s, cell) > severity(s, s->facts.cell)) {
		s->facts.other = which ? s->facts.cell : 0;
		s->facts.cell = cell;
	}
	return 0;
}

/* Judges the text in path[0] as the object: for names that have no place (abstract sockets) or no typed one. */
static __always_inline void judge_text(struct cvf_scratch *s)
{
	const struct cvf_slot *slot = slot_of(s);

	if (!s->facts.fault)
		s->facts.cell = cell_find(s, dfa_set(slot, scan(s, 0, s->path_off[0], s->path_len[0], slot->start_file)));
}

/* Head and texts of the record of this question, in the scratch memory. Paths that the fast way did not need are made now. */
GLOBAL int question_record(struct cvf_scratch *s, const struct cvf_label *l, __u32 kind)
{
	const struct cvf_cell *cell;
	struct cvf_record *r;

	if (!s || !l)
		return -1;
	if (s->facts.dentry && !s->path_len[0])
		path_text(s, s->facts.dentry, s->facts.mnt, 0);
	if (s->facts.two_names && !s->path_len[1])
		path_text(s, s->facts.dentry2, s->facts.mnt2, 1);
	record_start(s, l, kind);
	cell = cell_at(slot_of(s), s->facts.cell);
	r = &s->record;
	r->generation = slot_of(s)->generation;
	r->op = s->facts.op;
	r->mode = s->facts.mode;
	r->risk = cell->risk;
	r->cell_flags = (cell->flags & ~CVF_CELL_KEEP) | (s->facts.keep ? CVF_CELL_KEEP : 0);
	r->capability = cell->capability;
	r->rule = cell->rule;
	r->reason = s->facts.keep && cell->action == CVF_VERDICT_ALLOW ? CVF_REASON_KEEP : cell->reason;
	if (s->facts.args_cut) {
		r->reason = CVF_REASON_ARGS_TOO_LONG;
		if (r->risk < CVF_R2)
			r->risk = CVF_R2;
	}
	r->result = s->facts.detail;
	r->target_pid = s->facts.target_pid;
	r->family = s->facts.family;
	r->inode = s->facts.inode;
	r->device = s->facts.device;
	if (s->facts.is_net) {
		__builtin_memcpy(r->address, s->facts.address, 16);
		r->port = s->facts.port;
		r->protocol = s->facts.protocol;
	}
	if (s->path_len[0])
		record_path(s, 0, &r->object);
	if (s->facts.two_names && s->path_len[1])
		record_path(s, 1, &r->object2);
	if (s->facts.have_args)
		record_args(s);
	return 0;
}

/* Which object has the name now: a file swapped while its operation was held is another question. */
static __always_inline void question_identity(struct cvf_scratch *s)
{
	struct dentry *d = (struct dentry *)s->facts.dentry;

	if (!d)
		return;
	s->facts.identity[0] = BPF_CORE_READ(d, d_inode, i_ino);
	/* A number is given again; its generation is another one then. */
	s->facts.identity[1] = BPF_CORE_READ(d, d_inode, i_sb, s_dev) | (__u64)BPF_CORE_READ(d, d_inode, i_generation) << 32;
}

/* No operation hashes to this first word: its high bits are an address family, of which there are few. */
#define DIGEST_OF_RATE (1ull << 63)

/* The three digests of a question: asked, and what a grant for the session or the agent would be. */
GLOBAL int question_digests(struct cvf_scratch *s)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct cvf_record *r;
	__u64 base;

	if (!s)
		return -1;
	r = &s->record;
	s->facts.identity[0] = 0;
	s->facts.identity[1] = 0;
	sip_start(s);
	if (s->facts.rate) {
		/* What is asked is whether this may go on, whatever the next object is. */
		sip_word(s, DIGEST_OF_RATE | rate_at(slot_of(s), s->facts.rate)->rule);
		base = sip_end(s);
		goto whose;
	}
	question_identity(s);
	sip_word(s, s->facts.op | (__u64)s->facts.protocol << 16 | (__u64)s->facts.port << 32 | (__u64)s->facts.family << 48);
	sip_word(s, (__u32)s->facts.detail);
	if (s->path_len[0])
		sip_bytes(s, SIP_PATH0, s->path_off[0], s->path_len[0]);
	if (s->facts.two_names && s->path_len[1])
		sip_bytes(s, SIP_PATH1, s->path_off[1], s->path_len[1]);
	if (s->facts.have_args)
		sip_bytes(s, SIP_ARGS, 0, s->args_len);
	if (s->facts.is_net) {
		sip_word(s, *(__u64 *)&s->facts.address[0]);
		sip_word(s, *(__u64 *)&s->facts.address[8]);
	}
	base = sip_end(s);

whose:
	sip_start(s);
	sip_word(s, base);
	sip_word(s, r->agent);
	r->grant_agent = sip_end(s);
	sip_word(s, r->session);
	r->grant_session = sip_end(s);
	sip_word(s, (__u64)t->pid << 32 | t->tgid);
	sip_word(s, t->start_boottime);
	sip_word(s, s->facts.identity[0]);
	sip_word(s, s->facts.identity[1]);
	if (s->facts.goes == 2) {
		sip_word(s, s->facts.rate ? 0 : r->inode);
		sip_word(s, s->facts.rate ? 0 : r->device);
	}
	sip_word(s, s->facts.rate ? 0 : s->facts.target_pid);
	r->digest = sip_end(s);
	return 0;
}

#endif
