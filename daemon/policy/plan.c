// SPDX-License-Identifier: Apache-2.0
/*
 * plan.c - resolves a model: rules in the order in which they are tried, agents one by one
 */
#include "policy/plan.h"

#include <string.h>

#include "policy/glob.h"
#include "policy/parse.h"

enum cvf_domain op_domain(enum cvf_op op)
{
	static const uint8_t domains[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = CVF_DOMAIN_##domain,
#include "cvf/ops.def"
#undef OP
	};

	return (enum cvf_domain)domains[op];
}

size_t plan_patterns(const struct plan *p, enum cvf_domain domain)
{
	return domain == CVF_DOMAIN_NET	  ? p->net_count
	       : domain == CVF_DOMAIN_SYS ? PATTERNS_FIXED
					  : p->nfa[domain].patterns;
}

bool net_pattern_matches(const struct net_pattern *p, const uint8_t address[16], uint16_t port, enum cvf_proto protocol)
{
	bool found = !p->address.n;

	if (!(p->protocols >> protocol & 1))
		return false;
	for (size_t i = 0; !found && i < p->address.n; i++)
		found = cidr_has(&p->address.v[i], address);
	for (size_t i = 0; found && i < p->except.n; i++)
		found = !cidr_has(&p->except.v[i], address);
	if (!found || !p->ports.n)
		return found;
	for (size_t i = 0; i < p->ports.n; i++)
		if (port >= p->ports.v[i].first && port <= p->ports.v[i].last)
			return true;
	return false;
}

static int plan_capabilities(struct plan *p, const struct model *m)
{
	const struct decls *seen = &m->seen[DECL_CAPABILITY];

	p->capabilities = pool_alloc(p->pool, seen->n, sizeof(*p->capabilities));
	if (!p->capabilities)
		return -ENOMEM;
	for (size_t i = 0; i < seen->n; i++)
		if (seen->v[i]->capability.state != STATE_PROPOSED)
			p->capabilities[p->capabilities_count++] = &seen->v[i]->capability;
	return 0;
}

static int resolve_capabilities(struct plan *p, const struct model *m, struct planned_rule *r)
{
	struct nfa names;
	int result;

	if (!r->rule->capability.n) {
		r->unregistered = OPS_ALL;
		return 0;
	}
	r->capabilities = pool_alloc(p->pool, p->capabilities_count, sizeof(*r->capabilities));
	result = glob_names(&r->rule->capability, &names);
	if (result == 0 && !r->capabilities)
		result = -ENOMEM;
	for (size_t i = 0; result == 0 && i < p->capabilities_count; i++)
		r->capabilities[i] = glob_matches(&names, p->capabilities[i]->id);
	for (unsigned int op = 1; result == 0 && op < CVF_OP_MAX; op++) {
		char name[64];

		snprintf(name, sizeof(name), "unregistered.%s", op_name((enum cvf_op)op));
		if (glob_matches(&names, name))
			r->unregistered |= OP_BIT(op);
	}
	nfa_done(&names);
	/* What no capability covers may be what is meant. */
	r->unknown = rule_unknown(m, r->rule, NULL);
	if (r->unknown)
		r->unregistered = OPS_ALL;
	return result;
}

/* Each is looked at once for every agent. */
static int plan_names(struct planned_rule *r)
{
	const struct texts *globs[NAMED_MAX] = {&r->rule->agent, &r->rule->owner, &r->rule->profile};

	for (int by = 0; by < NAMED_MAX; by++) {
		int result = globs[by]->n ? glob_names(globs[by], &r->names[by]) : 0;

		if (result < 0)
			return result;
	}
	return 0;
}

static int add_rules(struct plan *p, const struct model *m, const struct rules *rules, const char *owner,
		     const char *profile)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct planned_rule *r = &p->rules[p->rules_count];
		int result;

		r->rule = &rules->v[i];
		r->profile = profile;
		result = plan_names(r);
		if (result < 0)
			return result;
		p->rules_count++;
		r->name = pool_printf(p->pool, "%s%s/%s", profile ? "profile:" : "", owner, rules->v[i].id);
		if (!r->name)
			return -ENOMEM;
		result = resolve_capabilities(p, m, r);
		if (result < 0)
			return result;
	}
	return 0;
}

static int by_priority(const void *a, const void *b)
{
	const struct decl *x = *(struct decl *const *)a, *y = *(struct decl *const *)b;

	if (x->policy.priority != y->policy.priority)
		return x->policy.priority < y->policy.priority ? 1 : -1;
	return strcmp(x->id, y->id);
}

/* Policies by priority, then id; behind them the profiles, of which an agent sees one. */
static int plan_rules(struct plan *p, const struct model *m)
{
	const struct decls *policies = &m->seen[DECL_POLICY], *profiles = &m->seen[DECL_PROFILE];
	struct decl **sorted = pool_alloc(p->pool, policies->n, sizeof(*sorted));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < policies->n; i++)
		n += policies->v[i]->policy.rules.n;
	for (size_t i = 0; i < profiles->n; i++)
		n += profiles->v[i]->profile.rules.n;
	p->rules = pool_alloc(p->pool, n, sizeof(*p->rules));
	if (!sorted || !p->rules)
		return -ENOMEM;
	if (policies->n) {
		memcpy(sorted, policies->v, policies->n * sizeof(*sorted));
		qsort(sorted, policies->n, sizeof(*sorted), by_priority);
	}
	for (size_t i = 0; r == 0 && i < policies->n; i++) {
		size_t from = p->rules_count;

		r = add_rules(p, m, &sorted[i]->policy.rules, sorted[i]->id, NULL);
		for (size_t k = from; sorted[i]->policy.overlay && k < p->rules_count; k++)
			p->rules[k].overlay = &sorted[i]->policy;
	}
	for (size_t i = 0; r == 0 && i < profiles->n; i++)
		r = add_rules(p, m, &profiles->v[i]->profile.rules, profiles->v[i]->id, profiles->v[i]->id);
	return r;
}

static int plan_guards(struct plan *p)
{
	p->guards = pool_alloc(p->pool, guard_specs_count, sizeof(*p->guards));
	if (!p->guards)
		return -ENOMEM;
	for (size_t i = 0; i < guard_specs_count; i++) {
		const struct texts paths = {guard_specs[i].paths, guard_specs[i].count};
		int r = plan_pattern(p, CVF_DOMAIN_FILE, &paths, NULL, &p->guards[i].pattern);

		if (r < 0)
			return r;
		p->guards[i].ops = guard_specs[i].ops;
		p->guards[i].allow = guard_specs[i].allow;
	}
	p->guards_count = guard_specs_count;
	return 0;
}

static int plan_agents(struct plan *p, const struct model *m)
{
	const struct decls *seen = &m->seen[DECL_AGENT];
	size_t enrolments = 0;
	int r = 0;

	for (size_t i = 0; i < seen->n; i++)
		enrolments += seen->v[i]->agent.exe.n + seen->v[i]->agent.cgroup.n;
	p->agents = pool_alloc(p->pool, seen->n, sizeof(*p->agents));
	p->bounds = pool_alloc(p->pool, seen->n, sizeof(*p->bounds));
	p->owns = pool_alloc(p->pool, seen->n, sizeof(*p->owns));
	p->granted = pool_alloc(p->pool, seen->n * (PROFILES_CHAIN + 1), sizeof(*p->granted));
	p->enrolments = pool_alloc(p->pool, enrolments, sizeof(*p->enrolments));
	if (!p->agents || !p->bounds || !p->owns || !p->granted || !p->enrolments)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < seen->n; i++) {
		p->agents[i].agent = &seen->v[i]->agent;
		p->agents_count = i + 1;
		r = plan_bind_agent(p, m, &p->agents[i]);
		if (r == 0)
			r = bind_enrolments(p, (uint32_t)i);
	}
	return r;
}

static int plan_begin(struct plan *p)
{
	p->pool = pool_new();
	p->roots = json_object();
	p->alike = json_object();
	p->same_owns = json_object();
	p->grants = json_object();
	if (!p->pool || !p->roots || !p->alike || !p->same_owns || !p->grants)
		return -ENOMEM;
	for (int domain = 0; domain < 2; domain++) {
		p->known[domain] = json_object();
		if (!p->known[domain] || nfa_init(&p->nfa[domain]) < 0)
			return -ENOMEM;
		p->nfa[domain].patterns = PATTERNS_FIXED;
	}
	p->net = calloc(PATTERNS_FIXED, sizeof(*p->net));
	if (!p->net)
		return -ENOMEM;
	/* No list of any: matches always. No protocol: never. */
	p->net[PATTERN_ALWAYS].protocols = 0xff;
	p->net_count = PATTERNS_FIXED;
	return 0;
}

int plan_make(const struct model *m, struct plan **ret_plan)
{
	struct plan *p = calloc(1, sizeof(*p));
	int r = p ? plan_begin(p) : -ENOMEM;

	if (r == 0)
		r = plan_capabilities(p, m);
	if (r == 0)
		r = plan_rules(p, m);
	if (r == 0)
		r = plan_guards(p);
	if (r == 0)
		r = plan_agents(p, m);
	if (r < 0)
		plan_free(p);
	else
		*ret_plan = p;
	return r;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (int domain = 0; domain < 2; domain++) {
		nfa_done(&p->nfa[domain]);
		json_decref(p->known[domain]);
	}
	for (size_t i = 0; i < p->rules_count; i++)
		for (int by = 0; by < NAMED_MAX; by++)
			nfa_done(&p->rules[i].names[by]);
	json_decref(p->roots);
	json_decref(p->alike);
	json_decref(p->same_owns);
	json_decref(p->grants);
	free(p->net);
	pool_free(p->pool);
	free(p);
}

int plan_get(const struct model *m, const struct plan **ret_plan)
{
	if (!*m->plan) {
		int r = plan_make(m, m->plan);

		if (r < 0)
			return r;
	}
	*ret_plan = *m->plan;
	return 0;
}

void plan_own_facts(const struct plan *p, const struct planned_agent *a, enum cvf_domain domain, const uint64_t *facts,
		    uint64_t *ret_facts)
{
	const struct own_patterns *own = &p->owns[a->own];

	memcpy(ret_facts, facts, (plan_patterns(p, domain) / 64 + 1) * sizeof(*facts));
	for (size_t i = 0; domain <= CVF_DOMAIN_EXEC && i < own->n[domain]; i++) {
		const struct own_pattern *o = &own->v[domain][i];
		uint64_t bit = 1ull << o->of % 64, *word = &ret_facts[o->of / 64];

		*word = fact(facts, o->is) ? *word | bit : *word & ~bit;
	}
}

const struct planned_agent *plan_agent(const struct plan *p, const char *id)
{
	size_t low = 0, high = p->agents_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, p->agents[middle].agent->id);

		if (!order)
			return &p->agents[middle];
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
