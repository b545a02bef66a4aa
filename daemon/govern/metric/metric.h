/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - what agents ran and how it ended, and sums of everything that dashboards and probes ask for
 *
 * Two kinds of samples: those of records, written in the transaction that stores the records; and loose ones (holds, canary,
 * requests), gathered until the next metric_collect().
 */
#ifndef CVF_METRIC_H
#define CVF_METRIC_H

#include "govern/govern.h"
#include "rollup.h"

struct routes;
extern const struct routes metric_routes;

int metric_open(struct governor *g, struct metrics **ret_metrics) must_check;
void metric_free(struct metrics *m);

/* While records are stored. */
int metric_on_record(struct governor *g, const struct cvf_record *r, int64_t time_ms) must_check;
int metric_on_lost(struct governor *g, int64_t n, int64_t found_ms) must_check;	/* negative: they came after all */
int metric_before_commit(struct governor *g) must_check;
void metric_after_commit(struct governor *g);
void metric_undo(struct governor *g);

void metric_on_canary(struct governor *g, bool is_refused);
void metric_on_request(struct governor *g, int64_t us);

/* Writes what is not written yet; before a view is made. */
int metric_collect(struct governor *g) must_check;
/* Every second. */
void metric_tick(struct governor *g);

#endif
