// SPDX-License-Identifier: Apache-2.0
/*
 * compile_sets.c - sets, and what each row and each owner makes of them
 *
 * A row sees of the matching patterns those that it has fixed. Its agents' own patterns come on top: for whoever has some
 * among the matching ones they are put in the place of those that the row was bound with, and it is decided again. So
 * agents that differ in where they work cost a look at the sets of their own place, not at all sets.
 */
#include <string.h>

#include "policy/compile.h"

#define NOBODY 0u /* row */
#define CLOSED 0u /* slate */

/* ---- small things ---- */

static uint32_t recall(const struct memo *m, uint32_t at)
{
	return at < m->space ? m->v[at] : 0;
}

static int note(struct memo *m, uint32_t at, uint32_t value)
{
	if (at >= m->space) {
		size_t space = (at + 1ul) * 2;
		uint32_t *v = reallocarray(m->v, space, sizeof(*v));

		if (!v)
			return -ENOMEM;
		memset(v + m->space, 0, (space - m->space) * sizeof(*v));
		m->v = v;
		m->space = space;
	}
	m->v[at] = value + 1;
	return 0;
}

static size_t rows_count(const struct compiler *c)
{
	return c->plan->bounds_count + 1;
}

/* ---- slates ---- */

static int slate_intern(struct compiler *c, struct tables *k, const uint32_t *cells, uint32_t *ret_slate)
{
	uint32_t list = lists_intern(&k->slates, cells, k->ops_count);

	if (list == UINT32_MAX)
		return -ENOMEM;
	*ret_slate = list - 1;
	return *ret_slate <= UINT16_MAX ? 0 : too_big(c, "the list of slates", *ret_slate + 1ul, UINT16_MAX + 1ul, NULL);
}

static void set_bits(uint64_t *facts, const struct lists *l, uint32_t list, bool value)
{
	size_t n;
	const uint32_t *v = lists_get(l, list, &n);

	for (size_t i = 0; i < n; i++) {
		uint64_t bit = 1ull << v[i] % 64, *word = &facts[v[i] / 64];

		*word = value ? *word | bit : *word & ~bit;
	}
}

static int decide_slate(struct compiler *c, struct tables *k, uint32_t row, uint32_t base, uint32_t mine,
			uint32_t *ret_slate)
{
	uint32_t cells[CVF_OP_MAX];
	int r = 0;

	set_bits(c->facts, &k->bases, base, true);
	for (uint32_t i = 0; i < k->varying_count[row]; i++)
		c->facts[k->varying[row][i] / 64] &= ~(1ull << k->varying[row][i] % 64);
	set_bits(c->facts, &k->mine, mine, true);
	c->facts[0] |= 1;
	for (size_t i = 0; r == 0 && i < k->ops_count; i++)
		r = decide_cell(c, row, (enum cvf_op)k->ops[i], &cells[i]);
	set_bits(c->facts, &k->bases, base, false);
	set_bits(c->facts, &k->mine, mine, false);
	c->facts[0] = 0;
	return r < 0 ? r : slate_intern(c, k, cells, ret_slate);
}

/* What a row, or its agents for whom these own patterns match, comes to. */
static int find_slate(struct compiler *c, struct tables *k, uint32_t row, uint32_t base, uint32_t mine,
		      uint32_t *ret_slate)
{
	const uint32_t key[] = {row, base, mine};
	uint32_t asked = lists_intern(&k->asked, key, ARRAY_SIZE(key)), known;
	int r;

	if (asked == UINT32_MAX)
		return -ENOMEM;
	known = recall(&k->slates_of, asked);
	if (known) {
		*ret_slate = known - 1;
		return 0;
	}
	r = decide_slate(c, k, row, base, mine, ret_slate);
	return r < 0 ? r : note(&k->slates_of, asked, *ret_slate);
}

/* ---- columns ---- */

static int column_intern(struct compiler *c, struct tables *k, uint32_t *ret_column)
{
	uint32_t list = lists_intern(&k->columns, k->column, rows_count(c));
	size_t words = (k->columns.n - 1) * rows_count(c);

	if (list == UINT32_MAX)
		return -ENOMEM;
	*ret_column = list - 1;
	if (words <= CVF_SLATES_MAX && *ret_column <= UINT16_MAX)
		return 0;
	return too_big(c, "the table of slates", words, CVF_SLATES_MAX,
		       "use fewer different patterns, or give agents the same profile, capabilities and \"net\" scope");
}

/* What everybody sees who owns nothing of it; left in k->column, too. */
static int base_column(struct compiler *c, struct tables *k, uint32_t base, uint32_t *ret_column)
{
	uint32_t known = recall(&k->columns_of, base);
	int r = 0;

	if (known) {
		size_t n;
		const uint32_t *v = lists_get(&k->columns, known, &n);

		memcpy(k->column, v, n * sizeof(*v));
		*ret_column = known - 1;
		return 0;
	}
	k->column[NOBODY] = CLOSED + 1;
	for (uint32_t row = 1; r == 0 && row < rows_count(c); row++)
		r = find_slate(c, k, row, base, 0, &k->column[row]);
	if (r == 0)
		r = column_intern(c, k, ret_column);
	return r < 0 ? r : note(&k->columns_of, base, *ret_column);
}

/* ---- owners ---- */

static int by_row(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->own != y->own)
		return x->own < y->own ? -1 : 1;
	return (x->of > y->of) - (x->of < y->of);
}

/* Whose own patterns are among the matching ones. */
static int find_touches(struct tables *k, const uint32_t *patterns, size_t n)
{
	k->found_count = 0;
	for (size_t i = 0; k->touches_from && i < n; i++) {
		const struct touch *t = k->touches + k->touches_from[patterns[i]];
		size_t more = k->touches_from[patterns[i] + 1] - k->touches_from[patterns[i]];

		if (k->found_count + more > k->found_space) {
			size_t space = (k->found_count + more) * 2;
			struct touch *v = reallocarray(k->found, space, sizeof(*v));

			if (!v)
				return -ENOMEM;
			k->found = v;
			k->found_space = space;
		}
		if (more)
			memcpy(k->found + k->found_count, t, more * sizeof(*t));
		k->found_count += more;
	}
	if (k->found_count)
		qsort(k->found, k->found_count, sizeof(*k->found), by_row);
	return 0;
}

/* The slate of the owner whose touches begin there, in k->seen; past its last one in *at. */
static int see(struct compiler *c, struct tables *k, uint32_t base, size_t *at)
{
	const struct touch *t = &k->found[*at];
	uint32_t mine, slate;
	size_t n = 0;
	int r;

	while (*at < k->found_count && k->found[*at].row == t->row && k->found[*at].own == t->own)
		k->list[n++] = k->found[(*at)++].of;
	mine = lists_intern(&k->mine, k->list, n);
	if (mine == UINT32_MAX)
		return -ENOMEM;
	r = find_slate(c, k, t->row, base, mine, &slate);
	if (r == 0)
		k->seen[t->own] = slate + 1;
	return r;
}

/* What most agents of a row see, of those in k->seen and the rest, who see `usual`. */
static uint32_t commonest(const struct compiler *c, const struct tables *k, uint32_t row, uint32_t usual)
{
	uint32_t best = usual, most = 0, candidate = usual, lead = 0;

	/* Boyer and Moore: if one is seen by more than half, it is the candidate. */
	for (uint32_t own = 0; own < c->plan->owns_count; own++) {
		uint32_t slate = k->seen[own] ? k->seen[own] - 1 : usual;

		if (c->plan->owns[own].bound->row != row)
			continue;
		if (!lead)
			candidate = slate;
		lead = slate == candidate ? lead + 1 : lead - 1;
	}
	for (uint32_t own = 0; own < c->plan->owns_count; own++)
		if (c->plan->owns[own].bound->row == row)
			most += (k->seen[own] ? k->seen[own] - 1 : usual) == candidate;
	if (most * 2 > c->plan->bounds[row - 1]->owns)
		best = candidate;
	return best;
}

/* Adds the agents of a row who see something else than the row does. */
static void list_owners(const struct compiler *c, const struct tables *k, uint32_t row, uint32_t usual, bool all,
			size_t from, size_t to, size_t *n)
{
	for (uint32_t own = 0; all && own < c->plan->owns_count; own++) {
		uint32_t slate = k->seen[own] ? k->seen[own] - 1 : usual;

		if (c->plan->owns[own].bound->row == row && slate != k->column[row])
			k->result[(*n)++] = (own + 1) | slate << 16;
	}
	for (size_t i = from; !all && i < to; i++) {
		uint32_t own = k->found[i].own;

		if ((i == from || k->found[i - 1].own != own) && k->seen[own] - 1 != k->column[row])
			k->result[(*n)++] = (own + 1) | (k->seen[own] - 1) << 16;
	}
}

static int by_own(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a & 0xffff, y = *(const uint32_t *)b & 0xffff;

	return (x > y) - (x < y);
}

/* One row's owners, whose touches begin at *at; the row's slate in k->column is what most of its agents see. */
static int row_owners(struct compiler *c, struct tables *k, uint32_t base, size_t *at, size_t *n)
{
	uint32_t row = k->found[*at].row, usual = k->column[row];
	size_t from = *at, owners = 0;
	bool many;
	int r = 0;

	while (r == 0 && *at < k->found_count && k->found[*at].row == row) {
		owners++;
		r = see(c, k, base, at);
	}
	if (r < 0)
		return r;
	many = owners * 2 > c->plan->bounds[row - 1]->owns;
	if (many)
		k->column[row] = commonest(c, k, row, usual);
	list_owners(c, k, row, usual, many, from, *at, n);
	for (size_t i = from; i < *at; i++)
		k->seen[k->found[i].own] = 0;
	return 0;
}

/* Those of all rows, as a list; *column: what the others see. */
static int find_owners(struct compiler *c, struct tables *k, uint32_t base, uint32_t *column, uint32_t *ret_owners)
{
	size_t n = 0;
	int r = 0;

	for (size_t at = 0; r == 0 && at < k->found_count;)
		r = row_owners(c, k, base, &at, &n);
	if (r == 0 && k->found_count)
		r = column_intern(c, k, column);
	if (r < 0)
		return r;
	if (n)
		qsort(k->result, n, sizeof(*k->result), by_own);
	*ret_owners = lists_intern(&k->owners, k->result, n);
	return *ret_owners == UINT32_MAX ? -ENOMEM : 0;
}

/* ---- sets ---- */

static int check_sets(struct compiler *c, const struct tables *k, uint32_t owners)
{
	size_t sets = 0, all = 0, n;

	lists_get(&k->owners, owners, &n);
	c->tables[k->domain].owners_count += n;
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++) {
		sets += c->tables[domain].sets.n ? c->tables[domain].sets.n - 1 : 0;
		all += c->tables[domain].owners_count;
	}
	if (sets > CVF_SETS_MAX)
		return too_big(c, "the table of sets", sets, CVF_SETS_MAX,
			       "use fewer different patterns with variables, or fewer agents with places of their own");
	if (all > CVF_OWNERS_MAX)
		return too_big(c, "the table of owners", all, CVF_OWNERS_MAX,
			       "let fewer agents of one profile have places in common that others of it do not have");
	return 0;
}

/* Of the patterns, those that some row has fixed. */
static uint32_t base_of(struct tables *k, const uint32_t *patterns, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!k->fixed || k->fixed[patterns[i]])
			k->list[kept++] = patterns[i];
	return lists_intern(&k->bases, k->list, kept);
}

int set_fill(struct compiler *c, enum cvf_domain domain, const uint32_t *patterns, size_t n, const uint32_t *enrol,
	     uint32_t *ret_set)
{
	struct tables *k = &c->tables[domain];
	uint32_t base = base_of(k, patterns, n), column = 0, owners = 0, list;
	size_t before = k->sets.n;
	int r = base == UINT32_MAX ? -ENOMEM : base_column(c, k, base, &column);

	if (r == 0)
		r = find_touches(k, patterns, n);
	if (r == 0)
		r = find_owners(c, k, base, &column, &owners);
	if (r < 0)
		return r;
	list = lists_intern(&k->sets, (const uint32_t[]){column, owners, enrol ? enrol[0] : 0, enrol ? enrol[1] : 0}, 4);
	if (list == UINT32_MAX)
		return -ENOMEM;
	*ret_set = list - 1;
	return k->sets.n > before ? check_sets(c, k, owners) : 0;
}

/* ---- what patterns are whose ---- */

static int by_pattern(const void *a, const void *b)
{
	const struct own_pattern *x = a, *y = b;

	return (x->of > y->of) - (x->of < y->of);
}

/* The number that an own pattern of the row has for this agent. */
static uint32_t own_number(const struct own_patterns *o, enum cvf_domain domain, uint32_t of)
{
	const struct own_pattern key = {.of = of}, *found = NULL;

	if (o->n[domain])
		found = bsearch(&key, o->v[domain], o->n[domain], sizeof(key), by_pattern);
	return found ? found->is : of;
}

/* The patterns that are not the same for all agents of the row. */
static int find_varying(struct tables *k, const bool *varies, const struct bound_agent *b)
{
	uint32_t *v = calloc(b->lists_count + 1, sizeof(*v)), n = 0;

	if (!v)
		return -ENOMEM;
	k->varying[b->row] = v;
	for (size_t i = 0; i < b->lists_count; i++) {
		uint32_t pattern = b->lists[i].pattern;
		bool known = false;

		if (b->lists[i].domain != k->domain)
			continue;
		for (uint32_t j = 0; j < n; j++)
			known |= v[j] == pattern;
		if (known)
			continue;
		if (varies[pattern])
			v[n++] = pattern;
		else
			k->fixed[pattern] = true;
	}
	k->varying_count[b->row] = n;
	return 0;
}

static int find_rows(struct compiler *c, struct tables *k, size_t patterns)
{
	const struct plan *p = c->plan;
	own_free bool *varies = calloc(patterns, sizeof(*varies));
	int r = varies ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->guards_count; i++)
		if (k->domain == CVF_DOMAIN_FILE)
			k->fixed[p->guards[i].pattern] = true;
	for (size_t row = 0; r == 0 && row < p->bounds_count; row++) {
		const struct bound_agent *b = p->bounds[row];

		for (size_t i = 0; i < b->fixed[k->domain].n; i++)
			k->fixed[b->fixed[k->domain].v[i]] = true;
	}
	/* Owns are in no order of rows: one pass for each row that has several. */
	for (size_t row = 0; r == 0 && row < p->bounds_count; row++) {
		for (size_t own = 0; p->bounds[row]->owns > 1 && own < p->owns_count; own++)
			for (size_t i = 0; p->owns[own].bound == p->bounds[row] && i < p->owns[own].n[k->domain]; i++)
				varies[p->owns[own].v[k->domain][i].of] = true;
		r = find_varying(k, varies, p->bounds[row]);
		memset(varies, 0, patterns * sizeof(*varies));
	}
	return r;
}

/* Sorted by pattern, by counting. */
static int index_touches(struct compiler *c, struct tables *k, size_t patterns)
{
	const struct plan *p = c->plan;
	size_t n = 0;

	k->touches_from = calloc(patterns + 2, sizeof(*k->touches_from));
	if (!k->touches_from)
		return -ENOMEM;
	for (size_t own = 0; own < p->owns_count; own++) {
		uint32_t row = p->owns[own].bound->row;

		for (uint32_t i = 0; i < k->varying_count[row]; i++, n++)
			k->touches_from[own_number(&p->owns[own], k->domain, k->varying[row][i]) + 2]++;
	}
	for (size_t i = 2; i < patterns + 2; i++)
		k->touches_from[i] += k->touches_from[i - 1];
	k->touches = calloc(n + 1, sizeof(*k->touches));
	if (!k->touches)
		return -ENOMEM;
	for (uint32_t own = 0; own < p->owns_count; own++) {
		uint32_t row = p->owns[own].bound->row;

		for (uint32_t i = 0; i < k->varying_count[row]; i++) {
			uint32_t of = k->varying[row][i], is = own_number(&p->owns[own], k->domain, of);

			k->touches[k->touches_from[is + 1]++] = (struct touch){row, own, of};
		}
	}
	return 0;
}

/* Slate 0 refuses; slate 1 is nobody's: there is no policy for whoever is not known. */
static int first_slates(struct compiler *c, struct tables *k)
{
	uint32_t cells[CVF_OP_MAX] = {0}, slate;
	int r = slate_intern(c, k, cells, &slate);

	for (size_t i = 0; r == 0 && i < k->ops_count; i++) {
		const struct cvf_cell nobody = {.action = CVF_VERDICT_DENY,
						.reason = CVF_REASON_NO_POLICY,
						.risk = CVF_R2,
						.op = k->ops[i]};

		r = cell_intern(c, &nobody, &cells[i]);
	}
	return r < 0 ? r : slate_intern(c, k, cells, &slate);
}

static int init_lists(struct tables *k)
{
	struct lists *const lists[] = {&k->slates, &k->columns, &k->owners, &k->sets, &k->bases, &k->mine, &k->asked};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = lists_init(lists[i]);
	return r;
}

int tables_init(struct compiler *c, enum cvf_domain domain)
{
	struct tables *k = &c->tables[domain];
	size_t patterns = plan_patterns(c->plan, domain), rows = rows_count(c);
	int r = init_lists(k);

	k->domain = domain;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		if (op_domain((enum cvf_op)op) == domain)
			k->ops[k->ops_count++] = (uint8_t)op;
	k->varying = calloc(rows, sizeof(*k->varying));
	k->varying_count = calloc(rows, sizeof(*k->varying_count));
	k->column = calloc(rows, sizeof(*k->column));
	k->seen = calloc(c->plan->owns_count + 1, sizeof(*k->seen));
	k->result = calloc(c->plan->owns_count + 1, sizeof(*k->result));
	k->list = calloc(patterns + 1, sizeof(*k->list));
	if (r == 0 && (!k->varying || !k->varying_count || !k->column || !k->seen || !k->result || !k->list))
		r = -ENOMEM;
	if (r == 0 && domain <= CVF_DOMAIN_EXEC) {
		k->fixed = calloc(patterns, sizeof(*k->fixed));
		r = k->fixed ? find_rows(c, k, patterns) : -ENOMEM;
		if (r == 0)
			r = index_touches(c, k, patterns);
	}
	return r < 0 ? r : first_slates(c, k);
}

void tables_done(struct tables *k, size_t rows)
{
	struct lists *const lists[] = {&k->slates, &k->columns, &k->owners, &k->sets, &k->bases, &k->mine, &k->asked};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		lists_done(lists[i]);
	for (size_t row = 0; k->varying && row <= rows; row++)
		free(k->varying[row]);
	free(k->varying);
	free(k->varying_count);
	free(k->column);
	free(k->seen);
	free(k->result);
	free(k->list);
	free(k->fixed);
	free(k->touches);
	free(k->touches_from);
	free(k->found);
	free(k->columns_of.v);
	free(k->slates_of.v);
}
