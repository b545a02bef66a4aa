// SPDX-License-Identifier: Apache-2.0
/* probe.c - see probe.h */
#include "probe.h"

#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "health.h"
#include "metric/rollup_table.h"

#define FRESH_MS 1000

static struct probe last;

static void try_canary(struct governor *g, struct probe *p)
{
	p->part[PROBE_CANARY].ok = health_canary(g, 0);
	if (!p->part[PROBE_CANARY].ok)
		snprintf(p->part[PROBE_CANARY].problem, sizeof(p->part[0].problem), "%s", g->canary_problem);
}

/* cvfd looks for the question in the kernel's table: ENOENT is what a way that works says. */
static void try_holds(struct governor *g, struct probe *p)
{
	const struct wire_answer nobody = { .answer = CVF_VERDICT_DENY, .reason = CVF_REASON_DENIED };
	struct wire_reply reply = { 0 };
	int r = link_call(g->link, WIRE_ANSWER, &nobody, -1, &reply);

	p->part[PROBE_HOLDS].ok = r == 0 && reply.error == -ENOENT;
	if (!p->part[PROBE_HOLDS].ok)
		snprintf(p->part[PROBE_HOLDS].problem, sizeof(p->part[0].problem), "holds cannot be answered: %s",
			 strerror(r < 0 ? -r : reply.error < 0 ? -reply.error : EIO));
}

static int write_mark(struct governor *g)
{
	char text[TIME_TEXT];
	int r = store_begin(g->store, STORE_DURABLE);

	moment_print(clock_utc_ms(), text);
	if (r == 0)
		r = mark_table_put(g->store, "probe", text);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* A store that fails already is not made to look sound by a row that happens to fit. */
static void try_store(struct governor *g, struct probe *p)
{
	const char *problem = *g->store_problem ? g->store_problem : store_problem(g->store);
	int r = problem ? 0 : write_mark(g);

	if (r < 0)
		problem = store_problem(g->store) ? store_problem(g->store) : strerror(-r);
	p->part[PROBE_STORE].ok = !problem;
	if (problem)
		snprintf(p->part[PROBE_STORE].problem, sizeof(p->part[0].problem), "%s", problem);
}

const struct probe *probe_run(struct governor *g, int64_t max_age_ms)
{
	static void (*const trials[PROBE_MAX])(struct governor *g, struct probe *p) = {
		[PROBE_CANARY] = try_canary, [PROBE_HOLDS] = try_holds, [PROBE_STORE] = try_store,
	};
	int64_t now = clock_utc_ms();

	if (last.at_ms && now >= last.at_ms && now - last.at_ms < max_age_ms && !link_is_closed(g->link) && !*g->store_problem)
		return &last;
	last = (struct probe){ .at_ms = now };
	for (int i = 0; i < PROBE_MAX; i++) {
		uint64_t began = clock_boot_ns();

		trials[i](g, &last);
		last.part[i].us = (int64_t)((clock_boot_ns() - began) / 1000);
	}
	return &last;
}

const char *probe_problem(const struct probe *p, const char **ret_code)
{
	static const char *const codes[PROBE_MAX] = { "not-enforcing", "holds", "store" };

	for (int i = 0; i < PROBE_MAX; i++)
		if (!p->part[i].ok) {
			*ret_code = codes[i];
			return p->part[i].problem;
		}
	return NULL;
}

static unsigned int get_probe(struct request *q)
{
	const struct probe *p = probe_run(governor_of(q), FRESH_MS);
	const char *code, *problem = probe_problem(p, &code);
	json_t *to = json_object();

	view_set(to, "ok", json_boolean(!problem));
	view_set(to, "canary_refused", json_boolean(p->part[PROBE_CANARY].ok));
	view_set(to, "canary_ms", json_real((double)p->part[PROBE_CANARY].us / 1000));
	view_set(to, "holds_answerable", json_boolean(p->part[PROBE_HOLDS].ok));
	view_set(to, "holds_ms", json_real((double)p->part[PROBE_HOLDS].us / 1000));
	view_set(to, "store_written", json_boolean(p->part[PROBE_STORE].ok));
	view_set(to, "store_ms", json_real((double)p->part[PROBE_STORE].us / 1000));
	view_set(to, "problem", view_text(problem));
	view_set(to, "at", view_time(p->at_ms));
	return reply(q, 200, to);
}

static const struct shape probe_shape = SHAPE("probe", M(YES_NO, "ok"),
	M(YES_NO, "canary_refused", .about = "an operation that must be refused was refused"), M(REAL, "canary_ms"),
	M(YES_NO, "holds_answerable", .about = "an answer reaches the table of the kernel in which holds wait"), M(REAL, "holds_ms"),
	M(YES_NO, "store_written", .about = "a row was written to the disk"), M(REAL, "store_ms"),
	M(TEXT, "problem", .flags = OR_NULL, .about = "what does not work first"), M(TIME, "at"),);

static const struct route table[] = {
	{ "GET", "/v1/probe", ROLE_VIEWER, 0, get_probe, "Try everything that enforcement needs, now",
	  "At most once a second; in between the last answer is repeated.", .answer = &probe_shape },
};

const struct routes probe_routes = { table, ARRAY_SIZE(table), "Probe" };
