// SPDX-License-Identifier: Apache-2.0
/* question.c - see question.h */
#include "question.h"

#include <string.h>

#include "govern/approval/hold_table.h"
#include "govern/objective/maintenance_table.h"
#include "question_table.h"

#define MARK "questions"
#define PAGE 500

struct work {
	struct governor *g;
	struct rollup *u;
	char last[MARK_SIZE];
	size_t count;
	bool is_pending;	/* question_settle(): it still waits */
};

static int add(struct work *w, const struct hold_outcome *o, enum outcome outcome, int64_t n)
{
	struct sample sample = { .metric = METRIC_QUESTION, .key = outcome, .at_ms = o->requested_ms, .n = n };
	int r = rollup_add(w->u, &sample);

	sample.subject = o->agent;
	return r < 0 ? r : rollup_add(w->u, &sample);
}

static bool is_of_person(const struct hold_outcome *o)
{
	return (o->reason == CVF_REASON_APPROVED || o->reason == CVF_REASON_DENIED) && *o->by && strcmp(o->by, "kernel") != 0;
}

/* OUTCOME_ASKED: a rule or the quarantine decided, nobody was asked. */
static enum outcome outcome_of(const struct hold_outcome *o)
{
	static const struct {
		enum cvf_reason reason;
		enum outcome outcome;
	} rows[] = {
		{ CVF_REASON_POLICY_ALLOW, OUTCOME_ASKED },   { CVF_REASON_POLICY_DENY, OUTCOME_ASKED },
		{ CVF_REASON_KEEP, OUTCOME_ASKED },	      { CVF_REASON_NOT_KEPT, OUTCOME_ASKED },
		{ CVF_REASON_GRANTED, OUTCOME_GRANTED },      { CVF_REASON_QUESTION_BUDGET, OUTCOME_OVER_BUDGET },
	};
	static const enum outcome by_state[HOLD_STATE_MAX] = {
		[HOLD_APPROVED] = OUTCOME_APPROVED, [HOLD_DENIED] = OUTCOME_DENIED, [HOLD_EXPIRED] = OUTCOME_EXPIRED,
		[HOLD_ABANDONED] = OUTCOME_ABANDONED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].reason == o->reason)
			return rows[i].outcome;
	if (o->state == HOLD_APPROVED && !is_of_person(o))
		return OUTCOME_GRANTED;
	if (o->state == HOLD_DENIED && !is_of_person(o))
		return OUTCOME_ENDED;
	return o->state < HOLD_STATE_MAX ? by_state[o->state] : OUTCOME_ABANDONED;
}

/* How long people took; what nobody answered in time is a promise that was not kept. */
static int add_time(struct work *w, const struct hold_outcome *o)
{
	int64_t us = o->decided_ms > o->requested_ms ? (o->decided_ms - o->requested_ms) * 1000 : 0;
	struct sample sample = { .metric = METRIC_ANSWER, .key = histogram_bucket(us), .at_ms = o->requested_ms, .n = 1, .sum = us };
	int r = 0;

	if (is_of_person(o))
		r = rollup_add(w->u, &sample);
	else if (o->state != HOLD_EXPIRED)
		return 0;
	if (r < 0 || (r = maintenance_table_covers(w->g->store, o->requested_ms)))
		return r < 0 ? r : 0;
	sample.metric = METRIC_PROMISE;
	if (!is_of_person(o)) {
		sample.key = PROMISE_UNANSWERED;
		sample.sum = 0;
	}
	return rollup_add(w->u, &sample);
}

/* A hold that was counted as asked has ended. */
static int add_outcome(struct work *w, const struct hold_outcome *o)
{
	enum outcome outcome = outcome_of(o);
	int r;

	if (outcome == OUTCOME_ASKED)
		return add(w, o, OUTCOME_ASKED, -1);
	r = add(w, o, outcome, 1);
	return r < 0 ? r : add_time(w, o);
}

static int on_new(void *ctx, const struct hold_outcome *o)
{
	struct work *w = ctx;
	int r = add(w, o, OUTCOME_ASKED, 1);

	snprintf(w->last, sizeof(w->last), "%s", o->id);
	w->count++;
	if (r == 0 && o->state == HOLD_PENDING)
		return question_table_add(w->g->store, o->id);
	return r < 0 ? r : add_outcome(w, o);
}

static int on_known(void *ctx, const struct hold_outcome *o)
{
	struct work *w = ctx;

	w->is_pending = o->state == HOLD_PENDING;
	return w->is_pending ? 0 : add_outcome(w, o);
}

static int collect_new(struct work *w)
{
	int r = mark_table_get(w->g->store, MARK, w->last);

	do {
		w->count = 0;
		if (r == 0)
			r = hold_table_each_after(w->g->store, w->last, PAGE, on_new, w);
		if (r == 0 && w->count)
			r = mark_table_put(w->g->store, MARK, w->last);
	} while (r == 0 && w->count == PAGE);
	return r;
}

static int settle(struct work *w)
{
	char after[ULID_SIZE] = "", hold[ULID_SIZE];
	int r;

	while ((r = question_table_next(w->g->store, after, hold)) == 0 && *hold) {
		w->is_pending = false;
		r = hold_table_outcome(w->g->store, hold, on_known, w);
		if (r >= 0 && !w->is_pending)
			r = question_table_drop(w->g->store, hold);
		if (r < 0)
			return r;
		memcpy(after, hold, sizeof(after));
	}
	return r;
}

int question_collect(struct governor *g, struct rollup *u)
{
	struct work w = { .g = g, .u = u };
	int r = settle(&w);

	return r < 0 ? r : collect_new(&w);
}

static int on_any(void *ctx, const struct hold_outcome *o)
{
	(void)o;
	*(bool *)ctx = true;
	return 0;
}

int question_is_due(struct governor *g, bool *ret_is_due)
{
	char last[MARK_SIZE], waits[ULID_SIZE];
	int r = mark_table_get(g->store, MARK, last);

	*ret_is_due = false;
	if (r == 0)
		r = hold_table_each_after(g->store, last, 1, on_any, ret_is_due);
	if (r == 0 && !*ret_is_due)
		r = question_table_next(g->store, "", waits);
	if (r == 0 && !*ret_is_due)
		*ret_is_due = *waits;
	return r;
}
