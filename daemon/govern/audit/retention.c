// SPDX-License-Identifier: Apache-2.0
/* retention.c - see retention.h */
#include "retention.h"

#include <string.h>

#include "core/log.h"
#include "prune_table.h"
#include "trail/trail_table.h"

#define STEP_ENTRIES (4 * NODE_ENTRIES)
#define LOOK_US 1000000		/* when nothing is due */
#define PAUSE_US 10000		/* between steps */

static sd_event_source *ticker;

static int is_too_old(struct governor *g, int64_t n)
{
	int64_t time_ms, max_ms = g->settings.audit_age_s * 1000;
	int r;

	if (!max_ms)
		return 0;
	r = prune_table_time(g->store, n, &time_ms);
	return r <= 0 ? r : time_ms < clock_age_ms() - max_ms;
}

static int is_too_large(struct governor *g)
{
	int64_t used;
	int r = g->settings.audit_bytes ? prune_table_used(g->store, &used) : 0;

	return r < 0 || !g->settings.audit_bytes ? r : (uint64_t)used > g->settings.audit_bytes;
}

/* Up to where the next step may go: whole blocks, all under a signed head. 0: nowhere. */
static int next_place(struct governor *g, int64_t *ret_n)
{
	struct anchor anchor;
	struct head head;
	int r = anchor_table_get(g->store, &anchor);

	*ret_n = 0;
	if (r == 0)
		r = head_table_last(g->store, &head);
	if (r <= 0)
		return r;
	if ((uint64_t)anchor.n + STEP_ENTRIES <= head.size)
		*ret_n = anchor.n + STEP_ENTRIES;
	return 0;
}

static int prune(struct governor *g, int64_t n)
{
	int64_t time_ms = 0;
	int r = prune_table_time(g->store, n, &time_ms);

	if (r >= 0)
		r = store_begin(g->store, STORE_BATCH);
	if (r == 0)
		r = prune_table_through(g->store, n, clock_utc_ms());
	if (r == 0)
		r = prune_table_others(g->store, time_ms);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* 1: a step was made, there may be more. */
static int step(struct governor *g)
{
	int64_t n;
	int r;

	if (*g->store_problem || (!g->settings.audit_age_s && !g->settings.audit_bytes))
		return 0;
	r = next_place(g, &n);
	if (r < 0 || !n)
		return r;
	r = is_too_large(g);
	if (r == 0)
		r = is_too_old(g, n);
	if (r <= 0)
		return r;
	r = prune(g, n);
	return r < 0 ? r : 1;
}

static int on_time(sd_event_source *source, uint64_t usec, void *ctx)
{
	uint64_t now = usec;
	int r = step(ctx);

	if (r < 0)
		log_debug("the audit trail could not be pruned: %s; tried again", strerror(-r));
	sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
	sd_event_source_set_time(source, now + (r > 0 ? PAUSE_US : LOOK_US));
	return 0;
}

int retention_open(struct governor *g)
{
	uint64_t now;
	int r = sd_event_now(g->event, CLOCK_MONOTONIC, &now);

	if (r >= 0)
		r = sd_event_add_time(g->event, &ticker, CLOCK_MONOTONIC, now + LOOK_US, 0, on_time, g);
	if (r >= 0)
		r = sd_event_source_set_enabled(ticker, SD_EVENT_ON);
	return r < 0 ? r : 0;
}

void retention_close(void)
{
	sd_event_source_unref(ticker);
	ticker = NULL;
}
