// SPDX-License-Identifier: Apache-2.0
/* agent_health.c - see agent_health.h */
#include "agent_health.h"

#include <stdarg.h>
#include <string.h>

#include "api/view.h"
#include "dashboard.h"
#include "execution_table.h"
#include "govern/approval/hold_table.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

enum health { HEALTH_IDLE, HEALTH_GOOD, HEALTH_IS_DEGRADED, HEALTH_IS_BAD };

struct look {
	struct governor *g;
	int64_t now_ms, oldest_ms, holds;
	struct execution_sums sums;
	int64_t operations;
	enum health health;
	json_t *reasons;
};

static void worse(struct look *l, enum health health)
{
	if (health > l->health)
		l->health = health;
}

static int on_hold(void *ctx, const struct hold *h)
{
	struct look *l = ctx;

	l->holds++;
	if (!l->oldest_ms || h->requested_ms < l->oldest_ms)
		l->oldest_ms = h->requested_ms;
	return 0;
}

static void add_operations(void *ctx, const struct rollup_row *row)
{
	*(int64_t *)ctx += row->n;
}

static int read_all(struct look *l, uint32_t number)
{
	struct window w = period_window(PERIOD_1H, l->now_ms);
	const struct hold_filter waiting = { .agent = number, .boot = l->g->boot, .limit = 1000 };
	int r = sums_of_executions(l->g->store, METRIC_EXECUTION, number, &w, &l->sums);

	if (r == 0)
		r = rollup_each(l->g->store, METRIC_OPERATION, number, &w, add_operations, &l->operations);
	return r < 0 ? r : hold_table_each(l->g->store, &waiting, on_hold, l);
}

static void say(struct look *l, enum health health, const char *format, ...) printf_like(3, 4);
static void say(struct look *l, enum health health, const char *format, ...)
{
	char text[128];
	va_list args;

	worse(l, health);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(l->reasons, json_string(text));
}

/* A share, as one of the two grades below good. */
static void grade(struct look *l, int64_t part, int64_t whole, const char *what)
{
	if (whole < HEALTH_LEAST || part * 100 < whole * HEALTH_DEGRADED)
		return;
	say(l, part * 100 >= whole * HEALTH_BAD ? HEALTH_IS_BAD : HEALTH_IS_DEGRADED, "%lld of %lld executions %s", (long long)part,
	    (long long)whole, what);
}

static void judge(struct look *l)
{
	int64_t good = sums_total(&l->sums, 0, EXECUTION_SUCCESS), refused = sums_total(&l->sums, 0, EXECUTION_REFUSED);
	int64_t bad = sums_total(&l->sums, 0, EXECUTION_FAILURE) + sums_total(&l->sums, 0, EXECUTION_KILLED);
	int64_t unknown = sums_total(&l->sums, 0, EXECUTION_UNKNOWN);
	int64_t waits_s = l->oldest_ms ? (l->now_ms - l->oldest_ms) / 1000 : 0;

	if (good + bad + refused + unknown + l->operations + l->holds)
		l->health = HEALTH_GOOD;
	if (!l->g->canary_ok)
		say(l, HEALTH_IS_BAD, "nothing is enforced on this host");
	grade(l, bad, good + bad, "failed or were killed");
	grade(l, refused, good + bad + refused, "failed after something was refused");
	grade(l, unknown, good + bad + refused + unknown, "ended and nobody saw how");
	if (waits_s >= HEALTH_WAIT_S)
		say(l, HEALTH_IS_DEGRADED, "%lld operations wait for an answer, the oldest for %lld s",
		    (long long)l->holds, (long long)waits_s);
}

static json_t *view_one(struct governor *g, const json_t *agent, int64_t now_ms)
{
	static const char *const words[] = { "idle", "good", "degraded", "bad" };
	const char *id = json_string_value(json_object_get(agent, "id"));
	uint32_t number = numbers_table_find(g->numbers, NUMBER_AGENT, id);
	struct look l = { .g = g, .now_ms = now_ms, .reasons = json_array() };
	int64_t total = 0, good;
	json_t *to;

	if (number && read_all(&l, number) < 0) {
		json_decref(l.reasons);
		return NULL;
	}
	judge(&l);
	for (unsigned int status = 0; status < EXECUTION_STATUS_MAX; status++)
		total += sums_total(&l.sums, 0, status);
	good = sums_total(&l.sums, 0, EXECUTION_SUCCESS);
	to = json_object();
	view_set(to, "agent", view_text(id));
	view_set(to, "mode", view_text(json_string_value(json_object_get(agent, "mode"))));
	view_set(to, "health", json_string(words[l.health]));
	view_set(to, "reasons", l.reasons);
	view_set(to, "executions", json_integer(total));
	view_set(to, "success_rate", view_percent(good, good + sums_total(&l.sums, 0, EXECUTION_FAILURE) +
								sums_total(&l.sums, 0, EXECUTION_KILLED)));
	view_set(to, "operations", json_integer(l.operations));
	view_set(to, "holds_pending", json_integer(l.holds));
	return to;
}

json_t *agent_health_view(struct governor *g, const char *agent, int64_t now_ms)
{
	const struct model *m = registry_model(g->registry);
	const json_t *found = agent ? model_find(m, DECL_AGENT, agent) : NULL;
	json_t *list, *one;

	if (agent)
		return found ? view_one(g, found, now_ms) : NULL;
	list = json_array();
	for (size_t i = 0; i < model_count(m, DECL_AGENT); i++) {
		one = view_one(g, model_at(m, DECL_AGENT, i), now_ms);
		if (!one) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list, one);
	}
	return list;
}
