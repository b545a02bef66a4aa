/* SPDX-License-Identifier: Apache-2.0 */
/*
 * objective.h - is what was promised kept: share, error budget, burn rate
 *
 * Uptime is counted in minutes: good when every canary of the minute was refused as it must be, bad when one was not, or when
 * nobody looked. Maintenance is left out. Before the first minute that was looked at there is nothing; no data is not "met".
 */
#ifndef CVF_OBJECTIVE_H
#define CVF_OBJECTIVE_H

#include <jansson.h>

#include "govern/govern.h"
#include "govern/metric/rollup.h"
#include "target.h"

struct routes;
extern const struct routes objective_routes;

/* Closes the minutes that are over; inside a transaction, after the canary's samples were written. */
int objective_close_minutes(struct governor *g, struct rollup *u, int64_t now_ms) must_check;

struct score {
	int64_t good, bad, excluded;
};
/* Of the last minutes. */
int objective_score(struct governor *g, const struct target *t, int64_t minutes, int64_t now_ms, struct score *ret) must_check;
/* How many times faster than allowed the budget goes; negative: there is nothing to say it of. */
double objective_burn(const struct target *t, const struct score *score);

/* NULL: the store cannot be read. */
json_t *objectives_view(struct governor *g, int64_t now_ms);

#endif
