// SPDX-License-Identifier: Apache-2.0
/* freeze.c - see freeze.h */
#include "freeze.h"

#include <string.h>

#include "api/view.h"
#include "core/log.h"
#include "govern/registry/numbers_table.h"

static int tell(struct governor *g, uint32_t agent, enum wire_freeze_how how, uint32_t *ret_told)
{
	struct wire_freeze message = { .agent = agent, .how = how };
	struct wire_reply answer;
	int r = link_call(g->link, WIRE_FREEZE, &message, -1, &answer);

	if (r == 0)
		r = answer.error;
	if (r == 0)
		*ret_told = (uint32_t)answer.value;
	return r;
}

struct starting {
	struct governor *g;
	int error;
};

static void tell_one(void *ctx, const struct frozen *f)
{
	struct starting *s = ctx;
	uint32_t told;
	int r = s->error ? s->error : tell(s->g, f->agent, f->how, &told);

	s->error = r;
}

int freeze_start(struct governor *g)
{
	struct starting s = { .g = g };
	int r = freeze_table_each(g->store, true, tell_one, &s);

	return r < 0 ? r : s.error;
}

static int note(struct governor *g, const struct frozen *f)
{
	bool was;
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = f->how == WIRE_THAW ? freeze_table_thaw(g->store, f->agent, f->by, f->note, f->since_ms, &was)
					: freeze_table_freeze(g->store, f);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

int freeze_agent(struct governor *g, const struct frozen *f, uint32_t *ret_told)
{
	int r = note(g, f);

	if (r == 0 && tell(g, f->agent, f->how, ret_told) < 0)
		r = -ECOMM;
	return r;
}

/* ---- the canary ---- */

#define BY_CANARY "canary"

struct everybody {
	enum wire_freeze_how how;
	bool is_so[CVF_AGENTS_MAX];
};

static void mark(void *ctx, const struct frozen *f)
{
	struct everybody *e = ctx;

	if (f->agent < CVF_AGENTS_MAX && f->how >= e->how)
		e->is_so[f->agent] = true;
}

static int note_rest(struct governor *g, const struct everybody *e, uint32_t last)
{
	struct frozen f = { .how = e->how, .since_ms = clock_utc_ms(), .by = BY_CANARY, .note = g->canary_problem };
	int r = store_begin(g->store, STORE_DURABLE);

	for (f.agent = 1; r == 0 && f.agent <= last; f.agent++)
		if (!e->is_so[f.agent])
			r = freeze_table_freeze(g->store, &f);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* What cannot be noted is done all the same, and tried again. */
static void freeze_rest(struct governor *g, const struct everybody *e, uint32_t last)
{
	unsigned int agents = 0;
	uint32_t told = 0, processes = 0;
	int r = note_rest(g, e, last);

	for (uint32_t agent = 1; agent <= last; agent++) {
		if (e->is_so[agent] || tell(g, agent, e->how, &told) < 0)
			continue;
		agents++;
		processes += told;
	}
	log_error("the canary was missed (%s): %u agents are %s, processes: %u; when it is clear why, let them go on with: cvfctl agent thaw ID",
		  g->canary_problem, agents, e->how == WIRE_FREEZE_KILL ? "stopped" : "frozen", processes);
	if (r < 0)
		log_error("that could not be noted: %s", strerror(-r));
}

void freeze_on_miss(struct governor *g)
{
	static struct everybody e;
	uint32_t last = numbers_table_last(g->numbers, NUMBER_AGENT);
	bool is_all = true;

	if (g->settings.on_miss == ON_MISS_LOG)
		return;
	e = (struct everybody){ .how = g->settings.on_miss == ON_MISS_STOP ? WIRE_FREEZE_KILL : WIRE_FREEZE_STAY };
	if (last >= CVF_AGENT_CANARY)
		last = CVF_AGENT_CANARY - 1;
	if (freeze_table_each(g->store, false, mark, &e) < 0)
		memset(e.is_so, 0, sizeof(e.is_so));
	for (uint32_t agent = 1; agent <= last; agent++)
		is_all &= e.is_so[agent];
	if (!is_all)
		freeze_rest(g, &e, last);
}

/* ---- what is shown ---- */

static json_t *view(const struct frozen *f)
{
	return json_pack("{s:o, s:o, s:o, s:s}", "since", view_time(f->since_ms), "by", view_text(f->by), "note", view_text(f->note),
			 "how", f->how == WIRE_FREEZE_KILL ? "stopped" : "frozen");
}

static void show(void *ctx, const struct frozen *f)
{
	view_set(ctx, "frozen", view(f));
}

void freeze_show(struct governor *g, const char *agent, json_t *to)
{
	uint32_t number = numbers_table_find(g->numbers, NUMBER_AGENT, agent);

	if (number && freeze_table_find(g->store, number, show, to) < 0)
		return; /* status says what is wrong with the store */
}

struct listing {
	struct governor *g;
	json_t *agents;
};

static void show_in(void *ctx, const struct frozen *f)
{
	const struct listing *l = ctx;
	const char *name = numbers_table_name(l->g->numbers, NUMBER_AGENT, f->agent);
	json_t *one;
	size_t i;

	json_array_foreach(l->agents, i, one) {
		const char *id = json_string_value(json_object_get(one, "id"));

		if (id && name && strcmp(id, name) == 0)
			view_set(one, "frozen", view(f));
	}
}

void freeze_show_all(struct governor *g, json_t *agents)
{
	if (freeze_table_each(g->store, false, show_in, &(struct listing){ g, agents }) < 0)
		return; /* status says what is wrong with the store */
}

static void count(void *ctx, const struct frozen *f)
{
	int *n = ctx;

	(void)f;
	++*n;
}

int freeze_count(struct governor *g)
{
	int n = 0, r = freeze_table_each(g->store, false, count, &n);

	return r < 0 ? -1 : n;
}
