/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - the one decision function, used by explain and by the compiler
 */
#ifndef CVF_POLICY_DECIDE_H
#define CVF_POLICY_DECIDE_H

#include "policy/plan.h"

/* Instead of an index in plan.capabilities. */
#define CAPABILITY_UNREGISTERED UINT32_MAX
#define CAPABILITY_GUARD	(UINT32_MAX - 1)
#define GUARD_NAME		"cvf.self"

/* Rules that would decide if the operation were done more often, or later in the session, in their order. */
struct counting {
	const struct bound_rule *v[CVF_RATES_CHAIN];
	size_t n; /* may be greater than the array: those were not kept */
};

/* One operation of one agent on one object, reduced to which patterns match. */
struct question {
	const struct plan *plan;
	const struct bound_agent *agent; /* of the row */
	const struct agent *who;
	enum cvf_op op;
	const uint64_t *facts; /* of the operation's domain */
	int64_t now;
	bool hours_known; /* false: what depends on the hour comes out as "ask the governor" */
	uint64_t recent;  /* how often it was done within the window of any rule that counts, this time included */
	uint64_t session_age_s;
	const struct bound_rule *over; /* NULL, or the rule that counts whose limit is exceeded */
	struct counting *counting;     /* NULL, or gets the rules that count and do not decide yet */
	const struct query *query; /* with a trace: what is asked, */
	const char *path;	   /* and which of its paths */
	json_t *trace;	  /* NULL, or an array that gets one object per thing tried */
};

struct outcome {
	enum cvf_verdict action;
	enum cvf_reason reason;
	enum cvf_risk risk;
	uint8_t flags; /* CVF_CELL_* */
	bool in_scope;
	uint32_t capability;
	const struct bound_rule *rule; /* NULL: none */
	uint32_t timeout_s;
};

struct outcome decide(const struct question *q);
/*
 * Of two paths of one operation the more severe decides; equal: the first. Allow, hold, deny; then the risk; then what must
 * be asked each time (CVF_CELL_ASK). The kernel ranks alike.
 */
bool is_more_severe(enum cvf_verdict action, enum cvf_risk risk, enum cvf_verdict than_action, enum cvf_risk than_risk);
unsigned int severity(enum cvf_verdict action, enum cvf_risk risk, uint8_t flags);

#endif
