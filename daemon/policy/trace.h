/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - what explain says of each thing that was tried: the condition that did not hold, what it wanted and what
 * there was
 */
#ifndef CVF_POLICY_TRACE_H
#define CVF_POLICY_TRACE_H

#include "policy/decide.h"

enum condition {
	CONDITION_NONE, /* every one holds */
	CONDITION_AGENT,
	CONDITION_OWNER,
	CONDITION_PROFILE,
	CONDITION_OP,
	CONDITION_RISK,
	CONDITION_CAPABILITY,
	CONDITION_TYPE,
	CONDITION_SCOPE,
	CONDITION_PATH,
	CONDITION_ARGV,
	CONDITION_ADDRESS,
	CONDITION_TIME,
	CONDITION_RATE,
	CONDITION_AGE,
	CONDITION_FIRST_USE,
	CONDITION_MAX
};

/* What the conditions of a rule are compared with, besides the question's own. */
struct compared {
	const char *capability;
	enum cvf_risk risk;
	enum op_type type;
	bool in_scope, is_used;
};

/* All of these do nothing unless the question has a trace. */
void trace_step(const struct question *q, const char *step, const char *id, bool matched, const char *why);
/* A rule and the condition of it that did not hold. */
void trace_rule(const struct question *q, const struct planned_rule *p, enum condition failed,
		const struct compared *with);
/*
 * Rules from *next up to `end` (NULL: the last) that are about other agents or another profile; of one overlay, or (NULL) of
 * the other policies. *next is moved on.
 */
void trace_others(const struct question *q, const struct policy *overlay, const struct planned_rule **next,
		  const struct planned_rule *end);

#endif
