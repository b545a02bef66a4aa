/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escalation.h - who is asked next when nobody answers: the steps of the hold's capability, or else those of cvfd.json, each so
 * long after the question was asked
 *
 * A step that is reached adds its users and groups to those whom a rule named; who has no role may not approve all the same.
 */
#ifndef CVF_ESCALATION_H
#define CVF_ESCALATION_H

#include "api/shape.h"
#include "approval.h"

#define STEPS_MAX 8
#define STEP_NAMES_MAX 32

/* Borrowed from the model in force and the settings. */
struct steps {
	struct step {
		int64_t after_s;
		const char *names[STEP_NAMES_MAX];	/* users, and groups after an '@' */
		size_t count;
	} v[STEPS_MAX];
	size_t n, reached;	/* of those, by now */
};

/* h with its record. */
void escalation_of_hold(struct governor *g, const struct hold *h, struct steps *ret_steps);
/* Array of {"at", "approvers", "reached"} of one that waits; empty of others. */
json_t *escalation_view(struct governor *g, const struct hold *h);
extern const struct shape escalation_shape;

#endif
