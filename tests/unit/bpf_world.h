/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * bpf_world.h - what bpf/verdict.bpf.h stands on, in a program: maps are short lists, helpers fail when they are told to
 *
 * Of question.bpf.h, rate.bpf.h and record.bpf.h there is as much as the verdict reads of it.
 */
#ifndef BPF_WORLD_H
#define BPF_WORLD_H

#include <errno.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "cvf/abi.h"

#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wunknown-pragmas"

#define ERESTARTNOINTR 513
#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, of) of *name
#undef __always_inline
#define __always_inline inline
#define __noinline __attribute__((noinline))

#define CELL 5
#define OTHER_CELL 6
#define LIMIT 3		/* index of a rate */
#define AGENT 7
#define DIGEST 1000ull
#define NOW 100000000000ull
#define WINDOW_S 60
#define ENTRIES 4

static void *bpf_map_lookup_elem(void *map, const void *key);
static long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
static long bpf_map_delete_elem(void *map, const void *key);
static long bpf_send_signal(__u32 number);
static long bpf_send_signal_thread(__u32 number);
static __u64 bpf_ktime_get_boot_ns(void);
static __u32 bpf_get_smp_processor_id(void);
/* Another processor takes a use of a grant between looking and taking, so many times. */
static int stolen;
static __u32 compare_and_swap(volatile __u32 *at, __u32 old, __u32 new);
#define __sync_val_compare_and_swap(at, old, new) compare_and_swap(at, old, new)

#include "../../bpf/state.bpf.h"

static void order_reads(void)
{
}

#include "../../bpf/memory.bpf.h"

/* ---- what verdict.bpf.h is given by question.bpf.h, rate.bpf.h and record.bpf.h ---- */

static const struct cvf_cell *cell_at(const struct cvf_slot *slot, __u32 index)
{
	return &slot->cells[index & (CVF_CELLS_MAX - 1)];
}

static const struct cvf_rate *rate_at(const struct cvf_slot *slot, __u32 index)
{
	return &slot->rates[index & (CVF_RATES_MAX - 1)];
}

/* A set is the number of its cell here. */
static __u32 cell_plain(const struct cvf_slot *slot, const struct cvf_agent *agent, __u32 op, __u32 number)
{
	(void)op;
	assert_ptr_equal(slot, &cvf_slots[0]);
	return agent->row ? number : 0;
}

/* A set that the next unknown name comes to. */
static __u32 learns;

static __u32 name_learn_inside(struct cvf_name *n, const struct folder *f, const __u64 *inside, __u32 len)
{
	if (learns && learns != NO_SET)
		name_keep(n, f->stamp, inside, len, learns);
	return learns;
}

struct entry {
	bool is_used;
	__u64 key;
	union {
		struct cvf_ask ask;
		struct cvf_grant grant;
	} value;
};

static struct {
	struct entry asks[ENTRIES], grants[ENTRIES];
	__u64 held;		/* digest in cvf_holds */
	__u32 pending;
	__u64 count, agent_count;
	bool has_agent_count, makes_agent_count, loses_agent_count;
	struct cvf_cpu cpu;
	/* what fails */
	bool no_pending, no_cpu, no_count, no_scratch, signal_fails, hold_full, ask_full, restarts_not, is_late;
	__u32 rate_to;		/* rates_apply() puts this cell in the place of the other; 0: none */
	/* what happened */
	int stops, continues, sent, recorded, forgiven;
	struct cvf_record last;
} w;

static struct cvf_scratch scratch;
static struct cvf_label label;
static struct cvf_name name;

static void record_copy(const struct cvf_scratch *s)
{
	memcpy(&w.last, &s->record, CVF_RECORD_HEAD);
}

static int record_start(struct cvf_scratch *s, const struct cvf_label *l, __u32 kind)
{
	memset(&s->record, 0, CVF_RECORD_HEAD);
	s->record.kind = (__u16)kind;
	s->record.time_ns = bpf_ktime_get_boot_ns();
	s->record.agent = l->agent;
	return 0;
}

static int record_send(struct cvf_scratch *s, __u32 ring)
{
	(void)ring;
	w.sent++;
	record_copy(s);
	return 0;
}

static int record_exe(struct cvf_scratch *s)
{
	(void)s;
	return 0;
}

static int record_cwd(struct cvf_scratch *s)
{
	(void)s;
	return 0;
}

static int question_record(struct cvf_scratch *s, const struct cvf_label *l, __u32 kind)
{
	const struct cvf_cell *cell = cell_at(slot_of(s), s->facts.cell);

	record_start(s, l, kind);
	s->record.reason = s->facts.keep && cell->action == CVF_VERDICT_ALLOW ? CVF_REASON_KEEP : cell->reason;
	w.recorded++;
	return 0;
}

/* With a limit exceeded, the question is whether it may go on. */
static int question_digests(struct cvf_scratch *s)
{
	s->record.digest = DIGEST + s->facts.rate;
	s->record.grant_session = DIGEST + 100;
	s->record.grant_agent = DIGEST + 200;
	return 0;
}

static int rates_apply(struct cvf_scratch *s, struct cvf_label *l)
{
	(void)l;
	if (w.rate_to) {
		s->facts.cell = w.rate_to;
		s->facts.rate = LIMIT;
	}
	return 0;
}

static void rate_forgive(const struct cvf_scratch *s)
{
	(void)s;
	w.forgiven++;
}

static int in_unrestartable_call(void)
{
	return w.restarts_not;
}

#include "../../bpf/verdict.bpf.h"

/* ---- the kernel's side of it ---- */

static struct entry *entries_of(const void *map)
{
	return map == &cvf_asks ? w.asks : map == &cvf_grants ? w.grants : NULL;
}

static struct entry *find(const void *map, __u64 key)
{
	struct entry *v = entries_of(map);

	for (int i = 0; i < ENTRIES; i++)
		if (v[i].is_used && v[i].key == key)
			return &v[i];
	return NULL;
}

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	struct entry *found;

	if (map == &cvf_pending)
		return w.no_pending ? NULL : &w.pending;
	if (map == &cvf_cpu)
		return w.no_cpu ? NULL : &w.cpu;
	if (map == &cvf_counts)
		return w.no_count ? NULL : &w.count;
	if (map == &cvf_names)
		return &name;
	if (map == &cvf_scratch)
		return w.no_scratch ? NULL : &scratch;
	if (map == &cvf_agent_counts)
		return w.has_agent_count ? &w.agent_count : NULL;
	found = find(map, *(const __u64 *)key);
	return found ? &found->value : NULL;
}

static long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	struct entry *v = entries_of(map);

	(void)flags;
	if (map == &cvf_agent_counts) {
		if (w.loses_agent_count)
			w.has_agent_count = true; /* another processor was first */
		return w.makes_agent_count ? 0 : -1;
	}
	if (map == &cvf_holds) {
		w.held = w.hold_full ? w.held : *(const __u64 *)key;
		return w.hold_full ? -1 : 0;
	}
	assert_ptr_equal(map, &cvf_asks);
	if (w.ask_full || find(map, *(const __u64 *)key))
		return -1;
	while (v->is_used)
		v++;
	*v = (struct entry){ .is_used = true, .key = *(const __u64 *)key, .value.ask = *(const struct cvf_ask *)value };
	return 0;
}

static long bpf_map_delete_elem(void *map, const void *key)
{
	struct entry *found;

	if (map == &cvf_holds) {
		if (w.held == *(const __u64 *)key)
			w.held = 0;
		return 0;
	}
	found = find(map, *(const __u64 *)key);
	if (found)
		found->is_used = false;
	return found ? 0 : -1;
}

static long bpf_send_signal(__u32 number)
{
	assert_int_equal(number, SIGCONT);
	w.continues++;
	return 0;
}

static long bpf_send_signal_thread(__u32 number)
{
	assert_int_equal(number, SIGSTOP);
	w.stops += !w.signal_fails;
	return w.signal_fails ? -1 : 0;
}

static __u64 bpf_ktime_get_boot_ns(void)
{
	return NOW + (w.is_late ? 20000000000ull : 0);
}

static __u32 bpf_get_smp_processor_id(void)
{
	return 0;
}

static __u32 compare_and_swap(volatile __u32 *at, __u32 old, __u32 new)
{
	__u32 seen = *at;

	if (stolen > 0) {
		stolen--;
		*at = seen ? seen - 1 : 0;
		return *at;
	}
	if (seen == old)
		*at = new;
	return seen;
}

/* ---- a world ---- */

static void begin(enum cvf_verdict action)
{
	struct cvf_slot *slot = &cvf_state.slots[0];

	memset(&w, 0, sizeof(w));
	memset(&scratch.facts, 0, sizeof(scratch.facts));
	memset(&scratch.record, 0, CVF_RECORD_HEAD);
	memset(&label, 0, sizeof(label));
	stolen = 0;
	cvf_state.control.holds = 0;
	scratch.taken = 1;
	scratch.args_cut = 0;
	scratch.facts.cell = CELL;
	scratch.facts.mode = CVF_MODE_ENFORCE;
	scratch.facts.op = CVF_OP_WRITE;
	label.agent = AGENT;
	slot->agents[AGENT] = (struct cvf_agent){ .row = 1 };
	slot->cells[0] = (struct cvf_cell){ .action = CVF_VERDICT_DENY, .reason = CVF_REASON_NO_POLICY };
	slot->cells[CELL] = (struct cvf_cell){ .action = (__u8)action, .reason = CVF_REASON_APPROVAL };
	slot->cells[OTHER_CELL] = (struct cvf_cell){ .action = CVF_VERDICT_DENY, .reason = CVF_REASON_RATE };
	slot->rates[LIMIT] = (struct cvf_rate){ .rule = 1, .limit = 1, .window_s = WINDOW_S, .over = OTHER_CELL };
}

static struct cvf_cell *cell(void)
{
	return &cvf_state.slots[0].cells[CELL];
}

static void add_ask(__u64 digest, __u32 answer)
{
	struct entry *v = w.asks;

	while (v->is_used)
		v++;
	*v = (struct entry){ .is_used = true, .key = digest,
			     .value.ask = { .answer = answer, .reason = CVF_REASON_APPROVED, .hold_no = 9, .expires_ns = NOW } };
	w.pending++;
	cvf_state.control.holds++;
}

static void add_grant(__u64 digest, __u32 uses, __u64 expires_ns)
{
	struct entry *v = w.grants;

	while (v->is_used)
		v++;
	*v = (struct entry){ .is_used = true, .key = digest, .value.grant = { .uses = uses, .expires_ns = expires_ns } };
}

static int end(void)
{
	int r = question_end(&scratch, &label);

	assert_int_equal(scratch.taken, 0);
	assert_true(r == 0 || r == -EPERM || r == -ERESTARTNOINTR);
	return r;
}

#define ENDS(wanted, of_reason)                                \
	do {                                                   \
		assert_int_equal(end(), wanted);               \
		assert_int_equal(w.last.reason, of_reason);    \
	} while (0)

#endif
