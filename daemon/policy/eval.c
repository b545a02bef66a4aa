// SPDX-License-Identifier: Apache-2.0
/*
 * eval.c - what one operation would get, and why; and the facts about it, found without the compiled tables
 */
#include <string.h>

#include "policy/decide.h"
#include "policy/trace.h"

static const char *const unregistered_names[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = "unregistered." name,
#include "cvf/ops.def"
#undef OP
};

static int path_facts(const struct plan *p, const struct query *q, const char *path, uint64_t *facts)
{
	own_free char *text = NULL;
	size_t size;

	if (op_domain(q->op) == CVF_DOMAIN_FILE)
		return nfa_run(&p->nfa[CVF_DOMAIN_FILE], path, strlen(path), facts);
	text = query_exec_text(q, path, &size);
	return text ? nfa_run(&p->nfa[CVF_DOMAIN_EXEC], text, size, facts) : -ENOMEM;
}

/* *ret_facts: malloc'ed. */
static int find_facts(const struct plan *p, const struct query *q, const char *path, uint64_t **ret_facts)
{
	enum cvf_domain domain = op_domain(q->op);
	own_free uint64_t *facts = calloc(plan_patterns(p, domain) / 64 + 1, sizeof(*facts));
	int r = 0;

	if (!facts)
		return -ENOMEM;
	facts[0] = 1;
	if (domain == CVF_DOMAIN_NET) {
		for (size_t i = PATTERNS_FIXED; i < p->net_count; i++)
			if (net_pattern_matches(&p->net[i], q->address, q->port, q->protocol))
				facts[i / 64] |= 1ull << i % 64;
	} else if (domain != CVF_DOMAIN_SYS) {
		r = path_facts(p, q, path ? path : "", facts);
	}
	if (r == 0)
		*ret_facts = TAKE(facts);
	return r;
}

static int decide_path(const struct plan *p, const struct planned_agent *agent, const struct query *q, const char *path,
		       json_t *trace, struct outcome *ret_outcome)
{
	own_free uint64_t *seen = NULL, *facts = NULL;
	struct question question = {
		.plan = p,
		.agent = agent->bound,
		.who = agent->agent,
		.op = q->op,
		.now = q->now,
		.hours_known = true,
		.recent = q->recent,
		.session_age_s = q->session_age_s,
		.query = q,
		.path = path,
		.trace = trace,
	};
	int r = find_facts(p, q, path, &seen);

	facts = r < 0 ? NULL : calloc(plan_patterns(p, op_domain(q->op)) / 64 + 1, sizeof(*facts));
	if (!facts)
		return r < 0 ? r : -ENOMEM;
	plan_own_facts(p, agent, op_domain(q->op), seen, facts);
	question.facts = facts;
	if (q->object2)
		trace_step(&question, "object", path, true, "each name is judged; the stricter outcome counts");
	*ret_outcome = decide(&question);
	if ((path && strlen(path) > CVF_PATH_MAX) || q->op == CVF_OP_NONE)
		*ret_outcome = (struct outcome){
			.action = CVF_VERDICT_DENY,
			.reason = q->op == CVF_OP_NONE ? CVF_REASON_INTERNAL : CVF_REASON_PATH_TOO_LONG,
			.risk = CVF_R2,
			.capability = CAPABILITY_UNREGISTERED,
		};
	return 0;
}

static enum policy_decision decision_of(const struct outcome *o)
{
	static const enum policy_decision by_risk[] = {
		[CVF_R0] = AUTO_EXECUTE,
		[CVF_R1] = SCOPE_GUARD,
		[CVF_R2] = APPROVAL_REQUIRED,
		[CVF_R3] = HUMAN_INTERVENTION,
	};

	return o->action == CVF_VERDICT_HOLD && o->risk < CVF_R2 ? APPROVAL_REQUIRED : by_risk[o->risk];
}

static const char *capability_name(const struct plan *p, const struct outcome *o, enum cvf_op op)
{
	if (o->capability == CAPABILITY_GUARD)
		return GUARD_NAME;
	return o->capability < p->capabilities_count ? p->capabilities[o->capability]->id
						     : unregistered_names[op < CVF_OP_MAX ? op : 0];
}

/* The rule's own words, unless it does not do what they say. */
static const char *text_of(const struct planned_rule *rule)
{
	if (rule && rule->unknown)
		return "the rule names a capability that nobody registered, and so denies";
	return rule && rule->rule->reason && *rule->rule->reason ? rule->rule->reason : NULL;
}

static struct answer answer_of(const struct plan *p, const struct planned_agent *agent, const struct query *q,
			       const struct outcome *o)
{
	const struct planned_rule *rule = o->rule ? o->rule->planned : NULL;

	return (struct answer){
		.decision = decision_of(o),
		.verdict = o->action,
		.mode = (enum cvf_mode)agent->agent->mode,
		.reason = o->reason,
		.risk = o->risk,
		.capability = capability_name(p, o, q->op),
		.rule = rule ? rule->name : NULL,
		.text = text_of(rule),
		.timeout_s = o->timeout_s,
		.in_scope = o->in_scope,
		.cell_flags = o->flags,
	};
}

/* What was not seen cannot be trusted to be harmless. */
static void judge_cut(const struct query *q, struct outcome *o)
{
	if (q->op != CVF_OP_EXEC || !q->args_cut || o->action != CVF_VERDICT_ALLOW)
		return;
	o->action = CVF_VERDICT_HOLD;
	o->reason = CVF_REASON_ARGS_TOO_LONG;
	o->risk = CVF_R2;
	o->flags = 0;
	o->timeout_s = CVF_HOLD_TIMEOUT_S;
}

/* Of what is held for both names, who must approve the one for which it takes more. */
static struct quorum quorum_of(const struct outcome *o)
{
	return o->action == CVF_VERDICT_HOLD ? rule_quorum(o->rule ? o->rule->planned->rule : NULL) : (struct quorum){0};
}

int policy_eval(const struct model *m, const struct query *q, struct answer *ret_answer, json_t *trace)
{
	const struct planned_agent *agent;
	const struct plan *p;
	struct outcome first, second;
	struct quorum quorum, other;
	int r = plan_get(m, &p);

	if (r < 0)
		return r;
	agent = plan_agent(p, q->agent);
	if (!agent)
		return -ENOENT;
	r = decide_path(p, agent, q, q->object, trace, &first);
	if (r < 0)
		return r;
	quorum = quorum_of(&first);
	if (q->object2 && (q->op == CVF_OP_RENAME || q->op == CVF_OP_LINK)) {
		r = decide_path(p, agent, q, q->object2, trace, &second);
		if (r < 0)
			return r;
		other = quorum_of(&second);
		if (quorum_is_stricter(&other, &quorum))
			quorum = other;
		if (severity(second.action, second.risk, second.flags) >
		    severity(first.action, first.risk, first.flags))
			first = second;
	}
	judge_cut(q, &first);
	*ret_answer = answer_of(p, agent, q, &first);
	if (first.action == CVF_VERDICT_HOLD)
		ret_answer->quorum = quorum.people ? quorum : rule_quorum(NULL);
	return 0;
}
