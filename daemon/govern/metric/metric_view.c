// SPDX-License-Identifier: Apache-2.0
/* metric_view.c - see metric_view.h */
#include "metric_view.h"

#include "api/view.h"
#include "dashboard.h"
#include "govern/counter/counter.h"
#include "govern/registry/numbers_table.h"

#define KEYS_MAX 64

struct keys {
	int64_t n[KEYS_MAX];
};

struct view {
	struct governor *g;
	struct window w;
	enum metric metric;
	json_t *list;
	int error;
};

static void add_key(void *ctx, const struct rollup_row *row)
{
	struct keys *k = ctx;

	if (row->key >= 0 && row->key < KEYS_MAX)
		k->n[row->key] += row->n;
}

static json_t *view_ms(double us)
{
	return us < 0 ? json_null() : json_real(us / 1000.0);
}

static void view_times(const struct histogram *h, json_t *to)
{
	view_set(to, "average_ms", view_mean_ms(h->sum_us, h->total));
	view_set(to, "p50_ms", view_ms(histogram_quantile(h, 0.5)));
	view_set(to, "p90_ms", view_ms(histogram_quantile(h, 0.9)));
	view_set(to, "p99_ms", view_ms(histogram_quantile(h, 0.99)));
}

/* Executions by status and risk, and their rates. */
static void view_executions(const struct execution_sums *e, json_t *to)
{
	int64_t total = 0, good = sums_total(e, 0, EXECUTION_SUCCESS);
	int64_t bad = sums_total(e, 0, EXECUTION_FAILURE) + sums_total(e, 0, EXECUTION_KILLED);
	json_t *risks = json_object();

	for (unsigned int status = EXECUTION_SUCCESS; status < EXECUTION_STATUS_MAX; status++) {
		view_set(to, execution_status_words[status], json_integer(sums_total(e, 0, status)));
		total += sums_total(e, 0, status);
	}
	for (unsigned int risk = 0; risk < 4; risk++) {
		json_int_t n = 0;

		for (unsigned int status = 0; status < EXECUTION_STATUS_MAX; status++)
			n += e->n[risk][status];
		view_set(risks, risk_name((enum cvf_risk)risk), json_integer(n));
	}
	view_set(to, "executions", json_integer(total));
	view_set(to, "success_rate", view_percent(good, good + bad));
	view_set(to, "error_rate", view_percent(bad, good + bad));
	view_set(to, "risks", risks);
}

/* What the kernel counted; what only watched agents did is an allow. */
static json_t *view_operations(const struct keys *k)
{
	json_int_t n[4] = { 0 };

	for (unsigned int key = 0; key < KEYS_MAX; key++)
		n[counter_ran((uint8_t)key) ? CVF_VERDICT_ALLOW : key & 3] += k->n[key];
	return json_pack("{s:I, s:I, s:I}", "allow", n[CVF_VERDICT_ALLOW], "deny", n[CVF_VERDICT_DENY], "hold", n[CVF_VERDICT_HOLD]);
}

static json_t *view_questions(const struct keys *k)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "asked", (json_int_t)k->n[OUTCOME_ASKED], "approved",
			 (json_int_t)k->n[OUTCOME_APPROVED], "by_grant", (json_int_t)k->n[OUTCOME_GRANTED], "denied",
			 (json_int_t)k->n[OUTCOME_DENIED], "expired", (json_int_t)k->n[OUTCOME_EXPIRED], "abandoned",
			 (json_int_t)k->n[OUTCOME_ABANDONED], "over_budget", (json_int_t)k->n[OUTCOME_OVER_BUDGET],
			 "ended", (json_int_t)k->n[OUTCOME_ENDED]);
}

static int read_keys(struct view *v, enum metric metric, int64_t subject, struct keys *ret_keys)
{
	*ret_keys = (struct keys){ 0 };
	return rollup_each(v->g->store, metric, subject, &v->w, add_key, ret_keys);
}

/* Executions, operations and questions of an agent; 0: of all. */
static int view_agent(struct view *v, int64_t agent, json_t *to)
{
	struct execution_sums e;
	struct histogram h;
	struct keys operations, questions;
	json_t *latency = json_object();
	int r = sums_of_executions(v->g->store, METRIC_EXECUTION, agent, &v->w, &e);

	if (r == 0)
		r = rollup_histogram(v->g->store, METRIC_LATENCY, agent, &v->w, &h);
	if (r == 0)
		r = read_keys(v, METRIC_OPERATION, agent, &operations);
	if (r == 0)
		r = read_keys(v, METRIC_QUESTION, agent, &questions);
	if (r < 0) {
		json_decref(latency);
		return r;
	}
	view_executions(&e, to);
	view_times(&h, latency);
	view_set(to, "latency", latency);
	view_set(to, "operations", view_operations(&operations));
	view_set(to, "questions", view_questions(&questions));
	return 0;
}

static void add_agent(void *ctx, int64_t agent)
{
	struct view *v = ctx;
	json_t *one = json_object();

	view_set(one, "agent", view_text(numbers_table_name(v->g->numbers, NUMBER_AGENT, (uint32_t)agent)));
	if (v->error == 0)
		v->error = view_agent(v, agent, one);
	json_array_append_new(v->list, one);
}

static void add_subject(void *ctx, int64_t subject)
{
	struct view *v = ctx;
	struct execution_sums e;
	json_t *one;
	char skill[SKILL_SIZE];
	const char *name = skill;

	if (v->metric == METRIC_CAPABILITY)
		name = numbers_table_name(v->g->numbers, NUMBER_CAPABILITY, (uint32_t)subject);
	else if (v->error == 0)
		v->error = skill_table_name(v->g->store, subject, skill, sizeof(skill));
	if (v->error == 0)
		v->error = sums_of_executions(v->g->store, v->metric, subject, &v->w, &e);
	if (v->error < 0)
		return;
	one = json_object();
	view_set(one, v->metric == METRIC_SKILL ? "skill" : "capability", view_text(name));
	view_executions(&e, one);
	view_set(one, "average_ms", view_mean_ms(e.sum_us, e.timed));
	if (json_integer_value(json_object_get(one, "executions")))
		json_array_append_new(v->list, one);
	else
		json_decref(one);
}

static json_t *view_subjects(struct view *v, enum metric metric, void (*add)(void *ctx, int64_t subject))
{
	int r;

	v->metric = metric;
	v->list = json_array();
	r = rollup_table_subjects(v->g->store, metric, add, v);
	if (v->error == 0)
		v->error = r;
	return v->list;
}

static int view_whole(struct view *v, json_t *to)
{
	struct histogram answers, requests;
	struct keys canary, records;
	json_t *people = json_object(), *api = json_object();
	int r = rollup_histogram(v->g->store, METRIC_ANSWER, 0, &v->w, &answers);

	if (r == 0)
		r = rollup_histogram(v->g->store, METRIC_REQUEST, 0, &v->w, &requests);
	if (r == 0)
		r = read_keys(v, METRIC_CANARY, 0, &canary);
	if (r == 0)
		r = read_keys(v, METRIC_RECORD, 0, &records);
	if (r == 0)
		r = view_agent(v, 0, to);
	view_set(people, "answered", json_integer(answers.total));
	view_times(&answers, people);
	view_set(api, "requests", json_integer(requests.total));
	view_times(&requests, api);
	view_set(to, "people", people);
	view_set(to, "api", api);
	view_set(to, "canary", json_pack("{s:I, s:I}", "refused", (json_int_t)canary.n[1], "not_refused", (json_int_t)canary.n[0]));
	view_set(to, "records", json_pack("{s:I, s:I}", "stored", (json_int_t)records.n[RECORD_STORED], "lost",
					  (json_int_t)records.n[RECORD_LOST]));
	return r;
}

json_t *metric_view(struct governor *g, enum period p, int64_t now_ms)
{
	struct view v = { .g = g, .w = period_window(p, now_ms) };
	json_t *to = json_object();

	view_set(to, "period", json_string(period_words[p]));
	view_set(to, "from", view_time(v.w.from * 1000));
	view_set(to, "to", view_time(v.w.to * 1000));
	v.error = view_whole(&v, to);
	view_set(to, "agents", view_subjects(&v, METRIC_EXECUTION, add_agent));
	view_set(to, "capabilities", view_subjects(&v, METRIC_CAPABILITY, add_subject));
	view_set(to, "skills", view_subjects(&v, METRIC_SKILL, add_subject));
	if (v.error == 0)
		return to;
	json_decref(to);
	return NULL;
}

json_t *execution_view(struct governor *g, const struct execution *e)
{
	json_t *to = json_object();

	view_set(to, "id", json_string(e->id));
	view_set(to, "agent", view_text(numbers_table_name(g->numbers, NUMBER_AGENT, e->agent)));
	view_set(to, "capability", view_text(e->capability ? numbers_table_name(g->numbers, NUMBER_CAPABILITY, e->capability) : NULL));
	view_set(to, "skill", view_text(*e->skill ? e->skill : NULL));
	view_set(to, "pid", json_integer(e->pid));
	view_set(to, "risk", json_string(risk_name((enum cvf_risk)e->risk)));
	view_set(to, "status", json_string(execution_status_words[e->status]));
	view_set(to, "began_at", view_time(e->began_ms));
	view_set(to, "ended_at", view_time(e->ended_ms));
	view_set(to, "latency_ms", e->latency_us >= 0 ? json_real((double)e->latency_us / 1000.0) : json_null());
	return to;
}
