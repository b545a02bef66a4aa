// SPDX-License-Identifier: Apache-2.0
/*
 * compile.c - cells: what a question that the kernel can ask comes to, decided beforehand
 */
#include "policy/compile.h"

#include <string.h>

#define CELLS_HASH (CVF_CELLS_MAX * 4)

int too_big(struct compiler *c, const char *table, size_t need, size_t limit, const char *hint)
{
	diags_add(c->d, DIAG_ERROR, NULL, 0, 0, hint, "the policy does not fit: %s needs %zu, at most %zu", table, need,
		  limit);
	return -E2BIG;
}

/* ---- numbers ---- */

static int number_of(struct compiler *c, uint32_t *cached, enum number_kind kind, const char *name,
		     uint32_t *ret_number)
{
	if (!*cached)
		*cached = c->numbers->get(c->numbers->ctx, kind, name);
	*ret_number = *cached;
	if (*cached)
		return 0;
	diags_add(c->d, DIAG_ERROR, NULL, 0, 0, NULL, "no number could be given to \"%s\"", name);
	return -E2BIG;
}

static int number_cell(struct compiler *c, const struct outcome *o, struct cvf_cell *cell)
{
	int r = 0;

	if (o->capability < c->plan->capabilities_count)
		r = number_of(c, &c->capability_numbers[o->capability], NUMBER_CAPABILITY,
			      c->plan->capabilities[o->capability]->id, &cell->capability);
	else if (o->capability == CAPABILITY_GUARD)
		r = number_of(c, &c->capability_numbers[c->plan->capabilities_count], NUMBER_CAPABILITY, GUARD_NAME,
			      &cell->capability);
	if (r == 0 && o->rule)
		r = number_of(c, &c->rule_numbers[o->rule->planned - c->plan->rules], NUMBER_RULE,
			      o->rule->planned->name, &cell->rule);
	return r;
}

/* ---- cells ---- */

static uint64_t hash_cell(const struct cvf_cell *cell)
{
	uint64_t words[3], h = 0;

	memcpy(words, cell, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		h = (h ^ words[i]) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

/* malloc'ed; NULL: out of memory. */
static char *rows_hint(const struct compiler *c)
{
	own_free char *text = NULL;

	if (asprintf(&text,
		     "there is one for each row of agents, operation, capability and rule that can meet, and the %zu agents "
		     "come to %zu rows: give agents the same profile, capabilities and \"net\" scope, name the operations "
		     "(\"op\") in rules, or put paths that are treated alike into one rule",
		     c->plan->agents_count, c->plan->bounds_count) < 0) {
		text = NULL;
		return NULL;
	}
	return cost_hint(c, CVF_DOMAIN_MAX, NULL, text);
}

int cell_intern(struct compiler *c, const struct cvf_cell *cell, uint32_t *ret_cell)
{
	struct cells *cells = &c->cells;
	size_t at;

	for (at = hash_cell(cell) % CELLS_HASH; cells->hash[at]; at = (at + 1) % CELLS_HASH) {
		*ret_cell = cells->hash[at] - 1;
		if (memcmp(&cells->v[*ret_cell], cell, sizeof(*cell)) == 0)
			return 0;
	}
	if (cells->n == CVF_CELLS_MAX) {
		own_free char *hint = rows_hint(c);

		return too_big(c, "the table of outcomes", cells->n + 1, CVF_CELLS_MAX, hint);
	}
	cells->v[cells->n] = *cell;
	*ret_cell = (uint32_t)cells->n++;
	cells->hash[at] = (uint32_t)cells->n;
	return 0;
}

/* Cell 0 refuses: it is what a zeroed table or a lost index comes to. */
static int cells_init(struct compiler *c)
{
	const struct cvf_cell closed = {.action = CVF_VERDICT_DENY, .reason = CVF_REASON_INTERNAL, .risk = CVF_R2};
	uint32_t cell;

	c->cells.v = calloc(CVF_CELLS_MAX, sizeof(*c->cells.v));
	c->cells.hash = calloc(CELLS_HASH, sizeof(*c->cells.hash));
	return c->cells.v && c->cells.hash ? cell_intern(c, &closed, &cell) : -ENOMEM;
}

static int outcome_cell(struct compiler *c, const struct question *q, const struct outcome *o, uint32_t rate,
			uint32_t *ret_cell)
{
	struct cvf_cell cell = {
		.action = (uint8_t)o->action,
		.risk = (uint8_t)o->risk,
		.flags = (uint8_t)(o->flags | (q->over ? CVF_CELL_OVER : 0)),
		.reason = (uint8_t)o->reason,
		.row = (uint16_t)q->agent->row,
		.op = (uint16_t)q->op,
		.timeout_s = o->timeout_s,
		.rate = rate,
	};
	int r = number_cell(c, o, &cell);

	return r < 0 ? r : cell_intern(c, &cell, ret_cell);
}

static struct cvf_rate rate_of(const struct rule *r, uint32_t number, uint32_t over)
{
	return (struct cvf_rate){
		.rule = number,
		.limit = r->session_age_s ? CVF_RATE_AGE : (uint32_t)r->rate.more_than,
		.window_s = (uint32_t)(r->session_age_s ? r->session_age_s : r->rate.within_s),
		.over = (uint16_t)over,
	};
}

/* What rules that count would make of it; only what is stricter than the usual outcome, or may be, takes its place. */
static int decide_rates(struct compiler *c, const struct question *q, const struct outcome *usual, uint32_t *ret_rate)
{
	struct cvf_rate chain[CVF_RATES_CHAIN];
	size_t n = 0;

	*ret_rate = 0;
	if (q->counting->n > CVF_RATES_CHAIN)
		return too_big(c, "one operation's chain of rules that count", q->counting->n, CVF_RATES_CHAIN,
			       "let fewer rules with \"rate\" match the same operations");
	for (size_t i = 0; i < q->counting->n; i++) {
		const struct bound_rule *b = q->counting->v[i];
		struct question over = *q;
		struct outcome o;
		uint32_t cell, rule;
		int r;

		over.over = b;
		over.counting = NULL;
		o = decide(&over);
		/* An hour may make it stricter; who approves is the same at any rate. */
		if (!is_more_severe(o.action, o.risk, usual->action, usual->risk) &&
		    !(o.reason == CVF_REASON_ASK_GOVERNOR && usual->action == CVF_VERDICT_HOLD))
			continue;
		r = outcome_cell(c, &over, &o, 0, &cell);
		if (r == 0)
			r = number_of(c, &c->rule_numbers[b->planned - c->plan->rules], NUMBER_RULE, b->planned->name, &rule);
		if (r < 0)
			return r;
		chain[n++] = rate_of(b->planned->rule, rule, cell);
	}
	return rates_chain(c, chain, n, ret_rate);
}

int decide_cell(struct compiler *c, uint32_t row, enum cvf_op op, uint32_t *ret_cell)
{
	struct counting counting = {.n = 0};
	const struct question q = {
		.plan = c->plan,
		.agent = c->plan->bounds[row - 1],
		.who = c->plan->bounds[row - 1]->agent,
		.op = op,
		.facts = c->facts,
		.now = c->now,
		.counting = &counting,
	};
	struct outcome o = decide(&q);
	uint32_t rate;
	int r = decide_rates(c, &q, &o, &rate);

	return r < 0 ? r : outcome_cell(c, &q, &o, rate, ret_cell);
}

/* ---- all of it ---- */

static int compile_sys(struct compiler *c)
{
	uint32_t set;
	int r = tables_init(c, CVF_DOMAIN_SYS);

	return r < 0 ? r : set_fill(c, CVF_DOMAIN_SYS, NULL, 0, NULL, &set);
}

static int compiler_init(struct compiler *c)
{
	const struct plan *p = c->plan;
	size_t patterns = 0;

	if (p->agents_count >= CVF_AGENT_CANARY)
		return too_big(c, "the table of agents", p->agents_count, CVF_AGENT_CANARY - 1, NULL);
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++)
		if (plan_patterns(p, (enum cvf_domain)domain) > patterns)
			patterns = plan_patterns(p, (enum cvf_domain)domain);
	c->facts = calloc(patterns / 64 + 1, sizeof(*c->facts));
	c->capability_numbers = calloc(p->capabilities_count + 1, sizeof(uint32_t));
	c->rule_numbers = calloc(p->rules_count + 1, sizeof(uint32_t));
	c->agent_numbers = calloc(p->agents_count + 1, sizeof(uint32_t));
	if (!c->facts || !c->capability_numbers || !c->rule_numbers || !c->agent_numbers)
		return -ENOMEM;
	for (size_t i = 0; i < p->agents_count; i++) {
		uint32_t number;
		int r = number_of(c, &c->agent_numbers[i], NUMBER_AGENT, p->agents[i].agent->id, &number);

		if (r == 0 && number >= CVF_AGENT_CANARY)
			r = too_big(c, "the table of agents", number, CVF_AGENT_CANARY - 1,
				    "remove agents that are not used any more");
		if (r < 0)
			return r;
	}
	if (rates_init(&c->rates) < 0)
		return -ENOMEM;
	return cells_init(c);
}

static void compiler_done(struct compiler *c)
{
	free(c->cells.v);
	free(c->cells.hash);
	rates_done(&c->rates);
	free(c->capability_numbers);
	free(c->rule_numbers);
	free(c->agent_numbers);
	free(c->facts);
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++)
		tables_done(&c->tables[domain], c->plan ? c->plan->bounds_count : 0);
	free(c->net.prefixes);
	free(c->net.net_set);
	free(c->net.port_class);
	free(c->automaton.words);
}

int policy_compile(const struct model *m, const struct numbers *numbers, uint64_t generation, time_t now,
		   struct cvf_image **ret_image, size_t *ret_size, struct diags *d)
{
	struct compiler c = {.numbers = numbers, .d = d, .now = now};
	int r = plan_get(m, &c.plan);

	if (r == -EINVAL)
		diags_add(d, DIAG_ERROR, NULL, 0, 0, NULL, "an agent's profile does not exist");
	if (r == 0)
		r = compiler_init(&c);
	if (r == 0)
		r = compile_paths(&c);
	if (r == 0)
		r = compile_net(&c);
	if (r == 0)
		r = compile_sys(&c);
	if (r == 0)
		r = image_make(&c, generation, ret_image, ret_size);
	compiler_done(&c);
	return r;
}
