// SPDX-License-Identifier: Apache-2.0
/*
 * alike.c - agents that are bound alike share a row: what is decided for one is decided for all of them
 *
 * Alike are agents of one profile, one net scope, the same granted capabilities, the same rules that can concern them and
 * the same first uses that these ask for; who they are, who owns them and in which mode they are makes no difference but
 * through those. Lists of globs with variables, and the scope, may stand for other paths: those are an agent's own
 * patterns. It must be possible to put them one for one in the place of the row's, or the agent gets a row of its own.
 */
#include <string.h>

#include "policy/glob.h"
#include "policy/plan.h"

/* What binding depends on, besides own lists. */
struct likeness {
	const struct agent *agent;
	struct profiles profiles; /* of the pool; the agent's own first */
	bool *granted, *used, *concerned;
};

/* ---- what an agent is granted, by lists that many agents have ---- */

static int granted_by(struct plan *p, const struct texts *globs, const bool **ret_granted)
{
	own_free char *key = texts_key(globs);
	json_t *known = key ? json_object_get(p->grants, key) : NULL;
	bool *granted;
	struct nfa names;
	int r;

	if (known) {
		*ret_granted = p->granted[json_integer_value(known)];
		return 0;
	}
	granted = key ? pool_alloc(p->pool, p->capabilities_count, sizeof(*granted)) : NULL;
	if (!granted)
		return -ENOMEM;
	r = glob_names(globs, &names);
	for (size_t i = 0; r == 0 && i < p->capabilities_count; i++)
		granted[i] = glob_matches(&names, p->capabilities[i]->id);
	nfa_done(&names);
	if (r == 0 && json_object_set_new(p->grants, key, json_integer((json_int_t)p->granted_count)) < 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	p->granted[p->granted_count++] = granted;
	*ret_granted = granted;
	return 0;
}

static int add_grants(struct plan *p, const struct texts *globs, bool *granted)
{
	const bool *these;
	int r = granted_by(p, globs, &these);

	for (size_t i = 0; r == 0 && i < p->capabilities_count; i++)
		granted[i] |= these[i];
	return r;
}

static int find_grants(struct plan *p, struct likeness *l)
{
	int r = add_grants(p, &l->agent->grants, l->granted);

	for (size_t i = 0; r == 0 && i < l->profiles.n; i++)
		r = add_grants(p, &l->profiles.v[i]->grants, l->granted);
	return r;
}

/* ---- profiles, rules, first uses ---- */

/* Without any profile of that name "default" is empty. */
static int find_profiles(struct plan *p, const struct model *m, struct likeness *l)
{
	static const struct profile none = {.id = "default"};
	const char *id = l->agent->profile;
	struct profiles *mine = &l->profiles, chain = {0};
	int r = profile_chain(m, id, &chain, NULL);

	if (r == -ENOENT && strcmp(id, none.id) == 0 && !model_decl(m, DECL_PROFILE, id))
		r = 0;
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	mine->n = chain.n ? chain.n : 1;
	mine->v = pool_alloc(p->pool, mine->n, sizeof(*mine->v));
	if (mine->v && chain.n)
		memcpy(mine->v, chain.v, chain.n * sizeof(*mine->v));
	else if (mine->v)
		mine->v[0] = &none;
	profiles_done(&chain);
	return mine->v ? 0 : -ENOMEM;
}

/* Who extends a profile is of that profile, too. */
static bool is_of_profile(const struct nfa *names, const struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->n; i++)
		if (glob_matches(names, profiles->v[i]->id))
			return true;
	return false;
}

static bool has_profile(const struct profiles *profiles, const char *id)
{
	for (size_t i = 0; i < profiles->n; i++)
		if (strcmp(profiles->v[i]->id, id) == 0)
			return true;
	return false;
}

static void find_rules(const struct plan *p, struct likeness *l)
{
	for (size_t i = 0; i < p->rules_count; i++) {
		const struct planned_rule *r = &p->rules[i];
		const struct rule *rule = r->rule;

		l->concerned[i] = (!r->profile || has_profile(&l->profiles, r->profile)) &&
				  (!rule->agent.n || glob_matches(&r->names[NAMED_AGENT], l->agent->id)) &&
				  (!rule->owner.n ||
				   glob_matches(&r->names[NAMED_OWNER], l->agent->owner ? l->agent->owner : "")) &&
				  (!rule->profile.n || is_of_profile(&r->names[NAMED_PROFILE], &l->profiles));
	}
}

/* Only where a rule asks for the first use: else what each has done before would set all agents apart. */
static void find_uses(const struct plan *p, const struct model *m, struct likeness *l)
{
	for (size_t i = 0; m->uses && i < p->rules_count; i++) {
		const struct planned_rule *r = &p->rules[i];

		for (size_t c = 0; l->concerned[i] && r->rule->first_use && c < p->capabilities_count; c++)
			if (!r->capabilities || r->capabilities[c])
				l->used[c] = model_knows_use(m, l->agent->id, p->capabilities[c]->id);
	}
}

static int find_likeness(struct plan *p, const struct model *m, struct likeness *l)
{
	int r = find_profiles(p, m, l);

	l->granted = pool_alloc(p->pool, p->capabilities_count, sizeof(bool));
	l->used = pool_alloc(p->pool, p->capabilities_count, sizeof(bool));
	l->concerned = pool_alloc(p->pool, p->rules_count, sizeof(bool));
	if (r == 0 && (!l->granted || !l->used || !l->concerned))
		r = -ENOMEM;
	if (r == 0)
		r = find_grants(p, l);
	if (r < 0)
		return r;
	find_rules(p, l);
	find_uses(p, m, l);
	return 0;
}

/* ---- the key ---- */

static void print_bits(FILE *f, const bool *bits, size_t n)
{
	for (size_t i = 0; i < n; i += 4) {
		unsigned int digit = 0;

		for (size_t k = i; k < i + 4 && k < n; k++)
			digit |= (unsigned int)bits[k] << (k - i);
		fputc("0123456789abcdef"[digit], f);
	}
	fputc(' ', f);
}

static char *likeness_key(const struct plan *p, const struct likeness *l)
{
	const struct cidrs *net = &l->agent->scope.net;
	char *key = NULL;
	size_t size;
	FILE *f = open_memstream(&key, &size);

	if (!f)
		return NULL;
	print_bits(f, l->granted, p->capabilities_count);
	print_bits(f, l->used, p->capabilities_count);
	print_bits(f, l->concerned, p->rules_count);
	for (size_t i = 0; i < net->n; i++) {
		for (size_t b = 0; b < sizeof(net->v[i].address); b++)
			fprintf(f, "%02x", net->v[i].address[b]);
		fprintf(f, "/%u ", net->v[i].bits);
	}
	fputs(l->agent->profile, f);
	if (fclose(f) == 0)
		return key;
	free(key);
	return NULL;
}

/* ---- own patterns ---- */

static int by_of(const void *a, const void *b)
{
	const struct own_pattern *x = a, *y = b;

	if (x->of != y->of)
		return x->of < y->of ? -1 : 1;
	return (x->is > y->is) - (x->is < y->is);
}

static bool is_fixed(const struct plan *p, const struct bound_agent *b, int domain, uint32_t pattern)
{
	size_t low = 0, high = b->fixed[domain].n;

	for (size_t i = 0; domain == CVF_DOMAIN_FILE && i < p->guards_count; i++)
		if (p->guards[i].pattern == pattern)
			return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->fixed[domain].v[middle] == pattern)
			return true;
		if (b->fixed[domain].v[middle] < pattern)
			low = middle + 1;
		else
			high = middle;
	}
	return pattern < PATTERNS_FIXED;
}

/* One number in the place of one, and only where nothing else has that number; drops what stays as it is. */
static bool corresponds(const struct plan *p, const struct bound_agent *b, int domain, struct own_patterns *o)
{
	struct own_pattern *v = o->v[domain];
	size_t n = o->n[domain], kept = 0;

	if (n)
		qsort(v, n, sizeof(*v), by_of);
	for (size_t i = 0; i < n; i++) {
		if (i && v[i].of == v[i - 1].of && v[i].is != v[i - 1].is)
			return false;
		if (v[i].of != v[i].is && is_fixed(p, b, domain, v[i].of))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		const struct own_pattern one = v[i];

		if (one.of != one.is && (!kept || v[kept - 1].of != one.of))
			v[kept++] = one;
	}
	o->n[domain] = kept;
	return true;
}

/* *ret_fits: the agent's own patterns can be told in numbers of the row. */
static int find_own(struct plan *p, struct bound_agent *b, const struct agent *agent, struct own_patterns *ret,
		    bool *ret_fits)
{
	own_free uint32_t *patterns = calloc(b->lists_count + 1, sizeof(*patterns));
	int r = patterns ? bind_own_lists(p, b, agent, patterns) : -ENOMEM;

	for (int domain = 0; r == 0 && domain < 2; domain++) {
		ret->v[domain] = pool_alloc(p->pool, b->lists_count, sizeof(*ret->v[domain]));
		r = ret->v[domain] ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < b->lists_count; i++) {
		int domain = b->lists[i].domain;

		ret->v[domain][ret->n[domain]++] = (struct own_pattern){b->lists[i].pattern, patterns[i]};
	}
	*ret_fits = corresponds(p, b, CVF_DOMAIN_FILE, ret) && corresponds(p, b, CVF_DOMAIN_EXEC, ret);
	return 0;
}

static char *own_key(const struct own_patterns *o)
{
	char *key = NULL;
	size_t size;
	FILE *f = open_memstream(&key, &size);

	if (!f)
		return NULL;
	fprintf(f, "%u", o->bound->row);
	for (int domain = 0; domain < 2; domain++)
		for (size_t i = 0; i < o->n[domain]; i++)
			fprintf(f, "%c%u:%u", domain ? 'x' : 'f', o->v[domain][i].of, o->v[domain][i].is);
	if (fclose(f) == 0)
		return key;
	free(key);
	return NULL;
}

/* Agents with the same own patterns are one to the tables. */
static int note_own(struct plan *p, struct planned_agent *a, struct bound_agent *b, struct own_patterns *o)
{
	own_free char *key = NULL;
	json_t *known;

	a->bound = o->bound = b;
	key = own_key(o);
	known = key ? json_object_get(p->same_owns, key) : NULL;
	a->own = known ? (uint32_t)json_integer_value(known) : (uint32_t)p->owns_count;
	if (known)
		return 0;
	if (!key || json_object_set_new(p->same_owns, key, json_integer(a->own)) < 0)
		return -ENOMEM;
	o->agent = (uint32_t)(a - p->agents);
	p->owns[p->owns_count++] = *o;
	b->owns++;
	return 0;
}

/* ---- rows ---- */

static int new_row(struct plan *p, const struct likeness *l, const char *key, struct bound_agent *after,
		   struct bound_agent **ret_bound)
{
	struct bound_agent *b = pool_alloc(p->pool, 1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->agent = l->agent;
	b->profiles = l->profiles;
	b->granted = l->granted;
	b->used = l->used;
	b->concerned = l->concerned;
	p->bounds[p->bounds_count++] = b;
	b->row = (uint32_t)p->bounds_count;
	if (after)
		after->next = b;
	else if (json_object_set_new(p->alike, key, json_integer((json_int_t)p->bounds_count - 1)) < 0)
		return -ENOMEM;
	*ret_bound = b;
	return bind_row(p, b);
}

int plan_bind_agent(struct plan *p, const struct model *m, struct planned_agent *a)
{
	struct likeness l = {.agent = a->agent};
	struct bound_agent *b = NULL, *last = NULL;
	own_free char *key = NULL;
	json_t *known;
	int r = find_likeness(p, m, &l);

	if (r < 0)
		return r;
	key = likeness_key(p, &l);
	if (!key)
		return -ENOMEM;
	known = json_object_get(p->alike, key);
	for (b = known ? p->bounds[json_integer_value(known)] : NULL; b; last = b, b = b->next) {
		struct own_patterns own = {.n = {0}};
		bool fits = false;

		r = find_own(p, b, a->agent, &own, &fits);
		if (r < 0)
			return r;
		if (fits)
			return note_own(p, a, b, &own);
	}
	r = new_row(p, &l, key, last, &b);
	return r < 0 ? r : note_own(p, a, b, &(struct own_patterns){.n = {0}});
}
