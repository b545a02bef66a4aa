/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard.h - the document of the dashboard, and a longer one for whoever wants to know more
 *
 * Of a ratio whose denominator is nothing there is none: null.
 */
#ifndef CVF_DASHBOARD_H
#define CVF_DASHBOARD_H

#include <jansson.h>

#include "govern/govern.h"
#include "rollup.h"

struct execution_sums {
	int64_t n[4][16];	/* [risk][enum execution_status] */
	int64_t timed, sum_us;	/* those whose duration is known */
};

int sums_of_executions(struct store *s, enum metric metric, int64_t subject, const struct window *w, struct execution_sums *ret)
	must_check;
int64_t sums_total(const struct execution_sums *e, unsigned int least_risk, unsigned int status);
/* 100 * part / whole; null when there is no whole. */
json_t *view_percent(int64_t part, int64_t whole);
json_t *view_mean_ms(int64_t sum_us, int64_t n);

/* NULL: the store cannot be read, or no memory. */
json_t *dashboard_view(struct governor *g, enum period p, int64_t now_ms);

#endif
