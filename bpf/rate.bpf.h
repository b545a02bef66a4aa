/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rate.bpf.h - how often a session may do something before another cell takes the place of the usual one
 *
 * Or how old it may be; the rest is the same. What is counted is what is attempted, in eighths of the window. The eight full eighths and the one that has begun are looked
 * at, so within no window more than the limit goes through.
 */
#ifndef RATE_BPF_H
#define RATE_BPF_H

#define SLICES_IN_WINDOW 8
#define SLICE_NS(window_s) ((window_s) * (1000000000ull / SLICES_IN_WINDOW))
#define COUNT_BITS 24
#define COUNT_MASK ((1ull << COUNT_BITS) - 1)

const struct cvf_recent cvf_nothing_recent;

static __always_inline __u64 recent_key(__u32 session, const struct cvf_rate *r)
{
	return (__u64)session << 32 | r->rule;
}

static __always_inline struct cvf_recent *recent_of(__u64 key)
{
	struct cvf_recent *recent = bpf_map_lookup_elem(&cvf_recent, &key);

	if (recent)
		return recent;
	bpf_map_update_elem(&cvf_recent, &key, &cvf_nothing_recent, BPF_NOEXIST);
	return bpf_map_lookup_elem(&cvf_recent, &key);
}

/* One more in the slice that has begun; 0: it could not be counted. */
GLOBAL int slice_add(__u64 key, __u64 now)
{
	struct cvf_recent *recent = recent_of(key);
	__u64 *at, seen;

	if (!recent)
		return 0;
	at = &recent->slice[now & (CVF_RECENT_SLICES - 1)];
	for (int i = 0; i < 8; i++) {
		seen = *at;
		if ((seen & COUNT_MASK) == COUNT_MASK)
			return 0;
		if (__sync_val_compare_and_swap(at, seen, seen >> COUNT_BITS == now ? seen + 1 : now << COUNT_BITS | 1) == seen)
			return 1;
	}
	return 0;
}

/* What the slices of the window hold; without a branch, for the verifier. */
GLOBAL __u64 slices_sum(__u64 key, __u64 now)
{
	struct cvf_recent *recent = bpf_map_lookup_elem(&cvf_recent, &key);
	__u64 sum = 0;

	if (!recent)
		return COUNT_MASK;
	for (int i = 0; i < CVF_RECENT_SLICES; i++) {
		__u64 slice = recent->slice[i], age = now - (slice >> COUNT_BITS);

		/* all ones when it is one of them: the difference has its sign bit */
		sum += slice & COUNT_MASK & -((age - SLICES_IN_WINDOW - 1) >> 63);
	}
	return sum;
}

/* A session that cannot be found is too old. */
static __always_inline int is_older(__u32 session, __u32 than_s)
{
	struct cvf_session *s = bpf_map_lookup_elem(&cvf_sessions, &session);

	return !s || bpf_ktime_get_boot_ns() - s->began_ns > than_s * 1000000000ull;
}

/* Counts an attempt; 1: it is too much, as is what cannot be counted. */
GLOBAL int rate_count(__u32 session, __u32 slot, __u32 at)
{
	const struct cvf_rate *r = rate_at(&cvf_slots[slot & 1], at);
	__u64 now = bpf_ktime_get_boot_ns() / (SLICE_NS(r->window_s) ?: 1), key = recent_key(session, r);

	if (r->limit == CVF_RATE_AGE)
		return is_older(session, r->window_s);
	return !slice_add(key, now) || slices_sum(key, now) > r->limit;
}

/* Is this the operation that the task was stopped in, come back? It was counted when it asked. */
GLOBAL int comes_back(struct cvf_scratch *s, struct cvf_label *l, __u32 rate)
{
	if (!s || !l || !l->question)
		return 0;
	s->facts.rate = rate;
	question_record(s, l, CVF_KIND_VERDICT);
	question_digests(s);
	s->facts.rate = 0;
	return s->record.digest == l->question;
}

/* Is the rule of this limit among those of the chain? One operation counts once under one rule. */
GLOBAL int chain_has(__u32 slot_no, __u32 at, __u32 rule)
{
	const struct cvf_slot *slot = &cvf_slots[slot_no & 1];

	for (int i = 0; i < CVF_RATES_CHAIN && at; i++) {
		if (rate_at(slot, at)->rule == rule)
			return 1;
		at = rate_at(slot, at)->next;
	}
	return 0;
}

static __always_inline __u32 severity_over(const struct cvf_scratch *s, __u32 rate)
{
	return severity(s, rate_at(slot_of(s), rate)->over);
}

/* Counts under every rule of the chain that begins at a limit; the strictest that is exceeded, the first of equals, or 0. */
GLOBAL int chain_count(struct cvf_scratch *s, struct cvf_label *l, __u32 at, __u32 counted)
{
	__u32 found = 0;

	if (!s || !l)
		return 0;
	for (int i = 0; i < CVF_RATES_CHAIN && at; i++) {
		const struct cvf_rate *r = rate_at(slot_of(s), at);

		if (comes_back(s, l, at))
			return at;
		if (!chain_has(s->facts.slot, counted, r->rule) && rate_count(l->session, s->facts.slot, at) &&
		    (!found || severity_over(s, at) > severity_over(s, found)))
			found = at;
		at = r->next;
	}
	return found;
}

/* Puts the cell beyond a limit that is exceeded in the place of the question's. */
GLOBAL int rates_apply(struct cvf_scratch *s, struct cvf_label *l)
{
	const struct cvf_slot *slot;
	__u32 rate, other_rate, over, other_over;

	if (!s || !l)
		return -1;
	slot = slot_of(s);
	rate = cell_at(slot, s->facts.cell)->rate;
	other_rate = cell_at(slot, s->facts.other)->rate;
	if ((!rate && !other_rate) || comes_back(s, l, 0))
		return 0;
	over = chain_count(s, l, rate, 0);
	other_over = chain_count(s, l, other_rate, rate);
	if (over) {
		s->facts.rate = over;
		s->facts.cell = rate_at(slot, over)->over;
	}
	if (other_over && severity_over(s, other_over) > severity(s, s->facts.cell)) {
		s->facts.rate = other_over;
		s->facts.cell = rate_at(slot, other_over)->over;
	}
	return 0;
}

/* Somebody let it go on: it is counted from the beginning. */
static __always_inline void rate_forgive(const struct cvf_scratch *s)
{
	__u64 key;

	if (!s->facts.rate)
		return;
	key = recent_key(s->record.session, rate_at(slot_of(s), s->facts.rate));
	bpf_map_delete_elem(&cvf_recent, &key);
}

#endif
