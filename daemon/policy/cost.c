// SPDX-License-Identifier: Apache-2.0
/*
 * cost.c - when a policy does not fit: which declarations take the most of what there is
 *
 * A pattern may be many declarations' and a declaration may have many patterns: each pattern is counted once, for the
 * first that has it.
 */
#include <string.h>

#include "policy/compile.h"

#define NAMED 3

struct bill {
	const struct plan *plan;
	const uint32_t *cost; /* [pattern] */
	bool *counted;	      /* [pattern] */
	uint64_t *capabilities, *rules, *agents;
};

static void charge(struct bill *b, uint32_t pattern, uint64_t *owner)
{
	if (pattern < PATTERNS_FIXED || b->counted[pattern])
		return;
	b->counted[pattern] = true;
	*owner += b->cost[pattern];
}

static void charge_rules(struct bill *b, enum cvf_domain domain, const struct bound_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		charge(b, domain == CVF_DOMAIN_FILE ? rules->v[i].file : rules->v[i].exec,
		       &b->rules[rules->v[i].planned - b->plan->rules]);
}

static void charge_row(struct bill *b, enum cvf_domain domain, const struct bound_agent *a)
{
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		for (size_t i = 0; op_domain((enum cvf_op)op) == domain && i < a->offers[op].n; i++) {
			const struct offer *o = &a->offers[op].v[i];

			charge(b, o->pattern, &b->capabilities[o->capability]);
			charge(b, o->except, &b->capabilities[o->capability]);
		}
	}
	charge_rules(b, domain, &a->rules);
	for (size_t i = 0; i < a->overlays_count; i++)
		charge_rules(b, domain, &a->overlays[i]);
}

/* What sets an agent apart is charged to it. */
static void charge_own(struct bill *b, enum cvf_domain domain, const struct own_patterns *o)
{
	for (size_t i = 0; i < o->n[domain]; i++)
		charge(b, o->v[domain][i].is, &b->agents[o->agent]);
}

static void charge_scopes(struct bill *b, const struct bound_agent *a)
{
	for (size_t i = 0; i < b->plan->agents_count; i++)
		if (b->plan->agents[i].agent == a->agent)
			charge(b, a->scope_file, &b->agents[i]);
}

static void charge_all(struct bill *b, enum cvf_domain domain)
{
	for (size_t i = 0; i < b->plan->bounds_count; i++) {
		charge_row(b, domain, b->plan->bounds[i]);
		if (domain == CVF_DOMAIN_FILE)
			charge_scopes(b, b->plan->bounds[i]);
	}
	for (size_t i = 0; i < b->plan->owns_count; i++)
		charge_own(b, domain, &b->plan->owns[i]);
	for (size_t i = 0; domain == CVF_DOMAIN_FILE && i < b->plan->enrolments_count; i++)
		charge(b, b->plan->enrolments[i].pattern, &b->agents[b->plan->enrolments[i].agent]);
}

/* What the cells say, which name numbers. */
static int charge_cells(struct bill *b, const struct compiler *c)
{
	const uint32_t *numbers[] = {c->capability_numbers, c->rule_numbers};
	const size_t counts[] = {b->plan->capabilities_count, b->plan->rules_count};
	uint64_t *totals[] = {b->capabilities, b->rules};

	for (int list = 0; list < 2; list++) {
		own_free uint32_t *place = NULL;
		uint32_t most = 0;

		for (size_t i = 0; i < counts[list]; i++)
			most = numbers[list][i] > most ? numbers[list][i] : most;
		place = calloc(most + 1ul, sizeof(*place));
		if (!place)
			return -ENOMEM;
		for (size_t i = 0; i < counts[list]; i++)
			place[numbers[list][i]] = (uint32_t)i + 1;
		for (size_t i = 0; i < c->cells.n; i++) {
			const struct cvf_cell *cell = &c->cells.v[i];
			uint32_t number = list ? cell->rule : cell->rule ? 0 : cell->capability;

			if (number && number <= most && place[number])
				totals[list][place[number] - 1]++;
		}
	}
	return 0;
}

/* Prints the one that costs most and takes it off the bill. */
static bool print_most(struct bill *b, FILE *out, const char *between)
{
	uint64_t most = 0, *best = NULL;
	uint64_t *const lists[] = {b->capabilities, b->rules, b->agents};
	const size_t counts[] = {b->plan->capabilities_count, b->plan->rules_count, b->plan->agents_count};
	int kind = 0;

	for (int list = 0; list < 3; list++) {
		for (size_t i = 0; i < counts[list]; i++) {
			if (lists[list][i] <= most)
				continue;
			most = lists[list][i];
			best = &lists[list][i];
			kind = list;
		}
	}
	if (!best)
		return false;
	if (kind == 0)
		fprintf(out, "%scapability \"%s\"", between, b->plan->capabilities[best - lists[0]]->id);
	else if (kind == 1)
		fprintf(out, "%srule \"%s\"", between, b->plan->rules[best - lists[1]].name);
	else
		fprintf(out, "%sagent \"%s\"", between, b->plan->agents[best - lists[2]].agent->id);
	fprintf(out, " (%llu)", (unsigned long long)most);
	*best = 0;
	return true;
}

static char *print_bill(struct bill *b, const char *hint)
{
	static const char *const between[NAMED] = {"; what takes the most: ", ", ", ", "};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(hint, out);
	for (int i = 0; i < NAMED && print_most(b, out, between[i]); i++)
		;
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

char *cost_hint(const struct compiler *c, enum cvf_domain domain, const uint32_t *cost, const char *hint)
{
	const struct plan *p = c->plan;
	own_free bool *counted = calloc(cost ? plan_patterns(p, domain) : 1, sizeof(*counted));
	own_free uint64_t *totals =
		calloc(p->capabilities_count + p->rules_count + p->agents_count + 1, sizeof(*totals));
	struct bill b = {.plan = p, .cost = cost, .counted = counted, .capabilities = totals};

	if (!counted || !totals)
		return NULL;
	b.rules = b.capabilities + p->capabilities_count;
	b.agents = b.rules + p->rules_count;
	if (cost)
		charge_all(&b, domain);
	else if (charge_cells(&b, c) < 0)
		return NULL;
	return print_bill(&b, hint);
}
