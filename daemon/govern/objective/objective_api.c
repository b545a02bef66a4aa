// SPDX-License-Identifier: Apache-2.0
/* objective_api.c - /v1/objectives, /v1/maintenance */
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "govern/metric/metric.h"
#include "maintenance_table.h"
#include "objective.h"

#define FOR_MAX_S (30 * DAY_S)

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be used");
}

static unsigned int get_objectives(struct request *q)
{
	struct governor *g = governor_of(q);
	json_t *list = metric_collect(g) < 0 ? NULL : objectives_view(g, clock_utc_ms());

	return list ? reply(q, 200, json_pack("{s:o}", "objectives", list)) : refuse_store(q);
}

static json_t *view(const struct maintenance *m)
{
	json_t *to = json_object();
	int64_t now = clock_utc_ms();

	view_set(to, "id", json_string(m->id));
	view_set(to, "from", view_time(m->from_ms));
	view_set(to, "to", view_time(m->to_ms));
	view_set(to, "state", json_string(now < m->from_ms ? "planned" : now < m->to_ms ? "now" : "over"));
	view_set(to, "note", view_text(m->note));
	view_set(to, "made_at", view_time(m->made_ms));
	view_set(to, "made_by", view_text(m->made_by));
	return to;
}

static void add(void *ctx, const struct maintenance *m)
{
	json_array_append_new(ctx, view(m));
}

static unsigned int get_maintenance(struct request *q)
{
	json_t *list = json_array();

	if (maintenance_table_each(governor_of(q)->store, query_text(q, "cursor"), query_number(q, "limit") + 1, add, list) == 0)
		return reply_page(q, "maintenance", list);
	json_decref(list);
	return refuse_store(q);
}

static int store_one(struct governor *g, const struct maintenance *m)
{
	int r = store_begin(g->store, STORE_DURABLE);

	if (r == 0)
		r = maintenance_table_add(g->store, m);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* Not into the past: what was missed was missed. */
static unsigned int post_maintenance(struct request *q)
{
	struct governor *g = governor_of(q);
	int64_t now = clock_utc_ms();
	const char *from = body_text(q, "from");
	char id[ULID_SIZE];
	struct maintenance m = { .id = id, .note = body_text(q, "note"), .from_ms = now, .made_ms = now,
				 .made_by = caller_of(q)->name };

	if (from && (moment_parse(from, now, &m.from_ms) < 0 || m.from_ms < now))
		return refuse(q, 400, "past", "leave `from` out to begin now", "maintenance cannot begin in the past");
	m.to_ms = m.from_ms + body_number(q, "for_s") * 1000;
	ulid_next(&g->ids, (uint64_t)now, id);
	return store_one(g, &m) < 0 ? refuse_store(q) : reply(q, 201, view(&m));
}

static unsigned int end_maintenance(struct request *q)
{
	struct governor *g = governor_of(q);
	int r = store_begin(g->store, STORE_DURABLE), ended;

	ended = r < 0 ? r : maintenance_table_end(g->store, q->params[0], clock_utc_ms());
	r = ended < 0 ? ended : store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		return refuse_store(q);
	}
	if (!ended)
		return refuse(q, 404, "not-found", "see cvfctl maintenance", "there is no such maintenance, or it is over");
	return reply(q, 200, json_pack("{s:s, s:b}", "id", q->params[0], "ended", 1));
}

#define RATE(name, ...) M(REAL, name, .flags = OR_NULL, __VA_ARGS__)

static const struct shape objective_shape = SHAPE("objective", M(TEXT, "id"),
	M(WORD, "kind", .words = "uptime|approval-response|api-response"), M(REAL, "target", .about = "percent"),
	M(NUMBER, "within_ms", .flags = OR_NULL), M(NUMBER, "days"),
	M(WORD, "state", .words = "met|missed|no-data"), RATE("value", .about = "percent that was good"),
	M(NUMBER, "good", .about = "minutes, answers or requests"), M(NUMBER, "bad"),
	M(NUMBER, "excluded", .about = "minutes of maintenance"),
	RATE("budget_left", .about = "percent of what may be bad that was not; negative: more was"),
	RATE("burn_1h", .about = "how many times faster than the budget allows it went in the last hour"),
	RATE("burn_6h", .about = "likewise in the last six hours"),);
static const struct shape objectives_shape = SHAPE(NULL, M(OBJECT, "objectives", .flags = MANY, .of = &objective_shape),);
static const struct shape maintenance_shape = SHAPE("maintenance", M(TEXT, "id"), M(TIME, "from"), M(TIME, "to"),
	M(WORD, "state", .words = "planned|now|over"), M(TEXT, "note", .flags = OR_NULL), M(TIME, "made_at"), M(TEXT, "made_by"),);
static const struct shape list_shape = SHAPE(NULL, M(OBJECT, "maintenance", .flags = MANY, .of = &maintenance_shape), NEXT_PAGE,);
static const struct shape list_query = SHAPE(NULL, PAGE_OF(1000, "100"),);
static const struct shape new_shape = SHAPE(NULL, M(TEXT, "from", .about = "RFC 3339; left out: now"),
	M(NUMBER, "for_s", .flags = NEEDED, .min = 60, .max = FOR_MAX_S), M(TEXT, "note", .flags = NEEDED, .max = 500),);
static const struct shape ended_shape = SHAPE(NULL, M(TEXT, "id"), M(YES_NO, "ended"),);

static const struct route table[] = {
	{ "GET", "/v1/objectives", ROLE_VIEWER, 0, get_objectives, "Is what was promised kept: share, error budget, burn rate",
	  "Uptime counts minutes: bad are those in which the canary was not refused and those in which nobody looked. A response counts\n"
	  "questions that people answered or that timed out, or requests to the API. Maintenance is left out. `no-data` is not `met`.",
	  .answer = &objectives_shape },
	{ "GET", "/v1/maintenance", ROLE_VIEWER, 0, get_maintenance, "Times that objectives leave out, the newest first",
	  .query = &list_query, .answer = &list_shape },
	{ "POST", "/v1/maintenance", ROLE_ADMIN, 0, post_maintenance, "Declare maintenance, from now on or later",
	  "Never for the past.", .body = &new_shape, .answer = &maintenance_shape, .status = 201 },
	{ "POST", "/v1/maintenance/{id}/end", ROLE_ADMIN, 0, end_maintenance, "End one early", .answer = &ended_shape },
};

const struct routes objective_routes = { table, ARRAY_SIZE(table), "Objectives" };
