// SPDX-License-Identifier: Apache-2.0
/*
 * decide.c - self-guard, capability, grant, rules, risk: in this order, and nothing else decides
 */
#include "policy/decide.h"

#include "policy/parse.h"
#include "policy/trace.h"

static const uint8_t op_types[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = TYPE_##type,
#include "cvf/ops.def"
#undef OP
};

/* The capability that covers the operation, and what follows from it alone. */
struct subject {
	uint32_t capability;
	enum cvf_risk risk;
	enum op_type type;
	bool requires_approval, granted, retired, in_scope, keeps;
	uint32_t timeout_s;
};

static bool is_guarded(const struct question *q, const struct guard **ret_guard)
{
	if (op_domain(q->op) != CVF_DOMAIN_FILE)
		return false;
	for (size_t i = 0; i < q->plan->guards_count; i++) {
		const struct guard *g = &q->plan->guards[i];

		if (g->ops & OP_BIT(q->op) && fact(q->facts, g->pattern)) {
			*ret_guard = g;
			return true;
		}
	}
	return false;
}

static struct outcome guarded(const struct question *q, const struct guard *g)
{
	trace_step(q, "self-guard", GUARD_NAME, true,
		   g->allow ? "agents may connect here" : "it belongs to the enforcement");
	return (struct outcome){
		.action = g->allow ? CVF_VERDICT_ALLOW : CVF_VERDICT_DENY,
		.reason = g->allow ? CVF_REASON_LOW_RISK : CVF_REASON_SELF_GUARD,
		.risk = g->allow ? CVF_R0 : CVF_R3,
		.capability = CAPABILITY_GUARD,
	};
}

static bool covers(const struct question *q, const struct offer *o)
{
	return fact(q->facts, o->pattern) && !fact(q->facts, o->except);
}

/* The next place worth looking at: with a trace every one, since it tells of those that do not match too. */
static size_t next_place(const struct question *q, const struct finder *f, size_t from, size_t count)
{
	if (q->trace)
		return from < count ? from : SIZE_MAX;
	return finder_next(f, q->facts, plan_patterns(q->plan, op_domain(q->op)), from);
}

/* Offers are best first: the first granted one of the highest risk, else the first of that risk. */
static const struct offer *choose(const struct question *q)
{
	const struct offers *offers = &q->agent->offers[q->op];
	const struct offer *best = NULL;

	for (size_t i = next_place(q, &offers->finder, 0, offers->n); i != SIZE_MAX;
	     i = next_place(q, &offers->finder, i + 1, offers->n)) {
		const struct offer *o = &offers->v[i];
		const struct capability *c = q->plan->capabilities[o->capability];

		if (best && c->risk != q->plan->capabilities[best->capability]->risk && !q->trace)
			break;
		if (!covers(q, o)) {
			if (fact(q->facts, o->pattern))
				trace_step(q, "capability", c->id, false,
					   "it covers this, but for an exception of its own");
			continue;
		}
		trace_step(q, "capability", c->id, true, risk_name(c->risk));
		if (best &&
		    (c->risk != q->plan->capabilities[best->capability]->risk || q->agent->granted[best->capability]))
			continue;
		if (!best || q->agent->granted[o->capability])
			best = o;
	}
	return best;
}

static bool object_in_scope(const struct question *q)
{
	switch (op_domain(q->op)) {
	case CVF_DOMAIN_FILE:
		return fact(q->facts, q->agent->scope_file);
	case CVF_DOMAIN_NET:
		return fact(q->facts, q->agent->scope_net);
	default:
		return true;
	}
}

static struct subject find_subject(const struct question *q)
{
	const struct offer *o = choose(q);
	struct subject s = {
		.capability = CAPABILITY_UNREGISTERED,
		.risk = CVF_R2,
		.type = (enum op_type)op_types[q->op],
		.granted = true,
		.in_scope = object_in_scope(q),
		.timeout_s = CVF_HOLD_TIMEOUT_S,
	};
	const struct capability *c;

	if (!o)
		return s;
	c = q->plan->capabilities[o->capability];
	s.capability = o->capability;
	s.risk = c->risk;
	s.type = c->type;
	s.requires_approval = c->requires_approval;
	s.granted = q->agent->granted[o->capability];
	s.retired = c->state == STATE_RETIRED;
	s.timeout_s = (uint32_t)c->timeout_s;
	s.keeps = capability_keeps(c);
	return s;
}

static struct outcome outcome_of(const struct subject *s, enum cvf_verdict action, enum cvf_reason reason)
{
	struct outcome o = {
		.action = action,
		.reason = reason,
		.risk = s->risk,
		.in_scope = s->in_scope,
		.capability = s->capability,
		.timeout_s = action == CVF_VERDICT_HOLD ? s->timeout_s : 0,
	};

	if (action == CVF_VERDICT_ALLOW && (s->risk > CVF_R0 || reason == CVF_REASON_STANDING_GRANT))
		o.flags = CVF_CELL_RECORD;
	if (action == CVF_VERDICT_HOLD && s->risk == CVF_R3)
		o.flags = CVF_CELL_NO_GRANT;
	return o;
}

/* ---- rules ---- */

/* Decides from some point on only: until then it is one of question.counting. */
static bool rule_waits(const struct rule *r)
{
	return r->rate.within_s || r->session_age_s;
}

static bool names_capability(const struct question *q, const struct planned_rule *r, const struct subject *s)
{
	if (s->capability == CAPABILITY_UNREGISTERED)
		return r->unregistered & OP_BIT(q->op);
	return !r->capabilities || r->capabilities[s->capability];
}

/* A rule that tightens also catches what the operation is, not only what the capability says it is. */
static bool names_type(const struct question *q, const struct planned_rule *p, const struct subject *s)
{
	const struct rule *r = p->rule;

	if (!r->types || r->types >> s->type & 1)
		return true;
	return (p->unknown || r->effect != EFFECT_ALLOW) && r->types >> op_types[q->op] & 1;
}

static bool names_path(const struct question *q, const struct bound_rule *b)
{
	enum cvf_domain domain = op_domain(q->op);

	return (domain == CVF_DOMAIN_FILE && !b->planned->rule->argv.n && fact(q->facts, b->file)) ||
	       (domain == CVF_DOMAIN_EXEC && fact(q->facts, b->exec));
}

/* What nobody registered is new each time. */
static bool is_used(const struct question *q, const struct subject *s)
{
	return s->capability != CAPABILITY_UNREGISTERED && q->agent->used[s->capability];
}

/* The first condition that does not hold; those on the hour and on how often are looked at later. */
static enum condition why_not(const struct question *q, const struct bound_rule *b, const struct subject *s)
{
	const struct rule *r = b->planned->rule;

	if (!(r->ops & OP_BIT(q->op)))
		return CONDITION_OP;
	if (r->risks && !(r->risks >> s->risk & 1))
		return CONDITION_RISK;
	if (!names_capability(q, b->planned, s))
		return CONDITION_CAPABILITY;
	if (!names_type(q, b->planned, s))
		return CONDITION_TYPE;
	if (r->in_scope != TRI_ANY && (r->in_scope == TRI_YES) != s->in_scope)
		return CONDITION_SCOPE;
	if (r->first_use && is_used(q, s))
		return CONDITION_FIRST_USE;
	if ((r->path.n || r->argv.n) && !names_path(q, b))
		return r->argv.n ? CONDITION_ARGV : CONDITION_PATH;
	if (r->address.n && !(op_domain(q->op) == CVF_DOMAIN_NET && fact(q->facts, b->net)))
		return CONDITION_ADDRESS;
	return CONDITION_NONE;
}

static struct outcome allow_by_rule(const struct question *q, const struct rule *r, const struct subject *s)
{
	if (s->risk == CVF_R3)
		return outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_HUMAN);
	if (s->risk == CVF_R2 || s->requires_approval) {
		if (r->has_grant && q->now < r->grant_expires)
			return outcome_of(s, CVF_VERDICT_ALLOW, CVF_REASON_STANDING_GRANT);
		return outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_POLICY_APPROVAL);
	}
	/* An allowance that names no place of its own does not widen the agent's scope. */
	if (s->risk == CVF_R1 && !r->path.n && !r->address.n && !s->in_scope)
		return outcome_of(s, CVF_VERDICT_DENY, CVF_REASON_OUT_OF_SCOPE);
	return outcome_of(s, CVF_VERDICT_ALLOW, CVF_REASON_POLICY_ALLOW);
}

static struct outcome apply(const struct question *q, const struct bound_rule *b, const struct subject *s)
{
	const struct rule *r = b->planned->rule;
	struct outcome o;

	if (r->effect == EFFECT_DENY || b->planned->unknown)
		o = outcome_of(s, CVF_VERDICT_DENY, CVF_REASON_POLICY_DENY);
	else if (r->effect == EFFECT_APPROVE)
		o = outcome_of(s, CVF_VERDICT_HOLD, s->risk == CVF_R3 ? CVF_REASON_HUMAN : CVF_REASON_POLICY_APPROVAL);
	else
		o = allow_by_rule(q, r, s);
	/* What one person granted must not answer what named or several people decide. */
	if (o.action == CVF_VERDICT_HOLD && (r->approvers.n || r->quorum > 1))
		o.flags |= CVF_CELL_ASK | CVF_CELL_NO_GRANT;
	if (o.action == CVF_VERDICT_HOLD && r->timeout_s)
		o.timeout_s = (uint32_t)r->timeout_s;
	if (rule_waits(r)) {
		o.flags |= CVF_CELL_OVER;
		if (o.reason != CVF_REASON_HUMAN)
			o.reason = r->session_age_s ? CVF_REASON_SESSION_AGE : CVF_REASON_RATE;
	}
	o.rule = b;
	return o;
}

/* What the risk level asks for when no rule speaks. */
static struct outcome by_risk(const struct question *q, const struct subject *s)
{
	trace_step(q, "risk", risk_name(s->risk), true, risk_class(s->risk));
	if (s->risk == CVF_R3)
		return outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_HUMAN);
	if (s->capability == CAPABILITY_UNREGISTERED)
		return outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_UNREGISTERED);
	if (s->risk == CVF_R2 || s->requires_approval)
		return outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_APPROVAL);
	if (s->risk == CVF_R0)
		return outcome_of(s, CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	if (!s->in_scope)
		return outcome_of(s, CVF_VERDICT_DENY, CVF_REASON_OUT_OF_SCOPE);
	return outcome_of(s, CVF_VERDICT_ALLOW, CVF_REASON_IN_SCOPE);
}

/* A list of rules, what comes where none of them speaks, and what those of bases came to, which are asked once. */
struct list {
	const struct bound_rules *rules;
	const struct outcome *usual; /* an overlay's, which makes it stricter or leaves it; NULL: the risk's */
	uint32_t asked[PROFILES_CHAIN];
	struct outcome said[PROFILES_CHAIN];
	size_t bases_count;
	bool in_bases; /* what rules say is wanted, since what the risk asks for can be lifted */
};

static struct outcome by_rules(const struct question *q, const struct subject *s, struct list *l, size_t from);

static const struct outcome *by_bases(const struct question *q, const struct subject *s, struct list *l, uint32_t from)
{
	struct outcome said;
	bool was = l->in_bases;

	for (size_t i = 0; i < l->bases_count; i++)
		if (l->asked[i] == from)
			return &l->said[i];
	l->in_bases = true;
	said = by_rules(q, s, l, from);
	l->in_bases = was;
	l->asked[l->bases_count] = from;
	l->said[l->bases_count] = said;
	return &l->said[l->bases_count++];
}

/* Both are questions that the kernel can tell from one another, and the first needs more people, or certain ones. */
static bool needs_more_people(const struct outcome *a, const struct outcome *b)
{
	struct quorum one, other;

	if (a->action != CVF_VERDICT_HOLD || b->action != CVF_VERDICT_HOLD || a->reason == CVF_REASON_ASK_GOVERNOR ||
	    b->reason == CVF_REASON_ASK_GOVERNOR)
		return false;
	one = rule_quorum(a->rule ? a->rule->planned->rule : NULL);
	other = rule_quorum(b->rule ? b->rule->planned->rule : NULL);
	return quorum_is_stricter(&one, &other);
}

/*
 * What a profile lets through or asks about, and one that it extends denies, is denied, and limits of how often stay:
 * extending lifts nothing.
 */
static struct outcome apply_over_bases(const struct question *q, const struct subject *s, struct list *l,
				       const struct bound_rule *b)
{
	struct outcome now = apply(q, b, s);
	const struct outcome *base;

	if (b->bases >= l->rules->n || now.action == CVF_VERDICT_DENY)
		return now;
	base = by_bases(q, s, l, b->bases);
	if (needs_more_people(&now, base))
		return now;
	if (!(base->flags & CVF_CELL_ASK) && !(base->rule && base->reason == CVF_REASON_POLICY_DENY) &&
	    !(base->flags & CVF_CELL_OVER && is_more_severe(base->action, base->risk, now.action, now.risk)))
		return now;
	trace_step(q, "extends", base->rule->planned->name, true, "a profile does not lift it from one that it extends");
	return *base;
}

/* Whether it holds now nobody can say yet. */
static bool is_hour_open(const struct question *q, const struct bound_rule *b)
{
	return b->planned->rule->windows.n && !q->hours_known;
}

static struct outcome apply_in(const struct question *q, const struct subject *s, struct list *l,
			       const struct bound_rule *b)
{
	struct outcome now = apply_over_bases(q, s, l, b);
	const struct outcome *usual = l->usual;

	if (!usual || is_more_severe(now.action, now.risk, usual->action, usual->risk) || needs_more_people(&now, usual))
		return now;
	/* Of equals what does not count: it holds up to the limit, too. */
	if (usual->flags & ~now.flags & CVF_CELL_OVER && !is_hour_open(q, b) &&
	    !is_more_severe(usual->action, usual->risk, now.action, now.risk))
		return now;
	trace_step(q, "overlay", b->planned->name, false, "it is no stricter than what has been decided without it");
	return *usual;
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->action == b->action && a->reason == b->reason && a->flags == b->flags && a->rule == b->rule;
}

static bool is_over(const struct question *q, const struct bound_rule *b)
{
	const struct rule *r = b->planned->rule;

	if (r->session_age_s)
		return q->over == b || q->session_age_s > (uint64_t)r->session_age_s;
	return q->over == b || q->recent > (uint64_t)r->rate.more_than;
}

/* Once, however often the rules of a base are looked at. */
static void count_by(struct counting *c, const struct bound_rule *b)
{
	for (size_t i = 0; i < c->n && i < CVF_RATES_CHAIN; i++)
		if (c->v[i] == b)
			return;
	if (c->n++ < CVF_RATES_CHAIN)
		c->v[c->n - 1] = b;
}

/* When and how often it is done. */
static enum condition why_not_now(const struct question *q, const struct bound_rule *b)
{
	const struct rule *r = b->planned->rule;

	if (r->windows.n && q->hours_known && !windows_hold(&r->windows, q->now))
		return CONDITION_TIME;
	if (!rule_waits(r) || is_over(q, b))
		return CONDITION_NONE;
	if (q->counting)
		count_by(q->counting, b);
	return r->session_age_s ? CONDITION_AGE : CONDITION_RATE;
}

/* A rule that counts takes the place of what would come otherwise only if it is stricter; of two the earlier one. */
static struct outcome stricter(const struct outcome *counting, const struct outcome *otherwise)
{
	if (is_more_severe(counting->action, counting->risk, otherwise->action, otherwise->risk))
		return *counting;
	if (otherwise->flags & CVF_CELL_OVER &&
	    !is_more_severe(otherwise->action, otherwise->risk, counting->action, counting->risk))
		return *counting;
	return *otherwise;
}

/* What the rule's conditions are compared with, for the trace alone. */
static void tell_rule(const struct question *q, const struct planned_rule *p, enum condition failed,
		      const struct subject *s)
{
	const struct compared with = {
		.capability = s->capability == CAPABILITY_UNREGISTERED ? "unregistered"
								       : q->plan->capabilities[s->capability]->id,
		.risk = s->risk,
		.type = s->type,
		.in_scope = s->in_scope,
		.is_used = is_used(q, s),
	};

	trace_rule(q, p, failed, &with);
}

static struct outcome by_rules(const struct question *q, const struct subject *s, struct list *l, size_t from)
{
	const struct planned_rule *next = from ? l->rules->v[from - 1].planned + 1 : q->plan->rules;
	const struct finder *f = &l->rules->finder[op_domain(q->op)];
	size_t n = l->rules->n;

	for (size_t i = next_place(q, f, from, n); i != SIZE_MAX; i = next_place(q, f, i + 1, n)) {
		const struct bound_rule *b = &l->rules->v[i];
		enum condition failed = why_not(q, b, s);
		struct outcome now, otherwise;

		if (failed == CONDITION_NONE)
			failed = why_not_now(q, b);
		if (q->trace) {
			trace_others(q, l->rules->overlay, &next, b->planned);
			tell_rule(q, b->planned, failed, s);
		}
		if (failed != CONDITION_NONE)
			continue;
		now = apply_in(q, s, l, b);
		if (!rule_waits(b->planned->rule) && !is_hour_open(q, b))
			return now;
		otherwise = by_rules(q, s, l, i + 1);
		if (rule_waits(b->planned->rule))
			return l->in_bases && !otherwise.rule ? now : stricter(&now, &otherwise);
		if (is_same(&now, &otherwise))
			return otherwise;
		/* An overlay must not turn a denial into a question. */
		if (l->usual && now.action == CVF_VERDICT_DENY && otherwise.action == CVF_VERDICT_DENY)
			return otherwise;
		/* No grant may answer it: the hour must be looked at each time. */
		otherwise = outcome_of(s, CVF_VERDICT_HOLD, CVF_REASON_ASK_GOVERNOR);
		otherwise.flags = CVF_CELL_ASK | CVF_CELL_NO_GRANT;
		otherwise.rule = b;
		return otherwise;
	}
	trace_others(q, l->rules->overlay, &next, NULL);
	return l->usual ? *l->usual : by_risk(q, s);
}

/* Policies and profiles, then each overlay on top of what came so far. */
static struct outcome by_all_rules(const struct question *q, const struct subject *s)
{
	struct list l;
	struct outcome usual, tightened;

	l.rules = &q->agent->rules;
	l.usual = NULL;
	l.bases_count = 0;
	l.in_bases = false;
	usual = by_rules(q, s, &l, 0);
	for (size_t i = 0; i < q->agent->overlays_count; i++) {
		l.rules = &q->agent->overlays[i];
		l.usual = &usual;
		tightened = by_rules(q, s, &l, 0);
		usual = tightened;
	}
	return usual;
}

/* What they take away can be kept first. */
#define TAKES_AWAY (OP_BIT(CVF_OP_DELETE) | OP_BIT(CVF_OP_RENAME))

struct outcome decide(const struct question *q)
{
	const struct guard *guard;
	struct outcome o;
	struct subject s;

	if (is_guarded(q, &guard))
		return guarded(q, guard);
	s = find_subject(q);
	if (s.capability == CAPABILITY_UNREGISTERED)
		trace_step(q, "capability", "unregistered", true,
			   "no registered capability covers it: it counts as HIGH");
	if (s.retired) {
		trace_step(q, "state", q->plan->capabilities[s.capability]->id, true, "the capability is retired");
		return outcome_of(&s, CVF_VERDICT_DENY, CVF_REASON_RETIRED);
	}
	if (!s.granted) {
		trace_step(q, "grant", q->who->id, false, "the capability is not among the agent's grants");
		return outcome_of(&s, CVF_VERDICT_DENY, CVF_REASON_NOT_GRANTED);
	}
	if (s.capability != CAPABILITY_UNREGISTERED)
		trace_step(q, "grant", q->who->id, true, "the agent or its profile grants the capability");
	if (op_domain(q->op) != CVF_DOMAIN_SYS && op_domain(q->op) != CVF_DOMAIN_EXEC)
		trace_step(q, "scope", q->who->id, s.in_scope,
			   s.in_scope ? "the object is in the agent's scope"
				      : "the object is outside of the agent's scope");
	o = by_all_rules(q, &s);
	if (s.keeps && o.action != CVF_VERDICT_DENY && TAKES_AWAY & OP_BIT(q->op)) {
		trace_step(q, "quarantine", q->plan->capabilities[s.capability]->id, true, "what it takes away is kept first");
		o.flags |= CVF_CELL_KEEP;
	}
	return o;
}

unsigned int severity(enum cvf_verdict action, enum cvf_risk risk, uint8_t flags)
{
	static const uint8_t of_action[] = {
		[CVF_VERDICT_NONE] = 24,
		[CVF_VERDICT_ALLOW] = 0,
		[CVF_VERDICT_HOLD] = 8,
		[CVF_VERDICT_DENY] = 16,
	};

	return of_action[action] + risk * 2u + !!(flags & CVF_CELL_ASK);
}

bool is_more_severe(enum cvf_verdict action, enum cvf_risk risk, enum cvf_verdict than_action, enum cvf_risk than_risk)
{
	return severity(action, risk, 0) > severity(than_action, than_risk, 0);
}
