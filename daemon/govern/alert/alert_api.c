// SPDX-License-Identifier: Apache-2.0
/* alert_api.c - /v1/alerts */
#include <string.h>

#include "alert.h"
#include "alert_store.h"
#include "alert_table.h"
#include "api/route.h"
#include "api/view.h"

#define LIMIT_MAX 1000

struct listing {
	json_t *list;
	bool has_store;	/* what fails now stands in the place of its row */
	char last[ULID_SIZE];
};

static void add(void *ctx, const struct alert *a)
{
	struct listing *l = ctx;
	json_t *to;

	if (l->has_store && !a->ended_ms && strcmp(a->kind, ALERT_STORE_KIND) == 0)
		return;
	to = json_object();
	view_set(to, "id", json_string(a->id));
	view_set(to, "kind", view_text(a->kind));
	view_set(to, "subject", view_text(a->subject));
	view_set(to, "severity", view_text(a->severity));
	view_set(to, "reason", view_text(a->reason));
	view_set(to, "state", json_string(a->ended_ms ? "over" : a->acked_ms ? "acknowledged" : "open"));
	view_set(to, "opened_at", view_time(a->opened_ms));
	view_set(to, "seen_at", view_time(a->seen_ms));
	view_set(to, "ended_at", view_time(a->ended_ms));
	view_set(to, "acked_at", view_time(a->acked_ms));
	view_set(to, "acked_by", view_text(a->acked_by));
	view_set(to, "note", view_text(a->note));
	json_array_append_new(l->list, to);
	snprintf(l->last, sizeof(l->last), "%s", a->id);
}

static unsigned int get_alerts(struct request *q)
{
	struct listing l = { .list = json_array() };
	const char *state = query_text(q, "state");
	const char *cursor = query_text(q, "cursor");
	int64_t limit = query_number(q, "limit");
	struct alert failing;
	bool is_full;
	int r;

	if (alert_store_now(&failing) && !cursor)
		add(&l, &failing);
	l.has_store = alert_store_now(&failing);
	r = alert_table_each(governor_of(q)->store, strcmp(state, "all") == 0, cursor, limit - (int64_t)json_array_size(l.list), add, &l);
	is_full = json_array_size(l.list) == (size_t)limit;
	if (r == 0 || json_array_size(l.list))
		return reply(q, 200, json_pack("{s:o, s:s?}", "alerts", l.list, "next", is_full ? l.last : NULL));
	json_decref(l.list);
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
}

static unsigned int post_ack(struct request *q)
{
	struct governor *g = governor_of(q);
	struct alert a = { .id = q->params[0], .acked_ms = clock_utc_ms(), .acked_by = caller_of(q)->name, .note = body_text(q, "note") };
	int r = store_begin(g->store, STORE_DURABLE), done;

	done = r < 0 ? r : alert_table_ack(g->store, &a);
	r = done < 0 ? done : store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be used");
	}
	if (!done)
		return refuse(q, 404, "not-found", "see cvfctl alerts --all", "there is no such alert, or it was acknowledged before");
	return reply(q, 200, json_pack("{s:s, s:s}", "id", a.id, "acked_by", a.acked_by));
}

static const struct shape alerts_query = SHAPE(NULL, M(WORD, "state", .words = "open|all", .preset = "open"),
	PAGE_OF(LIMIT_MAX, "100"),);
static const struct shape alerts_shape = SHAPE(NULL, M(OBJECT, "alerts", .flags = MANY, .of = OF(M(TEXT, "id"), M(TEXT, "kind"),
	M(TEXT, "subject", .about = "an agent, an objective, or `host`"), M(WORD, "severity", .words = "critical|warning"), M(TEXT, "reason"),
	M(WORD, "state", .words = "open|acknowledged|over"), M(TIME, "opened_at"), M(TIME, "seen_at", .about = "noticed last"),
	M(TIME, "ended_at", .flags = OR_NULL), M(TIME, "acked_at", .flags = OR_NULL), M(TEXT, "acked_by", .flags = OR_NULL),
	M(TEXT, "note", .flags = OR_NULL),)), NEXT_PAGE,);
static const struct shape ack_shape = SHAPE(NULL, M(TEXT, "note", .max = 500),);
static const struct shape acked_shape = SHAPE(NULL, M(TEXT, "id"), M(TEXT, "acked_by"),);

static const struct route table[] = {
	{ "GET", "/v1/alerts", ROLE_VIEWER, 0, get_alerts, "What somebody should look at, the newest first",
	  "Of the host: `store` (what happens cannot be stored), `not-enforcing`, `records-lost`, `unanswered` (a question timed out), `objective-burns-fast`, `objective-burns`.\n"
	  "Of an agent, compared with its own week before: `more-executions`, `more-errors`, `more-refusals`, `more-questions`, `silent`,\n"
	  "`other-risks`; nothing is said of an agent that was not seen in 24 different hours. One that was not noticed for fifteen\n"
	  "minutes is over.", .query = &alerts_query, .answer = &alerts_shape },
	{ "POST", "/v1/alerts/{id}/ack", ROLE_OPERATOR, 0, post_ack, "Say that you have seen it", .body = &ack_shape, .answer = &acked_shape },
};

const struct routes alert_routes = { table, ARRAY_SIZE(table), "Alerts" };
