// SPDX-License-Identifier: Apache-2.0
/* metric.c - see metric.h */
#include "metric.h"

#include <string.h>

#include "core/log.h"
#include "execution.h"
#include "govern/objective/maintenance_table.h"
#include "govern/objective/objective.h"
#include "question.h"

#define PRUNE_TICKS 60
#define MINUTE_TICKS 5

struct metrics {
	struct executions *executions;
	struct rollup batch;	/* of the records being stored */
	struct rollup loose;	/* of everything else, not written yet */
	unsigned int ticks;
};

void metric_free(struct metrics *m)
{
	if (!m)
		return;
	executions_free(m->executions);
	rollup_done(&m->batch);
	rollup_done(&m->loose);
	free(m);
}

/* One transaction: work() gathers, what it gathered is written. */
static int transact(struct governor *g, int (*work)(struct governor *g, struct rollup *u))
{
	struct rollup u = { 0 };
	int r = store_begin(g->store, STORE_BATCH);

	if (r == 0)
		r = work(g, &u);
	if (r == 0)
		r = rollup_write(&u, g->store);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	rollup_done(&u);
	return r;
}

static int end_others(struct governor *g, struct rollup *u)
{
	return execution_end_others(g, u, clock_utc_ms());
}

int metric_open(struct governor *g, struct metrics **ret_metrics)
{
	struct metrics *m = calloc(1, sizeof(*m));
	int r = m ? executions_new(&m->executions) : -ENOMEM;

	if (r == 0)
		r = transact(g, end_others);
	if (r < 0) {
		metric_free(m);
		return r;
	}
	*ret_metrics = m;
	return 0;
}

/* ---- records ---- */

int metric_on_record(struct governor *g, const struct cvf_record *r, int64_t time_ms)
{
	struct sample stored = { .metric = METRIC_RECORD, .key = RECORD_STORED, .at_ms = time_ms, .n = 1 };
	int result = rollup_add(&g->metrics->batch, &stored);

	return result < 0 ? result : execution_on_record(g, g->metrics->executions, &g->metrics->batch, r, time_ms);
}

int metric_on_lost(struct governor *g, int64_t n, int64_t found_ms)
{
	return rollup_add(&g->metrics->batch,
			  &(struct sample){ .metric = METRIC_RECORD, .key = RECORD_LOST, .at_ms = found_ms, .n = n });
}

int metric_before_commit(struct governor *g)
{
	return rollup_write(&g->metrics->batch, g->store);
}

void metric_after_commit(struct governor *g)
{
	rollup_clear(&g->metrics->batch);
}

void metric_undo(struct governor *g)
{
	rollup_clear(&g->metrics->batch);
	execution_forget(g->metrics->executions);
}

/* ---- everything else ---- */

static void count(struct governor *g, const struct sample *sample)
{
	if (g->metrics && rollup_add(&g->metrics->loose, sample) < 0)
		log_debug("a sample is left out: no memory");
}

void metric_on_canary(struct governor *g, bool is_refused)
{
	count(g, &(struct sample){ .metric = METRIC_CANARY, .key = is_refused, .at_ms = clock_utc_ms(), .n = 1 });
}

void metric_on_request(struct governor *g, int64_t us)
{
	struct sample sample = { .metric = METRIC_REQUEST, .key = histogram_bucket(us), .at_ms = clock_utc_ms(), .n = 1, .sum = us };

	count(g, &sample);
	sample.metric = METRIC_REQUEST_PROMISE;
	if (maintenance_table_covers(g->store, sample.at_ms) == 0)
		count(g, &sample);
}

static int close_minutes(struct governor *g, struct rollup *u)
{
	return objective_close_minutes(g, u, clock_utc_ms());
}

static int write_loose(struct governor *g, struct rollup *u)
{
	int r = question_collect(g, u);

	return r < 0 ? r : rollup_write(&g->metrics->loose, g->store);
}

int metric_collect(struct governor *g)
{
	bool is_due;
	int r = question_is_due(g, &is_due);

	if (r < 0 || (!is_due && !g->metrics->loose.used))
		return r;
	r = transact(g, write_loose);
	if (r == 0)
		rollup_clear(&g->metrics->loose);
	return r;
}

static int prune(struct governor *g, struct rollup *u)
{
	int r = execution_prune(g, u, clock_utc_ms());

	return r < 0 ? r : rollup_prune(g->store, clock_age_ms());
}

void metric_tick(struct governor *g)
{
	int r = *g->store_problem ? 0 : metric_collect(g);

	if (*g->store_problem)
		return;
	g->metrics->ticks++;
	if (r == 0 && g->metrics->ticks % MINUTE_TICKS == 0)
		r = transact(g, close_minutes);
	if (r == 0 && g->metrics->ticks % PRUNE_TICKS == MINUTE_TICKS) /* soon after a start */
		r = transact(g, prune);
	if (r < 0)
		log_debug("metrics: %s; tried again in a second", strerror(-r));
}
