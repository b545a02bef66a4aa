// SPDX-License-Identifier: Apache-2.0
/* metric_api.c - /metrics, /v1/dashboard, /v1/metrics, /v1/executions, /v1/health/agents */
#include <string.h>

#include "api/route.h"
#include "api/text.h"
#include "api/view.h"
#include "core/log.h"
#include "agent_health.h"
#include "dashboard.h"
#include "exposition.h"
#include "govern/counter/counter.h"
#include "govern/health.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "metric.h"
#include "metric_view.h"

#define LIMIT_MAX 1000
#define CANARY_AGE_MS 5000

static unsigned int answer(struct request *q, json_t *(*view)(struct governor *g, enum period p, int64_t now_ms))
{
	struct governor *g = governor_of(q);
	enum period p = (enum period)period_find(query_text(q, "period"));
	json_t *to = NULL;

	if (counter_collect(g) < 0)
		log_debug("counters: what the store has is at most seconds old");
	if (metric_collect(g) == 0)
		to = view(g, p, clock_utc_ms());
	return to ? reply(q, 200, to) : refuse(q, 503, "store", "see the journal of cvfd-govern", "the metrics cannot be read");
}

static unsigned int get_dashboard(struct request *q)
{
	return answer(q, dashboard_view);
}

static unsigned int get_metrics(struct request *q)
{
	return answer(q, metric_view);
}

/* ---- Prometheus ---- */

static unsigned int get_exposition(struct request *q)
{
	struct governor *g = governor_of(q);
	char *text = NULL;
	size_t size = 0;

	if (!health_canary(g, CANARY_AGE_MS))
		log_debug("the canary was not refused: the metrics say so");
	if (counter_collect(g) == 0 && metric_collect(g) == 0)
		text = exposition_text(g, &size);
	if (!text)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the metrics cannot be read");
	return reply_text(q, 200, EXPOSITION_TYPE, text, size);
}

static unsigned int get_health(struct request *q)
{
	struct governor *g = governor_of(q);
	json_t *list;

	if (!health_canary(g, CANARY_AGE_MS) || counter_collect(g) < 0)
		log_debug("the health of agents is that of the last counters");
	list = metric_collect(g) < 0 ? NULL : agent_health_view(g, NULL, clock_utc_ms());
	return list ? reply_list_by(q, "agents", "agent", list)
		    : refuse(q, 503, "store", "see the journal of cvfd-govern", "the metrics cannot be read");
}

static unsigned int get_health_of(struct request *q)
{
	struct governor *g = governor_of(q);
	json_t *one;

	if (!model_find(registry_model(g->registry), DECL_AGENT, q->params[0]))
		return refuse(q, 404, "not-found", "see cvfctl agent list", "there is no agent of this name");
	if (!health_canary(g, CANARY_AGE_MS) || counter_collect(g) < 0)
		log_debug("the health of the agent is that of the last counters");
	one = metric_collect(g) < 0 ? NULL : agent_health_view(g, q->params[0], clock_utc_ms());
	return one ? reply(q, 200, one) : refuse(q, 503, "store", "see the journal of cvfd-govern", "the metrics cannot be read");
}

/* ---- executions ---- */

struct listing {
	struct governor *g;
	json_t *list;
	char last[ULID_SIZE];
};

static void add(void *ctx, const struct execution *e)
{
	struct listing *l = ctx;

	snprintf(l->last, sizeof(l->last), "%s", e->id);
	json_array_append_new(l->list, execution_view(l->g, e));
}

static unsigned int get_executions(struct request *q)
{
	struct listing l = { .g = governor_of(q), .list = json_array() };
	const char *agent = query_text(q, "agent");
	uint32_t number = agent ? numbers_table_find(l.g->numbers, NUMBER_AGENT, agent) : 0;
	int64_t limit = query_number(q, "limit");
	bool is_full;
	int r = 0;

	if (!agent || number)
		r = execution_table_each(l.g->store, number, query_text(q, "cursor"), limit, add, &l);
	if (r < 0) {
		json_decref(l.list);
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-r));
	}
	is_full = json_array_size(l.list) == (size_t)limit;
	return reply(q, 200, json_pack("{s:o, s:s?}", "executions", l.list, "next", is_full ? l.last : NULL));
}

#define COUNT(name) M(NUMBER, name)
#define RATE(name, ...) M(REAL, name, .flags = OR_NULL, __VA_ARGS__)

static const struct shape period_query = SHAPE(NULL, M(WORD, "period", .words = "1h|24h|7d|30d", .preset = "24h",
	.about = "whole minutes up to now; 7d and 30d begin with a whole hour"),);

static const struct shape dashboard_shape = SHAPE("dashboard", M(WORD, "period", .words = "1h|24h|7d|30d"),
	M(OBJECT, "summary", .of = OF(M(NUMBER, "total_executions", .about = "that ended in the period"),
		RATE("success_rate", .about = "of those that succeeded, failed or were killed"),
		RATE("error_rate", .about = "likewise"), RATE("average_latency_ms", .about = "of those whose end was seen"),)),
	M(OBJECT, "risk_distribution", .about = "executions under the highest risk they met",
	  .of = OF(COUNT("R0"), COUNT("R1"), COUNT("R2"), COUNT("R3"),)),
	M(OBJECT, "approvals", .about = "holds, by when they were asked",
	  .of = OF(M(NUMBER, "total_needed", .about = "that somebody had to approve; waiting ones too"),
		   M(NUMBER, "granted", .about = "by a person, or by a grant of one"),
		   M(NUMBER, "rejected", .about = "denied, timed out, over the budget of questions, abandoned, or ended by the kernel"),
		   RATE("acceptance_rate", .about = "granted of total_needed"),)),
	M(OBJECT, "quality_metrics",
	  .of = OF(RATE("audit_completeness", .about = "records stored of stored and lost"),
		   RATE("high_risk_success_rate", .about = "success_rate of R2 and R3"),
		   RATE("human_approval_acceptance_rate", .about = "what people approved of what people answered"),)),);

#define TIMES RATE("average_ms"), RATE("p50_ms"), RATE("p90_ms"), RATE("p99_ms")
#define EXECUTIONS                                                                                                       \
	COUNT("executions"), COUNT("success"), COUNT("failure"), COUNT("refused"), COUNT("killed"), COUNT("unknown"),    \
	RATE("success_rate"), RATE("error_rate"), M(OBJECT, "risks", .of = &risks_shape)
#define OF_AGENT                                                                                                         \
	EXECUTIONS, M(OBJECT, "latency", .of = &times_shape), M(OBJECT, "operations", .of = &operations_shape),          \
	M(OBJECT, "questions", .of = &questions_shape)

static const struct shape risks_shape = SHAPE("risks", COUNT("LOW"), COUNT("MEDIUM"), COUNT("HIGH"), COUNT("CRITICAL"),);
static const struct shape times_shape = SHAPE("times", TIMES,);
static const struct shape operations_shape = SHAPE("operations", COUNT("allow"), COUNT("deny"), COUNT("hold"),);
static const struct shape questions_shape = SHAPE("questions", COUNT("asked"), COUNT("approved"), COUNT("by_grant"),
	COUNT("denied"), COUNT("expired"), COUNT("abandoned"), COUNT("over_budget"),
	M(NUMBER, "ended", .about = "refused by the kernel, not by a person"),);
static const struct shape metrics_shape = SHAPE("metrics", M(WORD, "period", .words = "1h|24h|7d|30d"), M(TIME, "from"), M(TIME, "to"),
	OF_AGENT, M(OBJECT, "people", .about = "how long they took to answer", .of = OF(COUNT("answered"), TIMES,)),
	M(OBJECT, "api", .of = OF(COUNT("requests"), TIMES,)),
	M(OBJECT, "canary", .of = OF(COUNT("refused"), COUNT("not_refused"),)),
	M(OBJECT, "records", .of = OF(COUNT("stored"), COUNT("lost"),)),
	M(OBJECT, "agents", .flags = MANY, .of = OF(M(TEXT, "agent", .flags = OR_NULL), OF_AGENT,)),
	M(OBJECT, "capabilities", .flags = MANY, .of = OF(M(TEXT, "capability", .flags = OR_NULL), EXECUTIONS, RATE("average_ms"),)),
	M(OBJECT, "skills", .flags = MANY, .of = OF(M(TEXT, "skill", .flags = OR_NULL), EXECUTIONS, RATE("average_ms"),)),);

static const struct shape executions_query = SHAPE(NULL, M(TEXT, "agent"), PAGE_OF(LIMIT_MAX, "100"),);
static const struct shape executions_shape = SHAPE(NULL, M(OBJECT, "executions", .flags = MANY, .of = OF(M(TEXT, "id"),
	M(TEXT, "agent", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL), M(TEXT, "skill", .flags = OR_NULL),
	M(NUMBER, "pid"), M(WORD, "risk", .words = "LOW|MEDIUM|HIGH|CRITICAL"),
	M(WORD, "status", .words = "running|success|failure|refused|killed|unknown"), M(TIME, "began_at"),
	M(TIME, "ended_at", .flags = OR_NULL), RATE("latency_ms"),)), NEXT_PAGE,);

static const struct shape health_shape = SHAPE("agent_health", M(TEXT, "agent"), M(TEXT, "mode", .flags = OR_NULL),
	M(WORD, "health", .words = "idle|good|degraded|bad"), M(TEXT, "reasons", .flags = MANY), COUNT("executions"),
	RATE("success_rate"), COUNT("operations"), COUNT("holds_pending"),);
static const struct shape healths_shape = SHAPE(NULL, M(OBJECT, "agents", .flags = MANY, .of = &health_shape), NEXT_PAGE,);
static const struct shape healths_query = SHAPE(NULL, PAGE_OF(1000, NULL),);
static const struct shape text_shape = RAW("Prometheus text, version 0.0.4");

static const struct route table[] = {
	{ "GET", "/metrics", ROLE_VIEWER, 0, get_exposition, "Everything counted, as Prometheus reads it",
	  "Totals go on over restarts. At most 200 agents have series of their own; the others are `_other` together.",
	  .answer = &text_shape, .type = EXPOSITION_TYPE },
	{ "GET", "/v1/health/agents", ROLE_VIEWER, 0, get_health, "How each agent has fared in the last hour",
	  "`degraded` from 20 %, `bad` from 50 % of at least five executions that failed, were refused or ended unseen; `degraded` while an\n"
	  "operation waits for an answer for a minute; `bad` while nothing is enforced. `reasons` says which.", .query = &healths_query,
	  .answer = &healths_shape },
	{ "GET", "/v1/health/agents/{id}", ROLE_VIEWER, 0, get_health_of, "How one agent has fared in the last hour", .answer = &health_shape },
	{ "GET", "/v1/dashboard", ROLE_VIEWER, 0, get_dashboard, "The dashboard of a period",
	  "An execution is a process of an agent from its first exec to its exit; it counts in the period in which it ended. Rates are\n"
	  "percentages, null where there is nothing to divide by. Who ended with another status than 0 after something was refused has\n"
	  "neither succeeded nor failed, and an end that nobody saw is neither; what a rule or the quarantine decides needed no approval.",
	  .query = &period_query, .answer = &dashboard_shape },
	{ "GET", "/v1/metrics", ROLE_VIEWER, 0, get_metrics, "Executions, operations, questions and response times of a period",
	  "For all, and by agent, capability and skill. An execution counts for its skill if it has one, else for its capability: that of\n"
	  "the riskiest program it ran. Percentiles are read from fixed buckets.", .query = &period_query, .answer = &metrics_shape },
	{ "GET", "/v1/executions", ROLE_VIEWER, 0, get_executions, "What agents ran, the newest first",
	  "`refused`: it failed after something that it did was refused; `killed`: by a signal; `unknown`: its end was not seen.",
	  .query = &executions_query, .answer = &executions_shape },
};

const struct routes metric_routes = { table, ARRAY_SIZE(table), "Metrics" };
