// SPDX-License-Identifier: Apache-2.0
/* notice.c - see notice.h */
#include "notice.h"

#include <string.h>

#include "answer_link.h"
#include "api/view.h"
#include "core/log.h"
#include "govern/approval/approver.h"
#include "govern/approval/escalation.h"
#include "govern/approval/hold_view.h"
#include "json/doc.h"
#include "notice_table.h"

#define DUE_MAX 10000			/* more are not kept: nobody hears of the newest */
#define KEPT_MS (7ll * 86400 * 1000)	/* what was sent or given up is shown so long */
#define PURGE_TICKS 3600
#define TAKEN_MS 30000			/* cvfd-notify asks every second: what is due for longer nobody takes */

/* What is told of a hold: no arguments, in which secrets may stand. */
static json_t *data_of(struct governor *g, const char *hold)
{
	static const char *const told[] = {
		"id", "state", "agent", "session", "capability", "risk", "operation", "object", "digest", "rule", "requested_at", "expires_at",
		"decided_at", "decided_by", "quorum", "approvers", "escalation", "review",
	};
	json_t *view = hold_view_id(g, hold), *data = json_object(), *one;

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		one = json_object_get(view, told[i]);
		if (one)
			json_object_set(data, told[i], one);
	}
	json_decref(view);
	return data;
}

struct news {
	struct governor *g;
	struct {
		char hold[ULID_SIZE];
		int64_t level;
	} *v;
	size_t n;
};

static int collect(void *ctx, const char *hold, int64_t level)
{
	struct news *w = ctx;
	void *grown = reallocarray(w->v, w->n + 1, sizeof(*w->v));

	if (!grown)
		return -ENOMEM;
	w->v = grown;
	snprintf(w->v[w->n].hold, ULID_SIZE, "%s", hold);
	w->v[w->n++].level = level;
	return 0;
}

static int add_one(struct governor *g, const struct notice_target *t, const char *type, const char *hold, json_t *data)
{
	bool to_terminals = strcmp(t->name, NOTICE_TERMINALS) == 0;
	own_json json_t *people = to_terminals ? approver_users(g, hold) : NULL, *whole = json_copy(data);
	own_free char *text = NULL, *link = answer_link_make(g, t, hold);
	char id[ULID_SIZE];
	struct notice n = { .id = id, .type = type, .hold = hold, .target = t->name, .made_ms = clock_utc_ms() };

	if (to_terminals)
		json_object_set(whole, "people", people);
	if (link)
		json_object_set_new(whole, "answer_url", json_string(link));
	n.data = text = json_dumps(whole, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (!text)
		return -ENOMEM;
	n.due_ms = clock_steady_ms();
	ulid_next(&g->ids, (uint64_t)n.made_ms, id);
	return notice_table_add(g->store, &n);
}

static int add(struct governor *g, const char *type, const char *hold, unsigned int event)
{
	own_json json_t *data = data_of(g, hold);
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->settings.notify_count; i++)
		if (g->settings.notify[i].events & event)
			r = add_one(g, &g->settings.notify[i], type, hold, data);
	return r;
}

struct state {
	struct governor *g;
	bool waits;
	int64_t level;	/* steps that are reached */
};

static int read_state(void *ctx, const struct hold *h)
{
	struct state *s = ctx;
	struct steps steps;

	s->waits = h->state == HOLD_PENDING && h->boot == s->g->boot;
	if (s->waits) {
		escalation_of_hold(s->g, h, &steps);
		s->level = (int64_t)steps.reached;
	}
	return 0;
}

/* It ended, or the next are asked by now. */
static int follow(struct governor *g, const char *hold, int64_t told)
{
	struct state s = { .g = g };
	int r = hold_table_find(g->store, hold, read_state, &s);

	if (r <= 0)
		return r < 0 ? r : noticed_table_put(g->store, hold, 0, true);
	if (!s.waits) {
		r = add(g, "cvf.approval.ended", hold, NOTICE_ENDED);
		return r < 0 ? r : noticed_table_put(g->store, hold, 0, true);
	}
	if (s.level <= told)
		return 0;
	r = add(g, "cvf.approval.escalated", hold, NOTICE_ESCALATED);
	return r < 0 ? r : noticed_table_put(g->store, hold, s.level, false);
}

static int tell(struct governor *g, const struct news *fresh, const struct news *open)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < open->n; i++)
		r = follow(g, open->v[i].hold, open->v[i].level);
	for (size_t i = 0; r == 0 && i < fresh->n; i++) {
		r = add(g, "cvf.approval.requested", fresh->v[i].hold, NOTICE_REQUESTED);
		if (r == 0)
			r = noticed_table_put(g->store, fresh->v[i].hold, 0, false);
	}
	return r;
}

static int tell_all(struct governor *g)
{
	struct news fresh = { .g = g }, open = { .g = g };
	int64_t due = 0;
	int r = notice_table_count_due(g->store, &due);

	if (r == 0 && due < DUE_MAX)
		r = noticed_table_each_new(g->store, g->boot, collect, &fresh);
	if (r == 0)
		r = noticed_table_each_open(g->store, collect, &open);
	if (r == 0 && (fresh.n || open.n))
		r = store_begin(g->store, STORE_BATCH);
	if (r == 0 && (fresh.n || open.n)) {
		r = tell(g, &fresh, &open);
		if (r == 0)
			r = store_commit(g->store);
		if (r < 0)
			store_rollback(g->store);
	}
	free(fresh.v);
	free(open.v);
	return r;
}

static void purge(struct governor *g)
{
	int r = store_begin(g->store, STORE_BATCH);

	if (r == 0)
		r = notice_table_purge(g->store, clock_age_ms() - KEPT_MS);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
}

void notice_tick(struct governor *g)
{
	static unsigned int ticks;

	if (ticks++ % PURGE_TICKS == 0)
		purge(g);
	if (g->settings.notify_count && tell_all(g) < 0)
		log_debug("notices: tried again in a second");
}

struct first {
	int64_t now_ms;
	char problem[512];
};

static int look_first(void *ctx, const struct notice *n)
{
	struct first *f = ctx;

	if (n->due_ms < f->now_ms - TAKEN_MS)
		snprintf(f->problem, sizeof(f->problem), "cvfd-notify does not take what people are to be told: it does not run, or hangs");
	else if (n->error)
		snprintf(f->problem, sizeof(f->problem), "telling people by %s fails (tried %lld times): %s", n->target, (long long)n->attempts,
			 n->error);
	return 1;
}

void notice_view(struct governor *g, json_t *to)
{
	struct first f = { .now_ms = clock_steady_ms() };
	int64_t due = 0;

	if (notice_table_count_due(g->store, &due) < 0 || (due && notice_table_each_due(g->store, INT64_MAX, 1, look_first, &f) < 0))
		due = 0; /* store_problem says why */
	view_set(to, "notices_waiting", json_integer(due));
	view_set(to, "notice_problem", view_text(*f.problem ? f.problem : NULL));
}
