// SPDX-License-Identifier: Apache-2.0
/* suggest.c - see suggest.h */
#include "suggest.h"

#include <string.h>

#include "candidate.h"
#include "event_api.h"
#include "event_view.h"
#include "govern/counter/counter.h"
#include "govern/counter/counter_table.h"
#include "govern/registry/numbers_table.h"
#include "govern/slices.h"
#include "intake.h"
#include "policy/suggest.h"

#define PAGE 200

struct work {
	struct governor *g;
	struct candidate candidate; /* a copy of what is in force */
	struct event_query query;
	struct suggestion *suggestion;
	bool is_settled; /* all was seen once */
	int error;
};

static void work_free(void *ctx)
{
	struct work *w = ctx;

	suggestion_free(w->suggestion);
	candidate_done(&w->candidate);
	event_query_done(&w->query);
	free(w);
}

static int on_row(void *ctx, const struct event_row *row)
{
	struct work *w = ctx;
	struct question question;
	int r = question_of_record(w->g, row->record, (time_t)(row->time_ms / 1000), &question);

	w->query.filter.after_n = row->n;
	if (r == 0) {
		r = suggestion_add(w->suggestion, &question.query);
		question_done(&question);
	}
	w->error = r == -ENODATA ? 0 : r;
	return w->error;
}

static void on_count(void *ctx, const struct counter_row *row)
{
	struct work *w = ctx;
	const char *name = numbers_table_name(w->g->numbers, NUMBER_CAPABILITY, row->capability);

	if (name && row->count)
		suggestion_used(w->suggestion, name);
}

/* What is recorded is read twice, the same both times: before_n stays. */
static int begin_again(struct governor *g, struct work *w)
{
	int r = suggestion_settle(w->suggestion);

	w->is_settled = true;
	w->query.filter.after_n = 0;
	return r < 0 ? r : event_skip_before(g, &w->query.filter);
}

static int step(struct governor *g, void *ctx, json_t **ret_result)
{
	struct work *w = ctx;
	int64_t before = w->query.filter.after_n;
	struct event_scan scan = { 0 };
	int r = candidate_check(g, &w->candidate);

	if (r == 0 && w->query.filter.agent)
		r = event_query_each(g, &w->query, on_row, w, &scan);
	if (r == 0)
		r = w->error;
	if (scan.is_cut)
		w->query.filter.after_n = scan.last_n;
	if (r < 0)
		return r;
	if (w->query.filter.after_n > before)
		return 1;
	if (!w->is_settled) {
		r = begin_again(g, w);
		return r < 0 ? r : 1;
	}
	if (w->query.filter.agent)
		r = counter_table_each(g->store, &(struct counter_filter){ .agent = (uint32_t)w->query.filter.agent }, on_count, w);
	if (r < 0)
		return r;
	*ret_result = suggestion_result(w->suggestion);
	return 0;
}

static int begin(struct request *q, struct work *w)
{
	struct event_filter *f = &w->query.filter;
	int r = candidate_copy(w->g, &w->candidate);

	if (r == 0)
		r = suggestion_new(w->candidate.origin.model, q->params[0], time(NULL), &w->suggestion);
	if (r < 0)
		return r;
	if (counter_collect(w->g) < 0) /* what the store has is at most seconds old */
		errno = 0;
	f->agent = numbers_table_find(w->g->numbers, NUMBER_AGENT, q->params[0]);
	f->order = EVENT_ASC;
	f->limit = PAGE;
	f->kinds = 1 << CVF_KIND_VERDICT | 1 << CVF_KIND_HOLD;
	f->after_n = 0;
	f->before_n = intake_head(w->g->intake) + 1;
	return event_skip_before(w->g, f);
}

unsigned int get_suggestion(struct request *q)
{
	struct work *w = calloc(1, sizeof(*w));
	unsigned int status = w ? event_query_read(q, &w->query) : refuse(q, 500, "no-memory", NULL, "out of memory");
	int r;

	if (status) {
		free(w);
		return status;
	}
	w->g = governor_of(q);
	r = begin(q, w);
	if (r == 0)
		return slices_start(q, &(struct job){step, work_free, w});
	work_free(w);
	if (r == -ENOENT)
		return refuse(q, 404, "not-found", "GET /v1/agents lists the agents", "there is no agent %s", q->params[0]);
	return refuse(q, 503, "store", "see the journal of cvfd-govern", "what is recorded cannot be read: %s", strerror(-r));
}
