// SPDX-License-Identifier: Apache-2.0
/*
 * compile_paths.c - the automaton of paths and that of programs with arguments, in one table
 */
#include <string.h>

#include "policy/compile.h"

/*/* Before merging, each automaton. Merging finds what ends alike; more than this is not built at all: it takes the
 * memory. */
#define STATES_MAX (1u << 18)

struct domain {
	enum cvf_domain domain;
	struct dfa dfa;
	struct lists sets; /* of patterns that match together */
	uint32_t *set;	   /* [list of patterns]: the column they come to */
	uint32_t *cost;	   /* [pattern] */
};

static void set_facts(struct compiler *c, const struct domain *k, uint32_t list, bool value)
{
	size_t n;
	const uint32_t *patterns = lists_get(&k->sets, list, &n);

	c->facts[0] = value;
	for (size_t i = 0; i < n; i++) {
		if (value)
			c->facts[patterns[i] / 64] |= 1ull << patterns[i] % 64;
		else
			c->facts[patterns[i] / 64] = 0;
	}
}

/* The agent whose most literal pattern matches; 0: none. */
static uint32_t enrolled(const struct compiler *c, bool cgroup)
{
	const struct enrolment *best = NULL;

	for (size_t i = 0; i < c->plan->enrolments_count; i++) {
		const struct enrolment *e = &c->plan->enrolments[i];

		if (e->cgroup == cgroup && fact(c->facts, e->pattern) && (!best || e->literal > best->literal))
			best = e;
	}
	return best ? c->agent_numbers[best->agent] : 0;
}

/* Sets that enrol somebody get the low numbers, which is as far as the enrolment tables reach. */
static int fill_columns(struct compiler *c, struct domain *k, bool enrolling)
{
	bool file = k->domain == CVF_DOMAIN_FILE;
	uint32_t *extra = c->column + c->columns[k->domain].ops_count * c->plan->agents_count;

	for (uint32_t list = 0; list < k->sets.n; list++) {
		int r = 0;

		set_facts(c, k, list, true);
		if (file) {
			extra[0] = enrolled(c, false);
			extra[1] = enrolled(c, true);
		}
		if (!list || (file && (extra[0] || extra[1])) ? enrolling : !enrolling)
			r = column_fill(c, k->domain, &k->set[list]);
		set_facts(c, k, list, false);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compile_columns(struct compiler *c, struct domain *k)
{
	int r = columns_init(c, k->domain, k->domain == CVF_DOMAIN_FILE ? 2 : 0);

	k->set = calloc(k->sets.n, sizeof(*k->set));
	if (r == 0 && !k->set)
		r = -ENOMEM;
	if (r == 0)
		r = fill_columns(c, k, true);
	if (r == 0 && c->columns[k->domain].n > CVF_ENROL_MAX)
		r = too_big(c, "the table of enrolments", c->columns[k->domain].n, CVF_ENROL_MAX,
			    "use fewer patterns in the agents' \"match\"");
	return r < 0 ? r : fill_columns(c, k, false);
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
		r = compile_columns(c, k);
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
