/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter.h - how often each (agent, capability, operation, verdict) happened, over all generations and restarts
 *
 * The kernel counts per cell of a generation. What was seen of each cell is stored with the totals in one transaction, so
 * that nothing is added twice, whoever dies when.
 */
#ifndef CVF_COUNTER_H
#define CVF_COUNTER_H

#include "govern/govern.h"

/* With the verdict: an agent that is only observed was let through; this is what would have been. */
#define COUNTER_WOULD 0x10

static inline bool counter_ran(uint8_t verdict)
{
	return verdict == CVF_VERDICT_ALLOW || verdict & COUNTER_WOULD;
}

struct routes;
extern const struct routes counter_routes;

int counter_open(struct governor *g, struct counter **ret_counter) must_check;
void counter_free(struct counter *c);

/* Asks cvfd for the counters of the active generation and adds what is new. */
int counter_collect(struct governor *g) must_check;
/* A new generation is in force: its cells start at zero. */
void counter_on_generation(struct governor *g, uint64_t generation);

#endif
