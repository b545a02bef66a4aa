// SPDX-License-Identifier: Apache-2.0
/* alert_store.c - see alert_store.h */
#include "alert_store.h"

#include <stdio.h>

#include "core/log.h"

static struct {
	char id[ULID_SIZE], reason[384];
	int64_t since_ms, last_ms;	/* 0: nothing to be said */
	bool is_failing;
} trouble;

bool alert_store_look(struct governor *g, int64_t now_ms)
{
	const char *problem = *g->store_problem ? g->store_problem : store_problem(g->store);

	trouble.is_failing = problem;
	if (!problem)
		return trouble.since_ms;
	if (!trouble.since_ms) {
		trouble.since_ms = now_ms;
		ulid_next(&g->ids, (uint64_t)now_ms, trouble.id);
	}
	trouble.last_ms = now_ms;
	snprintf(trouble.reason, sizeof(trouble.reason), "what happens cannot be stored (%s): nothing that is held is released", problem);
	return true;
}

static struct alert now(void)
{
	return (struct alert){ .id = trouble.id, .kind = ALERT_STORE_KIND, .subject = "host", .severity = "critical", .reason = trouble.reason,
			       .opened_ms = trouble.since_ms, .seen_ms = trouble.last_ms };
}

int alert_store_write(struct governor *g)
{
	struct alert a = now();
	int r;

	if (!trouble.since_ms)
		return 0;
	r = alert_table_see(g->store, &a);
	if (r == 0) {
		r = alert_table_add(g->store, &a);
		log_warning("alert %s: %s", a.kind, a.reason);
	}
	if (r >= 0 && !trouble.is_failing)
		trouble.since_ms = 0;
	return r < 0 ? r : 0;
}

bool alert_store_now(struct alert *ret)
{
	if (trouble.is_failing)
		*ret = now();
	return trouble.is_failing;
}
