// SPDX-License-Identifier: Apache-2.0
/* stats.c - see stats.h */
#include "stats.h"

#include <stdlib.h>
#include <string.h>

#include "consent_table.h"
#include "govern/registry/numbers_table.h"
#include "hold_table.h"

enum outcome {
	OUT_PENDING, OUT_APPROVED, OUT_DENIED, OUT_EXPIRED, OUT_ABANDONED, OUT_RULE, OUT_GRANT, OUT_BUDGET, OUT_MAX
};
static const char *const outcome_words[OUT_MAX] = {
	"pending", "approved", "denied", "expired", "abandoned", "by_rule", "by_grant", "over_budget",
};

struct tally {
	char *name;
	int64_t n[OUT_MAX], asked;
	int64_t *times;	/* ms from question to answer, of people */
	size_t times_count, times_space;
};

struct tallies {
	struct tally *v;
	size_t n;
};

struct work {
	struct governor *g;
	struct tally all;
	struct tallies people, capabilities;
};

static void tally_done(struct tally *t)
{
	free(t->name);
	free(t->times);
}

static void tallies_done(struct tallies *l)
{
	for (size_t i = 0; i < l->n; i++)
		tally_done(&l->v[i]);
	free(l->v);
}

/* A few dozen names: looked for one by one. NULL: no memory. */
static struct tally *tally_of(struct tallies *l, const char *name)
{
	struct tally *grown;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
			return &l->v[i];
	grown = reallocarray(l->v, l->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	l->v = grown;
	l->v[l->n] = (struct tally){ .name = strdup(name) };
	return l->v[l->n].name ? &l->v[l->n++] : NULL;
}

static enum outcome outcome_of(const struct hold_answer *a)
{
	static const struct {
		enum cvf_reason reason;
		enum outcome outcome;
	} rows[] = {
		{ CVF_REASON_GRANTED, OUT_GRANT },     { CVF_REASON_POLICY_ALLOW, OUT_RULE },
		{ CVF_REASON_POLICY_DENY, OUT_RULE },  { CVF_REASON_QUESTION_BUDGET, OUT_BUDGET },
	};
	static const enum outcome by_state[HOLD_STATE_MAX] = {
		[HOLD_PENDING] = OUT_PENDING, [HOLD_APPROVED] = OUT_APPROVED,	[HOLD_DENIED] = OUT_DENIED,
		[HOLD_EXPIRED] = OUT_EXPIRED, [HOLD_ABANDONED] = OUT_ABANDONED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].reason == a->reason)
			return rows[i].outcome;
	return a->state < HOLD_STATE_MAX ? by_state[a->state] : OUT_PENDING;
}

static bool is_of_person(const struct hold_answer *a)
{
	return (a->reason == CVF_REASON_APPROVED || a->reason == CVF_REASON_DENIED) && a->decided_ms >= a->requested_ms && *a->by &&
	       strcmp(a->by, "kernel") != 0;
}

static int count(struct tally *t, const struct hold_answer *a)
{
	if (!t)
		return -ENOMEM;
	t->asked++;
	t->n[outcome_of(a)]++;
	if (!is_of_person(a))
		return 0;
	if (t->times_count == t->times_space) {
		int64_t *grown = reallocarray(t->times, t->times_space * 2 + 16, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->times = grown;
		t->times_space = t->times_space * 2 + 16;
	}
	t->times[t->times_count++] = a->decided_ms - a->requested_ms;
	return 0;
}

static int add(void *ctx, const struct hold_answer *a)
{
	struct work *w = ctx;
	const char *capability = numbers_table_name(w->g->numbers, NUMBER_CAPABILITY, a->capability);
	int r = count(&w->all, a);

	if (r == 0)
		r = count(tally_of(&w->capabilities, capability ? capability : "unregistered"), a);
	if (r == 0 && is_of_person(a))
		r = count(tally_of(&w->people, a->by), a);
	return r < 0;
}

/* One of several approvals of a hold: no question of its own, but an answer of a person. */
static int add_consent(void *ctx, const struct consent *c)
{
	struct work *w = ctx;
	const struct hold_answer a = { .requested_ms = c->asked_ms, .decided_ms = c->at_ms, .by = c->name, .state = HOLD_APPROVED,
				       .reason = CVF_REASON_APPROVED };

	return count(tally_of(&w->people, c->name), &a) < 0;
}

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_asked(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return x->asked != y->asked ? (x->asked < y->asked) - (x->asked > y->asked) : strcmp(x->name, y->name);
}

static void view_times(struct tally *t, json_t *to)
{
	size_t n = t->times_count, quick = 0;

	if (n)
		qsort(t->times, n, sizeof(*t->times), by_value);
	while (quick < n && t->times[quick] < QUICK_MS)
		quick++;
	view_set(to, "answers", json_integer((json_int_t)n));
	view_set(to, "median_s", n ? json_real((double)(t->times[(n - 1) / 2] + t->times[n / 2]) / 2000.0) : json_null());
	view_set(to, "quick_share", n ? json_real((double)quick / (double)n) : json_null());
}

static json_t *view(struct tally *t, const char *key, bool is_person)
{
	json_t *to = json_object();

	if (key)
		view_set(to, key, view_text(t->name));
	if (!is_person)
		view_set(to, "asked", json_integer(t->asked));
	for (int i = 0; i < OUT_MAX; i++)
		if (!is_person || i == OUT_APPROVED || i == OUT_DENIED)
			view_set(to, outcome_words[i], json_integer(t->n[i]));
	view_times(t, to);
	return to;
}

static json_t *view_all(struct tallies *l, const char *key, bool is_person)
{
	json_t *list = json_array();

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_asked);
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, view(&l->v[i], key, is_person));
	return list;
}

json_t *stats_view(struct governor *g, int64_t since_ms)
{
	struct work w = { .g = g };
	json_t *to = NULL;

	if (hold_table_each_answer(g->store, since_ms, add, &w) == 0 &&
	    consent_table_each_since(g->store, since_ms, add_consent, &w) == 0) {
		to = view(&w.all, NULL, false);
		view_set(to, "since", view_time(since_ms));
		view_set(to, "people", view_all(&w.people, "name", true));
		view_set(to, "capabilities", view_all(&w.capabilities, "capability", false));
	}
	tally_done(&w.all);
	tallies_done(&w.people);
	tallies_done(&w.capabilities);
	return to;
}
