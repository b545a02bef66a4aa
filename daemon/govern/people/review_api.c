// SPDX-License-Identifier: Apache-2.0
/* review_api.c - /v1/reviews */
#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "govern/govern.h"
#include "people.h"
#include "review_table.h"

#define NOTE_MAX 500
#define LIMIT_MAX 1000

static json_t *view(const struct review *r)
{
	json_t *to = json_object();

	view_set(to, "id", json_string(r->id));
	view_set(to, "state", json_string(r->closed_ms ? "closed" : "open"));
	view_set(to, "hold", json_string(r->hold));
	view_set(to, "opened_at", view_time(r->opened_ms));
	view_set(to, "opened_by", view_text(r->name));
	view_set(to, "reason", view_text(r->reason));
	view_set(to, "closed_at", view_time(r->closed_ms));
	view_set(to, "closed_by", view_text(r->closed_by));
	view_set(to, "note", view_text(r->note));
	return to;
}

static int add(void *ctx, const struct review *r)
{
	json_array_append_new(ctx, view(r));
	return 0;
}

static unsigned int refuse_store(struct request *q)
{
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "the reviews cannot be read or written");
}

static unsigned int get_reviews(struct request *q)
{
	bool all = strcmp(query_text(q, "state"), "all") == 0;
	json_t *list = json_array();

	if (review_table_each(governor_of(q)->store, !all, LIMIT_MAX, add, list) == 0)
		return reply(q, 200, json_pack("{s:o}", "reviews", list));
	json_decref(list);
	return refuse_store(q);
}

struct opener {
	uid_t uid;
	bool is_closed;
};

static int look(void *ctx, const struct review *r)
{
	*(struct opener *)ctx = (struct opener){ r->uid, r->closed_ms != 0 };
	return 0;
}

static int close_review(struct request *q, const char *note)
{
	struct store *s = governor_of(q)->store;
	const struct review r = { .id = q->params[0], .closed_ms = clock_utc_ms(), .closed_by = caller_of(q)->name, .note = note };
	int result = store_begin(s, STORE_DURABLE);

	if (result == 0)
		result = review_table_close(s, &r) < 0 ? -EIO : store_commit(s);
	if (result < 0)
		store_rollback(s);
	return result;
}

static unsigned int answer_close(struct request *q, const char *note)
{
	json_t *list;
	struct opener opener = { 0 };
	int r = review_table_find(governor_of(q)->store, q->params[0], look, &opener);

	if (r == 0)
		return refuse(q, 404, "not-found", "cvfctl reviews lists them", "there is no review %s", q->params[0]);
	if (r > 0 && opener.is_closed)
		return refuse(q, 409, "already-closed", NULL, "review %s is closed", q->params[0]);
	if (r > 0 && opener.uid == caller_of(q)->uid)
		return refuse(q, 403, "own-review", "somebody else must close it", "review %s is about an approval of %s", q->params[0],
			      caller_of(q)->name);
	if (r < 0 || close_review(q, note) < 0)
		return refuse_store(q);
	list = json_array();
	(void)!review_table_find(governor_of(q)->store, q->params[0], add, list);
	r = (int)reply(q, 200, json_incref(json_array_get(list, 0)));
	json_decref(list);
	return (unsigned int)r;
}

static unsigned int post_close(struct request *q)
{
	const char *note = body_text(q, "note");

	if (!*note)
		return refuse(q, 400, "bad-value", "say what the review came to", "\"note\" is empty");
	return answer_close(q, note);
}

static const struct shape review_shape = SHAPE("review", M(TEXT, "id"), M(WORD, "state", .words = "open|closed"), M(TEXT, "hold"),
	M(TIME, "opened_at"), M(TEXT, "opened_by"), M(TEXT, "reason"), M(TIME, "closed_at", .flags = OR_NULL),
	M(TEXT, "closed_by", .flags = OR_NULL), M(TEXT, "note", .flags = OR_NULL),);
static const struct shape reviews_query = SHAPE(NULL, M(WORD, "state", .words = "open|all", .preset = "open"),);
static const struct shape reviews_shape = SHAPE(NULL, M(OBJECT, "reviews", .flags = MANY, .of = &review_shape, .about = "the newest first, at most 1000"),);
static const struct shape close_shape = SHAPE(NULL, M(TEXT, "note", .flags = NEEDED, .max = NOTE_MAX, .about = "what it came to"),);

static const struct route table[] = {
	{ "GET", "/v1/reviews", ROLE_VIEWER, 0, get_reviews, "Approvals that broke the glass", .query = &reviews_query,
	  .answer = &reviews_shape },
	{ "POST", "/v1/reviews/{id}/close", ROLE_APPROVER, 0, post_close, "Close a review: by somebody else than who broke the glass",
	  "403 `own-review` for who opened it, 409 when it is closed.", .body = &close_shape, .answer = &review_shape },
};

const struct routes review_routes = { table, ARRAY_SIZE(table), "Reviews" };
