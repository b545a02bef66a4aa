// SPDX-License-Identifier: Apache-2.0
/*
 * compile_paths.c - the automaton of paths and that of programs with arguments, in one table
 */
#include <string.h>

#include "policy/compile.h"

/*/* Before merging, each automaton. Merging finds what ends alike; more than this is not built at all: it takes the
 * memory. */
#define STATES_MAX (1u << 19)

struct domain {
	enum cvf_domain domain;
	struct dfa dfa;
	struct lists sets; /* of patterns that match together, before what is alike is one */
	uint32_t *set;	   /* [list of patterns]: the set they come to */
	uint32_t *cost;	   /* [pattern] */
};

/* Enrolments by pattern: which of them is an agent's. */
struct enrolling {
	uint32_t *first; /* [pattern]: enrolment + 1 */
	uint32_t *next;	 /* [enrolment] */
};

static int index_enrolments(const struct plan *p, struct enrolling *e)
{
	e->first = calloc(plan_patterns(p, CVF_DOMAIN_FILE), sizeof(*e->first));
	e->next = calloc(p->enrolments_count + 1, sizeof(*e->next));
	if (!e->first || !e->next)
		return -ENOMEM;
	for (size_t i = p->enrolments_count; i-- > 0;) {
		e->next[i] = e->first[p->enrolments[i].pattern];
		e->first[p->enrolments[i].pattern] = (uint32_t)i + 1;
	}
	return 0;
}

/* The agents whose most literal pattern matches, by executable and by cgroup; 0: none. Of equals the first. */
static bool enrolled(const struct compiler *c, const struct enrolling *e, const uint32_t *patterns, size_t n,
		     uint32_t agents[2])
{
	const struct enrolment *best[2] = {NULL, NULL}, *v = c->plan->enrolments;

	for (size_t i = 0; e->first && i < n; i++) {
		for (uint32_t at = e->first[patterns[i]]; at; at = e->next[at - 1]) {
			const struct enrolment *one = &v[at - 1], **b = &best[one->cgroup];

			if (!*b || one->literal > (*b)->literal || (one->literal == (*b)->literal && one < *b))
				*b = one;
		}
	}
	for (int by = 0; by < 2; by++)
		agents[by] = best[by] ? c->agent_numbers[best[by]->agent] : 0;
	return agents[0] || agents[1];
}

/* Sets that enrol somebody get the low numbers, which is as far as the enrolment tables reach. */
static int fill_sets(struct compiler *c, struct domain *k, const struct enrolling *e, bool enrolling)
{
	for (uint32_t list = 0; list < k->sets.n; list++) {
		uint32_t agents[2];
		size_t n;
		const uint32_t *patterns = lists_get(&k->sets, list, &n);
		int r = 0;

		if (enrolled(c, e, patterns, n, agents) || !list ? enrolling : !enrolling)
			r = set_fill(c, k->domain, patterns, n, agents, &k->set[list]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compile_sets(struct compiler *c, struct domain *k)
{
	struct enrolling e = {NULL, NULL};
	int r = tables_init(c, k->domain);

	k->set = calloc(k->sets.n, sizeof(*k->set));
	if (r == 0 && !k->set)
		r = -ENOMEM;
	if (r == 0 && k->domain == CVF_DOMAIN_FILE)
		r = index_enrolments(c->plan, &e);
	if (r == 0)
		r = fill_sets(c, k, &e, true);
	if (r == 0 && c->tables[k->domain].sets.n - 1 > CVF_ENROL_MAX)
		r = too_big(c, "the table of enrolments", c->tables[k->domain].sets.n - 1, CVF_ENROL_MAX,
			    "use fewer patterns in the agents' \"match\"");
	if (r == 0)
		r = fill_sets(c, k, &e, false);
	free(e.first);
	free(e.next);
	return r;
}

static int complain(struct compiler *c, const struct domain *k, const char *table, size_t need, size_t limit)
{
	own_free char *hint = cost_hint(
		c, k->domain, k->cost, "use fewer or simpler patterns: those with several ** or * multiply each other");

	return too_big(c, table, need, limit, hint);
}

static int build(struct compiler *c, struct domain *k, const struct classes *classes)
{
	int r = lists_init(&k->sets);

	k->cost = calloc(plan_patterns(c->plan, k->domain), sizeof(*k->cost));
	if (r == 0 && !k->cost)
		r = -ENOMEM;
	if (r == 0)
		r = dfa_build(&c->plan->nfa[k->domain], classes, STATES_MAX, &k->sets, k->cost, &k->dfa);
	if (r == -E2BIG)
		return complain(c, k,
				k->domain == CVF_DOMAIN_FILE ? "the automaton of paths" : "the automaton of programs",
				STATES_MAX + 1, STATES_MAX);
	if (r == 0)
		r = compile_sets(c, k);
	if (r < 0)
		return r;
	for (uint32_t s = 0; s < k->dfa.states; s++)
		k->dfa.out[s] = k->set[k->dfa.out[s]];
	return dfa_minimise(&k->dfa);
}

int compile_paths(struct compiler *c)
{
	struct domain file = {.domain = CVF_DOMAIN_FILE}, exec = {.domain = CVF_DOMAIN_EXEC};
	struct domain *both[] = {&file, &exec};
	struct classes classes;
	int r = 0;

	classes_make(&classes, &c->plan->nfa[CVF_DOMAIN_FILE], &c->plan->nfa[CVF_DOMAIN_EXEC]);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(both); i++)
		r = build(c, both[i], &classes);
	if (r == 0)
		r = table_make(&file.dfa, &exec.dfa, &classes, TABLE_FULL_MAX, &c->automaton);
	if (r == -E2BIG && c->automaton.count > CVF_DFA_WORDS)
		r = complain(c, file.dfa.states > exec.dfa.states ? &file : &exec,
			     "the automaton of paths and programs", c->automaton.count, CVF_DFA_WORDS);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		dfa_done(&both[i]->dfa);
		lists_done(&both[i]->sets);
		free(both[i]->set);
		free(both[i]->cost);
	}
	return r;
}
