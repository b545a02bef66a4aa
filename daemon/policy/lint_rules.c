// SPDX-License-Identifier: Apache-2.0
/*
 * lint_rules.c - rules that never decide, decide nothing new, or decide more than was meant
 *
 * What a rule can match is looked at as pairs of a capability and an operation ("reach"), its other conditions as sets.
 */
#include "policy/lint.h"

#include <string.h>

#include "policy/cover.h"

static const uint8_t op_types[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = TYPE_##type,
#include "cvf/ops.def"
#undef OP
};

#define NOBODY UINT32_MAX /* instead of a capability: what none covers */

static uint64_t ops_of_domain(enum cvf_domain domain)
{
	uint64_t ops = 0;

	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		if (op_domain((enum cvf_op)op) == domain)
			ops |= OP_BIT(op);
	return ops;
}

/* Operations that the conditions on objects leave. */
static uint64_t ops_of_rule(const struct rule *r)
{
	uint64_t ops = r->ops;

	if (r->path.n)
		ops &= ops_of_domain(CVF_DOMAIN_FILE) | ops_of_domain(CVF_DOMAIN_EXEC);
	if (r->address.n)
		ops &= ops_of_domain(CVF_DOMAIN_NET);
	return ops;
}

static uint64_t ops_of_types(const struct planned_rule *p, uint64_t ops, enum op_type type)
{
	const struct rule *r = p->rule;
	uint64_t kept = 0;

	if (!r->types || (type != TYPE_NONE && r->types >> type & 1))
		return ops;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		if (ops & OP_BIT(op) && r->types >> op_types[op] & 1)
			kept |= OP_BIT(op);
	return type == TYPE_NONE || p->unknown || r->effect != EFFECT_ALLOW ? kept : 0;
}

/* Operations under a capability (or NOBODY) that the rule can match. */
static uint64_t reach(const struct lint *l, const struct planned_rule *p, uint32_t capability)
{
	const struct rule *r = p->rule;
	const struct capability *c = capability == NOBODY ? NULL : l->plan->capabilities[capability];
	enum cvf_risk risk = c ? c->risk : CVF_R2;
	uint64_t ops = ops_of_rule(r);

	if (r->risks && !(r->risks >> risk & 1))
		return 0;
	if (!c)
		return ops_of_types(p, ops & p->unregistered, TYPE_NONE);
	if (p->capabilities && !p->capabilities[capability])
		return 0;
	return ops_of_types(p, ops & l->ops[capability], c->type);
}

static bool reaches_nothing(const struct lint *l, const struct planned_rule *p)
{
	for (uint32_t c = 0; c < l->plan->capabilities_count; c++)
		if (reach(l, p, c))
			return false;
	return !reach(l, p, NOBODY);
}

static bool reach_covers(const struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	for (uint32_t c = 0; c < l->plan->capabilities_count; c++)
		if (reach(l, b, c) & ~reach(l, a, c))
			return false;
	return !(reach(l, b, NOBODY) & ~reach(l, a, NOBODY));
}

static bool reach_meets(const struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	for (uint32_t c = 0; c < l->plan->capabilities_count; c++)
		if (reach(l, b, c) & reach(l, a, c))
			return true;
	return reach(l, b, NOBODY) & reach(l, a, NOBODY);
}

static bool profile_covers(const struct planned_rule *a, const struct planned_rule *b)
{
	return !a->profile || (b->profile && strcmp(a->profile, b->profile) == 0);
}

/* A rule that counts matches no operation but the one too many, except what a rule that counts less matches. */
static bool rate_covers(const struct rate *a, const struct rate *b)
{
	return !a->within_s || (a->within_s == b->within_s && a->more_than <= b->more_than);
}

static bool argv_covers(const struct texts *a, const struct texts *b)
{
	if (!a->n)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

#define AUTOMATON_COST 1000

/* False: the lint has looked long enough. */
static bool charge(struct lint *l, size_t cost)
{
	l->comparisons -= cost < l->comparisons ? cost : l->comparisons;
	return l->comparisons > 0;
}

/* Everything that b matches a matches, in whatever profile or policy they are. The cheap conditions first. */
static bool conditions_cover(struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	const struct rule *x = a->rule, *y = b->rule;

	return (x->in_scope == TRI_ANY || x->in_scope == y->in_scope) && (!x->path.n || y->path.n) &&
	       (!x->address.n || y->address.n) && (!x->agent.n || y->agent.n) && (!x->owner.n || y->owner.n) &&
	       rate_covers(&x->rate, &y->rate) && argv_covers(&x->argv, &y->argv) &&
	       (!x->first_use || y->first_use) &&
	       (!x->session_age_s || (y->session_age_s && x->session_age_s <= y->session_age_s)) &&
	       cidrs_cover(&x->address, &y->address) && reach_covers(l, a, b) &&
	       texts_may_cover(&x->path, &y->path) && charge(l, AUTOMATON_COST) &&
	       texts_cover(&x->owner, &y->owner, GLOB_NAME) && texts_cover(&x->agent, &y->agent, GLOB_NAME) &&
	       texts_cover(&x->profile, &y->profile, GLOB_NAME) &&
	       texts_cover(&x->path, &y->path, GLOB_PATH) && windows_cover(&x->windows, &y->windows);
}

static bool covers(struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	return a->overlay == b->overlay && profile_covers(a, b) && conditions_cover(l, a, b);
}

/* Some operation can be matched by both. */
static bool conditions_meet(struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	const struct rule *x = a->rule, *y = b->rule;

	return (x->in_scope == TRI_ANY || y->in_scope == TRI_ANY || x->in_scope == y->in_scope) &&
	       cidrs_meet(&x->address, &y->address) &&
	       reach_meets(l, a, b) && texts_may_meet(&x->path, &y->path) && charge(l, AUTOMATON_COST) &&
	       texts_meet(&x->agent, &y->agent, GLOB_NAME) &&
	       texts_meet(&x->owner, &y->owner, GLOB_NAME) && (!x->argv.n || !y->argv.n || argv_covers(&x->argv, &y->argv)) &&
	       texts_meet(&x->profile, &y->profile, GLOB_NAME) && texts_meet(&x->path, &y->path, GLOB_PATH) &&
	       windows_meet(&x->windows, &y->windows);
}

static bool meets(struct lint *l, const struct planned_rule *a, const struct planned_rule *b)
{
	return (profile_covers(a, b) || profile_covers(b, a)) && conditions_meet(l, a, b);
}

static const char *effect_name(const struct planned_rule *p)
{
	static const char *const names[] = {"NONE", "ALLOW", "DENY", "REQUIRE_APPROVAL"};

	return p->unknown ? "DENY" : names[p->rule->effect];
}

static bool asks_the_same_people(const struct rule *a, const struct rule *b)
{
	const struct quorum one = rule_quorum(a), other = rule_quorum(b);

	if (one.people != other.people || one.approvers_count != other.approvers_count)
		return false;
	for (size_t i = 0; i < one.approvers_count; i++)
		if (strcmp(one.approvers[i], other.approvers[i]) != 0)
			return false;
	return true;
}

static bool has_effect_of(const struct planned_rule *a, const struct planned_rule *b)
{
	return effect_name(a) == effect_name(b) && a->rule->has_grant == b->rule->has_grant &&
	       asks_the_same_people(a->rule, b->rule);
}

/* ---- one rule ---- */

struct subject {
	struct lint *l;
	const struct decl *decl;
	const struct planned_rule *p;
	size_t at, order; /* in the declaration, in the plan */
};

static void place_of(const struct subject *s, struct place *p, const char *condition)
{
	place_begin(p, s->decl);
	place_key(p, "rules");
	place_element(p, s->at);
	if (condition) {
		place_key(p, "when");
		place_key(p, condition);
	}
}

static bool names_no_agent(const struct subject *s)
{
	const struct decls *agents = &s->l->m->seen[DECL_AGENT];
	struct nfa names;
	bool found = false;
	int r = glob_names(&s->p->rule->agent, &names);

	for (size_t i = 0; r == 0 && !found && i < agents->n; i++)
		found = glob_matches(&names, agents->v[i]->id);
	nfa_done(&names);
	return r == 0 && !found && agents->n && s->p->rule->agent.n;
}

static bool names_no_capability(const struct subject *s)
{
	for (size_t i = 0; i < s->l->plan->capabilities_count; i++)
		if (!s->p->capabilities || s->p->capabilities[i])
			return false;
	return s->p->rule->capability.n && !s->p->unregistered;
}

static bool is_unreachable(const struct subject *s)
{
	struct place p;
	const char *id = s->p->rule->id;

	if (names_no_capability(s)) {
		place_of(s, &p, "capability");
		place_tell(&p, s->l->d, DIAG_WARNING, "unreachable", "see: cvfctl capability list",
			   "rule \"%s\" matches nothing: no registered capability has such an id", id);
		return true;
	}
	if (reaches_nothing(s->l, s->p)) {
		place_of(s, &p, NULL);
		place_tell(&p, s->l->d, DIAG_WARNING, "unreachable", "leave one of the conditions out",
			   "rule \"%s\" matches nothing: no operation meets all of its conditions", id);
		return true;
	}
	if (names_no_agent(s)) {
		place_of(s, &p, "agent");
		place_tell(&p, s->l->d, DIAG_WARNING, "unreachable", "see: cvfctl agent list",
			   "rule \"%s\" matches nothing yet: no declared agent has such an id", id);
	}
	return false;
}

static bool is_shadowed(const struct subject *s)
{
	struct place p;

	for (size_t i = 0; i < s->order && s->l->comparisons; i++) {
		const struct planned_rule *before = &s->l->plan->rules[i];

		s->l->comparisons--;
		if (!covers(s->l, before, s->p))
			continue;
		place_of(s, &p, NULL);
		place_tell(&p, s->l->d, DIAG_WARNING, "shadowed",
			   has_effect_of(before, s->p) ? "leave it out" : "put it before that one, or narrow that one",
			   "rule \"%s\" never decides: \"%s\" (%s) comes first and matches all that it matches",
			   s->p->rule->id, before->name, effect_name(before));
		return true;
	}
	return false;
}

static bool denies(const struct planned_rule *p)
{
	return (p->unknown || p->rule->effect == EFFECT_DENY) && !p->rule->rate.within_s && !p->rule->session_age_s;
}

/* The first rule of a base that can decide what the rule matches; if it does not match all of that, nothing is known. */
static const struct planned_rule *decides_in_base(const struct subject *s, const struct profile *base, bool *ret_known)
{
	for (size_t i = 0; i < s->l->plan->rules_count && s->l->comparisons; i++) {
		const struct planned_rule *p = &s->l->plan->rules[i];

		s->l->comparisons--;
		if (!p->profile || strcmp(p->profile, base->id) != 0 || !conditions_meet(s->l, p, s->p))
			continue;
		*ret_known = conditions_cover(s->l, p, s->p);
		return p;
	}
	*ret_known = s->l->comparisons;
	return NULL;
}

/* What a base's rule denies is not lifted by a rule of what extends it. */
static bool is_denied_in_base(const struct subject *s)
{
	const struct planned_rule *found = NULL;
	struct profiles chain = {0};
	bool known = true;
	struct place p;

	if (!s->p->profile || denies(s->p) || profile_chain(s->l->m, s->p->profile, &chain, NULL) < 0)
		return false;
	for (size_t i = 1; i < chain.n && known && !found; i++)
		found = decides_in_base(s, chain.v[i], &known);
	profiles_done(&chain);
	if (!found || !known || !denies(found))
		return false;
	place_of(s, &p, NULL);
	place_tell(&p, s->l->d, DIAG_WARNING, "shadowed", "leave it out, or do not extend that profile",
		   "rule \"%s\" never decides: \"%s\" denies all that it matches, and who extends a profile lifts no denial",
		   s->p->rule->id, found->name);
	return true;
}

/* The policy of a rule; NULL: it is of a profile. */
static const struct decl *policy_of(const struct lint *l, const struct planned_rule *p)
{
	const struct decls *policies = &l->m->seen[DECL_POLICY];

	for (size_t i = 0; i < policies->n; i++) {
		const struct rules *rules = &policies->v[i]->policy.rules;

		if (rules->n && p->rule >= rules->v && p->rule < rules->v + rules->n)
			return policies->v[i];
	}
	return NULL;
}

static void find_conflict(const struct subject *s)
{
	struct place p;

	for (size_t i = 0; i < s->l->plan->rules_count && s->l->comparisons; i++) {
		const struct planned_rule *other = &s->l->plan->rules[i];
		const struct decl *policy = policy_of(s->l, other);

		if (!policy || policy == s->decl || other->overlay || s->p->overlay ||
		    policy->policy.priority != s->decl->policy.priority)
			continue;
		if (policy->candidate && i > s->order) /* told there */
			continue;
		s->l->comparisons--;
		if (has_effect_of(other, s->p) || !meets(s->l, other, s->p))
			continue;
		place_of(s, &p, NULL);
		place_tell(&p, s->l->d, DIAG_WARNING, "conflicting", "give one of the two policies a higher priority",
			   "rule \"%s\" (%s) and \"%s\" (%s) match the same operations, and only the names of their "
			   "policies say which comes first",
			   s->p->rule->id, effect_name(s->p), other->name, effect_name(other));
		return;
	}
}

/* Is the effect what the level asks for anyway? */
static bool is_default(const struct rule *r, enum cvf_risk risk, bool asks, time_t now)
{
	bool placed = r->path.n || r->address.n, held = risk >= CVF_R2 || asks;

	switch (r->effect) {
	case EFFECT_APPROVE:
		return held && !r->timeout_s && !r->approvers.n && r->quorum <= 1;
	case EFFECT_DENY:
		return !held && risk == CVF_R1 && r->in_scope == TRI_NO;
	case EFFECT_ALLOW:
		if (risk == CVF_R3)
			return true;
		if (held)
			return !r->has_grant || r->grant_expires <= now;
		return risk == CVF_R0 || !placed;
	case EFFECT_NONE:
		break;
	}
	return false;
}

static bool changes_nothing(const struct subject *s)
{
	const struct lint *l = s->l;

	for (uint32_t c = 0; c < l->plan->capabilities_count; c++)
		if (reach(l, s->p, c) && !is_default(s->p->rule, l->plan->capabilities[c]->risk,
						     l->plan->capabilities[c]->requires_approval, l->now))
			return false;
	return !s->p->unknown && (!reach(l, s->p, NOBODY) || is_default(s->p->rule, CVF_R2, true, l->now));
}

/* A rule with the effect of the default may still keep a later one from deciding. */
static void find_default(const struct subject *s)
{
	struct place p;

	if (!changes_nothing(s))
		return;
	for (size_t i = s->order + 1; i < s->l->plan->rules_count && s->l->comparisons; i++) {
		s->l->comparisons--;
		if (meets(s->l, &s->l->plan->rules[i], s->p))
			return;
	}
	place_of(s, &p, NULL);
	place_tell(&p, s->l->d, DIAG_WARNING, "falls-to-default",
		   s->p->rule->effect == EFFECT_ALLOW
			   ? "an ALLOW on HIGH needs a \"standing_grant\"; CRITICAL is always asked"
			   : "leave it out",
		   "rule \"%s\" changes nothing: all that it matches comes to the same without it", s->p->rule->id);
}

static void find_expired(const struct subject *s)
{
	struct place p;

	if (!s->p->rule->has_grant || s->p->rule->grant_expires > s->l->now)
		return;
	place_begin(&p, s->decl);
	place_key(&p, "rules");
	place_element(&p, s->at);
	place_key(&p, "standing_grant");
	place_key(&p, "expires");
	place_tell(&p, s->l->d, DIAG_WARNING, "expired", "renew it or leave the rule out",
		   "the standing grant of rule \"%s\" has run out: it asks for an approval again", s->p->rule->id);
}

static void find_wide(const struct subject *s)
{
	const struct rule *r = s->p->rule;
	bool named = false;
	struct place p;

	if (r->effect != EFFECT_ALLOW || s->p->unknown)
		return;
	for (size_t i = 0; s->p->capabilities && i < s->l->plan->capabilities_count; i++)
		named = named || !s->p->capabilities[i];
	place_of(s, &p, NULL);
	if (r->has_grant && !named && !r->path.n && !r->address.n)
		place_tell(&p, s->l->d, DIAG_WARNING, "too-wide", "name capabilities, paths or addresses",
			   "the standing grant of rule \"%s\" covers every capability", r->id);
	else if (r->path.n && !named && is_everything(&r->path))
		place_tell(&p, s->l->d, DIAG_WARNING, "too-wide", "name capabilities, or narrower paths",
			   "rule \"%s\" allows every capability on every path", r->id);
	else if (r->address.n && !named && is_every_address(&r->address))
		place_tell(&p, s->l->d, DIAG_WARNING, "too-wide", "name capabilities, or narrower addresses",
			   "rule \"%s\" allows every capability with every address", r->id);
}

static void find_unknown(const struct subject *s)
{
	struct place p;
	size_t at;

	if (!s->p->unknown)
		return;
	place_of(s, &p, "capability");
	if (rule_unknown(s->l->m, s->p->rule, &at))
		place_element(&p, at);
	place_tell(&p, s->l->d, DIAG_ERROR, "unregistered",
		   "until it is registered, the rule denies; see: cvfctl capability list",
		   "rule \"%s\" names a capability that nobody registered: \"%s\"", s->p->rule->id, s->p->unknown);
}

static void lint_rule(const struct subject *s)
{
	find_unknown(s);
	find_expired(s);
	find_wide(s);
	if (is_unreachable(s) || is_shadowed(s) || is_denied_in_base(s))
		return;
	if (s->decl->kind == DECL_POLICY)
		find_conflict(s);
	if (!s->p->rule->has_grant || s->p->rule->grant_expires > s->l->now)
		find_default(s);
}

void lint_rules(struct lint *l, const struct decl *decl, const struct rules *rules)
{
	for (size_t i = 0; i < l->plan->rules_count; i++) {
		const struct planned_rule *p = &l->plan->rules[i];
		struct subject s = {l, decl, p, 0, i};

		if (!rules->n || p->rule < rules->v || p->rule >= rules->v + rules->n)
			continue;
		s.at = (size_t)(p->rule - rules->v);
		lint_rule(&s);
	}
}
