// SPDX-License-Identifier: Apache-2.0
/* notice_api.c - /v1/notices: for cvfd-notify, and for whoever wonders why nobody was told */
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "core/log.h"
#include "notice.h"
#include "notice_table.h"

#define PAGE 50
#define LIMIT_MAX 1000
#define ATTEMPTS_MAX 8		/* 1, 2, 4 ... 64 s between them */

static json_t *view(const struct notice *n)
{
	static const char *const words[] = { "due", "sent", "given-up" };
	json_t *to = json_object();

	view_set(to, "id", json_string(n->id));
	view_set(to, "type", json_string(n->type));
	view_set(to, "hold", json_string(n->hold));
	view_set(to, "target", view_text(n->target));
	view_set(to, "state", json_string(words[n->state <= NOTICE_GIVEN_UP ? n->state : NOTICE_GIVEN_UP]));
	view_set(to, "made_at", view_time(n->made_ms));
	view_set(to, "due_at", view_time(n->due_ms));
	view_set(to, "attempts", json_integer(n->attempts));
	view_set(to, "error", view_text(n->error));
	view_set(to, "data", json_loads(n->data, 0, NULL));
	return to;
}

static int add(void *ctx, const struct notice *n)
{
	json_array_append_new(ctx, view(n));
	return 0;
}

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the notices cannot be read or written");
}

static unsigned int get_notices(struct request *q)
{
	struct store *s = governor_of(q)->store;
	json_t *list = json_array();
	int r = strcmp(query_text(q, "state"), "all") == 0 ? notice_table_each(s, LIMIT_MAX, add, list)
							     : notice_table_each_due(s, clock_steady_ms(), PAGE, add, list);

	if (r == 0)
		return reply(q, 200, json_pack("{s:o}", "notices", list));
	json_decref(list);
	return refuse_store(q);
}

struct found {
	int64_t attempts;
	char target[80];
};

static int look(void *ctx, const struct notice *n)
{
	struct found *f = ctx;

	f->attempts = n->attempts;
	snprintf(f->target, sizeof(f->target), "%s", n->target);
	return 0;
}

static int set(struct request *q, const struct notice *n)
{
	struct store *s = governor_of(q)->store;
	int r = store_begin(s, STORE_BATCH), changed = 0;

	if (r == 0) {
		changed = notice_table_set(s, n, clock_utc_ms());
		r = changed < 0 ? changed : store_commit(s);
	}
	if (r < 0)
		store_rollback(s);
	return r < 0 ? r : changed;
}

static unsigned int post_outcome(struct request *q)
{
	bool sent = json_is_true(json_object_get(q->object, "sent"));
	struct notice n = { .id = q->params[0], .error = body_text(q, "error"), .state = NOTICE_SENT };
	struct found f = { 0 };
	int r = notice_table_find(governor_of(q)->store, n.id, look, &f);

	n.attempts = f.attempts + 1;
	if (!sent) {
		n.state = n.attempts < ATTEMPTS_MAX ? NOTICE_DUE : NOTICE_GIVEN_UP;
		n.due_ms = clock_steady_ms() + (1000ll << f.attempts % ATTEMPTS_MAX);
	}
	if (r > 0)
		r = set(q, &n);
	if (r < 0)
		return refuse_store(q);
	if (r == 0)
		return refuse(q, 404, "not-found", NULL, "there is no notice %s that is due", q->params[0]);
	if (n.state == NOTICE_GIVEN_UP)
		log_error("%s could not be told in %d attempts: %s; see notifications in cvfd.json(5)", f.target, ATTEMPTS_MAX,
			  n.error ? n.error : "no reason given");
	return reply(q, 200, json_pack("{s:s, s:b}", "id", n.id, "ended", n.state != NOTICE_DUE));
}

static const struct shape notice_shape = SHAPE("notice", M(TEXT, "id"), M(TEXT, "type"), M(TEXT, "hold"), M(TEXT, "target"),
	M(WORD, "state", .words = "due|sent|given-up"), M(TIME, "made_at"), M(TIME, "due_at", .flags = OR_NULL), M(NUMBER, "attempts"),
	M(TEXT, "error", .flags = OR_NULL, .about = "of the last attempt"), M(OBJECT, "data"),);
static const struct shape notices_query = SHAPE(NULL, M(WORD, "state", .words = "due|all", .preset = "due"),);
static const struct shape notices_shape = SHAPE(NULL, M(OBJECT, "notices", .flags = MANY, .of = &notice_shape),);
static const struct shape outcome_shape = SHAPE(NULL, M(YES_NO, "sent", .flags = NEEDED), M(TEXT, "error", .max = 200),);
static const struct shape ended_shape = SHAPE(NULL, M(TEXT, "id"), M(YES_NO, "ended", .about = "it is not tried again"),);

static const struct route table[] = {
	{ "GET", "/v1/notices", ROLE_NOTIFIER, 0, get_notices, "What people are to be told, for cvfd-notify",
	  "`due`: at most 50, the oldest first; `all`: the last 1000, whatever came of them.", .query = &notices_query, .answer = &notices_shape },
	{ "POST", "/v1/notices/{id}/outcome", ROLE_NOTIFIER, 0, post_outcome, "Say what came of telling it",
	  "What was not sent is due again after 1, 2, 4 ... 64 s and given up after eight attempts.", .body = &outcome_shape,
	  .answer = &ended_shape },
};

const struct routes notice_routes = { table, ARRAY_SIZE(table), "Notices" };
