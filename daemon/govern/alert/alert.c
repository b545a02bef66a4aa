// SPDX-License-Identifier: Apache-2.0
/* alert.c - see alert.h */
#include "alert.h"

#include <stdarg.h>
#include <string.h>

#include "alert_store.h"
#include "alert_table.h"
#include "anomaly.h"
#include "core/log.h"
#include "govern/counter/counter.h"
#include "govern/metric/execution_table.h"
#include "govern/metric/rollup.h"
#include "govern/objective/objective.h"
#include "govern/registry/numbers_table.h"

#define AGENTS_AT_ONCE 20
#define HOST_TICKS 10
#define REASON_SIZE 256
#define BURN_LEAST 20	/* minutes, answers, requests: a handful burns no budget */
#define CRITICAL "critical"
#define WARNING "warning"

static struct {
	unsigned int ticks;
	int64_t agent;	/* looked at last */
} turn;

/* ---- noticing ---- */

struct notice {
	struct governor *g;
	int64_t now_ms;
	int error;
};

static void notice(struct notice *n, const char *kind, const char *subject, const char *severity, const char *format, ...)
	printf_like(5, 6);
static void notice(struct notice *n, const char *kind, const char *subject, const char *severity, const char *format, ...)
{
	char reason[REASON_SIZE], id[ULID_SIZE];
	struct alert a = { .id = id, .kind = kind, .subject = subject, .severity = severity, .reason = reason,
			   .opened_ms = n->now_ms, .seen_ms = n->now_ms };
	va_list args;
	int r;

	if (n->error < 0)
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	r = alert_table_see(n->g->store, &a);
	if (r == 0) {
		ulid_next(&n->g->ids, (uint64_t)n->now_ms, id);
		r = alert_table_add(n->g->store, &a);
		log_warning("alert %s: %s", kind, reason);
	}
	n->error = r < 0 ? r : 0;
}

/* ---- the host ---- */

static void add_key(void *ctx, const struct rollup_row *row)
{
	int64_t *n = ctx;

	if (row->key >= 0 && row->key < OUTCOME_MAX)
		n[row->key] += row->n;
}

static void look_at_sums(struct notice *n)
{
	struct window hour = period_window(PERIOD_1H, n->now_ms);
	int64_t records[OUTCOME_MAX] = { 0 }, questions[OUTCOME_MAX] = { 0 };
	int r = rollup_each(n->g->store, METRIC_RECORD, 0, &hour, add_key, records);

	if (r == 0)
		r = rollup_each(n->g->store, METRIC_QUESTION, 0, &hour, add_key, questions);
	if (n->error == 0)
		n->error = r;
	if (records[RECORD_LOST] > 0)
		notice(n, "records-lost", "host", WARNING, "%lld records of the kernel were lost in the last hour; see cvfctl status",
		       (long long)records[RECORD_LOST]);
	if (questions[OUTCOME_EXPIRED] > 0)
		notice(n, "unanswered", "host", WARNING, "%lld of %lld questions of the last hour timed out: nobody answered",
		       (long long)questions[OUTCOME_EXPIRED], (long long)questions[OUTCOME_ASKED]);
}

static double burn_of(struct notice *n, const struct target *t, int64_t minutes, int64_t least)
{
	struct score score;
	int r = objective_score(n->g, t, minutes, n->now_ms, &score);

	if (n->error == 0)
		n->error = r;
	return r < 0 || score.good + score.bad < least ? -1 : objective_burn(t, &score);
}

/* Two windows each: the long one that it matters, the short one that it still goes on. */
static void look_at_objective(struct notice *n, const struct target *t)
{
	static const struct {
		int64_t lasting, recent;
		double burn;
		const char *kind, *severity;
	} rows[] = {
		{ 60, 5, 14.4, "objective-burns-fast", CRITICAL },
		{ 360, 30, 6, "objective-burns", WARNING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		double burn = burn_of(n, t, rows[i].lasting, BURN_LEAST);

		if (burn < rows[i].burn || burn_of(n, t, rows[i].recent, 1) < rows[i].burn)
			continue;
		notice(n, rows[i].kind, t->id, rows[i].severity,
		       "the error budget of the objective %s goes %.1f times faster than %lld days allow (last %lld minutes)", t->id,
		       burn, (long long)t->days, (long long)rows[i].lasting);
	}
}

static void look_at_host(struct notice *n)
{
	struct governor *g = n->g;

	if (g->canary_ms && !g->canary_ok)
		notice(n, "not-enforcing", "host", CRITICAL, "nothing is enforced: %s%s", g->canary_problem,
		       g->settings.on_miss == ON_MISS_LOG ? "" :
		       g->settings.on_miss == ON_MISS_STOP ? "; all agents are stopped" : "; all agents are frozen");
	if (n->error == 0)
		n->error = alert_store_write(g);
	look_at_sums(n);
	for (size_t i = 0; i < g->settings.targets.n; i++)
		look_at_objective(n, &g->settings.targets.v[i]);
}

/* ---- agents ---- */

enum count { COUNT_EXECUTIONS, COUNT_ERRORS, COUNT_REFUSALS, COUNT_QUESTIONS, COUNT_MAX };

static const struct {
	const char *kind;
	const char *did; /* "coder-1 " did " 48 times in the last hour" */
} counts[COUNT_MAX] = {
	[COUNT_EXECUTIONS] = { "executions", "ran programs" },
	[COUNT_ERRORS] = { "errors", "ran programs that failed" },
	[COUNT_REFUSALS] = { "refusals", "was refused operations" },
	[COUNT_QUESTIONS] = { "questions", "asked for approval" },
};

/* A week of an agent, hour by hour, and the hour that is compared with it. */
struct week {
	int64_t from;	/* of the first hour */
	size_t hours;
	int64_t first;	/* hour in which anything was seen first; -1: none */
	struct history history[COUNT_MAX];
	bool is_active[ANOMALY_HOURS];
	int64_t now[COUNT_MAX], risks_before[ANOMALY_CLASSES], risks_now[ANOMALY_CLASSES];
	bool is_now;	/* samples are of the last hour */
};

static void add_count(struct week *w, const struct rollup_row *row, enum count c)
{
	int64_t hour = (row->at - w->from) / HOUR_S;

	if (w->is_now) {
		w->now[c] += row->n;
		return;
	}
	if (hour < 0 || hour >= (int64_t)w->hours)
		return;
	w->history[c].count[hour] += row->n;
	w->is_active[hour] = true;
	if (w->first < 0 || hour < w->first)
		w->first = hour;
}

static void add_execution(void *ctx, const struct rollup_row *row)
{
	struct week *w = ctx;
	int64_t status = EXECUTION_KEY_STATUS(row->key);
	int64_t *risks = w->is_now ? w->risks_now : w->risks_before;

	add_count(w, row, COUNT_EXECUTIONS);
	if (status == EXECUTION_FAILURE || status == EXECUTION_KILLED)
		add_count(w, row, COUNT_ERRORS);
	risks[EXECUTION_KEY_RISK(row->key)] += row->n;
}

static void add_operation(void *ctx, const struct rollup_row *row)
{
	struct week *w = ctx;
	int64_t hour = (row->at - w->from) / HOUR_S;

	if (row->key == CVF_VERDICT_DENY)
		add_count(w, row, COUNT_REFUSALS);
	else if (!w->is_now && hour >= 0 && hour < (int64_t)w->hours) {
		w->is_active[hour] = true;
		if (w->first < 0 || hour < w->first)
			w->first = hour;
	}
}

static void add_question(void *ctx, const struct rollup_row *row)
{
	if (row->key == OUTCOME_ASKED)
		add_count(ctx, row, COUNT_QUESTIONS);
}

static int read_metric(struct governor *g, int64_t agent, enum metric metric, const struct window *hour, struct week *w,
		       rollup_each_fn add)
{
	struct rollup_row of = { .metric = metric, .subject = agent, .span = HOUR_S, .at = w->from };
	int r;

	w->is_now = false;
	r = rollup_table_each_bucket(g->store, &of, w->from + (int64_t)w->hours * HOUR_S, add, w);
	w->is_now = true;
	return r < 0 ? r : rollup_each(g->store, metric, agent, hour, add, w);
}

/* Hours before the agent was seen are no history of it. */
static void cut_history(struct week *w)
{
	size_t first = w->first < 0 ? w->hours : (size_t)w->first, active = 0;

	for (size_t i = first; i < w->hours; i++)
		active += w->is_active[i];
	for (int c = 0; c < COUNT_MAX; c++) {
		struct history *h = &w->history[c];

		memmove(h->count, h->count + first, (w->hours - first) * sizeof(*h->count));
		h->hours = w->hours - first;
		h->active = active;
	}
}

static int read_week(struct governor *g, int64_t agent, int64_t now_ms, struct week *w)
{
	struct window hour = period_window(PERIOD_1H, now_ms);
	int r;

	*w = (struct week){ .hours = ANOMALY_HOURS, .first = -1 };
	w->from = hour.from / HOUR_S * HOUR_S - ANOMALY_HOURS * HOUR_S;
	r = read_metric(g, agent, METRIC_EXECUTION, &hour, w, add_execution);
	if (r == 0)
		r = read_metric(g, agent, METRIC_OPERATION, &hour, w, add_operation);
	if (r == 0)
		r = read_metric(g, agent, METRIC_QUESTION, &hour, w, add_question);
	cut_history(w);
	return r;
}

static void look_at_rate(struct notice *n, const struct week *w, enum count c, const char *name)
{
	struct finding f = anomaly_rate(&w->history[c], w->now[c]);
	char kind[32];

	if (f.shift == SHIFT_UP) {
		snprintf(kind, sizeof(kind), "more-%s", counts[c].kind);
		notice(n, kind, name, WARNING,
		       "%s %s %lld times in the last hour; in the %zu hours before %.1f times an hour and never more than %lld", name,
		       counts[c].did, (long long)w->now[c], w->history[c].hours, f.mean, (long long)f.most);
	} else if (f.shift == SHIFT_DOWN && c == COUNT_EXECUTIONS) {
		notice(n, "silent", name, WARNING,
		       "%s ran nothing in the last hour; in the %zu hours before %.1f programs an hour and never fewer than %lld", name,
		       w->history[c].hours, f.mean, (long long)f.least);
	}
}

static long long percent(int64_t part, const int64_t whole[ANOMALY_CLASSES])
{
	int64_t n = 0;

	for (size_t i = 0; i < ANOMALY_CLASSES; i++)
		n += whole[i];
	return n ? (long long)(100 * part / n) : 0;
}

static void look_at_mix(struct notice *n, const struct week *w, const char *name)
{
	static const char *const words[ANOMALY_CLASSES] = { "R0", "R1", "R2", "R3" };
	unsigned int class;
	double moved = anomaly_mix(w->risks_before, w->risks_now, &class);

	if (w->history[COUNT_EXECUTIONS].active < ANOMALY_LEAST_HOURS || moved < ANOMALY_MIX_SHIFT)
		return;
	notice(n, "other-risks", name, WARNING, "%lld %% of what %s ran in the last hour was %s; in the %zu hours before %lld %%",
	       percent(w->risks_now[class], w->risks_now), name, words[class], w->history[COUNT_EXECUTIONS].hours,
	       percent(w->risks_before[class], w->risks_before));
}

static void look_at_agent(struct notice *n, int64_t agent)
{
	static struct week w;
	const char *name = numbers_table_name(n->g->numbers, NUMBER_AGENT, (uint32_t)agent);
	int r = name ? read_week(n->g, agent, n->now_ms, &w) : 0;

	if (n->error == 0)
		n->error = r;
	if (!name || n->error < 0)
		return;
	for (int c = 0; c < COUNT_MAX; c++)
		look_at_rate(n, &w, (enum count)c, name);
	look_at_mix(n, &w, name);
}

/* ---- when ---- */

static int end_old(struct governor *g, int64_t now_ms)
{
	int64_t count, age_ms = clock_age_ms();
	int r = alert_table_end(g->store, now_ms - ALERT_CLEAR_MS, now_ms, &count);

	return r < 0 ? r : alert_table_prune(g->store, (now_ms < age_ms ? now_ms : age_ms) - ALERT_KEPT_MS);
}

static int finish(struct governor *g, int error)
{
	int r = error < 0 ? error : store_commit(g->store);

	if (r < 0)
		store_rollback(g->store);
	return r;
}

static int look(struct governor *g, int64_t now_ms, int64_t first, int64_t last, bool with_host)
{
	struct notice n = { .g = g, .now_ms = now_ms };

	n.error = store_begin(g->store, STORE_BATCH);
	if (n.error < 0)
		return n.error;
	if (with_host)
		look_at_host(&n);
	for (int64_t agent = first; agent <= last; agent++)
		look_at_agent(&n, agent);
	if (with_host && n.error == 0)
		n.error = end_old(g, now_ms);
	return finish(g, n.error);
}

int alert_evaluate(struct governor *g, int64_t now_ms)
{
	return look(g, now_ms, 1, numbers_table_last(g->numbers, NUMBER_AGENT), true);
}

void alert_tick(struct governor *g)
{
	int64_t last = numbers_table_last(g->numbers, NUMBER_AGENT), to;
	bool with_host = ++turn.ticks % HOST_TICKS == 0;

	if (alert_store_look(g, clock_utc_ms()) && !*g->store_problem)
		with_host = true;
	if (*g->store_problem)
		return;
	if (with_host && turn.agent >= last)
		turn.agent = 0;
	if (!with_host && turn.agent >= last)
		return;
	to = turn.agent + AGENTS_AT_ONCE < last ? turn.agent + AGENTS_AT_ONCE : last;
	if (look(g, clock_utc_ms(), turn.agent + 1, to, with_host) < 0)
		log_debug("alerts: looked for again in a second");
	else
		turn.agent = to;
}
