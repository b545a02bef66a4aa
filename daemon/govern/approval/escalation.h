/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalation.h - who is asked next when nobody answers: the steps of cvfd.json, each so long after the question was asked
 *
 * A step that is reached adds its users and groups to those whom a rule named; who has no role may not approve all the same.
 */
#ifndef CVF_ESCALATION_H
#define CVF_ESCALATION_H

#include "api/shape.h"
#include "approval.h"

/* How many steps are reached by now. */
size_t escalation_level(const struct governor *g, int64_t requested_ms, int64_t now_ms);
/* Array of {"at", "approvers", "reached"} of one that waits; empty of others. */
json_t *escalation_view(const struct governor *g, const struct hold *h);
extern const struct shape escalation_shape;

#endif
