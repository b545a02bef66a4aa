/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uses.h - which capabilities each agent has used before: for rules with "first_use"
 *
 * What was counted as allowed, and what was approved. A use that the rules wait for has the policy compiled again.
 */
#ifndef CVF_USES_H
#define CVF_USES_H

#include "govern/govern.h"

/* Tells a model that is about to be compiled what was used; a model without such rules is left alone. */
int uses_load(struct governor *g, struct model *m) must_check;
/* Somebody let it go on: from the next second on it is no first use any more. */
void uses_note(struct governor *g, uint32_t agent, uint32_t capability);

#endif
