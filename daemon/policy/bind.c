// SPDX-License-Identifier: Apache-2.0
/*
 * bind.c - the view of agents that are bound alike: which capabilities cover what, their scope and rules, with the variables
 * of one of them filled in
 */
#include <string.h>

#include "policy/glob.h"
#include "policy/parse.h"
#include "policy/plan.h"
#include "policy/variables.h"

/* ---- patterns get numbers ---- */

static void print_texts(FILE *f, const struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		fprintf(f, "%zu:%s", strlen(texts->v[i]), texts->v[i]);
}

static char *pattern_key(const struct texts *paths, const struct texts *argv)
{
	char *key = NULL;
	size_t size;
	FILE *f = open_memstream(&key, &size);

	if (!f)
		return NULL;
	print_texts(f, paths);
	if (argv) {
		fputc(' ', f);
		print_texts(f, argv);
	}
	if (fclose(f)) {
		free(key);
		return NULL;
	}
	return key;
}

char *texts_key(const struct texts *texts)
{
	return pattern_key(texts, NULL);
}

/* Patterns of the same programs share the root of their arguments. */
static int programs_root(struct plan *p, const struct texts *paths, uint32_t *ret_root)
{
	own_free char *key = pattern_key(paths, NULL);
	json_t *root = key ? json_object_get(p->roots, key) : NULL;
	struct nfa *n = &p->nfa[CVF_DOMAIN_EXEC];
	int r = 0;

	*ret_root = root ? (uint32_t)json_integer_value(root) : key ? nfa_root(n) : NFA_NONE;
	if (root || *ret_root == NFA_NONE)
		return root ? 0 : -ENOMEM;
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = glob_add_program(n, paths->v[i], *ret_root);
	return r < 0 || json_object_set_new(p->roots, key, json_integer(*ret_root)) < 0 ? -ENOMEM : 0;
}

static int add_pattern(struct plan *p, enum cvf_domain domain, const struct texts *paths, const struct texts *argv,
		       uint32_t pattern)
{
	uint32_t root;
	int r = 0;

	if (domain == CVF_DOMAIN_EXEC) {
		r = programs_root(p, paths, &root);
		return r < 0 ? r : glob_add_arguments(&p->nfa[domain], root, argv, pattern);
	}
	for (size_t i = 0; r == 0 && i < paths->n; i++)
		r = glob_add(&p->nfa[domain], paths->v[i], GLOB_PATH, pattern);
	return r;
}

int plan_pattern(struct plan *p, enum cvf_domain domain, const struct texts *paths, const struct texts *argv,
		 uint32_t *ret_pattern)
{
	own_free char *key = pattern_key(paths, argv);
	json_t *number = key ? json_object_get(p->known[domain], key) : NULL;
	uint32_t *patterns = &p->nfa[domain].patterns;

	*ret_pattern = number ? (uint32_t)json_integer_value(number) : paths->n ? *patterns : PATTERN_NEVER;
	if (number || !paths->n)
		return 0;
	++*patterns;
	if (!key || json_object_set_new(p->known[domain], key, json_integer(*ret_pattern)) < 0)
		return -ENOMEM;
	return add_pattern(p, domain, paths, argv, *ret_pattern);
}

/* Lists belong to declarations: the same place is the same list, whichever agent asks. */
static bool same_net(const struct net_pattern *a, const struct net_pattern *b)
{
	return a->address.v == b->address.v && a->except.v == b->except.v && a->ports.v == b->ports.v &&
	       a->address.n == b->address.n && a->except.n == b->except.n && a->ports.n == b->ports.n &&
	       a->protocols == b->protocols;
}

int plan_net_pattern(struct plan *p, const struct net_pattern *one, uint32_t *ret_pattern)
{
	struct net_pattern *v;

	for (size_t i = 0; i < p->net_count; i++) {
		if (same_net(&p->net[i], one)) {
			*ret_pattern = (uint32_t)i;
			return 0;
		}
	}
	v = reallocarray(p->net, p->net_count + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	p->net = v;
	p->net[p->net_count] = *one;
	*ret_pattern = (uint32_t)p->net_count++;
	return 0;
}

/* ---- variables ---- */

struct binder {
	struct plan *p;
	struct bound_agent *b;	   /* whose tables are filled, or read */
	const struct agent *agent; /* whose variables they are */
	struct variable vars[VAR_MAX];
	bool recording; /* own lists and fixed patterns */
};

static int bind_list(struct binder *k, const struct texts *paths, struct texts *ret_meaning)
{
	return variables_fill(k->p->pool, k->vars, paths, ret_meaning);
}

static bool has_variable(const struct texts *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		if (strstr(paths->v[i], "${"))
			return true;
	return false;
}

/* Room for one more of a list of the pool. */
static int grow(struct pool *pool, void *list, size_t n, size_t *space, size_t size)
{
	size_t more = *space ? *space * 2 : 16;
	void **v = list, *larger;

	if (n < *space)
		return 0;
	larger = pool_alloc(pool, more, size);
	if (!larger)
		return -ENOMEM;
	if (n)
		memcpy(larger, *v, n * size);
	*v = larger;
	*space = more;
	return 0;
}

static int record_own(struct binder *k, const struct own_list *list)
{
	struct bound_agent *b = k->b;
	int r = grow(k->p->pool, &b->lists, b->lists_count, &b->lists_space, sizeof(*b->lists));

	if (r == 0)
		b->lists[b->lists_count++] = *list;
	return r;
}

static int record_fixed(struct binder *k, enum cvf_domain domain, uint32_t pattern)
{
	struct numbers_list *fixed = &k->b->fixed[domain];
	int r = grow(k->p->pool, &fixed->v, fixed->n, &fixed->space, sizeof(*fixed->v));

	if (r == 0)
		fixed->v[fixed->n++] = pattern;
	return r;
}

static int bind_paths(struct binder *k, enum cvf_domain domain, const struct texts *paths, const struct texts *argv,
		      uint32_t *ret_pattern)
{
	struct texts meaning = {0};
	int r = bind_list(k, paths, &meaning);

	if (r == 0)
		r = plan_pattern(k->p, domain, &meaning, argv, ret_pattern);
	if (r < 0 || !k->recording)
		return r;
	if (!has_variable(paths))
		return record_fixed(k, domain, *ret_pattern);
	return record_own(k, &(struct own_list){domain, paths, argv, *ret_pattern});
}

/* ---- capabilities ---- */

struct offering {
	struct binder *k;
	size_t space[CVF_OP_MAX];
};

static int offer_add(struct offering *o, unsigned int op, const struct offer *offer)
{
	struct offers *list = &o->k->b->offers[op];

	if (list->n == o->space[op]) {
		size_t space = list->n ? list->n * 2 : 32;
		struct offer *v = pool_alloc(o->k->p->pool, space, sizeof(*v));

		if (!v)
			return -ENOMEM;
		if (list->n)
			memcpy(v, list->v, list->n * sizeof(*v));
		list->v = v;
		o->space[op] = space;
	}
	list->v[list->n++] = *offer;
	return 0;
}

static int offer_ops(struct offering *o, uint64_t ops, const struct offer *offer)
{
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		int r = ops & OP_BIT(op) ? offer_add(o, op, offer) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int offer_paths(struct offering *o, const struct matcher *m, struct offer *offer)
{
	const struct texts *argv = m->argv.v ? &m->argv : NULL;
	int r = bind_paths(o->k, m->domain, &m->paths, argv, &offer->pattern);

	if (r == 0)
		r = bind_paths(o->k, m->domain, &m->except, NULL, &offer->except);
	return r < 0 ? r : offer_ops(o, m->ops, offer);
}

static int offer_matcher(struct offering *o, const struct matcher *m, struct offer *offer)
{
	const struct net_pattern net = {m->address, m->except_net, m->ports, m->protocols};
	int r = 0;

	if (m->domain == CVF_DOMAIN_FILE || m->domain == CVF_DOMAIN_EXEC)
		return offer_paths(o, m, offer);
	offer->pattern = PATTERN_ALWAYS;
	if (m->domain == CVF_DOMAIN_NET)
		r = plan_net_pattern(o->k->p, &net, &offer->pattern);
	return r < 0 ? r : offer_ops(o, m->ops, offer);
}

static int by_rank(const void *a, const void *b, void *ctx)
{
	const struct plan *p = ctx;
	const struct offer *x = a, *y = b;
	enum cvf_risk risk_x = p->capabilities[x->capability]->risk, risk_y = p->capabilities[y->capability]->risk;

	if (risk_x != risk_y)
		return risk_x < risk_y ? 1 : -1;
	if (x->literal != y->literal)
		return x->literal < y->literal ? 1 : -1;
	return (x->capability > y->capability) - (x->capability < y->capability);
}

static int rank_offers(struct binder *k, struct offers *list)
{
	int r = finder_begin(&list->finder, k->p->pool, list->n);

	if (r < 0)
		return r;
	if (list->n)
		qsort_r(list->v, list->n, sizeof(struct offer), by_rank, k->p);
	for (size_t i = 0; i < list->n; i++)
		finder_add(&list->finder, list->v[i].pattern, i);
	finder_end(&list->finder);
	return 0;
}

static int bind_offers(struct binder *k)
{
	struct offering o = {.k = k};

	for (uint32_t i = 0; i < k->p->capabilities_count; i++) {
		const struct matchers *match = &k->p->capabilities[i]->match;

		for (size_t m = 0; m < match->n; m++) {
			struct offer offer = {.capability = i, .except = PATTERN_NEVER, .literal = match->v[m].literal};
			int r = offer_matcher(&o, &match->v[m], &offer);

			if (r < 0)
				return r;
		}
	}
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		int r = rank_offers(k, &k->b->offers[op]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- scope and rules ---- */

static int bind_net(struct binder *k, const struct cidrs *cidrs, uint32_t *ret_pattern)
{
	const struct net_pattern one = {.address = *cidrs, .protocols = 0xff};

	*ret_pattern = PATTERN_NEVER;
	return cidrs->n ? plan_net_pattern(k->p, &one, ret_pattern) : 0;
}

/* The agent's and its profiles' as one list. */
static int bind_scope_net(struct binder *k)
{
	const struct cidrs *own = &k->agent->scope.net;
	struct cidrs all = {.n = own->n};

	for (size_t i = 0; i < k->b->profiles.n; i++)
		all.n += k->b->profiles.v[i]->scope.net.n;
	if (all.n == own->n)
		return bind_net(k, own, &k->b->scope_net);
	all.v = pool_alloc(k->p->pool, all.n, sizeof(*all.v));
	if (!all.v)
		return -ENOMEM;
	all.n = own->n;
	if (own->n)
		memcpy(all.v, own->v, own->n * sizeof(*all.v));
	for (size_t i = 0; i < k->b->profiles.n; i++) {
		const struct cidrs *shared = &k->b->profiles.v[i]->scope.net;

		if (shared->n)
			memcpy(all.v + all.n, shared->v, shared->n * sizeof(*all.v));
		all.n += shared->n;
	}
	return bind_net(k, &all, &k->b->scope_net);
}

static int bind_scope_file(struct binder *k, uint32_t *ret_pattern)
{
	struct texts meaning = {0};
	int r = bind_list(k, &k->agent->scope.paths, &meaning);

	for (size_t i = 0; r == 0 && i < k->b->profiles.n; i++)
		r = bind_list(k, &k->b->profiles.v[i]->scope.paths, &meaning);
	return r < 0 ? r : plan_pattern(k->p, CVF_DOMAIN_FILE, &meaning, NULL, ret_pattern);
}

static int bind_scope(struct binder *k)
{
	int r = bind_scope_file(k, &k->b->scope_file);

	if (r == 0)
		r = record_own(k, &(struct own_list){.domain = CVF_DOMAIN_FILE, .pattern = k->b->scope_file});
	return r < 0 ? r : bind_scope_net(k);
}

/* Can the rule, which is of that profile (NULL: of a policy), ever apply to these agents? */
static bool rule_concerns(const struct binder *k, const struct planned_rule *rule, const char *profile)
{
	bool is_of = profile ? rule->profile && strcmp(rule->profile, profile) == 0 : !rule->profile;

	return is_of && k->b->concerned[rule - k->p->rules];
}

static const char *any_program_paths[] = {"/**", "//anon/**"};
static const struct texts any_program = {any_program_paths, ARRAY_SIZE(any_program_paths)};

static int bind_rule(struct binder *k, const struct planned_rule *planned, struct bound_rule *ret_rule)
{
	const struct rule *rule = planned->rule;
	int r = bind_net(k, &rule->address, &ret_rule->net);

	ret_rule->planned = planned;
	if (r == 0)
		r = bind_paths(k, CVF_DOMAIN_FILE, &rule->path, NULL, &ret_rule->file);
	if (r < 0)
		return r;
	return bind_paths(k, CVF_DOMAIN_EXEC, rule->argv.n && !rule->path.n ? &any_program : &rule->path,
			  rule->argv.n ? &rule->argv : NULL, &ret_rule->exec);
}

/* What must match before the rule can apply in a domain; PATTERN_NEVER: it cannot. */
static uint32_t rule_pattern(const struct bound_rule *b, enum cvf_domain domain)
{
	const struct rule *r = b->planned->rule;

	if (r->path.n)
		return domain == CVF_DOMAIN_FILE ? b->file : domain == CVF_DOMAIN_EXEC ? b->exec : PATTERN_NEVER;
	if (r->address.n)
		return domain == CVF_DOMAIN_NET ? b->net : PATTERN_NEVER;
	return PATTERN_ALWAYS;
}

static int index_rules(struct binder *k, struct bound_rules *rules)
{
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++) {
		struct finder *f = &rules->finder[domain];
		int r = finder_begin(f, k->p->pool, rules->n);

		if (r < 0)
			return r;
		for (size_t i = 0; i < rules->n; i++)
			finder_add(f, rule_pattern(&rules->v[i], (enum cvf_domain)domain), i);
		finder_end(f);
	}
	return 0;
}

/* The rules of one profile, of one overlay, or of the policies (both NULL). */
static int add_rules_of(struct binder *k, const char *profile, const struct policy *overlay, struct bound_rules *rules)
{
	size_t from = rules->n;

	for (size_t i = 0; i < k->p->rules_count; i++) {
		const struct planned_rule *planned = &k->p->rules[i];
		int r;

		if (planned->overlay != overlay || !rule_concerns(k, planned, profile))
			continue;
		r = bind_rule(k, planned, &rules->v[rules->n++]);
		if (r < 0)
			return r;
	}
	for (size_t i = from; i < rules->n; i++)
		rules->v[i].bases = profile ? (uint32_t)rules->n : UINT32_MAX;
	return 0;
}

static int bind_rules(struct binder *k)
{
	struct bound_rules *rules = &k->b->rules;
	int r;

	rules->v = pool_alloc(k->p->pool, k->p->rules_count, sizeof(*rules->v));
	if (!rules->v)
		return -ENOMEM;
	r = add_rules_of(k, NULL, NULL, rules);
	for (size_t i = 0; r == 0 && i < k->b->profiles.n; i++)
		r = add_rules_of(k, k->b->profiles.v[i]->id, NULL, rules);
	return r < 0 ? r : index_rules(k, rules);
}

static int bind_overlay(struct binder *k, const struct policy *overlay)
{
	struct bound_rules *rules = &k->b->overlays[k->b->overlays_count++];
	int r;

	rules->overlay = overlay;
	rules->v = pool_alloc(k->p->pool, overlay->rules.n, sizeof(*rules->v));
	if (!rules->v)
		return -ENOMEM;
	r = add_rules_of(k, NULL, overlay, rules);
	return r < 0 ? r : index_rules(k, rules);
}

static int bind_overlays(struct binder *k)
{
	const struct policy *last = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < k->p->rules_count; i++) {
		n += k->p->rules[i].overlay && k->p->rules[i].overlay != last;
		last = k->p->rules[i].overlay;
	}
	k->b->overlays = pool_alloc(k->p->pool, n, sizeof(*k->b->overlays));
	if (!k->b->overlays)
		return -ENOMEM;
	last = NULL;
	for (size_t i = 0; r == 0 && i < k->p->rules_count; i++) {
		const struct policy *overlay = k->p->rules[i].overlay;

		if (overlay && overlay != last)
			r = bind_overlay(k, overlay);
		last = overlay;
	}
	return r;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int bind_row(struct plan *p, struct bound_agent *b)
{
	struct binder k = {.p = p, .b = b, .agent = b->agent, .recording = true};
	int r = variables_bind(p->pool, k.agent, k.vars);

	if (r == 0)
		r = bind_offers(&k);
	if (r == 0)
		r = bind_scope(&k);
	if (r == 0)
		r = bind_rules(&k);
	if (r == 0)
		r = bind_overlays(&k);
	for (int domain = 0; r == 0 && domain < 2; domain++)
		if (b->fixed[domain].n)
			qsort(b->fixed[domain].v, b->fixed[domain].n, sizeof(uint32_t), by_number);
	return r;
}

int bind_own_lists(struct plan *p, struct bound_agent *b, const struct agent *agent, uint32_t *ret_patterns)
{
	struct binder k = {.p = p, .b = b, .agent = agent};
	int r = variables_bind(p->pool, agent, k.vars);

	for (size_t i = 0; r == 0 && i < b->lists_count; i++) {
		const struct own_list *list = &b->lists[i];

		r = list->paths ? bind_paths(&k, list->domain, list->paths, list->argv, &ret_patterns[i])
				: bind_scope_file(&k, &ret_patterns[i]);
	}
	return r;
}

/* A cgroup pattern covers what is below, as the cgroup itself does. */
static int bind_enrolment(struct plan *p, uint32_t index, bool cgroup, const struct texts *globs)
{
	for (size_t i = 0; i < globs->n; i++) {
		struct enrolment *e = &p->enrolments[p->enrolments_count];
		const char *path = cgroup ? pool_printf(p->pool, CVF_PATH_CGROUP "%s{,/**}", globs->v[i])
					  : pool_text(p->pool, globs->v[i]);
		const struct texts one = {path ? &path : NULL, path != NULL};
		int r = path ? plan_pattern(p, CVF_DOMAIN_FILE, &one, NULL, &e->pattern) : -ENOMEM;

		if (r < 0)
			return r;
		e->agent = index;
		e->literal = glob_literal(path, GLOB_PATH);
		e->cgroup = cgroup;
		p->enrolments_count++;
	}
	return 0;
}

int bind_enrolments(struct plan *p, uint32_t index)
{
	int r = bind_enrolment(p, index, false, &p->agents[index].agent->exe);

	return r < 0 ? r : bind_enrolment(p, index, true, &p->agents[index].agent->cgroup);
}
