/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h - what changes between two sets of declarations, in words, and which decisions change
 *
 * Decisions are judged over representative operations: an example of each pattern that either side names, the examples
 * that capabilities carry, and a list of common ones; for each agent that both sides have. That takes a while: it is
 * done in steps.
 */
#ifndef CVF_POLICY_DIFF_H
#define CVF_POLICY_DIFF_H

#include "policy/policy.h"

#define DIFF_AGENTS_MAX	   64  /* agents whose decisions are judged; the others are counted */
#define DIFF_DECISIONS_MAX 200 /* changed decisions that are listed; the others are counted */

struct diff;

/* The models are borrowed. now: of the operations. */
int diff_new(const struct model *before, const struct model *after, time_t now, struct diff **ret_diff) must_check;
void diff_free(struct diff *d);
OWN_DEFINE(diff);
/* Judges up to n operations. 1: there are more; 0: done; -ENOMEM. */
int diff_step(struct diff *d, size_t n) must_check;
/*
 * {"changes": [{"kind", "id", "change", "words"}], "decisions": [{"operation", "agents", "before", "after", "words"}],
 *  "decisions_changed", "operations", "agents_judged", "agents"}; owned by the caller. NULL: out of memory.
 */
json_t *diff_result(const struct diff *d);

#endif
