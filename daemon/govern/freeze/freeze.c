// SPDX-License-Identifier: Apache-2.0
/* freeze.c - see freeze.h */
#include "freeze.h"

#include <string.h>

#include "api/view.h"
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

static json_t *view(const struct frozen *f)
{
	return json_pack("{s:o, s:o, s:o, s:s}", "since", view_time(f->since_ms), "by", view_text(f->by), "note", view_text(f->note),
			 "how", f->how == WIRE_FREEZE_KILL ? "stopped" : "frozen");
}

static void show(void *ctx, const struct frozen *f)
{
	view_set(ctx, "frozen", view(f));
}

void freeze_show(struct governor *g, json_t *agent)
{
	uint32_t number = numbers_table_find(g->numbers, NUMBER_AGENT, json_string_value(json_object_get(agent, "id")));

	if (number && freeze_table_find(g->store, number, show, agent) < 0)
		view_set(agent, "frozen", json_null()); /* status says what is wrong with the store */
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
