// SPDX-License-Identifier: Apache-2.0
/*
 * compile_paths.c - the automaton of paths and that of programs with arguments, in one table
 */
#include <string.h>

#include "policy/compile.h"

/* Before merging; beyond, the patterns multiply each other and no merging would help. */
#define STATES_MAX (1u << 17)

struct domain {
	enum cvf_domain domain;
	struct dfa dfa;
	struct lists sets; /* of patterns that match together */
	uint32_t *set;	   /* [list of patterns]: the column they come to */
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

static int build(struct compiler *c, struct domain *k, const struct classes *classes)
{
	int r = lists_init(&k->sets);

	if (r == 0)
		r = dfa_build(&c->plan->nfa[k->domain], classes, STATES_MAX, &k->sets, &k->dfa);
	if (r == -E2BIG)
		return too_big(c, k->domain == CVF_DOMAIN_FILE ? "the automaton of paths" : "the automaton of programs",
			       STATES_MAX, STATES_MAX - 1,
			       "patterns with several ** or * multiply each other: use fewer");
	if (r == 0)
		r = compile_columns(c, k);
	if (r < 0)
		return r;
	for (uint32_t s = 0; s < k->dfa.states; s++)
		k->dfa.out[s] = k->set[k->dfa.out[s]];
	return dfa_minimise(&k->dfa);
}

/* ---- one table of both ---- */

static bool same_class(const struct dfa *d, unsigned int a, unsigned int b)
{
	for (uint32_t s = 0; s < d->states; s++)
		if (d->next[(size_t)s * d->classes + a] != d->next[(size_t)s * d->classes + b])
			return false;
	return true;
}

/* Classes that led different ways before merging may not any more; `of` gets the final class of each. */
static unsigned int merge_classes(const struct dfa *file, const struct dfa *exec, uint8_t *of, uint8_t *first)
{
	unsigned int n = 0;

	for (unsigned int c = 0; c < file->classes; c++) {
		unsigned int k = 0;

		while (k < n && !(same_class(file, first[k], c) && same_class(exec, first[k], c)))
			k++;
		if (k == n)
			first[n++] = (uint8_t)c;
		of[c] = (uint8_t)k;
	}
	return n;
}

/* Where a state's row begins: file states from 0, exec states behind them; the dead state is shared. */
static uint32_t row_of(const struct automaton *a, const struct dfa *d, const struct dfa *file, uint32_t state)
{
	return !state || d == file ? state * a->stride : a->exec_from + (state - 1) * a->stride;
}

static void lay_out(struct automaton *a, const struct dfa *d, const struct dfa *file, const uint8_t *first)
{
	for (uint32_t s = d == file ? 0 : 1; s < d->states; s++) {
		uint32_t *row = a->words + row_of(a, d, file, s);

		for (uint32_t k = 0; k < a->stride - 1; k++)
			row[k] = row_of(a, d, file, d->next[(size_t)s * d->classes + first[k]]);
		row[a->stride - 1] = d->out[s];
	}
}

static int make_table(struct compiler *c, const struct dfa *file, const struct dfa *exec, const struct classes *classes)
{
	struct automaton *a = &c->automaton;
	uint8_t of[256], first[256];
	size_t states = (size_t)file->states + exec->states - 1;

	a->stride = merge_classes(file, exec, of, first) + 1;
	a->count = states * a->stride;
	if (a->count > CVF_DFA_WORDS)
		return too_big(
			c, "the automaton of paths and programs", a->count, CVF_DFA_WORDS,
			"use fewer or simpler patterns; those that end alike in one capability share their table");
	a->words = calloc(a->count, sizeof(*a->words));
	if (!a->words)
		return -ENOMEM;
	a->exec_from = file->states * a->stride;
	a->start_file = row_of(a, file, file, file->start);
	a->start_exec = row_of(a, exec, file, exec->start);
	for (int byte = 0; byte < 256; byte++)
		a->class_of[byte] = of[classes->of[byte]];
	lay_out(a, file, file, first);
	lay_out(a, exec, file, first);
	return 0;
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
		r = make_table(c, &file.dfa, &exec.dfa, &classes);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		dfa_done(&both[i]->dfa);
		lists_done(&both[i]->sets);
		free(both[i]->set);
	}
	return r;
}
