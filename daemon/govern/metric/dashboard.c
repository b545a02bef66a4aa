// SPDX-License-Identifier: Apache-2.0
/* dashboard.c - see dashboard.h */
#include "dashboard.h"

#include "api/view.h"
#include "execution_table.h"

static void add_execution(void *ctx, const struct rollup_row *row)
{
	struct execution_sums *e = ctx;
	int64_t status = EXECUTION_KEY_STATUS(row->key);

	e->n[EXECUTION_KEY_RISK(row->key)][status] += row->n;
	if (status == EXECUTION_UNKNOWN)
		return;
	e->timed += row->n;
	e->sum_us += row->sum;
}

int sums_of_executions(struct store *s, enum metric metric, int64_t subject, const struct window *w, struct execution_sums *ret)
{
	*ret = (struct execution_sums){ 0 };
	return rollup_each(s, metric, subject, w, add_execution, ret);
}

int64_t sums_total(const struct execution_sums *e, unsigned int least_risk, unsigned int status)
{
	int64_t n = 0;

	for (unsigned int risk = least_risk; risk < 4; risk++)
		n += e->n[risk][status];
	return n;
}

json_t *view_percent(int64_t part, int64_t whole)
{
	return whole > 0 ? json_real(100.0 * (double)part / (double)whole) : json_null();
}

json_t *view_mean_ms(int64_t sum_us, int64_t n)
{
	return n > 0 ? json_real((double)sum_us / 1000.0 / (double)n) : json_null();
}

static void add_key(void *ctx, const struct rollup_row *row)
{
	int64_t *n = ctx;

	if (row->key >= 0 && row->key < OUTCOME_MAX)
		n[row->key] += row->n;
}

/* Of those that succeeded or failed: what was refused did not fail, and an end that nobody saw was neither. */
static int64_t judged(const struct execution_sums *e, unsigned int least_risk)
{
	return sums_total(e, least_risk, EXECUTION_SUCCESS) + sums_total(e, least_risk, EXECUTION_FAILURE) +
	       sums_total(e, least_risk, EXECUTION_KILLED);
}

static json_t *view_summary(const struct execution_sums *e)
{
	int64_t total = 0, good = sums_total(e, 0, EXECUTION_SUCCESS), whole = judged(e, 0);
	json_t *to = json_object();

	for (unsigned int status = 0; status < EXECUTION_STATUS_MAX; status++)
		total += sums_total(e, 0, status);
	view_set(to, "total_executions", json_integer(total));
	view_set(to, "success_rate", view_percent(good, whole));
	view_set(to, "error_rate", view_percent(whole - good, whole));
	view_set(to, "average_latency_ms", view_mean_ms(e->sum_us, e->timed));
	return to;
}

static json_t *view_risks(const struct execution_sums *e)
{
	static const char *const words[] = { "R0", "R1", "R2", "R3" };
	json_t *to = json_object();

	for (unsigned int risk = 0; risk < ARRAY_SIZE(words); risk++) {
		json_int_t n = 0;

		for (unsigned int status = 0; status < EXECUTION_STATUS_MAX; status++)
			n += e->n[risk][status];
		view_set(to, words[risk], json_integer(n));
	}
	return to;
}

static json_t *view_approvals(const int64_t outcomes[OUTCOME_MAX])
{
	int64_t granted = outcomes[OUTCOME_APPROVED] + outcomes[OUTCOME_GRANTED];
	int64_t rejected = outcomes[OUTCOME_DENIED] + outcomes[OUTCOME_EXPIRED] + outcomes[OUTCOME_ABANDONED] +
			   outcomes[OUTCOME_OVER_BUDGET] + outcomes[OUTCOME_ENDED];
	json_t *to = json_object();

	view_set(to, "total_needed", json_integer(outcomes[OUTCOME_ASKED]));
	view_set(to, "granted", json_integer(granted));
	view_set(to, "rejected", json_integer(rejected));
	view_set(to, "acceptance_rate", view_percent(granted, outcomes[OUTCOME_ASKED]));
	return to;
}

static json_t *view_quality(const struct execution_sums *e, const int64_t records[OUTCOME_MAX], const int64_t outcomes[OUTCOME_MAX])
{
	json_t *to = json_object();

	view_set(to, "audit_completeness", view_percent(records[RECORD_STORED], records[RECORD_STORED] + records[RECORD_LOST]));
	view_set(to, "high_risk_success_rate", view_percent(sums_total(e, 2, EXECUTION_SUCCESS), judged(e, 2)));
	view_set(to, "human_approval_acceptance_rate",
		 view_percent(outcomes[OUTCOME_APPROVED], outcomes[OUTCOME_APPROVED] + outcomes[OUTCOME_DENIED]));
	return to;
}

json_t *dashboard_view(struct governor *g, enum period p, int64_t now_ms)
{
	struct window w = period_window(p, now_ms);
	int64_t outcomes[OUTCOME_MAX] = { 0 }, records[OUTCOME_MAX] = { 0 };
	struct execution_sums e;
	json_t *to;

	if (sums_of_executions(g->store, METRIC_EXECUTION, 0, &w, &e) < 0 ||
	    rollup_each(g->store, METRIC_QUESTION, 0, &w, add_key, outcomes) < 0 ||
	    rollup_each(g->store, METRIC_RECORD, 0, &w, add_key, records) < 0)
		return NULL;
	to = json_object();
	view_set(to, "period", json_string(period_words[p]));
	view_set(to, "summary", view_summary(&e));
	view_set(to, "risk_distribution", view_risks(&e));
	view_set(to, "approvals", view_approvals(outcomes));
	view_set(to, "quality_metrics", view_quality(&e, records, outcomes));
	return to;
}
